"""A library with a few real pictures, served on a port of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from web.asking import Peer, bearer, paint, sign_in

from pixlstash_core.client import Client
from pixlstash_core.library import Library
from pixlstash_core.types import CreateToken, DeletePictures, Reader, Scope
from pixlstash_web.server import running

OWNER = Reader("owner", "owner")
COUNT = 9


class Served:
    """A served library of nine pictures; the last is in the scrapheap. `mine` are the three that `scoped` may see."""

    def __init__(self, library: Library, url: str, mine: frozenset[int] = frozenset()) -> None:
        self.library, self.url, self.mine = library, url, mine
        #: With the rights of this machine's user; closed with the server.
        self.client = Client(url, library.access.local_secret)

    @property
    def peer(self) -> Peer:
        return Peer(self.url)

    @property
    def local(self) -> Peer:
        return bearer(self.url, self.library.access.local_secret)

    def token(self, rights: str) -> str:
        return self.library.create_token(OWNER, CreateToken(rights, rights)).token  # type: ignore[arg-type]

    def browser(self) -> Peer:
        """A browser with the owner's session."""
        return sign_in(self.url, {"claim": self.library.access.claim_link()})

    def scoped(self, right: str = "read") -> Peer:
        reader = Reader("share:test", right, Scope(self.mine))  # type: ignore[arg-type]
        return bearer(self.url, self.library.access.lend(reader))


def fill(library: Library, folder: Path) -> frozenset[int]:
    """Import nine pictures with words of their own; the ids of the first three."""
    ids = []
    for number in range(1, COUNT + 1):
        text = {"parameters": f"canary{number} on a shore\nSteps: {number}, Sampler: Euler, Seed: {number}"}
        path = paint(folder / f"secret-{number}.png", number, text)
        kept = library.incoming / path.name
        path.rename(kept)
        answer = library.upload(OWNER, path.name, kept)
        assert answer.id is not None, answer
        ids.append(answer.id)
    library.delete(OWNER, DeletePictures(ids=[ids[-1]]))
    return frozenset(ids[:3])


@contextmanager
def serving(library: Library, mine: frozenset[int] = frozenset(), **settings: Any) -> Iterator[Served]:
    with running(library, **settings) as url:
        served = Served(library, url, mine)
        with served.client:
            yield served


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For tests that change nothing of the library."""
    folder = tmp_path_factory.mktemp("shared")
    Library.create(folder / "library", name="Shared")
    with Library.open(folder / "library") as library, serving(library, fill(library, folder)) as served:
        yield served


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, frozenset[int]]:
    """A closed library of nine pictures, to be copied, and the ids of the first three."""
    folder = tmp_path_factory.mktemp("filled")
    Library.create(folder / "library", name="Library")
    with Library.open(folder / "library") as library:
        mine = fill(library, folder)
        library.restore_points.set_automatic(False)
    return folder / "library", mine


@pytest.fixture
def served(
    filled: tuple[Path, frozenset[int]], open_library: Callable[..., Library], tmp_path: Path
) -> Iterator[Served]:
    """A library of this test's own."""
    shutil.copytree(filled[0], tmp_path / "library")
    with serving(open_library(), filled[1]) as served:
        yield served


@pytest.fixture
def empty(library: Library) -> Iterator[Served]:
    """An empty library of this test's own, which is faster."""
    with serving(library) as served:
        yield served
