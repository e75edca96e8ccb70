"""The verbs of tags and captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import options, show
from .options import JSON

if TYPE_CHECKING:
    from .main import Shell

#: Here a query is an option, because the arguments are the tags.
selection = partial(options.selection, called="--query")
F = TypeVar("F", bound=Callable[..., Any])
#: Characters of a file that are sent at once; a request holds 1 MiB.
PART = 200_000


def chosen(verb: F) -> F:
    """Options that say which pictures."""
    verb = click.option("--id", "ids", multiple=True, type=int, help="A picture; may be given more than once.")(verb)
    return click.option("-q", "--query", help="The pictures a query finds; '' for all.")(verb)


def told(done: Any, as_json: bool) -> None:
    """What a change came to; of tags the sentence says it even where nothing changed."""
    if as_json:
        return show.dump(done)
    return click.echo(f"{done.sentence}.")


@click.group()
def tag() -> None:
    """Tags: on pictures, and as a vocabulary."""


def _saying(name: str, struct: str, about: str) -> None:
    @tag.command(name, help=about)
    @click.argument("tags", nargs=-1, required=True)
    @chosen
    @JSON
    @click.pass_obj
    def verb(shell: Shell, tags: tuple[str, ...], query: str | None, ids: tuple[int, ...], as_json: bool) -> None:
        from .. import types

        with shell.connect() as session:
            ask = getattr(types, struct)(tags=list(tags), **selection(session, query, ids))
            told(getattr(session, f"{name}_tags")(ask), as_json)


_saying("add", "AddTags", "Say that pictures have tags.")
_saying("remove", "RemoveTags", "Take tags off pictures; one that an engine found is rejected.")
_saying("accept", "AcceptTags", "Say yes to tags that engines suggest.")
_saying("reject", "RejectTags", "Say that pictures do not have tags, whatever engines find.")


@tag.command("list")
@click.argument("id", type=int, required=False)
@click.option("--limit", default=100, show_default=True)
@click.option("--never", is_flag=True, help="Those not wanted from engines.")
@JSON
@click.pass_obj
def tag_list(shell: Shell, id: int | None, limit: int, never: bool, as_json: bool) -> None:
    """List the tags of the library, the most used first, or those of one picture."""
    with shell.connect() as session:
        found = session.tags(limit=limit, never=never) if id is None else session.picture_tags(id)
    if as_json:
        return show.dump(found)
    if id is None:
        rows = [(one.pictures, one.name, one.category) for one in found]
        return show.table(("pictures", "tag", "category"), rows, frozenset({0}))
    shown = [(one.name, one.state, "" if one.confidence is None else f"{one.confidence:.0%}") for one in found]
    return show.table(("tag", "", "confidence"), shown, frozenset({2}))


@tag.command("complete")
@click.argument("text")
@JSON
@click.pass_obj
def tag_complete(shell: Shell, text: str, as_json: bool) -> None:
    """Show tags that begin like this, the most used first."""
    with shell.connect() as session:
        found = session.complete_tags(text)
    if as_json:
        return show.dump(found)
    rows = [(one.pictures, one.name if one.via is None else f"{one.name} ({one.via})", one.category) for one in found]
    return show.table(("pictures", "tag", "category"), rows, frozenset({0}))


@tag.command("rename")
@click.argument("tag")
@click.argument("name")
@JSON
@click.pass_obj
def tag_rename(shell: Shell, tag: str, name: str, as_json: bool) -> None:
    """Give a tag another name."""
    from ..types import RenameTag

    with shell.connect() as session:
        told(session.rename_tag(RenameTag(tag, name)), as_json)


@tag.command("merge")
@click.argument("tags", nargs=-1, required=True)
@click.option("--into", required=True, help="The tag that stays.")
@JSON
@click.pass_obj
def tag_merge(shell: Shell, tags: tuple[str, ...], into: str, as_json: bool) -> None:
    """Make tags aliases of another, with all they have."""
    from ..types import MergeTags

    with shell.connect() as session:
        told(session.merge_tags(MergeTags(list(tags), into)), as_json)


@tag.command("alias")
@click.argument("tags", nargs=-1, required=True)
@click.option("--of", help="The tag they stand for; without it, they stand for themselves again.")
@JSON
@click.pass_obj
def tag_alias(shell: Shell, tags: tuple[str, ...], of: str | None, as_json: bool) -> None:
    """Let names stand for another tag, or for themselves again."""
    from ..types import AliasTags

    with shell.connect() as session:
        told(session.alias_tags(AliasTags(list(tags), of)), as_json)


@tag.command("imply")
@click.argument("tag")
@click.argument("implies", nargs=-1, required=True)
@click.option("--no", is_flag=True, help="No longer.")
@JSON
@click.pass_obj
def tag_imply(shell: Shell, tag: str, implies: tuple[str, ...], no: bool, as_json: bool) -> None:
    """Let whatever has a tag have others too."""
    from ..types import ImplyTags

    with shell.connect() as session:
        told(session.imply_tags(ImplyTags(tag, list(implies), not no)), as_json)


@tag.command("never")
@click.argument("tags", nargs=-1, required=True)
@click.option("--no", is_flag=True, help="Take them again.")
@JSON
@click.pass_obj
def tag_never(shell: Shell, tags: tuple[str, ...], no: bool, as_json: bool) -> None:
    """Do not take tags from engines."""
    from ..types import NeverTags

    with shell.connect() as session:
        told(session.never_tags(NeverTags(list(tags), not no)), as_json)


@tag.command("category")
@click.argument("category")
@click.argument("tags", nargs=-1, required=True)
@JSON
@click.pass_obj
def tag_category(shell: Shell, category: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Put tags into a category."""
    from ..types import CategoriseTags

    with shell.connect() as session:
        told(session.categorise_tags(CategoriseTags(list(tags), category)), as_json)


