"""`pixlstash stack`, `duplicate` and `scrapheap`: what belongs together, what is there twice, and what may go."""

from __future__ import annotations

from typing import Any

import click

from ..api import Api
from ..types import (
    DuplicatePreview,
    Duplicates,
    EmptyPreview,
    EmptyScrapheap,
    KeepRule,
    PreviewEmpty,
    ResolveDuplicates,
    StackByRule,
    StackPreview,
    StackRule,
)
from ..types.stacks import LOOSE, MOST, NEAR
from . import show
from .options import PICTURES, argument, choices, option, pictures
from .verbs import Shown, Verb, group

KEEP = option(
    "--keep", "rule", type=choices(KeepRule), default="larger", show_default=True, help="Which picture to keep."
)
DISTANCE = option(
    "--distance",
    type=click.IntRange(0, MOST),
    default=NEAR,
    show_default=True,
    help=f"Bits in which hashes may differ. 0: identical; {NEAR}: near; {LOOSE}: loose.",
)
DO = option("--yes", is_flag=True, help="Apply it; without this, only show what would be done.")


def _stack_by_rule(session: Any, yes: bool, **which: Any) -> Any:
    ask = StackByRule(**which)
    return session.stack_by_rule(ask) if yes else Shown(session.preview_stacks(ask), _would_stack)


def _would_stack(seen: StackPreview) -> None:
    pictures, stacks = show.counted(seen.pictures, "picture"), show.counted(seen.stacks, "stack")
    click.echo(f"{pictures} would be laid on {stacks}. Add --yes to do it.")


def _list_duplicates(duplicates: Duplicates) -> None:
    show.lines("  ".join(map(str, group)) for group in duplicates.groups)
    click.echo(f"{show.counted(duplicates.total, 'group')}, {show.counted(duplicates.pictures, 'picture')}.")


def _resolve(session: Any, yes: bool, **which: Any) -> Any:
    ask = ResolveDuplicates(**which)
    return session.resolve_duplicates(ask) if yes else Shown(session.preview_duplicates(ask), _would_resolve)


def _would_resolve(seen: DuplicatePreview) -> None:
    click.echo(f"{seen.sentence} ({show.size(seen.bytes)}). Add --yes to do it.")


def _empty(session: Any, token: str | None) -> Any:
    if token is not None:
        return session.empty_scrapheap(EmptyScrapheap(token))
    return Shown(session.preview_empty(PreviewEmpty()), _would_empty)


def _would_empty(seen: EmptyPreview) -> None:
    if not seen.pictures:
        return click.echo("There is nothing to remove.")
    click.echo(f"{show.counted(seen.pictures, 'picture')}: {seen.sentence} ({show.size(seen.bytes)}).")
    return click.echo(f"To remove them for good: pixlstash scrapheap empty --token {seen.token}")


stack = group(
    "stack",
    "Stacks: groups of pictures shown as one.",
    Verb(
        "make",
        Api.stack,
        "Stack pictures: those a QUERY finds, or ids.",
        *PICTURES,
        option("--leader", type=int, help="The picture on top."),
    ),
    Verb("dissolve", Api.unstack, "Dissolve the stacks of pictures: those a QUERY finds, or ids.", *PICTURES),
    Verb(
        "rule",
        _stack_by_rule,
        "Stack pictures by rule: raw and JPEG, live photos, bursts, same prompt, same seed, edits.",
        argument("rule", type=choices(StackRule)),
        DO,
    ),
)
duplicate = group(
    "duplicate",
    "Duplicates: pictures that look the same.",
    Verb(
        "list",
        Api.duplicates,
        "List groups of pictures that look the same, the one to keep first.",
        KEEP,
        DISTANCE,
        show=_list_duplicates,
    ),
    Verb(
        "resolve",
        _resolve,
        "Keep one picture of each group, merging the others' metadata; move the others to the scrapheap.",
        KEEP,
        DISTANCE,
        DO,
    ),
    Verb(
        "deny",
        Api.not_duplicates,
        "Mark pictures as not duplicates of each other.",
        argument("ids", nargs=-1, required=True, type=click.IntRange(min=0)),
    ),
)
scrapheap = group(
    "scrapheap",
    "The scrapheap: deleted pictures that can be restored.",
    Verb(
        "add",
        Api.delete,
        "Move pictures to the scrapheap: those a QUERY finds, or ids. They can be restored.",
        *PICTURES,
    ),
    Verb(
        "take",
        Api.restore,
        "Restore pictures from the scrapheap: those a QUERY finds, or ids.",
        *pictures(within="is:scrapheap"),
    ),
    Verb(
        "empty",
        _empty,
        "Preview what would be permanently deleted; with the printed token, delete it.",
        option("--token", help="The token printed by the preview: delete exactly what it listed."),
    ),
)
COMMANDS = (stack, duplicate, scrapheap)
