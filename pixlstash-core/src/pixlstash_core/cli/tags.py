"""The verbs of `pixlstash tag`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import astuple

from ..api import Api
from ..types import Completion, ImportedTags, ImportTags
from . import show
from .options import CHOSEN, argument, negative, option
from .verbs import Shown, Verb, group

#: Characters of a file that are sent at once; a request has at most 1 MiB.
PART = 200_000
TAGS = show.Table(">pictures | tag=name | category")
TAGS_OF_PICTURE = show.Table("tag=name | =state | >confidence:.0%")


def _completion(tag: Completion) -> str:
    return tag.name if tag.via is None else f"{tag.name} ({tag.via})"


def _list(session: Any, id: int | None, **which: Any) -> Any:
    return session.tags(**which) if id is None else Shown(session.picture_tags(id), TAGS_OF_PICTURE)


def _import(session: Any, file: Path, kind: Any) -> ImportedTags:
    total = ImportedTags(0, 0, 0, 0, 0, [])
    for part in parts(file.read_text(encoding="utf-8-sig", errors="replace")):
        report = session.import_tags(ImportTags(part, kind))
        *counts, problems = (sum_ + more for sum_, more in zip(astuple(total), astuple(report), strict=True))
        total = ImportedTags(*counts, problems=problems[:50])  # type: ignore[misc]
    return total


def _imported(total: ImportedTags) -> None:
    click.echo(
        f"{total.tags:,} new tags, {total.aliases:,} aliases, {total.implications:,} implications,"
        f" {total.categories:,} categories; {total.skipped:,} left out."
    )
    show.lines(f"  {problem}" for problem in total.problems)


def parts(text: str) -> Iterator[str]:
    """Split a text between lines into parts of limited size."""
    part: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        if part and size + len(line) > PART:
            yield "".join(part)
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield "".join(part)


#: The sentence of a change is also printed if nothing changed.
says = partial(Verb, show=show.sentence)

tag = group(
    "tag",
    "Tags of pictures, and the vocabulary.",
    says("add TAGS...", Api.add_tags, "Add tags to pictures.", *CHOSEN),
    says("remove TAGS...", Api.remove_tags, "Remove tags from pictures; an engine's tag is rejected.", *CHOSEN),
    says("accept TAGS...", Api.accept_tags, "Accept suggested tags.", *CHOSEN),
    says("reject TAGS...", Api.reject_tags, "Reject tags of pictures, whatever engines find.", *CHOSEN),
    Verb(
        "list",
        _list,
        "List the tags of the library, most used first, or those of one picture.",
        argument("id", type=int, required=False),
        option("--limit", default=100, show_default=True),
        option("--never", is_flag=True, help="Tags on the never-list."),
        show=TAGS,
    ),
    Verb(
        "complete TEXT",
        Api.complete_tags,
        "Complete a tag, most used first.",
        show=show.Table(">pictures | tag | category", tag=_completion),
    ),
    says("rename TAG NAME", Api.rename_tag, "Rename a tag."),
    says(
        "merge TAGS...",
        Api.merge_tags,
        "Merge tags into another; old names become aliases.",
        option("--into", required=True, help="The tag to keep."),
    ),
    says(
        "alias TAGS...",
        Api.alias_tags,
        "Add or remove tag aliases.",
        option("--of", help="The tag they are aliases of; without it, the aliases are removed."),
    ),
    says(
        "imply TAG IMPLIES...",
        Api.imply_tags,
        "Add tag implications.",
        negative("--no", "yes", help="No longer."),
    ),
    says(
        "never TAGS...",
        Api.never_tags,
        "Add tags to the never-list: engines' results for them do not count.",
        negative("--no", "yes", help="Remove them from the never-list."),
    ),
    says("category CATEGORY TAGS...", Api.categorise_tags, "Put tags into a category."),
    Verb(
        "import",
        _import,
        'Import tags from a booru\'s CSV: name,category,count,"alias,alias"; or name,other.',
        argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
        option("--kind", type=click.Choice(["tags", "aliases", "implications"]), default="tags", show_default=True),
        show=_imported,
    ),
)
COMMANDS = (tag,)