@tag.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--kind", type=click.Choice(["tags", "aliases", "implications"]), default="tags", show_default=True)
@JSON
@click.pass_obj
def tag_import(shell: Shell, file: Path, kind: str, as_json: bool) -> None:
    """Take in tags from a booru's CSV: name,category,count,"alias,alias"; or name,other."""
    from ..types import ImportedTags, ImportTags

    total = ImportedTags(0, 0, 0, 0, 0, [])
    with shell.connect() as session:
        for part in parts(file.read_text(encoding="utf-8-sig", errors="replace")):
            one = session.import_tags(ImportTags(part, kind))  # type: ignore[arg-type]  # click checked the choice
            total = ImportedTags(
                total.tags + one.tags,
                total.aliases + one.aliases,
                total.implications + one.implications,
                total.categories + one.categories,
                total.skipped + one.skipped,
                (total.problems + one.problems)[:50],
            )
    if as_json:
        return show.dump(total)
    click.echo(
        f"{total.tags:,} new tags, {total.aliases:,} aliases, {total.implications:,} implications,"
        f" {total.categories:,} categories; {total.skipped:,} left out."
    )
    for problem in total.problems:
        click.echo(f"  {problem}")
    return None


def parts(text: str) -> Iterator[str]:
    """A text cut between its lines."""
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


# --- captions ---------------------------------------------------------------------------------------------------------


@click.group()
def caption() -> None:
    """Captions: your own, and many changed at once."""


@caption.command("show")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def caption_show(shell: Shell, id: int, as_json: bool) -> None:
    """Show a picture's caption."""
    with shell.connect() as session:
        found = session.caption(id)
    if as_json:
        return show.dump(found)
    return click.echo(found.text or "No caption.")


@caption.command("set")
@click.argument("text")
@chosen
@JSON
@click.pass_obj
def caption_set(shell: Shell, text: str, query: str | None, ids: tuple[int, ...], as_json: bool) -> None:
    """Write pictures' own caption; an empty one is taken back."""
    from ..types import SetCaption

    with shell.connect() as session:
        told(session.set_caption(SetCaption(text=text, **selection(session, query, ids))), as_json)


@caption.command("edit")
@click.option("--find", default="", help="A text to replace; nothing in it has a meaning of its own.")
@click.option("--replace", default="", help="What to put in its place.")
@click.option("--words", is_flag=True, help="Replace whole words only.")
@click.option("--case", is_flag=True, help="Replace only what is written just so.")
@click.option("--drop", multiple=True, help="A tag to drop; may be given more than once.")
@click.option("--first", multiple=True, help="A tag to move to the front; may be given more than once.")
@click.option("--prefix", default="", help="What captions shall begin with.")
@click.option("--preview", is_flag=True, help="Only show what would change.")
@chosen
@JSON
@click.pass_obj
def caption_edit(
    shell: Shell, /, preview: bool, query: str | None, ids: tuple[int, ...], as_json: bool, **change: Any
) -> None:
    """Change captions: replace, drop, first, prefix, in this order."""
    from ..types import EditCaptions

    change |= {"drop": list(change["drop"]), "first": list(change["first"])}
    with shell.connect() as session:
        ask = EditCaptions(**change, **selection(session, query, ids))
        if not preview:
            return told(session.edit_captions(ask), as_json)
        found = session.preview_captions(ask)
    if as_json:
        return show.dump(found)
    click.echo("1 caption would change." if found.changed == 1 else f"{found.changed:,} captions would change.")
    for one in found.samples:
        click.echo(f"{one.name}\n  - {one.before}\n  + {one.after}")
    return None


@caption.command("lint")
@click.option("--trigger", default="", help="A word that each caption must have.")
@click.option("--tokens", default=75, show_default=True, help="About how many tokens of CLIP a caption may have.")
@chosen
@JSON
@click.pass_obj
def caption_lint(
    shell: Shell, trigger: str, tokens: int, query: str | None, ids: tuple[int, ...], as_json: bool
) -> None:
    """Look for captions that are missing, lack the trigger word, contradict tags, or are too long."""
    from ..types import LintCaptions

    with shell.connect() as session:
        found = session.lint_captions(LintCaptions(trigger=trigger, tokens=tokens, **selection(session, query, ids)))
    if as_json:
        return show.dump(found)
    click.echo(
        f"{show.counted(found.pictures, 'picture')}: {found.missing:,} without a caption,"
        f" {found.trigger:,} without the trigger word, {found.contradiction:,} against their tags,"
        f" {found.tokens:,} too long."
    )
    for one in found.problems:
        click.echo(f"  {one.name}: {one.detail}")
    return None


COMMANDS = (tag, caption)
