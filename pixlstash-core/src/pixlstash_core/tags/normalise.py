"""Normalization of the names of tags, for storing, comparing and searching."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import apsw

from ..database.connection import bind_ids, fetch
from ..errors import Invalid

LONGEST, LONGEST_CATEGORY = 200, 50
#: Categories of invisible characters, some of which change the text direction; emoji and some scripts need joiners.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset(map(chr, (0x200C, 0x200D, *range(0xE0020, 0xE0080))))
_WORD = re.compile(r"[^\W_]+")


def written(text: str) -> str:
    """Return a name as it is stored: NFC, trimmed, with single spaces. `Invalid` if it is not a valid name."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise Invalid("A tag needs a name.")
    if len(name) > LONGEST:
        raise Invalid(f"A tag's name has at most {LONGEST} characters, and this one has {len(name):,}.")
    if bad := next((c for c in name if unicodedata.category(c) in _UNSEEN and c not in _JOINERS), None):
        raise Invalid(f"A tag's name consists of printable characters, and this one contains U+{ord(bad):04X}.")
    return name


def folded(name: str) -> str:
    """Return a name as it is compared: case-folded, with underscores as spaces."""
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return " ".join(plain.replace("_", " ").split()) or name


def parts(fold: str) -> list[str]:
    """Return the words of a folded text; a text without letters, such as a smiley, is one word."""
    return _WORD.findall(fold) or [fold]


def found_by(fold: str) -> set[str]:
    """Return the words by whose prefixes a name is found: each word in it, and the whole name."""
    return {fold, *_WORD.findall(fold)}


def refresh(connection: apsw.Connection, tags: Iterable[int]) -> None:
    """Update the search words of these tags."""
    bound = bind_ids(tags)
    connection.execute("delete from derived_tag_word where tag_id in carray(?)", (bound,)).fetchall()
    rows = fetch(connection, "select id, folded from tag where id in carray(?)", (bound,))
    connection.executemany(
        "insert into derived_tag_word values (?, ?)", [(word, tag) for tag, fold in rows for word in found_by(fold)]
    ).fetchall()
