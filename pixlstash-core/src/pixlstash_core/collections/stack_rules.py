"""Rules that find pictures to stack, such as bursts or a raw file and its JPEG.

Only live pictures that are not in a stack are considered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import apsw
from msgspec import Struct

from ..database.connection import bind_ids, fetch

Lists = list[list[int]]
#: The most milliseconds between a camera raw and its JPEG, the parts of a live photo, and pictures of a burst.
PAIR, LIVE, BURST = 2_000, 5_000, 1_000
QUARTER, DAY = 900_000, 86_400_000
_STILLS = frozenset({"jpeg", "heic", "heif", "avif"})


class File(Struct, frozen=True):
    """A picture with one of its files; `folder` is (store, path), "" if the library keeps the file itself."""

    id: int
    stem: str
    folder: tuple[int, str]
    format: str
    kind: str
    created: int
    pixels: int


def find(connection: apsw.Connection, rule: str, ids: Iterable[int] | None) -> Lists:
    """Return the stacks that a rule finds, the newest leader first."""
    lists = [pictures for pictures in RULES[rule][1](connection, ids) if len(pictures) > 1]
    return sorted(lists, reverse=True)


def _free(ids: Iterable[int] | None) -> tuple[str, dict[str, Any]]:
    """Return (the `from … where …` clause for the pictures that are considered, its bindings)."""
    chosen = "" if ids is None else " and g.id in carray(:ids)"
    free = "not exists (select 1 from stack_member m where m.picture_id = g.id)"
    base = f"from derived_grid g join picture p on p.id = g.id {{joins}} where g.live and {free}{chosen}"
    return base, {} if ids is None else {"ids": bind_ids(ids)}


def _files(connection: apsw.Connection, ids: Iterable[int] | None) -> Mapping[tuple[Any, ...], list[File]]:
    """Return the files by folder and name without extension."""
    base, bound = _free(ids)
    joins = "join location l on l.picture_id = g.id and l.state != 'missing' join store s on s.id = l.store_id"
    rows = connection.execute(
        "select g.id, p.name, p.format, p.kind, g.created, g.width * g.height, l.store_id,"
        f" iif(s.scheme = 'file', null, l.key) {base.format(joins=joins)}",
        bound,
    )
    files: dict[tuple[Any, ...], list[File]] = defaultdict(list)
    for id, name, format, kind, created, pixels, store, key in rows:
        folder, _, last = (key or name).rpartition("/")
        stem = last.rpartition(".")[0].casefold()
        place = (store, folder if key else "")
        if stem:
            files[place, stem].append(File(id, stem, place, format, kind, created, pixels))
    return files


def _raw(connection: apsw.Connection, ids: Iterable[int] | None) -> Iterator[list[int]]:
    taken: set[int] = set()
    for files in _files(connection, ids).values():
        for raw in (file for file in files if file.format == "raw"):
            beside = [
                file
                for file in files
                if file.format in _STILLS and abs(file.created - raw.created) <= PAIR and file.id not in taken
            ]
            if beside and raw.id not in taken:
                leaders = sorted(beside, key=lambda file: (-file.pixels, file.id))
                yield (stack := list(dict.fromkeys([*(file.id for file in leaders), raw.id])))
                taken.update(stack)


def _live(connection: apsw.Connection, ids: Iterable[int] | None) -> Iterator[list[int]]:
    taken: set[int] = set()
    for files in _files(connection, ids).values():
        for clip in (file for file in files if file.kind == "video"):
            stills = [file for file in files if file.format in _STILLS and _same_moment(file.created, clip.created)]
            stack = list(dict.fromkeys([*(still.id for still in stills), clip.id]))
            if stills and taken.isdisjoint(stack):
                yield stack
                taken.update(stack)


def _same_moment(photo: int, clip: int) -> bool:
    """Return whether two dates differ by a time zone only: photos often have local time, clips UTC."""
    apart = abs(photo - clip)
    return apart <= DAY and min(apart % QUARTER, -apart % QUARTER) <= LIVE


def _bursts(connection: apsw.Connection, ids: Iterable[int] | None) -> Iterator[list[int]]:
    base, bound = _free(ids)
    joins = "join fact f on f.picture_id = g.id and f.name = 'camera'"
    rows = fetch(
        connection,
        "select f.value, g.created, g.id, g.score, g.width * g.height, p.name"
        f" {base.format(joins=joins)} and p.kind = 'image' order by f.value, g.created, g.id",
        bound,
    )
    run: list[tuple[Any, ...]] = []
    for row in [*rows, None]:
        if run and row is not None and row[0] == run[-1][0] and row[1] - run[-1][1] <= BURST:
            run.append(row)
            continue
        if len({name.rpartition(".")[0].casefold() for *_, name in run}) > 1:  # a raw and its JPEG are not a burst
            best = max(run, key=lambda row: (row[3], row[4], -row[2]))
            yield [best[2], *(row[2] for row in run if row is not best)]
        run = [row] if row is not None else []


def _generated(facts: tuple[str, ...]) -> Callable[[apsw.Connection, Iterable[int] | None], Iterator[list[int]]]:
    """Return the rule for pictures with the same prompt and the same values of these facts."""

    def rule(connection: apsw.Connection, ids: Iterable[int] | None) -> Iterator[list[int]]:
        base, bound = _free(ids)
        values = ", ".join(
            "(select group_concat(value, char(0)) from (select value from fact f"
            f" where f.picture_id = g.id and f.name = '{name}' order by value))"
            for name in facts
        )
        joins = "join words w on w.picture_id = g.id and w.prompt is not null"
        rows = connection.execute(
            f"select g.id, g.score, w.prompt, {values} {base.format(joins=joins)} order by g.score desc, g.id desc",
            bound,
        )
        alike: dict[bytes, list[int]] = defaultdict(list)
        for id, _, *texts in rows:
            if all(texts):
                alike[blake2b("\1".join(texts).encode(), digest_size=16).digest()].append(id)
        yield from alike.values()

    return rule


def _edits(connection: apsw.Connection, ids: Iterable[int] | None) -> Iterator[list[int]]:
    base, bound = _free(ids)
    rows = fetch(connection, f"select g.id, p.predecessor_id {base.format(joins='')}", bound)
    free: dict[int, int | None] = dict(rows)
    chains: dict[int, list[int]] = defaultdict(list)
    for id in sorted(free):
        first = id
        while (before := free.get(first)) is not None and before in free:
            first = before
        chains[first].append(id)
    yield from (chain[::-1] for chain in chains.values())


#: By name: the description in the history, and the function that finds the lists.
RULES: Mapping[str, tuple[str, Callable[[apsw.Connection, Iterable[int] | None], Iterator[list[int]]]]] = {
    "raw": ("camera raw with JPEG", _raw),
    "live": ("live photos", _live),
    "burst": ("bursts", _bursts),
    "prompt": ("one prompt and model", _generated(("model",))),
    "seed": ("one prompt, model and seed", _generated(("model", "seed"))),
    "edit": ("edits", _edits),
}
