"""Tags: what a person says of pictures, one or a hundred thousand at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..collections import groups
from ..context import Context, demand
from ..database import settings
from ..database.writer import Write
from ..errors import Forbidden, Invalid
from ..types import (
    AcceptTags,
    AddTags,
    AliasTags,
    CategoriseTags,
    Completion,
    Done,
    ImplyTags,
    ImportedTags,
    ImportTags,
    MergeTags,
    NeverTags,
    PictureTag,
    Reader,
    RejectTags,
    RemoveTags,
    RenameTag,
    TagDetail,
    Tagging,
    TagInfo,
)
from . import booru, completion, names, vocabulary
from . import feature as tags
from .aliases import COMBINE, WAYS


def picture_tags(context: Context, reader: Reader, id: int) -> list[PictureTag]:
    """The tags of a picture: yours, accepted, suggested, unsure and rejected, with what each engine says."""
    return tags.of_picture(context.db, reader, id)


def add_tags(context: Context, reader: Reader, ask: AddTags) -> Done:
    """Say that pictures have tags."""
    ids = context.selected(reader, ask)
    chosen = names.ensure(context.db, context.writer, ask.tags)
    return _tagged(context, reader, ids, lambda write: tags.say(write, ids, chosen, True), f"tagged {listed(ask.tags)}")


def remove_tags(context: Context, reader: Reader, ask: RemoveTags) -> Done:
    """Take tags off pictures; one that an engine found is rejected."""
    ids = context.selected(reader, ask)
    chosen = names.known(context.db, ask.tags)
    return _tagged(
        context, reader, ids, lambda write: tags.take(write, ids, chosen), f"no longer tagged {listed(ask.tags)}"
    )


def accept_tags(context: Context, reader: Reader, ask: AcceptTags) -> Done:
    """Say yes to what engines suggest."""
    ids = context.selected(reader, ask)
    chosen = names.known(context.db, ask.tags) if ask.tags is not None else None
    what = listed(ask.tags) if ask.tags is not None else "all that was suggested"
    return _tagged(context, reader, ids, lambda write: tags.accept(write, ids, chosen), f"accepted as {what}")


def reject_tags(context: Context, reader: Reader, ask: RejectTags) -> Done:
    """Say that pictures do not have tags."""
    ids = context.selected(reader, ask)
    chosen = names.ensure(context.db, context.writer, ask.tags)
    return _tagged(context, reader, ids, lambda write: tags.say(write, ids, chosen, False), f"not {listed(ask.tags)}")


def tagging(context: Context, reader: Reader) -> Tagging:
    """How engines are combined."""
    demand(reader, "owner")
    return Tagging(context.db.setting(COMBINE) or WAYS[0])  # type: ignore[arg-type]  # it holds only these


def set_tagging(context: Context, reader: Reader, combine: str) -> None:
    """Say how engines are combined: `union`, `vote` or `preferred`."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    if combine not in WAYS:
        raise Invalid("Engines are combined by union, vote or preferred.")
    ways = {"union": "any of them counts", "vote": "most of them decide", "preferred": "the preferred one decides"}
    context.change(
        reader, lambda write: settings.put(write, COMBINE, combine), lambda _: f"Of engines, {ways[combine]}"
    )


def _tagged(context: Context, reader: Reader, ids: list[int], work: Callable[[Write], int], what: str) -> Done:
    def unlocked(write: Write) -> int:
        groups.refuse_locked(write, ids)
        return work(write)

    def sentence(changed: int) -> str:
        return f"1 picture {what}" if changed == 1 else f"{changed:,} pictures {what}"

    committed = context.change(reader, unlocked, sentence)
    return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)


def listed(given: Sequence[str]) -> str:
    """Names in a sentence, three at most."""
    shown = [name if len(name) <= 40 else f"{name[:39]}…" for name in (" ".join(one.split()) for one in given[:3])]
    return ", ".join(shown) + (f" and {len(given) - 3} more" if len(given) > 3 else "")


# -- vocabulary -----------------------------------------------------------------------------------------------------


