"""Libraries for tests: pictures without files, files without pictures, and waiting for what happens beside."""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy, copytree
from typing import TypeVar

from pixlstash_core.database.writer import Write
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.types import Job, Reading

PLUGIN = Path(__file__).parent / "plugins" / "textstills"
DAY = 86_400_000
T = TypeVar("T")


def invented(number: int, **given: object) -> Reading:
    """What a decoder might say about a file that does not exist; the same for the same number."""
    plain: dict[str, object] = {
        "sha256": hashlib.sha256(b"invented %d" % number).digest(),
        "size": 1000 + number,
        "kind": "image",
        "format": "png",
        "mime": "image/png",
        "extension": "png",
        "width": 64 + number % 7,
        "height": 48,
        "created": 1_700_000_000_000 + number * DAY,
        "aspect": 100 + number % 50,
        "colour": number % 65_536,
        "still": b"a still",
    }
    return Reading(**{**plain, **given})  # type: ignore[arg-type]


def add(library: Library, *readings: Reading, names: Callable[[int], str] = "picture {}.png".format) -> list[int]:
    """Add pictures through the writer, in one transaction, located in the library's own store; their ids."""
    store = library.stores.own()[0]

    def work(write: Write) -> list[int]:
        ids = []
        for number, reading in enumerate(readings):
            ids.append(picture_rows.add(write, reading, names(number), fallback=0))
            key = f"{reading.sha256.hex()[:2]}/{reading.sha256.hex()}.{reading.extension}"
            picture_rows.locate(write, ids[-1], store, key, reading.size, 1)
        return ids

    return library.writer.submit(work).result(30).result


def fill(library: Library, count: int) -> list[int]:
    """Add so many invented pictures, oldest first; their ids."""
    return add(library, *map(invented, range(count)))


def finish(library: Library, job: Job) -> Job:
    """Wait until a job has ended."""

    def ended() -> Job | None:
        now = library.queue.get(job.id)
        return now if now.state in ("done", "failed", "cancelled", "paused") else None

    return until(ended)


def until(look: Callable[[], T | None | bool], seconds: float = 180) -> T:
    """What `look` finds, as soon as it is something; fails when it takes too long."""
    limit = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found  # type: ignore[return-value]
        assert time.monotonic() < limit, f"nothing after {seconds} s"
        time.sleep(0.01)


def install(site: Path, source: Path = PLUGIN) -> Path:
    """Lay a plugin's sources into a folder just as pip would, so that its entry points are found there."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    if (source / "src").is_dir():
        copytree(source / "src", site, dirs_exist_ok=True)
    else:
        copy(source / f"{project['name'].replace('-', '_')}.py", site)
    metadata = f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = [f"{name} = {target}" for name, target in project["entry-points"]["pixlstash"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pixlstash]", *lines, ""]), encoding="utf-8")
    return site


def truth(library: Library) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every recorded table."""
    return {name: sorted(library.db.read(f"select * from {name}"), key=repr) for name in library.writer.table_names()}


def check_derived(library: Library) -> None:
    """Fail unless the derived tables are what they would be if computed now, and the full-text index is sound."""
    db = library.db
    library.writer.submit(
        lambda write: write.execute("insert into derived_words(derived_words) values ('integrity-check')")
    ).result(10)
    columns = "id, live, created, imported, score, size, aspect, colour, flags, name, covered, width, height"
    kept = db.read(f"select {columns} from derived_grid order by id")
    words = {
        picture: [
            [
                found
                for (found,) in db.read("select rowid from derived_words where derived_words match ?", (f'"{word}"',))
            ]
            for word in set(f"{name} {prompt or ''}".replace(".", " ").split())
        ]
        for picture, name, prompt in db.read(
            "select p.id, p.name, w.prompt from picture p left join words w on w.picture_id = p.id"
        )
    }
    assert all(picture in found for picture, matches in words.items() for found in matches)
    assert db.value("select count(*) from derived_words") == db.value("select count(*) from picture")
    assert kept == list(_fresh_grid(library))
    assert db.read("select noun, id, pictures from derived_count order by noun, id") == _fresh_counts(library)


def _fresh_grid(library: Library) -> Iterator[tuple[object, ...]]:
    """The grid's rows worked out picture by picture, in Python."""
    db = library.db
    scores, dead = dict(db.read("select * from score")), {row[0] for row in db.read("select picture_id from scrapheap")}
    corrections = {row[0]: row[1:] for row in db.read("select picture_id, created, turn from correction")}
    located = {row[0] for row in db.read("select picture_id from location where state != 'missing'")}
    stacks: dict[int, list[int]] = {}
    for picture, stack in db.read("select picture_id, stack_id from stack_member order by position, picture_id"):
        if picture not in dead:
            stacks.setdefault(stack, []).append(picture)
    leaders = {members[0] for members in stacks.values() if len(members) > 1}
    covered = {picture for members in stacks.values() for picture in members[1:]}
    for row in db.read(
        "select id, created, imported, size, aspect, colour, moving, why, name, width, height from picture order by id"
    ):
        id, created, imported, size, aspect, colour, moving, why, name, width, height = row
        date, turn = corrections.get(id, (None, 0))
        flags = scores.get(id, 0) + 8 * moving + 16 * (id in leaders) + 32 * (why is not None)
        flags += 64 * (id not in located) + 128 * bool(turn)
        if turn % 2:
            aspect, width, height = min(255, 256 - aspect), height, width
        yield (
            *(id, int(id not in dead), created if date is None else date, imported, scores.get(id, 0), size, aspect),
            *(colour, flags, name, int(id in covered), width, height),
        )


def _fresh_counts(library: Library) -> list[tuple[object, ...]]:
    """What `derived_count` should hold, worked out with sets."""
    db = library.db
    live = {row[0] for row in db.read("select id from picture except select picture_id from scrapheap")}
    groups: dict[tuple[str, int], set[int]] = {}

    def gather(noun: str, rows: list[tuple[int, int]]) -> None:
        for id, picture in rows:
            if picture in live:
                groups.setdefault((noun, id), set()).add(picture)

    gather("set", db.read("select set_id, picture_id from set_member"))
    gather("character", db.read("select character_id, picture_id from said_who where yes"))
    gather("store", db.read("select store_id, picture_id from location where state != 'missing'"))
    gather("project", db.read("select project_id, picture_id from project_picture"))
    for noun in ("set", "character"):
        for project, id in db.read(f"select project_id, {noun}_id from project_{noun}"):
            gather("project", [(project, picture) for picture in groups.get((noun, id), ())])
    gather("library", [(0, picture) for picture in live])
    return sorted((noun, id, len(pictures)) for (noun, id), pictures in groups.items())
