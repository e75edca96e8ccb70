"""Connections to a database: who reads never waits for one, and who opened one closes it."""

from __future__ import annotations

import random
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import apsw
import pytest
from conftest import Effort
from libraries import fill
from raising import Place, Raiser

from pixlstash_core import OWNER
from pixlstash_core.database.connection import KEPT
from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins


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


def places_of_opening(path: Path, plugins: Plugins) -> list[Place]:
    """Every function of ours that opening a library calls, and every statement it runs then."""
    raiser = Raiser()
    raiser.install()
    try:
        library = Library.open(path, plugins=plugins)
    finally:
        sys.setprofile(None)
    library.close()
    return list(raiser.places)


@pytest.mark.attack
def test_a_library_that_cannot_be_opened_leaves_nothing_open(
    open_library: Callable[..., Library], rng: random.Random, effort: Effort
) -> None:
    """Whatever function fails on the way: no connection, no thread and no lock is left."""
    with open_library() as library:
        path = library.path
    plugins = Plugins.load()
    # What closes something must be let do so.
    passed = [place for place in places_of_opening(path, plugins) if not re.search("close|_give_back", place[1])]
    places = [place for place in passed if place[0] in ("call", "c_call")]
    assert any("Parts._create_parts" in name for _, name, _ in places) and len(places) > 200
    always = [
        place
        for place in places
        if re.search(r"Library\._(open|wire)|(Thumbnails|Hub|Writer).__init__|_set_up", place[1])
    ]
    rest = [place for place in places if place not in always]
    left: list[tuple[Place, list[str]]] = []
    for place in (*always, *rng.sample(rest, min(len(rest), effort.of(40, 10**9)))):
        raiser, before = Raiser(), set(threading.enumerate())
        with opened() as found:
            failure: BaseException | None = None
            raiser.arm(place, MemoryError("made by a test"))
            raiser.install()
            try:
                Library.open(path, plugins=plugins).close()
            except MemoryError as error:
                failure = error  # as long as it is held, nothing is closed by being forgotten
            finally:
                sys.setprofile(None)
            names = [one.filename for one in found if is_open(one)]
            names += [thread.name for thread in set(threading.enumerate()) - before if thread.name != "packing_0"]
            if names:
                left.append((place, names))
            del failure
    assert left == []
    Library.open(path).close()