def list_tags(
    context: Context, reader: Reader, limit: int = 100, offset: int = 0, never: bool = False
) -> list[TagInfo]:
    """The tags of the library, the most used first; `never`: those not wanted from engines."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 10_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 10000.")
    if not reader.scope.all:
        found = completion.complete(context.db, reader, "", limit + offset)[offset:]
        return [TagInfo(one.id, one.name, one.category, one.pictures) for one in found]
    return vocabulary.most_used(context.db, limit, offset, never)


def complete_tags(
    context: Context, reader: Reader, text: str = "", limit: int = 10, veil: bool = False
) -> list[Completion]:
    """Tags of which each word typed begins a word, the most used first. `veil`: by what is not hidden."""
    hidden = context.views.hidden(reader, context.hiding(veil))
    return completion.complete(context.db, reader, text, max(0, min(limit, 100)), hidden)


def tag(context: Context, reader: Reader, name: str) -> TagDetail:
    """A tag with its aliases and implications."""
    if not reader.scope.all:
        raise Forbidden("This credential may not do that.")
    return vocabulary.detail(context.db, name)


def rename_tag(context: Context, reader: Reader, ask: RenameTag) -> Done:
    """Give a tag another name."""
    what = f"“{listed([ask.tag])}” renamed to “{listed([ask.name])}”"
    return _changed_tags(context, reader, lambda write: vocabulary.rename(write, ask.tag, ask.name), what)


def merge_tags(context: Context, reader: Reader, ask: MergeTags) -> Done:
    """Make tags aliases of another, with all they have."""
    what = f"{listed(ask.tags)} merged into {listed([ask.into])}"
    return _changed_tags(context, reader, lambda write: vocabulary.alias(write, ask.tags, ask.into), what)


def categorise_tags(context: Context, reader: Reader, ask: CategoriseTags) -> Done:
    """Put tags into a category."""
    _owns_words(context, reader)
    tags = names.known(context.db, ask.tags)
    what = (
        f"{listed(ask.tags)} put into the category {ask.category}"
        if ask.category.strip()
        else (f"{listed(ask.tags)} taken out of their category")
    )
    return _changed_tags(context, reader, lambda write: vocabulary.categorise(write, tags, ask.category), what)


def alias_tags(context: Context, reader: Reader, ask: AliasTags) -> Done:
    """Let tags stand for another, or for themselves again."""
    _owns_words(context, reader)
    if ask.of is None:
        what = f"{listed(ask.tags)} standing for nothing else any more"
        return _changed_tags(context, reader, lambda write: vocabulary.unalias(write, ask.tags), what)
    of = ask.of
    _there(context, ask.tags + [of])
    what = f"{listed(ask.tags)} standing for {listed([of])}"
    return _changed_tags(context, reader, lambda write: vocabulary.alias(write, ask.tags, of), what)


def imply_tags(context: Context, reader: Reader, ask: ImplyTags) -> Done:
    """Let a tag imply others, or no longer."""
    _owns_words(context, reader)
    if ask.yes:
        _there(context, [ask.tag, *ask.implies])
    what = f"{listed([ask.tag])} {'implying' if ask.yes else 'no longer implying'} {listed(ask.implies)}"
    return _changed_tags(context, reader, lambda write: vocabulary.imply(write, ask.tag, ask.implies, ask.yes), what)


def never_tags(context: Context, reader: Reader, ask: NeverTags) -> Done:
    """Do not take tags from engines, or take them again."""
    _owns_words(context, reader)
    tags = _there(context, ask.tags) if ask.yes else names.known(context.db, ask.tags)
    what = f"{listed(ask.tags)} {'never taken' if ask.yes else 'taken again'} from engines"
    return _changed_tags(context, reader, lambda write: vocabulary.never(write, tags, ask.yes), what)


def import_tags(context: Context, reader: Reader, ask: ImportTags) -> ImportedTags:
    """Take in tags, aliases or implications from a booru's CSV; what is known already stays as it is."""
    _owns_words(context, reader)
    plan = booru.read(ask.text, ask.kind)
    before = names.of(context.db, plan.names)
    _there(context, list(plan.names.values()))
    new = len(plan.names.keys() - before.keys())
    kind = {"tags": "Tags", "aliases": "Aliases", "implications": "Implications"}[ask.kind]
    work: Callable[[Write], ImportedTags] = lambda write: vocabulary.take_in(write, plan, new)  # noqa: E731
    return context.change(reader, work, lambda _: f"{kind} imported").result


def _there(context: Context, given: list[str]) -> list[int]:
    return names.ensure(context.db, context.writer, given) if given else []


def _owns_words(context: Context, reader: Reader) -> None:
    demand(reader, "write", whole=True)
    context.demand_writable()


def _changed_tags(context: Context, reader: Reader, work: Callable[[Write], int], what: str) -> Done:
    _owns_words(context, reader)
    committed = context.change(reader, work, lambda _: what)
    return Done(committed.revision, committed.result, what, committed.changed)
