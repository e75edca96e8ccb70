"""What the pictures of an import folder get by rule, and which of its files are left out."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from ..collections import groups, projects, sets
from ..collections.groups import SETS, folded
from ..database.writer import Write
from ..errors import Invalid, Locked, NotFound
from ..imports import sidecars
from ..storage.files import printable
from ..tags import names
from ..types import Create, ImportRule
from .import_rows import Options

#: Files that belong to pictures, and are never pictures themselves.
BESIDE = (*sidecars.TEXTS, ".xmp", ".json")


class Ignore:
    """Patterns of files to leave out: one without `/` fits the name of a file or of a folder it is in."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._names = [_compiled(pattern) for pattern in patterns if "/" not in pattern.strip("/")]
        self._paths = [_compiled(pattern) for pattern in patterns if "/" in pattern.strip("/")]

    def __call__(self, path: str) -> bool:
        """Whether a path relative to the folder is left out."""
        if path.lower().endswith(BESIDE) or any(pattern.fullmatch(path) for pattern in self._paths):
            return True
        return any(pattern.fullmatch(part) for pattern in self._names for part in path.split("/"))


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.strip("/")), re.IGNORECASE)


def checked(options: Options) -> Options:
    """Return the options; `Invalid` if a rule has no valid tag or folder."""
    for rule in options.rules:
        names.distinct(rule.tags)  # raises for one that cannot be a tag
        if rule.below.startswith("/") or ".." in rule.below.split("/"):
            raise Invalid(f"{rule.below!r} must be the path of a folder in the import folder.")
    sidecars.checked(options.captions)
    return options


class Rules:
    """Applies the rules of a folder to one of its pictures."""

    def __init__(self, options: Options) -> None:
        self._subfolders, self._rules = options.subfolders, options.rules

    def apply(self, write: Write, picture: int, path: str) -> None:
        """Add what the rules say for the file at a path; pictures in the scrapheap or a locked set do not change."""
        parts = [printable(part).strip() for part in path.split("/")[:-1]]
        rules = [rule for rule in self._rules if _is_below(path, rule.below)]
        tags = [tag for rule in rules for tag in rule.tags]
        if self._subfolders == "tags":
            tags += [part for part in parts if _is_tag(part)]
        if write.value("select 1 from scrapheap where picture_id = ?", (picture,)):
            return
        with suppress(Locked):
            write.guard([picture])
            sidecars.add_tags(write, picture, tags)
        self._collect(write, picture, rules, parts)

    def _collect(self, write: Write, picture: int, rules: list[ImportRule], parts: list[str]) -> None:
        for rule in rules:
            with suppress(Locked, NotFound):
                if rule.set is not None:
                    sets.add(write, rule.set, [picture])
            with suppress(NotFound):
                if rule.project is not None:
                    projects.add_existing(write, rule.project, [picture])
        if self._subfolders == "sets" and parts:
            with suppress(Locked, Invalid):
                sets.add(write, _set_called(write, parts[0]), [picture])


def _set_called(write: Write, name: str) -> int:
    """Return the id of the set with a name; create it if there is none."""
    name = name.replace("/", " ")[: groups.LONGEST_NAME].strip()
    id = write.value("select id from picture_set where folded = ?", (folded(name),))
    return int(id if id is not None else groups.make(write, SETS, Create(name=name)).id or 0)


def _is_below(path: str, folder: str) -> bool:
    folder = folder.strip("/")
    return not folder or path.startswith(f"{folder}/")


def _is_tag(name: str) -> bool:
    with suppress(Invalid):
        return bool(names.written(name))
    return False
