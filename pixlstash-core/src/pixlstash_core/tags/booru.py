"""Reads CSV files of tags as booru sites and completion tools write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from ..errors import Invalid
from . import names as words

#: The categories by their numbers in such files.
CATEGORIES = {
    "0": "general",
    "1": "artist",
    "3": "copyright",
    "4": "character",
    "5": "meta",
    "7": "species",
    "8": "lore",
}
SHOWN = 50


class ImportPlan(Struct):
    """The contents of a file. Tags are folded names; `names` has each as it is written."""

    names: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    implications: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0
    problems: list[str] = field(default_factory=list)

    def skip(self, why: str) -> None:
        self.skipped += 1
        if len(self.problems) < SHOWN:
            self.problems.append(why)

    def tag(self, text: str) -> str:
        written = words.written(text)
        fold = words.folded(written)
        self.names.setdefault(fold, written)
        return fold


def read(text: str, kind: str) -> ImportPlan:
    """Read lines of `name,category,count,"alias,alias"`, or of `name,other` for aliases and implications.

    Invalid lines are skipped and listed as problems. `category` may be a word; all but the name may be missing.
    """
    plan = ImportPlan()
    for number, row in _rows(text, plan):
        try:
            if kind == "tags":
                _tag(plan, row)
            elif len(row) < 2:
                raise Invalid("A line needs two names, separated by a comma.")
            else:
                pair = (plan.tag(row[0]), plan.tag(row[1]))
                if pair[0] != pair[1]:
                    (plan.aliases if kind == "aliases" else plan.implications).append(pair)
        except Invalid as error:
            plan.skip(f"Line {number}: {error}")
    return plan


def _rows(text: str, plan: ImportPlan) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield (line number, fields), without empty lines and the header."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        try:
            row = next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            plan.skip(f"Line {number}: {error}.")
            continue
        heading = number == 1 and len(row) > 1 and row[0].strip().lower() in ("name", "tag", "antecedent_name")
        if any(field.strip() for field in row) and not heading:
            yield number, row


def _tag(plan: ImportPlan, row: Sequence[str]) -> None:
    tag = plan.tag(row[0])
    category = " ".join(row[1].split()) if len(row) > 1 else ""
    category = CATEGORIES.get(category, "" if category.isdecimal() else category)
    if len(category) > words.LONGEST_CATEGORY or not category.isprintable():
        raise Invalid(f"A category has at most {words.LONGEST_CATEGORY} printable characters.")
    if category:
        plan.categories[tag] = category
    for alias in (row[3] if len(row) > 3 else "").split(","):
        if alias.strip():
            fold = plan.tag(alias)
            if fold != tag:
                plan.aliases.append((fold, tag))
