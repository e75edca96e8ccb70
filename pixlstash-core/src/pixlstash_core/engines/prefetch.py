"""Finds the inputs of an engine, and decodes pictures in order, while the engine processes earlier ones."""

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

from ..database.connection import Database, bind_ids, fetch
from ..errors import NotFound, NotThere, PixlStashError, Refused, StoreUnreachable
from ..media.pool import DecoderPool
from ..plugins.contracts import Opened
from ..plugins.engines import Engine
from ..types import Fact, Facts
from .messages import Item, Still

#: Pictures whose database rows are read at once.
PAGE = 256
#: Bytes of pixels decoded ahead, which make up for pictures that are slow to read or decode.
AHEAD = 32 << 20
Given = Callable[[Sequence[int]], dict[int, dict[str, Any]]]


class Subject(Struct, frozen=True):
    """A picture to process. `size` in pixels, upright; `places` are (store, key), available ones first."""

    id: int
    name: str
    kind: str
    sha256: bytes
    size: tuple[int, int]
    moving: bool
    seconds: float | None
    places: list[tuple[int, str]]
    facts: Facts


def subjects(db: Database, ids: Sequence[int]) -> dict[int, Subject]:
    """Return subjects by id, without those of deleted pictures."""
    bound = bind_ids(ids)
    with db.reading() as connection:
        rows = fetch(
            connection,
            "select id, name, kind, sha256, width, height, moving, seconds from picture where id in carray(?)",
            (bound,),
        )
        places: dict[int, list[tuple[int, str]]] = {}
        for picture, store, key in fetch(
            connection,
            "select picture_id, store_id, key from location where picture_id in carray(?)"
            " order by state = 'missing', id",
            (bound,),
        ):
            places.setdefault(picture, []).append((store, key))
        facts: dict[int, list[Fact]] = {}
        for picture, *fact in fetch(
            connection,
            "select picture_id, grouping, name, label, value, number from fact where picture_id in carray(?)",
            (bound,),
        ):
            facts.setdefault(picture, []).append(Fact(*fact))
        sql = "select picture_id, prompt, negative from words where picture_id in carray(?)"
        words = {picture: texts for picture, *texts in fetch(connection, sql, (bound,))}
    return {
        id: Subject(
            *(id, name, kind, sha256, (width, height), bool(moving), seconds, places.get(id, [])),
            Facts(tuple(facts.get(id, ())), *words.get(id, (None, None))),
        )
        for id, name, kind, sha256, width, height, moving, seconds in rows
    }


