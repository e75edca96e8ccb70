"""The writer: what it records, in which order it serves, and what one failing action costs the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from libraries import add, fill, invented, until

from pixlstash_core import OWNER
from pixlstash_core.database.writer import Label, Write
from pixlstash_core.errors import DiskFull, ReadOnly
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.types import ScorePictures

pytestmark = pytest.mark.usefixtures("read_as")

#: Tables that hold neither truth nor what is derived from it, and why.
BESIDE = {
    "setting": "the file's own identity, written before anything refers to it",
    "sqlite_sequence": "the ids given out, which an undo must never take back",
    "sqlite_stat1": "SQLite's own statistics",
    "sqlite_stat4": "SQLite's own statistics",
}


@contextmanager
def held(library: Library) -> Iterator[None]:
    """Keep the writer busy meanwhile, so that what is queued waits together."""
    begun, release = threading.Event(), threading.Event()

    def work(write: Write) -> None:
        begun.set()
        release.wait(10)

    holding = library.writer.submit(work)
    assert begun.wait(10)
    try:
        yield
        time.sleep(0.02)  # longer than a slice, so that nothing joins this one
    finally:
        release.set()
        holding.result(10)


def stars(library: Library) -> dict[int, int]:
    return dict(library.db.read("select picture_id, score from score"))


def give(picture: int, score: int) -> Callable[[Write], Any]:
    return lambda write: write.execute("insert into score values (?, ?)", (picture, score))


def test_background_writes_share_a_transaction(library: Library) -> None:
    ids = fill(library, 100)
    before = library.revision
    with held(library):
        futures = [library.writer.submit(give(picture, 3)) for picture in ids]
    revisions = {future.result(10).revision for future in futures}
    assert len(stars(library)) == 100
    assert len(revisions) < 50 and library.revision == before + len(revisions)


def test_one_failure_costs_nobody_else(library: Library) -> None:
    ids = fill(library, 3)
    with held(library):
        good = library.writer.submit(give(ids[0], 1))
        bad = library.writer.submit(give(ids[1], 9))  # breaks the table's own check
        raising = library.writer.submit(lambda write: [write.execute("delete from score where 1"), 1 / 0])
        late = library.writer.submit(give(ids[2], 2))
    assert good.result(10).changed and late.result(10).changed
    with pytest.raises(apsw.ConstraintError):
        bad.result(10)
    with pytest.raises(ZeroDivisionError):
        raising.result(10)
    assert stars(library) == {ids[0]: 1, ids[2]: 2}


def test_a_reference_that_leads_nowhere_costs_only_who_made_it(library: Library) -> None:
    """A deferred foreign key is only looked at when the whole slice commits."""
    (picture,) = fill(library, 1)
    library.adopt(
        "lab",
        (
            (
                "create table lab_ref(number integer primary key not null,"
                " picture_id integer references picture(id) deferrable initially deferred)"
            ),
        ),
    )
    before, topics = library.revision, dict(library.writer.topics)
    with held(library):
        bad = library.writer.submit(lambda write: write.execute("insert into lab_ref values (1, 999)"))
    with pytest.raises(apsw.ConstraintError):
        bad.result(10)
    assert (library.revision, library.writer.topics) == (before, topics)
    with held(library):
        bad = library.writer.submit(lambda write: write.execute("insert into lab_ref values (1, 999)"))
        good = library.writer.submit(give(picture, 4))
    with pytest.raises(apsw.ConstraintError):
        bad.result(10)
    assert good.result(10).changed and stars(library) == {picture: 4}


def test_a_full_disk_leaves_nobody_waiting(library: Library) -> None:
    ids = fill(library, 2)
    pages = library.db.writer.pragma("page_count")
    library.db.writer.pragma("max_page_count", pages + 20)
    with held(library):
        first = library.writer.submit(give(ids[0], 1))
        large = library.writer.submit(
            lambda write: write.execute("insert into payload values (?, 'x', zeroblob(1000000))", (ids[0],))
        )
        after = library.writer.submit(give(ids[1], 1))
    results: list[object] = []
    for future in (first, large, after):
        try:
            results.append(future.result(10).changed)
        except DiskFull as error:
            results.append(type(error))
    # What shared the slice with it was not acknowledged; what came after has a slice of its own.
    assert results == [DiskFull, DiskFull, True] and stars(library) == {ids[1]: 1}
    library.db.writer.pragma("max_page_count", 1 << 30)
    assert library.writer.submit(give(ids[0], 2)).result(10).changed


def test_people_come_first(library: Library) -> None:
    (picture,) = fill(library, 1)
    order: list[str] = []
    futures: list[Future[Any]] = []

    def slow(write: Write) -> None:
        order.append("background")
        time.sleep(0.002)

    with held(library):
        futures += [library.writer.submit(slow) for _ in range(200)]
        person = threading.Thread(
            target=lambda: library.writer.run(lambda write: order.append("person"), Label("owner", "", undoable=False))
        )
        person.start()
        time.sleep(0.05)
    person.join(10)
    for future in futures:
        future.result(10)
    assert order.index("person") < 20 and len(order) == 201


def test_each_noun_has_its_revision(library: Library) -> None:
    ids = fill(library, 2)
    before = dict(library.writer.topics)
    done = library.score(OWNER, ScorePictures(ids=ids, score=4))
    assert library.writer.topics["scores"] == done.revision == library.revision
    assert {topic: rev for topic, rev in library.writer.topics.items() if topic != "scores"} == {
        topic: rev for topic, rev in before.items() if topic != "scores"
    }


def test_what_changes_nothing_is_no_revision(library: Library) -> None:
    ids = fill(library, 2)
    library.score(OWNER, ScorePictures(ids=ids, score=4))
    before = library.revision
    again = library.score(OWNER, ScorePictures(ids=ids, score=4))
    assert (again.revision, again.changed, again.undoable) == (before, 0, False)
    assert library.revision == before


def test_every_table_is_recorded_or_derived(textstills: Path, library: Library) -> None:
    tables = {name for (name,) in library.db.read("select name from sqlite_schema where type = 'table'")}
    recorded = set(library.writer.table_names())
    rest = tables - recorded
    assert {name for name in rest if not name.startswith("derived_")} <= set(BESIDE)
    assert recorded <= tables and not any(name.startswith("derived_") for name in recorded)
    assert "textstills_note" in recorded


def test_no_trigger_writes_behind_the_door(textstills: Path, library: Library) -> None:
    assert library.db.read("select name from sqlite_schema where type = 'trigger'") == []


def test_every_recorded_table_has_a_key_that_is_never_null(textstills: Path, library: Library) -> None:
    """A row without one is not recorded at all, and nothing says so."""
    for table in library.writer.table_names():
        columns = library.db.read(f"pragma table_info({table})")
        keys = [column for column in columns if column[5]]
        assert keys and all(column[3] for column in keys), table


def test_ids_of_recorded_tables_are_never_given_out_twice(textstills: Path, library: Library) -> None:
    for table, sql in library.db.read("select name, sql from sqlite_schema where type = 'table'"):
        columns = library.db.read(f"pragma table_info({table})")
        own_id = [column for column in columns if column[5] and column[1] == "id" and column[2] == "integer"]
        if table in library.writer.table_names() and own_id:
            assert "autoincrement" in sql.lower(), table


@pytest.mark.parametrize(
    "statement", ["delete from score", "DELETE FROM score", "with x as (select 1) delete from score"]
)
def test_deleting_all_rows_is_recorded(library: Library, statement: str) -> None:
    ids = fill(library, 3)
    for _ in range(2):  # the second time the statement could come from a cache
        library.score(OWNER, ScorePictures(ids=ids, score=5))
        library.write(OWNER, "All scores are gone", lambda write: write.execute(statement))
        assert stars(library) == {}
        library.undo(OWNER)
        assert stars(library) == dict.fromkeys(ids, 5)
        library.undo(OWNER)


@pytest.mark.parametrize("statement", ["commit", "rollback", " COMMIT", "end", "savepoint mine", "release entry"])
def test_the_transaction_belongs_to_the_door(library: Library, statement: str) -> None:
    (picture,) = fill(library, 1)
    before = library.revision

    def work(write: Write) -> None:
        give(picture, 3)(write)
        write.execute(statement)

    with pytest.raises(Exception):  # noqa: B017  # which one is SQLite's business
        library.writer.run(work, Label("owner", "x"))
    assert stars(library) == {} and library.revision == before
    assert library.db.value("select score from derived_grid where id = ?", (picture,)) == 0
    assert library.writer.submit(give(picture, 2)).result(10).changed


def test_an_acknowledged_write_is_on_the_disk(library: Library) -> None:
    assert library.db.writer.pragma("synchronous") == 2  # FULL
    assert library.hub.db.writer.pragma("synchronous") == 2


def test_a_cancelled_wait_does_not_stop_the_writer(library: Library) -> None:
    (picture,) = fill(library, 1)
    with held(library):
        given_up = library.writer.submit(give(picture, 1))
        given_up.cancel()
    assert library.writer.submit(lambda write: write.value("select 1")).result(10).result == 1


def test_nothing_is_written_read_only(open_library: Callable[..., Library]) -> None:
    open_library().close()
    library = open_library(read_only=True)
    with pytest.raises(ReadOnly):
        library.writer.submit(lambda write: None)
    with pytest.raises(ReadOnly):
        library.score(OWNER, ScorePictures(ids=[1], score=1))


def test_a_plugins_table_is_its_own(library: Library) -> None:
    from pixlstash_core.errors import Invalid

    for statement in (
        "create table picture2(id integer primary key not null)",
        "create table other_x(id integer primary key not null)",
        "drop table picture",
        "create table lab_x(id integer)",  # no key: SQLite would not record it
        "create table lab_y(name text primary key, x)",  # a key that may be null: nor would it record that row
        "create table lab_z(id integer primary key not null)",  # SQLite would give its ids out again
    ):
        with pytest.raises(Invalid):
            library.adopt("lab", (statement,))
    names = {name for (name,) in library.db.read("select name from sqlite_schema")}
    assert not names & {"picture2", "other_x", "lab_x", "lab_y"} and "picture" in names


def test_a_picture_is_whole_or_absent(library: Library) -> None:
    """A rule or statement that fails half way through a picture leaves nothing of it."""
    before = library.revision

    def work(write: Write) -> None:
        picture_rows.add(write, invented(1, facts=()), "one", fallback=0)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        library.writer.submit(work).result(10)
    assert (
        library.db.value("select count(*) from picture") == 0 == library.db.value("select count(*) from derived_grid")
    )
    assert library.revision == before


def test_checking_again_and_again_finds_no_damage(library: Library) -> None:
    """A connection that checked a full-text index once takes later changes of it for damage."""
    for number in range(25):
        add(library, invented(number))
        damage = [one for one in library.check(OWNER).problems if not one.endswith("is missing.")]
        assert damage == [], number


def test_patient_writes_wait_for_each_other_and_keep_nobody_waiting(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(library, 8)
    monkeypatch.setattr("pixlstash_core.database.write_queue.LINGER", 1.0)
    waiting = []
    for picture in ids[:3]:
        waiting.append(library.writer.submit(give(picture, 1), patient=True))
        time.sleep(0.02)
    assert len({future.result(10).revision for future in waiting}) < 3  # a slow machine may need two
    monkeypatch.setattr("pixlstash_core.database.write_queue.LINGER", 60.0)
    alone = library.writer.submit(give(ids[3], 1), patient=True)
    until(lambda: not library.writer._queue)
    library.score(OWNER, ScorePictures(ids=ids[4:5], score=5))  # a person ends the wait
    alone.result(10)
    one, other = library.writer.submit(give(ids[5], 1), patient=True), library.writer.submit(give(ids[6], 1))
    assert one.result(10).revision == other.result(10).revision  # so does a write that is not patient
    last = library.writer.submit(give(ids[7], 1), patient=True)
    library.close()  # and the end
    assert last.result(10).changed
