"""What engines and plugins do to a library, to be killed between two files; and what must be there before they do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library
from pixlstash_core.tags import rules
from pixlstash_core.types import OWNER, ImportPaths, RestoreSnapshot, RunEngine, TakeSnapshot

Armed = Callable[[], Any]
#: One row for a picture, as a plugin may have it.
NOTES = (
    "create table notes_note(picture_id integer primary key not null references picture(id) on delete cascade,"
    " text text not null)"
)
LOW, HIGH = 0.3, 0.9
LIMIT = "PIXLSTASH_MEGAPIXELS"


def rest(library: Library) -> None:
    while library.queue.running():
        time.sleep(0.005)


# --- what is there before ---------------------------------------------------------------------------------------------


def found_tags(path: Path, source: Path) -> None:
    """Every picture has tags of an engine, some of which no longer count from a higher threshold."""
    with Library.open(path, work=False) as library:
        producer = library.outputs.register("tag", "synthetic", "1", {})
        library.outputs.activate(producer, LOW)
        ids = [id for (id,) in library.db.read("select id from picture order by id")]
        tags = [Output(id, [("fox", 0.5), ("river", 0.95), (f"number {id}", 0.6)]) for id in ids]
        for future in library.outputs.store(producer, tags):
            future.result(30)
        while rules.refresh_slice(library.writer) is not None:
            pass


def left_undrawn(path: Path, source: Path) -> None:
    """A picture was too large to be drawn."""
    from core.imports.test_redraws import large

    os.environ[LIMIT] = "1"
    try:
        with Library.open(path) as library:
            folder = large(source / "large" / "large.png").parent
            library.import_paths(OWNER, ImportPaths([str(folder)]))
            rest(library)
    finally:
        del os.environ[LIMIT]


def noted(path: Path, source: Path) -> None:
    """A plugin has a table, and said something else when the newest snapshot was taken."""
    with Library.open(path, work=False) as library:
        library.adopt("notes", [NOTES])
        say(library, "then")
        library.take_snapshot(OWNER, TakeSnapshot("noted"))
        say(library, "since")


def say(library: Library, text: str) -> None:
    put = "insert or replace into notes_note values (1, ?), (2, ?)"
    library.write(OWNER, f"Noted {text}", lambda write: write.execute(put, (text, text)))


PREPARED: dict[str, Callable[[Path, Path], None]] = {
    "move_threshold": found_tags,
    "redraw": left_undrawn,
    "note": noted,
    "restore_notes": noted,
}

# --- what is done -----------------------------------------------------------------------------------------------------


def run_engine(path: Path, source: Path, armed: Armed) -> None:
    """All pictures, by an engine that is built in."""
    with Library.open(path) as library, armed():
        library.run_engine(OWNER, RunEngine(engine="sharpness"))
        rest(library)


def move_threshold(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path) as library, armed():
        producer = library.db.value("select id from producer where engine = 'synthetic'")
        library.outputs.activate(producer, HIGH, principal=OWNER.principal)
        while rules.slices_pending(library.writer):
            time.sleep(0.002)
        library.history(OWNER)


def redraw(path: Path, source: Path, armed: Armed) -> None:
    """It does so by itself, once the limit is higher."""
    with armed(), Library.open(path) as library:
        while library.db.value("select 1 from picture where cause = 'pixels'"):
            time.sleep(0.005)
        rest(library)


def note(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library:
        library.adopt("notes", [NOTES])
        with armed():
            say(library, "now")
            library.history(OWNER)


def restore_notes(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library:
        library.adopt("notes", [NOTES])
        newest = library.snapshots(OWNER)[0].id
        with armed():
            library.restore_snapshot(OWNER, newest, RestoreSnapshot())


DONE = (run_engine, move_threshold, redraw, note, restore_notes)


def of(library: Library) -> dict[str, frozenset[tuple[Any, ...]]]:
    """What engines and plugins say of each picture, by the SHA-256 of its bytes, and which of its tags count."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    for sha256, *said in _said(library):
        found.setdefault(sha256.hex(), set()).add(tuple(said))
    return {sha256: frozenset(said) for sha256, said in found.items()}


def _said(library: Library) -> Iterator[tuple[Any, ...]]:
    by = "join producer r on r.id = o.producer_id join picture p on p.id = o.picture_id"
    yield from library.db.read(f"select p.sha256, 'done', r.engine, o.error from done o {by}")
    for table, value in (
        ("measure_output", "value"),
        ("vector_output", "body"),
        ("tag_output", "body"),
        ("text_output", "text"),
    ):
        yield from library.db.read(f"select p.sha256, '{table}', r.engine, o.{value} from {table} o {by}")
    yield from library.db.read(
        "select p.sha256, 'tag', t.name from derived_tagged d join tag t on t.id = d.tag_id"
        " join picture p on p.id = d.picture_id where d.effective"
    )
    if library.db.value("select 1 from sqlite_schema where name = 'notes_note'"):
        yield from library.db.read(
            "select p.sha256, 'note', n.text from notes_note n join picture p on p.id = n.picture_id"
        )