class Ready(Struct, frozen=True):
    """One picture: the engine's input and its temporary files, or the reason why there is none.

    `later`: it cannot be read at present, so that a later run must try again.
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
        _drop(self.files)


class Sources(Struct, frozen=True):
    """The parts of a library that provide pictures. `temporary(name)` returns a new path for a copy of a file."""

    db: Database
    pool: DecoderPool
    connect: Callable[[int], Opened]
    temporary: Callable[[str], Path]


class Prefetch:
    """The pictures with the given ids, decoded in `scratch`. Iterate on one thread; `close` discards the rest."""

    _names = itertools.count()  # unique among runs, because those of several lanes share the folder

    def __init__(
        self, sources: Sources, engine: Engine[Any, Any], ids: Iterator[int], inputs_of: Given, scratch: Path
    ) -> None:
        self._sources, self._engine, self._inputs_of = sources, engine, inputs_of
        self._ids, self._scratch = ids, scratch
        self._threads = ThreadPoolExecutor(sources.pool.workers + 1, thread_name_prefix="engine-feed")
        self._ahead = _ahead(engine, sources.pool.workers)
        self._waiting: deque[Future[Ready]] = deque()

    def __iter__(self) -> Iterator[Ready]:
        subjects_ = self._subjects()
        while True:
            for subject, inputs in itertools.islice(subjects_, self._ahead - len(self._waiting)):
                self._waiting.append(self._threads.submit(self._ready, subject, inputs))
            if not self._waiting:
                return
            yield self._waiting.popleft().result()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for future in self._waiting:
            if not future.cancelled():
                future.add_done_callback(_dropped)

    def fetch(self, picture: int) -> Path:
        """Return the path of a new copy of a picture's original bytes. Raises `NotThere`."""
        subject = subjects(self._sources.db, [picture]).get(picture)
        for place in subject.places if subject else ():
            with contextlib.suppress(NotThere, StoreUnreachable, NotFound):
                return self._at(self._sources.connect(place[0]), place[1], [], copy=True)
        raise NotThere("Its file is not there.")

    def _subjects(self) -> Iterator[tuple[Subject, dict[str, Any]]]:
        while page := list(itertools.islice(self._ids, PAGE)):
            present = subjects(self._sources.db, page)
            inputs = self._inputs_of(page)
            for picture in page:
                if picture in present:  # otherwise it was deleted meanwhile
                    yield present[picture], inputs.get(picture, {})

    def _ready(self, subject: Subject, inputs: dict[str, Any]) -> Ready:
        try:
            return self._decoded(subject, inputs) if self._engine.pixels else self._plain(subject, inputs)
        except (NotThere, StoreUnreachable) as error:
            return Ready(subject.id, later=str(error))
        except Refused as error:
            return Ready(subject.id, error=str(error))

    def _plain(self, subject: Subject, inputs: dict[str, Any]) -> Ready:
        """Return an input without pixels. If its file has no path, the engine may request the bytes."""
        for store, key in subject.places:
            with contextlib.suppress(NotThere, StoreUnreachable, NotFound):
                path = self._sources.connect(store).local(key)
                if path is not None and path.exists():
                    return Ready(subject.id, self._item(subject, inputs, [Still()], path))
        return Ready(subject.id, self._item(subject, inputs, [Still()], None))

    def _decoded(self, subject: Subject, inputs: dict[str, Any]) -> Ready:
        trouble: PixlStashError = NotThere("Its file is not there.")
        for place in subject.places:
            copies: list[Path] = []
            target = self._scratch / str(next(self._names))
            times = self._times(subject)
            try:
                opened = self._sources.connect(place[0])
                path = self._at(opened, place[1], copies)
                decoded = self._sources.pool.pixels(
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
            frames: list[float | None] = list(times) if times and len(decoded) == len(times) else [None] * len(decoded)
            stills = [Still(str(file), width, height, at) for (file, width, height), at in zip(decoded, frames)]
            files = (*copies, *(file for file, _, _ in decoded))
            return Ready(subject.id, self._item(subject, inputs, stills, path), files)
        raise trouble

    def _times(self, subject: Subject) -> tuple[float, ...]:
        """Return the times in seconds of a video's frames, in the middle of equal parts; none for the default frame."""
        count = self._engine.frames
        if count == 1 or not subject.moving or not subject.seconds:
            return ()
        return tuple(round((n + 0.5) * subject.seconds / count, 3) for n in range(count))

    def _item(self, subject: Subject, inputs: dict[str, Any], stills: list[Still], path: Path | None) -> Item:
        source = str(path) if path else ""
        return Item(subject.id, subject.kind, subject.size, stills, subject.facts, inputs, source)

    def _at(self, opened: Opened, key: str, copies: list[Path], *, copy: bool = False) -> Path:
        """Return the path to a file of a store; a file that is copied is added to `copies`."""
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
    """Return how many pictures to decode ahead: enough for the next two batches, more if they are small."""
    least = 2 * min(engine.batch_size, 64) + 2 * workers
    fit = AHEAD // (3 * engine.image_side**2) if engine.pixels and engine.image_side else least
    return max(least, min(fit, 8 * engine.batch_size, PAGE))


def _drop(files: Sequence[Path]) -> None:
    for file in files:
        with contextlib.suppress(OSError):  # if an open file cannot be removed, it is removed with the folder
            file.unlink(missing_ok=True)


def _dropped(future: Future[Ready]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().drop()
