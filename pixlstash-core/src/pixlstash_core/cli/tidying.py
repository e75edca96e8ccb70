"""`pixlstash stack`, `duplicate` and `scrapheap`: what belongs together, what is there twice, and what may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import show
from .options import JSON, Nouns, chosen, selection

if TYPE_CHECKING:
    from .main import Shell

RULES = ("raw", "live", "burst", "prompt", "seed", "edit")
KEEP = ("larger", "score", "older", "set")
KEPT = click.option("--keep", type=click.Choice(KEEP), default="larger", show_default=True, help="Which one is kept.")
DISTANCE = click.option(
    "--distance", type=click.IntRange(0, 8), default=4, show_default=True, help="0: the same; 8: only alike."
)
DO = click.option("--yes", is_flag=True, help="Do it; without this, say what would be done.")


@click.group(cls=Nouns)
def stack() -> None:
    """Stacks: pictures that lie beneath one of them."""


@stack.command("make")
@chosen
@click.option("--leader", type=int, help="The one on top.")
@JSON
@click.pass_obj
def stack_make(shell: Shell, query: tuple[str, ...], ids: tuple[int, ...], leader: int | None, as_json: bool) -> None:
    """Lay pictures on one stack: those a QUERY finds, or ids."""
    from ..types import StackPictures

    with shell.connect() as session:
        done = session.stack(StackPictures(**selection(session, query, ids), leader=leader))
    show.done(done, as_json)


@stack.command("dissolve")
@chosen
@JSON
@click.pass_obj
def stack_dissolve(shell: Shell, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
    """Undo the stacks of pictures: those a QUERY finds, or ids."""
    from ..types import Selection

    with shell.connect() as session:
        done = session.unstack(Selection(**selection(session, query, ids)))
    show.done(done, as_json)


@stack.command("rule")
@click.argument("rule", type=click.Choice(RULES))
@DO
@JSON
@click.pass_obj
def stack_rule(shell: Shell, rule: str, yes: bool, as_json: bool) -> None:
    """Stack what belongs together: raw and JPEG, live photos, bursts, one prompt, one seed, edits."""
    from ..types import StackByRule

    ask = StackByRule(rule=rule)  # type: ignore[arg-type]  # click checked the choice
    with shell.connect() as session:
        if yes:
            return show.done(session.stack_by_rule(ask), as_json)
        seen = session.preview_stacks(ask)
    if as_json:
        return show.dump(seen)
    return click.echo(
        f"{show.counted(seen.pictures, 'picture')} would be laid on {show.counted(seen.stacks, 'stack')}."
        " Add --yes to do it."
    )


@click.group(cls=Nouns)
def duplicate() -> None:
    """Duplicates: pictures that look the same."""


@duplicate.command("list")
@KEPT
@DISTANCE
@JSON
@click.pass_obj
def duplicate_list(shell: Shell, keep: str, distance: int, as_json: bool) -> None:
    """List groups of pictures that look the same, the one to keep first."""
    with shell.connect() as session:
        found = session.duplicates(keep, distance)
    if as_json:
        return show.dump(found)
    for group in found.groups:
        click.echo("  ".join(map(str, group)))
    return click.echo(f"{show.counted(found.total, 'group')}, {show.counted(found.pictures, 'picture')}.")


@duplicate.command("resolve")
@KEPT
@DISTANCE
@DO
@JSON
@click.pass_obj
def duplicate_resolve(shell: Shell, keep: str, distance: int, yes: bool, as_json: bool) -> None:
    """Keep one of each group, with all that was said of the others, which go to the scrapheap."""
    from ..types import ResolveDuplicates

    ask = ResolveDuplicates(rule=keep, distance=distance)  # type: ignore[arg-type]  # click checked the choice
    with shell.connect() as session:
        if yes:
            return show.done(session.resolve_duplicates(ask), as_json)
        seen = session.preview_duplicates(ask)
    if as_json:
        return show.dump(seen)
    return click.echo(f"{seen.sentence} ({show.size(seen.bytes)}). Add --yes to do it.")


@duplicate.command("deny")
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=0))
@JSON
@click.pass_obj
def duplicate_deny(shell: Shell, ids: tuple[int, ...], as_json: bool) -> None:
    """Remember that these pictures are no duplicates of each other."""
    from ..types import NotDuplicates

    with shell.connect() as session:
        done = session.not_duplicates(NotDuplicates(list(ids)))
    show.done(done, as_json)


@click.group(cls=Nouns)
def scrapheap() -> None:
    """The scrapheap: what was thrown away and can be taken back."""


@scrapheap.command("add")
@chosen
@JSON
@click.pass_obj
def scrapheap_add(shell: Shell, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
    """Throw pictures away: those a QUERY finds, or ids. They can be taken back."""
    from ..types import DeletePictures

    with shell.connect() as session:
        done = session.delete(DeletePictures(**selection(session, query, ids)))
    show.done(done, as_json)


@scrapheap.command("take")
@chosen
@JSON
@click.pass_obj
def scrapheap_take(shell: Shell, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
    """Take pictures back: those of the scrapheap that a QUERY finds, or ids."""
    from ..types import RestorePictures

    within = ("is:scrapheap", f"({' '.join(query)})") if query else ()
    with shell.connect() as session:
        done = session.restore(RestorePictures(**selection(session, within, ids)))
    show.done(done, as_json)


@scrapheap.command("empty")
@click.option("--token", help="What the preview printed: remove exactly what it named.")
@JSON
@click.pass_obj
def scrapheap_empty(shell: Shell, token: str | None, as_json: bool) -> None:
    """Say what emptying would remove; with the token that this prints, remove it for good."""
    from ..types import EmptyScrapheap

    with shell.connect() as session:
        if token is not None:
            return show.done(session.empty_scrapheap(EmptyScrapheap(token)), as_json)
        seen = session.preview_empty()
    if as_json:
        return show.dump(seen)
    if not seen.pictures:
        return click.echo("There is nothing to remove.")
    click.echo(f"{show.counted(seen.pictures, 'picture')}: {seen.sentence} ({show.size(seen.bytes)}).")
    return click.echo(f"To remove them for good: pixlstash scrapheap empty --token {seen.token}")


COMMANDS = (stack, duplicate, scrapheap)
