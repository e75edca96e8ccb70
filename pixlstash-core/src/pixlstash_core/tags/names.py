"""From names to tags and back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..database.connection import Database, bind_ids
from ..database.writer import Write, Writer, outcome
from ..errors import NotFound
from . import normalise as words

#: The tags that a list of names stands for.
OF = "select folded, coalesce(alias_id, id) from tag where folded in (select value from json_each(?))"


def ensure(db: Database, writer: Writer, names: list[str]) -> list[int]:
    """The ids of the tags these names stand for, each once; tags that are new are made.

    That is a write of its own: a tag stays when what it was first said of is undone, since engines may have found it
    too by then.
    """
    kept = distinct(names)
    found = of(db, kept)
    if missing := [(name, fold) for fold, name in kept.items() if fold not in found]:
        found |= outcome(
            writer.submit(lambda write: add(write, missing))
        )  # read there, before another gives it a new name
    return list(dict.fromkeys(found[fold] for fold in kept))


def add(write: Write, tags: list[tuple[str, str]]) -> dict[str, int]:
    """New tags of (name, folded), and the ids of all; those that are there already stay as they are."""
    write.many("insert or ignore into tag(name, folded) values (?, ?)", tags)
    return dict(write.execute(OF, (_listed(fold for _, fold in tags),)))


def known(db: Database, names: list[str]) -> list[int]:
    """The ids of the tags these names stand for; `NotFound` when there is no such tag."""
    kept = distinct(names)
    found = of(db, kept)
    if missing := next((name for fold, name in kept.items() if fold not in found), None):
        raise absent(missing)
    return list(dict.fromkeys(found[fold] for fold in kept))


def absent(name: str) -> NotFound:
    return NotFound(f"There is no tag “{name}”.")


def distinct(names: list[str]) -> dict[str, str]:
    """Names by how they are compared, each as it was written first."""
    kept: dict[str, str] = {}
    for name in map(words.written, names):
        kept.setdefault(words.folded(name), name)
    return kept


def of(db: Database, folds: dict[str, str]) -> dict[str, int]:
    """The ids of the tags that names, as they are compared, stand for."""
    return dict(db.read(OF, (_listed(folds),)))


def _listed(folds: Iterable[str]) -> str:
    return msgspec.json.encode(list(folds)).decode()


def shown(db: Database, tags: list[int]) -> list[str]:
    """The names of tags."""
    found: dict[int, str] = dict(db.read("select id, name from tag where id in carray(?)", (bind_ids(tags),)))
    return [found[tag] for tag in tags]
