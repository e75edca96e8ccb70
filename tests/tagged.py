"""What the tags of pictures ought to be, worked out from truth picture by picture, with sets; and engines for tests."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library

#: tag id → (effective, state bits, confidence × 65,535)
Values = dict[int, tuple[int, int, int]]


def store(library: Library, producer: int, found: Mapping[int, Iterable[tuple[str, float]]]) -> None:
    """Have a producer find tags of pictures, durably."""
    outputs = [Output(picture, list(tags)) for picture, tags in found.items()]
    for future in library.outputs.store(producer, outputs):
        future.result(30)


def names(library: Library, picture: int) -> set[str]:
    """The tags that count."""
    sql = "select t.name from derived_tagged d join tag t on t.id = d.tag_id where d.picture_id = ? and d.effective"
    return {name for (name,) in library.db.read(sql, (picture,))}


class Vocabulary:
    """Aliases, implications and the never-list."""

    def __init__(self, library: Library) -> None:
        self.alias = dict(library.db.read("select id, alias_id from tag where alias_id is not null"))
        self.never = {tag for (tag,) in library.db.read("select id from tag where never")}
        self.direct: dict[int, set[int]] = {}
        for tag, implied in library.db.read("select tag_id, implied_id from implication"):
            self.direct.setdefault(tag, set()).add(implied)

    def stands_for(self, tag: int) -> int:
        while tag in self.alias:
            tag = self.alias[tag]
        return tag

    def implied(self, tag: int) -> set[int]:
        """All that a tag implies, directly or not, as engines may say it."""
        found: set[int] = set()
        todo = [tag]
        while todo:
            for one in map(self.stands_for, self.direct.get(todo.pop(), ())):
                if one not in found and one != tag:
                    found.add(one)
                    todo.append(one)
        return found - self.never


def expected(library: Library) -> dict[int, Values]:
    """The tags of every picture that has any."""
    words = Vocabulary(library)
    active = {
        producer: (-int(-threshold * 65535 // 1), rank)
        for producer, threshold, rank in library.db.read(
            "select producer_id, threshold, rank from active where kind = 'tag'"
        )
    }
    combine = library.db.setting("tags.combine") or "union"
    outputs: dict[int, dict[int, dict[int, int]]] = {}
    for picture, producer, body in library.db.read("select picture_id, producer_id, body from tag_output"):
        if producer in active:
            mine = outputs.setdefault(picture, {}).setdefault(producer, {})
            for tag, confidence in struct.iter_unpack("<IH", body):
                if confidence:
                    stands = words.stands_for(tag)
                    mine[stands] = max(confidence, mine.get(stands, 0))
    said: dict[int, dict[int, tuple[int, int]]] = {}
    for picture, tag, yes, at in library.db.read("select picture_id, tag_id, yes, at from said_tag"):
        mine_said, stands = said.setdefault(picture, {}), words.stands_for(tag)
        if stands not in mine_said or mine_said[stands][1] <= at:
            mine_said[stands] = (yes, at)
    return {
        picture: values
        for picture in outputs.keys() | said.keys()
        if (values := _of_one(words, active, combine, outputs.get(picture, {}), said.get(picture, {})))
    }


def _of_one(
    words: Vocabulary,
    active: dict[int, tuple[int, int]],
    combine: str,
    found: dict[int, dict[int, int]],
    said: dict[int, tuple[int, int]],
) -> Values:
    if combine == "preferred" and found:
        best = min(active[producer][1] for producer in found)
        found = {producer: tags for producer, tags in found.items() if active[producer][1] == best}
    confidence: dict[int, int] = {}
    votes: dict[int, int] = {}
    for producer, tags in found.items():
        for tag, sure in tags.items():
            confidence[tag] = max(sure, confidence.get(tag, 0))
            votes[tag] = votes.get(tag, 0) + (sure >= active[producer][0])
    bits: dict[int, int] = {}
    for tag in confidence:
        meant = votes[tag] * 2 > len(found) if combine == "vote" else votes[tag] > 0
        bits[tag] = (2 if meant else 0) | (32 if tag in words.never else 0)
    for tag, (yes, _) in said.items():
        bits[tag] = bits.get(tag, 0) | (4 if yes else 8)

    def counts(state: int) -> bool:
        return (state & (2 | 32) == 2 or bool(state & (4 | 16))) and not state & 8

    for tag in [tag for tag, state in bits.items() if counts(state)]:
        for implied in words.implied(tag):
            bits[implied] = bits.get(implied, 0) | 16
            confidence[implied] = max(confidence.get(implied, 0), confidence.get(tag, 0))
    return {tag: (int(counts(state)), state | counts(state), confidence.get(tag, 0)) for tag, state in bits.items()}


def check_tags(library: Library) -> None:
    """Fail unless everything derived from tags is what it would be if it were worked out now."""
    wanted = expected(library)
    kept: dict[int, Values] = {}
    db = library.db
    for picture, tag, effective, state, confidence in db.read("select * from derived_tagged"):
        kept.setdefault(picture, {})[tag] = (effective, state, confidence)
    assert kept == wanted
    _check_bodies(library, wanted)
    totals: dict[int, int] = {}
    for values in wanted.values():
        for tag, (effective, _, _) in values.items():
            totals[tag] = totals.get(tag, 0) + effective
    shown = dict(db.read("select tag_id, pictures from derived_tag_count where pictures != 0"))
    assert shown == {tag: count for tag, count in totals.items() if count}
    names = db.read("select id, folded from tag")
    found = {(word, tag) for word, tag in db.read("select word, tag_id from derived_tag_word")}
    assert found == {(word, tag) for tag, folded in names for word in _words(folded)}


def _check_bodies(library: Library, wanted: dict[int, Values]) -> None:
    """By picture: what is kept as if nothing were said, what is said, and how many count."""
    tables: dict[str, dict[int, tuple[bytes, int]]] = {"derived_tags": {}, "derived_said": {}}
    for picture, values in wanted.items():
        found, said = b"", b""
        count = more = 0
        for tag, (effective, state, confidence) in sorted(values.items()):
            plain = state & ~(1 | 4 | 8)
            unsaid = int(plain & (2 | 32) == 2 or bool(plain & 16))
            if plain or confidence:
                found += struct.pack("<II", confidence << 8 | plain | unsaid, tag)
            if state & (4 | 8):
                said += struct.pack("<II", confidence << 8 | state, tag)
                more += effective - unsaid
            count += unsaid
        if found:
            tables["derived_tags"][picture] = (found, count)
        if said:
            tables["derived_said"][picture] = (said, more)
    for table, rows in tables.items():
        kept = library.db.read(f"select picture_id, body, tags from {table} where next is null")
        assert {picture: (body, tags) for picture, body, tags in kept} == rows, table


def _words(folded: str) -> set[str]:
    """Runs of letters and digits, and the whole."""
    cut = "".join(c if c.isalnum() else " " for c in folded)
    return {folded, *cut.split()}
