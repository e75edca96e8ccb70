"""The tags that engines produce: a name, a confidence, and the category of a new tag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from ..database.connection import Database, bind_ids, fetch
from ..database.features import Keeper, OutputKind
from ..database.writer import Writer, outcome
from ..errors import Invalid
from ..plugins.engines import Tag
from ..types import Agreement
from . import names as words
from .entries import EFFECTIVE, WHOLE, of_pictures, pack

#: The most tags of one image: the largest vocabularies of taggers have some 70,000.
MOST = 100_000
#: name, confidence, category, id of the tag (0: it is known by its name)
Plain = Sequence[Any]


def check(engine: Any, result: Any, about: dict[str, Any]) -> list[tuple[str, float, str, int]]:
    if not isinstance(result, list | tuple):
        raise ValueError(f"a list of Tag was expected, and {type(result).__name__} was given")
    if len(result) > MOST:
        raise ValueError(f"{len(result):,} tags were given for one image, and {MOST:,} are the most")
    tags = []
    for tag in result:
        if not isinstance(tag, Tag) or not isinstance(tag.name, str):
            raise ValueError(f"a Tag was expected, and {tag!r:.80} was given")
        confidence = float(tag.confidence)
        if not (math.isfinite(confidence) and 0 <= confidence <= 1):
            raise ValueError(f"the confidence of {tag.name!r:.80} is {confidence}, and not between 0 and 1")
        if not isinstance(tag.id, int) or tag.id < 0 or (tag.id and getattr(engine, "learns", "") != "tags"):
            raise ValueError(f"{tag.name!r:.80} has the id {tag.id!r:.80}: only engines that learn from tags give ids")
        tags.append((tag.name, confidence, str(tag.category)[:50], tag.id))
    return tags


def combine(frames: Sequence[tuple[float | None, list[Plain]]]) -> list[Plain]:
    """Combine the tags of frames: of each tag, the highest confidence."""
    best: dict[str, Plain] = {}
    for _, tags in frames:
        for tag in tags:
            if tag[0] not in best or tag[1] > best[tag[0]][1]:
                best[tag[0]] = tag
    return list(best.values())


def for_engines(connection: apsw.Connection, ids: list[int]) -> dict[int, list[Plain]]:
    """Return the effective tags by picture, with the engine's confidence, or 1 for annotations."""
    pictures = of_pictures(connection, ids)
    used = {tag for values in pictures.values() for tag in values}
    rows = fetch(connection, "select id, name, category from tag where id in carray(?)", (bind_ids(used),))
    tags = {tag: (name, category) for tag, name, category in rows}
    return {
        picture: [
            (tags[tag][0], (value >> 8) / WHOLE or 1.0, tags[tag][1])
            for tag, value in values.items()
            if value & EFFECTIVE
        ]
        for picture, values in pictures.items()
    }


def shown(tags: list[Plain], threshold: float) -> str:
    """Return the tags that would count as text, highest confidence first."""
    sure = sorted((tag for tag in tags if tag[1] >= threshold), key=lambda tag: -tag[1])
    return ", ".join(f"{tag[0]} {tag[1]:.0%}" for tag in sure)


def agree(connection: apsw.Connection, results: dict[int, list[Plain]], threshold: float) -> Agreement:
    """Compare tags with people's annotations, by any of their names."""
    rows = fetch(
        connection,
        "select s.picture_id, s.tag_id, s.yes, n.folded from said_tag s join tag n on s.tag_id in (n.id, n.alias_id)"
        " where s.picture_id in carray(?)",
        (bind_ids(results),),
    )
    names = {id: {words.folded(tag[0]) for tag in tags if tag[1] >= threshold} for id, tags in results.items()}
    hits: dict[tuple[int, int, int], bool] = {}
    for picture, tag, yes, folded in rows:
        hits[picture, tag, yes] = hits.get((picture, tag, yes), False) or folded in names[picture]
    yes, no = ([hit for (_, _, kind), hit in hits.items() if kind == wanted] for wanted in (1, 0))
    return Agreement(len(yes), sum(yes), len(no), sum(no))


def sift(tags: Sequence[Plain]) -> tuple[list[Plain], list[str]]:
    """Return the tags with valid names, and why the others are dropped."""
    good, reasons = [], []
    for tag in tags:
        try:
            words.written(tag[0])
            good.append(tag)
        except Invalid as error:
            reasons.append(str(error))
    return good, reasons


def _id(tag: Plain) -> int:
    """Return the id that an engine gave; 0 if it gave none."""
    return int(tag[3]) if len(tag) > 3 else 0


class EngineTags(Keeper):
    """Stores a picture's tags as one body."""

    statement = "insert into tag_output values (?, ?, ?) on conflict do update set body = excluded.body"

    def __init__(self, db: Database, writer: Writer) -> None:
        self._db, self._writer = db, writer
        self._ids: dict[str, int | None] = {}  # a tag is never deleted and never changes its id
        self._present: set[int] = set()

    def pack(self, values: Sequence[Sequence[Plain]]) -> list[bytes]:
        self._learn({tag[0]: tag[2] if len(tag) > 2 else "" for tags in values for tag in tags if not _id(tag)})
        self._find({id for tags in values for tag in tags if (id := _id(tag))})
        return [pack(self._entries(tags)) for tags in values]

    def _entries(self, tags: Sequence[Plain]) -> list[tuple[int, int]]:
        entries = []
        for plain in tags:
            name, confidence = plain[:2]
            if not (math.isfinite(confidence) and 0 <= confidence <= 1):
                raise Invalid(f"The confidence of {name!r} is {confidence}, and not between 0 and 1.")
            id = _id(plain)
            tag = self._ids[name] if not id else id if id in self._present else None
            if tag is not None:
                entries.append((tag, round(confidence * WHOLE)))
        return entries

    def _find(self, ids: set[int]) -> None:
        """Look up which tags with these ids exist."""
        if new := ids - self._present:
            rows = self._db.read("select id from tag where id in carray(?)", (bind_ids(new),))
            self._present.update(row[0] for row in rows)

    def _learn(self, categories: dict[str, str]) -> None:
        """Look up or create the tags with these names; an invalid name gets None."""
        folds: dict[str, str] = {}
        for name in categories.keys() - self._ids.keys():
            try:
                folds[name] = words.folded(words.written(name))
            except Invalid:
                self._ids[name] = None
        if not folds:
            return
        new = {
            fold: (fold, words.written(name), categories[name]) for name, fold in sorted(folds.items(), reverse=True)
        }
        rows = sorted(new.values())
        sql = "insert or ignore into tag(folded, name, category) values (?, ?, ?)"
        outcome(self._writer.submit(lambda write: write.many(sql, rows)))
        sql = "select folded, id from tag where folded in (select value from json_each(?))"
        ids: dict[str, int] = dict(self._db.read(sql, (msgspec.json.encode(list(new)).decode(),)))
        self._ids.update({name: ids[fold] for name, fold in folds.items()})


KIND = OutputKind(
    "tag",
    "taggers",
    "Tagging",
    ("tag_output",),
    check,
    combine,
    EngineTags,
    inputs=for_engines,
    size=lambda tags: 6 * len(tags),
    shown=shown,
    agree=agree,
    sift=sift,
)
