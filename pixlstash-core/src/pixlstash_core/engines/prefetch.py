"""Decodes ahead: pictures are made ready for an engine, in order, while it works on those before."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..database.connection import Database
from ..errors import NotFound, NotThere, PixlStashError, Refused, StoreUnreachable
from ..media.pool import DecoderPool
from ..plugins.contracts import Opened
from ..plugins.engines import Engine
from .inputs import Subject, subjects
from .messages import Item, Still

#: Pictures whose rows are read at once.
PAGE = 256
#: Bytes of pixels that may be ready: what a picture takes now and then, e.g. while others are stored, is made up for.
AHEAD = 32 << 20
Given = Callable[[Sequence[int]], dict[int, dict[str, Any]]]


class Ready(Struct, frozen=True):
    """One picture: what the engine gets and the files that are then dropped; or why it cannot get it.

    `later`: it cannot be read now, which says nothing about it.
    """

    picture: int
    item: Item | None = None
    files: tuple[Path, ...] = ()
    error: str | None = None
    later: str | None = None

    @property
    def stills(self) -> int:
        return len(self.item.stills) if self.item else 0

    def drop(self) -> None:
        for file in self.files:
            with contextlib.suppress(OSError):  # where an open file cannot be removed it goes with the folder
                file.unlink(missing_ok=True)


class Sources(Struct, frozen=True):
    """Where pictures come from: a library's parts. `temporary(name)` is a fresh path for a copy of a file."""

    db: Database
    pool: DecoderPool
    connect: Callable[[int], Opened]
    temporary: Callable[[str], Path]


class Feeding:
    """The pictures `ids` yields, made ready in `scratch`. Iterate on one thread; `close` drops what nobody took."""

    def __init__(
        self, sources: Sources, engine: Engine[Any, Any], ids: Iterator[int], given: Given, scratch: Path
    ) -> None:
        self._sources, self._engine, self._given = sources, engine, given
        self._ids, self._scratch = ids, scratch
        self._threads = ThreadPoolExecutor(sources.pool.workers + 1, thread_name_prefix="engine-feed")
        self._ahead = _ahead(engine, sources.pool.workers)
        self._waiting: deque[Future[Ready]] = deque()
        self._names = itertools.count()

    def __iter__(self) -> Iterator[Ready]:
        subjects_ = self._subjects()
        while True:
            for subject, given in itertools.islice(subjects_, self._ahead - len(self._waiting)):
                self._waiting.append(self._threads.submit(self._ready, subject, given))
            if not self._waiting:
                return
            yield self._waiting.popleft().result()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for future in self._waiting:
            if not future.cancelled():
                future.add_done_callback(_dropped)

    def fetch(self, picture: int) -> Path:
        """A fresh copy of a picture's original bytes, for an engine that opens them."""
        subject = subjects(self._sources.db, [picture]).get(picture)
        for place in subject.places if subject else ():
            with contextlib.suppress(NotThere, StoreUnreachable, NotFound):
                return self._at(self._sources.connect(place[0]), place[1], [], copy=True)
        raise NotThere("Its file is not there.")

    def _subjects(self) -> Iterator[tuple[Subject, dict[str, Any]]]:
        while page := list(itertools.islice(self._ids, PAGE)):
            found = subjects(self._sources.db, page)
            given = self._given(page)
            for picture in page:
                if picture in found:  # else it was deleted while it waited
                    yield found[picture], given.get(picture, {})

    def _ready(self, subject: Subject, given: dict[str, Any]) -> Ready:
        try:
            return self._decoded(subject, given) if self._engine.pixels else self._plain(subject, given)
        except (NotThere, StoreUnreachable) as error:
            return Ready(subject.id, later=str(error))
        except Refused as error:
            return Ready(subject.id, error=str(error))

    def _plain(self, subject: Subject, given: dict[str, Any]) -> Ready:
        """Without pixels. Where there is no path to its bytes, the engine may ask for them."""
        for store, key in subject.places:
            with contextlib.suppress(NotThere, StoreUnreachable, NotFound):
                path = self._sources.connect(store).local(key)
                if path is not None and path.exists():
                    return Ready(subject.id, self._item(subject, given, [Still()], path))
        return Ready(subject.id, self._item(subject, given, [Still()], None))

    def _decoded(self, subject: Subject, given: dict[str, Any]) -> Ready:
        trouble: PixlStashError = NotThere("Its file is not there.")
        for place in subject.places:
            copies: list[Path] = []
            target = self._scratch / str(next(self._names))
            times = self._times(subject)
            try:
                opened = self._sources.connect(place[0])
                path = self._at(opened, place[1], copies)
                found = self._sources.pool.pixels(
                    path,
                    subject.name,
                    target,
                    root=None if copies else opened.local_root,
                    sha256=subject.sha256 if opened.verbatim else b"",
                    side=self._engine.image_side,
                    background=self._engine.background,
                    times=times,
                )
            except (NotThere, StoreUnreachable, NotFound, Refused) as error:
                _drop([*copies, *target.parent.glob(f"{target.name}.*")])
                if not isinstance(error, Refused) or error.more.get("cause") in ("changed", "empty"):
                    trouble = NotThere(str(error))
                    continue
                raise
            except BaseException:
                _drop(copies)
                raise
            frames: list[float | None] = list(times) if times and len(found) == len(times) else [None] * len(found)
            stills = [Still(str(file), width, height, at) for (file, width, height), at in zip(found, frames)]
            files = (*copies, *(file for file, _, _ in found))
            return Ready(subject.id, self._item(subject, given, stills, path), files)
        raise trouble

    def _times(self, subject: Subject) -> tuple[float, ...]:
        """When to look at what moves: in the middle of as many equal parts. One still is the one people see."""
        count = self._engine.frames
        if count == 1 or not subject.moving or not subject.seconds:
            return ()
        return tuple(round((n + 0.5) * subject.seconds / count, 3) for n in range(count))

    def _item(self, subject: Subject, given: dict[str, Any], stills: list[Still], path: Path | None) -> Item:
        source = str(path) if path else ""
        return Item(subject.id, subject.kind, subject.size, stills, subject.facts, given, source)

    def _at(self, opened: Opened, key: str, copies: list[Path], *, copy: bool = False) -> Path:
        """A path to the bytes of a key; where it is a copy, that is noted."""
        path = opened.local(key)
        if path is not None and not copy:
            return path
        target = self._sources.temporary(Path(key).name)
        copies.append(target)
        try:
            with opened.read(key) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
        except BaseException:
            _drop(copies)
            raise
        return target


def _ahead(engine: Engine[Any, Any], workers: int) -> int:
    """How many pictures are made ready: enough for the next two batches, and more of small ones."""
    least = 2 * min(engine.batch_size, 64) + 2 * workers
    fit = AHEAD // (3 * engine.image_side**2) if engine.pixels and engine.image_side else least
    return max(least, min(fit, 8 * engine.batch_size, PAGE))


def _drop(files: Sequence[Path]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _dropped(future: Future[Ready]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().drop()
