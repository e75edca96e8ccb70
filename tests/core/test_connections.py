"""Connections to a database: who reads never waits for one, and who opened one closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import apsw
import pytest
from libraries import fill

from pixlstash_core import OWNER
from pixlstash_core.db import KEPT
from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library


@contextmanager
def opened() -> Iterator[list[apsw.Connection]]:
    """Every connection opened in this block; held, so that none is closed by being forgotten."""
    found: list[apsw.Connection] = []
    apsw.connection_hooks.append(found.append)
    try:
        yield found
    finally:
        apsw.connection_hooks.remove(found.append)


def is_open(connection: apsw.Connection) -> bool:
    try:
        connection.db_filename("main")
    except apsw.ConnectionClosedError:
        return False
    return True


@pytest.mark.parametrize("read_only", [False, True])
def test_of_a_library(open_library: Callable[..., Library], read_only: bool) -> None:
    with opened() as found:
        open_library(work=False).close()
        with open_library(read_only=read_only) as library:
            if not read_only:
                fill(library, 3)
            library.pictures(OWNER)
            library.check(OWNER)
            with pytest.raises(NotFound):
                library.picture(OWNER, 99)
            assert any(map(is_open, found))
    assert len(found) > 8 and [one.filename for one in found if is_open(one)] == []


def test_who_reads_may_read_again_however_many_do(open_library: Callable[..., Library]) -> None:
    """Would one wait for a connection, each would hold one and wait for another for ever."""
    library = open_library(work=False)
    many = 3 * KEPT
    together = Barrier(many, timeout=60)

    def read(number: int) -> int:
        with library.db.reading():
            together.wait()
            found: int = library.db.value("select ?", (number,))
            together.wait()
            return found

    with opened() as found, ThreadPoolExecutor(many) as threads:
        assert list(threads.map(read, range(many))) == list(range(many))
        kept = [one for one in found if is_open(one) and one.filename == str(library.db.path)]
        assert 0 < len(kept) <= KEPT, "no more are kept"


def test_views_made_at_once_on_columns_not_yet_read(library: Library) -> None:
    """As a page asks when it opens: views, counts and statistics, each with columns that none has read."""
    fill(library, 20)
    asks: list[Callable[[], object]] = [
        *(lambda sort=sort: library.view(OWNER, "score:0", sort) for sort in ("name", "-size", "score", "rarity")),
        *(lambda q=q: library.count(OWNER, q) for q in ("width:>1", "height:>1", "megapixels:>=0", "size:>1")),
        lambda: library.statistics(OWNER, "score:0"),
        lambda: library.sidebar(OWNER),
    ]
    many = 4 * len(asks)
    together = Barrier(many, timeout=60)

    def ask(number: int) -> None:
        together.wait()
        asks[number % len(asks)]()

    for _ in range(5):
        library.views.renew(library.epoch)  # nothing is kept of before
        with ThreadPoolExecutor(many) as threads:
            list(threads.map(ask, range(many)))
