"""Stills without a picture are dropped at the next start; those of pictures on their way in are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from libraries import add, fill, invented, until

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.media import thumbnails as stills


def kept(library: Library) -> set[bytes]:
    return set(library.thumbnails.hashes(1 << 62, b"", 1 << 30))


def put(library: Library, *numbers: int) -> None:
    library.thumbnails.put([(invented(number).sha256, b"still %d" % number) for number in numbers])


def test_at_start(open_library: Callable[..., Library]) -> None:
    with open_library(work=False) as library:
        fill(library, 2)
        put(library, 0, 1, 7, 8)  # a crash kept the rows of the last two from coming
    library = open_library()
    until(lambda: len(kept(library)) == 2)
    assert kept(library) == {invented(0).sha256, invented(1).sha256}
    (job,) = [job for job in library.jobs(OWNER) if job.kind == "stills"]
    assert job.every and job.error is None


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_in_slices(library: Library, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "SLICE", size)
    add(library, *map(invented, range(0, 20, 2)))
    put(library, *range(20))
    seen: list[int] = []
    assert stills.sweep(library.db, library.thumbnails, library.thumbnails.newest(), seen.append) == 10
    assert kept(library) == {invented(number).sha256 for number in range(0, 20, 2)} and seen[-1] == 20


def test_what_is_on_its_way_in_stays(library: Library) -> None:
    put(library, 1, 2)
    mark = library.thumbnails.newest()
    put(library, 2, 3)  # their rows are about to come
    assert stills.sweep(library.db, library.thumbnails, mark, lambda seen: None) == 1
    assert kept(library) == {invented(2).sha256, invented(3).sha256}


def test_a_still_put_again_while_it_is_looked_at_stays(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    put(library, 1, 2)
    mark, read = library.thumbnails.newest(), library.db.read

    def slowly(sql: str, bindings: Any = None) -> Any:
        found = read(sql, bindings)
        put(library, 2)  # an import begins between looking and dropping
        return found

    monkeypatch.setattr(library.db, "read", slowly)
    stills.sweep(library.db, library.thumbnails, mark, lambda seen: None)
    assert kept(library) == {invented(2).sha256}
