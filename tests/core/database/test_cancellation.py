"""Work that nobody waits for ends soon, and does not hurt those who wait for the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.database import settings
from pixlstash_core.database.features import Lookup, Term
from pixlstash_core.errors import Abandoned, TookTooLong
from pixlstash_core.library import Library
from pixlstash_core.query.terms import TERMS
from pixlstash_core.query.views import Views
from pixlstash_core.threads import Cancellation, applied, check_canceled, locked, shielded

ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
#: Counts as far as the setting `slow` says.
SLOW = """
    select id from derived_grid where (
      with recursive n(x) as (
        select 1 union all select x + 1 from n
        where x < (select cast(value as integer) from setting where name = 'slow'))
      select count(*) from n) > 0
    """
FOREVER = str(1 << 50)


def beside(work: Callable[[], Any], cancellation: Cancellation | None = None) -> Future[Any]:
    """Do it on another thread, with a cancellation applied."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            with applied(cancellation):
                future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


class Watched(Cancellation):
    """Says when SQLite has begun to run."""

    def __init__(self) -> None:
        super().__init__()
        self.running = threading.Event()

    def stops_sqlite(self) -> bool:
        self.running.set()
        return super().stops_sqlite()


def test_a_statement_that_runs_ends_when_it_is_canceled(library: Library) -> None:
    cancellation = Watched()
    reading = beside(lambda: library.db.read(ENDLESS), cancellation)
    assert cancellation.running.wait(60)
    cancellation.cancel()
    with pytest.raises(Abandoned):
        reading.result(60)


def test_a_statement_that_takes_too_long_ends(library: Library) -> None:
    with applied(Cancellation(0.01)), pytest.raises(TookTooLong, match=r"0\.01 seconds"):
        library.db.read(ENDLESS)


def test_nothing_begins_once_it_is_canceled(library: Library) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with applied(cancellation):
        for work in (check_canceled, lambda: library.db.read("select 1"), lambda: library.find(OWNER, "score:5")):
            with pytest.raises(Abandoned):
                work()
        with shielded():
            assert library.db.read("select 1") == [(1,)]


def test_a_connection_of_canceled_work_serves_others(library: Library) -> None:
    """It goes back to the pool, in no transaction and with nothing left that would stop the next reader."""
    library.db.read("select 1")
    with applied(Cancellation(0.01)), pytest.raises(TookTooLong), library.db.reading() as connection:
        connection.execute(ENDLESS).fetchall()
    long = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 300000) select count(*) from n"
    assert library.db.read(long) == [(300_000,)]
    assert any(idle is connection for idle in library.db._idle)


def test_a_lock_is_no_longer_waited_for_when_the_work_is_canceled() -> None:
    lock, cancellation = threading.Lock(), Cancellation()

    def wait() -> None:
        with locked(lock):
            pass

    with lock:
        waiting = beside(wait, cancellation)
        cancellation.cancel()
        with pytest.raises(Abandoned):
            waiting.result(60)
        patient = beside(wait)
    patient.result(60)


@pytest.fixture
def slow(library: Library) -> Views:
    """Views with a term `slow:`, which takes as long as the setting says."""
    add(library, invented(1), invented(2))
    term = Term("slow", "Slow", lambda value: Lookup(SLOW), ("pictures",))
    terms = {term.name: term for term in (*TERMS, term)}
    return Views(library.db, terms, library.epoch, lambda: library.writer.topics)


def test_a_client_that_leaves_does_not_take_the_view_from_others(library: Library, slow: Views) -> None:
    settings.set(library.writer, "slow", FOREVER)
    leaving, staying = Watched(), Cancellation()
    first = beside(lambda: slow.ids(OWNER, "slow:1"), leaving)
    assert leaving.running.wait(60)
    others = [beside(lambda: slow.ids(OWNER, "slow:1"), each) for each in (staying, None)]
    settings.set(library.writer, "slow", "1")
    leaving.cancel()
    with pytest.raises(Abandoned):
        first.result(60)
    assert [sorted(other.result(60)) for other in others] == [[1, 2], [1, 2]]


def test_who_waits_for_anothers_view_may_leave(library: Library, slow: Views) -> None:
    settings.set(library.writer, "slow", FOREVER)
    building, waiting = Watched(), Cancellation()
    first = beside(lambda: slow.ids(OWNER, "slow:1"), building)
    assert building.running.wait(60)
    second = beside(lambda: slow.ids(OWNER, "slow:1"), waiting)
    waiting.cancel()
    with pytest.raises(Abandoned):
        second.result(60)
    assert not first.done()
    building.cancel()
    with pytest.raises(Abandoned):
        first.result(60)


def test_statistics_and_suggestions_end_when_they_are_canceled(library: Library) -> None:
    add(library, invented(1))
    for work in (lambda: library.statistics(OWNER, "size:>0"), lambda: library.suggest(OWNER, "na")):
        cancellation = Cancellation()
        cancellation.cancel()
        with applied(cancellation), pytest.raises(Abandoned):
            work()
