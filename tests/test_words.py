"""No module is named after nothing in particular: such a room fills with what nobody finds again."""

from __future__ import annotations

import re

from sources import ROOT, files

EMPTY = set("util utils helper helpers manager managers service services common base misc stuff".split())


def words(name: str) -> set[str]:
    """The words of a file's or folder's name, in snake_case, kebab-case or CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)}


def test_names_say_something() -> None:
    paths = [path.relative_to(ROOT) for path in files(".py", ".ts", ".js", ".svelte")]
    named = [path for path in paths if any(words(part) & EMPTY for part in path.with_suffix("").parts)]
    assert named == []


def test_every_way_of_writing_is_seen() -> None:
    assert all(words(name) & EMPTY for name in ("utils", "tag_helpers", "JobManager", "io-common"))
    assert not words("database") & EMPTY
