"""No module is named after nothing in particular: such a room fills with what nobody finds again.

And no sentence says "1 pictures".
"""

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


#: A number in a text before a plural, as in `f"{count} pictures"` and `{count(n)} pictures`. Constants are never 1.
PLURAL = re.compile(
    r"(?<!\w)\$?\{(?![A-Z_]+\}|count\([A-Z_]+\)\})[^{}]*\} ?(?:<[^>]+> ?)?"
    r"(?:pictures|snapshots|originals|stacks|locations|projects|sets|folders|faces|groups)\b"
)
SINGULAR = re.compile(r"== 1|=== 1|\b1 \w+\b|\bmore than\b|\bat most\b")


def test_numbers_have_a_singular() -> None:
    said = [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in files(".py", ".ts", ".svelte")
        if not {"tests", "bench"} & set(path.relative_to(ROOT).parts) and ".test." not in path.name
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PLURAL.search(line) and not SINGULAR.search(line)
    ]
    assert said == []


def test_every_way_of_counting_is_seen() -> None:
    for line in ('f"{len(ids)} pictures"', "`${count(n)} pictures`", "{count(n)} pictures", '{n}<span class="s"> sets'):
        assert PLURAL.search(line), line
    for line in ('f"{FEW} pictures"', "`${count(MOST)} pictures`", "Move pictures to", 'f"/pictures/{id}/pictures"'):
        assert not PLURAL.search(line), line
