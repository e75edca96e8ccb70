"""Names of tags: normalized for storing, comparing and searching, and the ids that they stand for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import apsw
import msgspec

from ..database.connection import Database, bind_ids, fetch
from ..database.writer import Write, Writer, outcome
from ..errors import Invalid, NotFound

LONGEST, LONGEST_CATEGORY = 200, 50
#: Categories of invisible characters, some of which change the text direction; emoji and some scripts need joiners.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset(map(chr, (0x200C, 0x200D, *range(0xE0020, 0xE0080))))
_WORD = re.compile(r"[^\W_]+")
#: The ids of tags by folded name, through aliases.
OF = "select folded, coalesce(alias_id, id) from tag where folded in (select value from json_each(?))"


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


def refresh_words(connection: apsw.Connection, tags: Iterable[int]) -> None:
    """Update the search words of these tags."""
    bound = bind_ids(tags)
    connection.execute("delete from derived_tag_word where tag_id in carray(?)", (bound,)).fetchall()
    rows = fetch(connection, "select id, folded from tag where id in carray(?)", (bound,))
    connection.executemany(
        "insert into derived_tag_word values (?, ?)", [(word, tag) for tag, fold in rows for word in found_by(fold)]
    ).fetchall()


def ensure(db: Database, writer: Writer, names: list[str]) -> list[int]:
    """Return the ids of the tags with these names, each once; create missing ones.

    Creating them is a separate write, so that undoing the first use of a tag does not delete it: engines may have used
    it meanwhile.
    """
    names_by_fold = distinct(names)
    ids = of(db, names_by_fold)
    if missing := [(name, fold) for fold, name in names_by_fold.items() if fold not in ids]:
        ids |= outcome(
            writer.submit(lambda write: add(write, missing))
        )  # read there, before another gives it a new name
    return list(dict.fromkeys(ids[fold] for fold in names_by_fold))


def add(write: Write, tags: list[tuple[str, str]]) -> dict[str, int]:
    """Create the missing ones of tags (name, folded name), and return the ids of all by folded name."""
    write.many("insert or ignore into tag(name, folded) values (?, ?)", tags)
    return dict(write.execute(OF, (_listed(fold for _, fold in tags),)))


def find(db: Database, names: list[str]) -> list[int]:
    """Return the ids of the tags with these names; `NotFound` if one does not exist."""
    names_by_fold = distinct(names)
    ids = of(db, names_by_fold)
    if missing := next((name for fold, name in names_by_fold.items() if fold not in ids), None):
        raise absent(missing)
    return list(dict.fromkeys(ids[fold] for fold in names_by_fold))


def absent(name: str) -> NotFound:
    return NotFound(f"There is no tag “{name}”.")


def distinct(names: list[str]) -> dict[str, str]:
    """Return the distinct names by folded name, each as first written."""
    names_by_fold: dict[str, str] = {}
    for name in map(written, names):
        names_by_fold.setdefault(folded(name), name)
    return names_by_fold


def of(db: Database, folds: dict[str, str]) -> dict[str, int]:
    """Return the ids of tags by folded name; missing tags are left out."""
    return dict(db.read(OF, (_listed(folds),)))


def _listed(folds: Iterable[str]) -> str:
    return msgspec.json.encode(list(folds)).decode()


def shown(db: Database, tags: list[int]) -> list[str]:
    """Return the names of tags, in the same order."""
    names: dict[int, str] = dict(db.read("select id, name from tag where id in carray(?)", (bind_ids(tags),)))
    return [names[tag] for tag in tags]
