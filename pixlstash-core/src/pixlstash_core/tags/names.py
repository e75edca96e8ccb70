"""Look-ups between names and ids of tags."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..database.connection import Database, bind_ids
from ..database.writer import Write, Writer, outcome
from ..errors import NotFound
from . import normalise as words

#: The ids of tags by folded name, through aliases.
OF = "select folded, coalesce(alias_id, id) from tag where folded in (select value from json_each(?))"


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
    for name in map(words.written, names):
        names_by_fold.setdefault(words.folded(name), name)
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
