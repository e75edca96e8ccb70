"""The encoding of the tag tables.

A value is `confidence << 8 | state`: the confidence × 65,535 of the engine that counts, and the bits below. An entry is
`tag id << 32 | value`, a u64. This module does not load numpy; `rows` reads bodies of many pictures.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import apsw

from ..database.connection import bind_ids, fetch

# Bits of the state. A value without any of the first five is an engine's below its threshold, or never-listed.
EFFECTIVE, ENGINE, YES, NO, IMPLIED, NEVER = 1, 2, 4, 8, 16, 32
#: A confidence of 1.
WHOLE = 65_535
#: Pictures of one block of `derived_tag`.
BLOCK_BITS = 12

# `derived_meaning.how`.
SELF, IMPLIES, NEVERMORE = 0, 1, 2


def pack(tags: Iterable[tuple[int, int]]) -> bytes:
    """Return a body of `tag_output` from (tag id, confidence × 65,535); the highest of duplicates counts."""
    best: dict[int, int] = {}
    for tag, confidence in tags:
        best[tag] = max(confidence, best.get(tag, 0))
    return b"".join(struct.pack("<IH", tag, best[tag]) for tag in sorted(best))


def unpack(body: bytes) -> list[tuple[int, int]]:
    """Return (tag id, confidence × 65,535) for each tag in a body of `tag_output`."""
    return list(struct.iter_unpack("<IH", body))


def of_pictures(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """Return the current tags of a few pictures: values by tag id, by picture. For many pictures see `rows.shown`."""
    pictures: dict[int, dict[int, int]] = {}
    for table in ("derived_tags", "derived_said"):
        sql = f"""
            select t.picture_id, case s.phase when 2 then coalesce(t.next, t.body) else t.body end
            from derived_tagging s cross join {table} t where s.version = 0 and t.picture_id in carray(?)
            """
        for picture, body in fetch(connection, sql, (bind_ids(ids),)):
            pictures.setdefault(picture, {}).update((tag, value) for value, tag in struct.iter_unpack("<II", body))
    return pictures


def threshold(confidence: float) -> int:
    """Return the smallest stored confidence that is at least this one."""
    return -int(-confidence * WHOLE // 1)
