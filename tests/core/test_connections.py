"""Every connection to a database is closed by who opened it, not by the garbage collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw
import pytest
from libraries import fill

from pixlstash_core import OWNER
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
