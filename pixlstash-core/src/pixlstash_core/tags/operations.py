"""Operations on the tags of pictures, one or a hundred thousand at once, and on the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..context import Context
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
    TagConfidences,
    TagDetail,
    Tagging,
    TagInfo,
)
from . import booru, completion, confidences, names, vocabulary
from . import feature as tags
from .aliases import COMBINE, WAYS


def picture_tags(context: Context, reader: Reader, id: int) -> list[PictureTag]:
    """The tags of a picture: yours, accepted, suggested, unsure and rejected, with each engine's confidence."""
    return tags.of_picture(context.db, reader, id)


def add_tags(context: Context, reader: Reader, ask: AddTags) -> Done:
    """Add tags to pictures."""
    ids = context.selected(reader, ask)
    chosen = names.ensure(context.db, context.writer, ask.tags)
    return context.change_pictures(
        reader, ids, lambda write: tags.annotate(write, ids, chosen, True), f"tagged {listed(ask.tags)}"
    )


def remove_tags(context: Context, reader: Reader, ask: RemoveTags) -> Done:
    """Remove tags from pictures; a tag that an engine assigned is rejected."""
    ids = context.selected(reader, ask)
    chosen = names.find(context.db, ask.tags)
    what = f"no longer tagged {listed(ask.tags)}"
    return context.change_pictures(reader, ids, lambda write: tags.take(write, ids, chosen), what)


def accept_tags(context: Context, reader: Reader, ask: AcceptTags) -> Done:
    """Accept tags that engines suggest."""
    ids = context.selected(reader, ask)
    chosen = names.find(context.db, ask.tags) if ask.tags is not None else None
    what = listed(ask.tags) if ask.tags is not None else "all that was suggested"
    return context.change_pictures(reader, ids, lambda write: tags.accept(write, ids, chosen), f"accepted as {what}")


def reject_tags(context: Context, reader: Reader, ask: RejectTags) -> Done:
    """Reject tags of pictures."""
    ids = context.selected(reader, ask)
    chosen = names.ensure(context.db, context.writer, ask.tags)
    return context.change_pictures(
        reader, ids, lambda write: tags.annotate(write, ids, chosen, False), f"not {listed(ask.tags)}"
    )


def tagging(context: Context, reader: Reader) -> Tagging:
    """How engines are combined."""
    return Tagging(context.db.setting(COMBINE) or WAYS[0])  # type: ignore[arg-type]  # it holds only these


def set_tagging(context: Context, reader: Reader, combine: str) -> None:
    """Set how engines are combined: `union`, `vote` or `preferred`."""
    if combine not in WAYS:
        raise Invalid("Engines are combined by union, vote or preferred.")
    ways = {"union": "any of them counts", "vote": "most of them decide", "preferred": "the preferred one decides"}
    context.change(
        reader, lambda write: settings.put(write, COMBINE, combine), lambda _: f"Of engines, {ways[combine]}"
    )


def listed(names: Sequence[str]) -> str:
    """Return up to three names as a phrase for a sentence."""
    lines = (" ".join(name.split()) for name in names[:3])
    shown = [name if len(name) <= 40 else f"{name[:39]}…" for name in lines]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# -- vocabulary -----------------------------------------------------------------------------------------------------


def list_tags(
    context: Context, reader: Reader, limit: int = 100, offset: int = 0, never: bool = False
) -> list[TagInfo]:
    """The tags of the library, the most used first; `never`: those that are never taken from engines."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 10_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 10000.")
    if not reader.scope.all:
        completions = completion.complete(context.db, reader, "", limit + offset)[offset:]
        return [TagInfo(tag.id, tag.name, tag.category, tag.pictures) for tag in completions]
    return vocabulary.most_used(context.db, limit, offset, never)


def complete_tags(
    context: Context, reader: Reader, text: str = "", limit: int = 10, veil: bool = False
) -> list[Completion]:
    """Tags in which each typed word begins a word, the most used first. `veil`: do not count hidden pictures."""
    hidden = context.views.hidden(reader, context.hide_and_blur(veil))
    return completion.complete(context.db, reader, text, max(0, min(limit, 100)), hidden)


def tag_confidences(context: Context, reader: Reader, name: str, q: str = "", veil: bool = False) -> TagConfidences:
    """How sure engines are of a tag on the pictures that a query finds. `veil`: on those that are not hidden."""
    return confidences.of(context.views, context.db, reader, name, q, context.hide_and_blur(veil))


def tag(context: Context, reader: Reader, name: str) -> TagDetail:
    """A tag with its aliases and implications."""
    if not reader.scope.all:
        raise Forbidden("This credential may not do that.")
    return vocabulary.detail(context.db, name)


def rename_tag(context: Context, reader: Reader, ask: RenameTag) -> Done:
    """Rename a tag."""
    what = f"“{listed([ask.tag])}” renamed to “{listed([ask.name])}”"
    return _changed_tags(context, reader, lambda write: vocabulary.rename(write, ask.tag, ask.name), what)


def merge_tags(context: Context, reader: Reader, ask: MergeTags) -> Done:
    """Merge tags into another; their names become aliases of it."""
    what = f"{listed(ask.tags)} merged into {listed([ask.into])}"
    return _changed_tags(context, reader, lambda write: vocabulary.alias(write, ask.tags, ask.into), what)


def categorise_tags(context: Context, reader: Reader, ask: CategoriseTags) -> Done:
    """Put tags into a category."""
    tags = names.find(context.db, ask.tags)
    what = (
        f"{listed(ask.tags)} put into the category {ask.category}"
        if ask.category.strip()
        else f"{listed(ask.tags)} taken out of their category"
    )
    return _changed_tags(context, reader, lambda write: vocabulary.categorise(write, tags, ask.category), what)


def alias_tags(context: Context, reader: Reader, ask: AliasTags) -> Done:
    """Make tags aliases of another, or remove their aliases."""
    if ask.of is None:
        what = f"{listed(ask.tags)} standing for nothing else any more"
        return _changed_tags(context, reader, lambda write: vocabulary.unalias(write, ask.tags), what)
    of = ask.of
    _ensure(context, ask.tags + [of])
    what = f"{listed(ask.tags)} standing for {listed([of])}"
    return _changed_tags(context, reader, lambda write: vocabulary.alias(write, ask.tags, of), what)


def imply_tags(context: Context, reader: Reader, ask: ImplyTags) -> Done:
    """Add or remove implications of a tag."""
    if ask.yes:
        _ensure(context, [ask.tag, *ask.implies])
    what = f"{listed([ask.tag])} {'implying' if ask.yes else 'no longer implying'} {listed(ask.implies)}"
    return _changed_tags(context, reader, lambda write: vocabulary.imply(write, ask.tag, ask.implies, ask.yes), what)


def never_tags(context: Context, reader: Reader, ask: NeverTags) -> Done:
    """Never take tags from engines, or take them again."""
    tags = _ensure(context, ask.tags) if ask.yes else names.find(context.db, ask.tags)
    what = f"{listed(ask.tags)} {'never taken' if ask.yes else 'taken again'} from engines"
    return _changed_tags(context, reader, lambda write: vocabulary.never(write, tags, ask.yes), what)


def import_tags(context: Context, reader: Reader, ask: ImportTags) -> ImportedTags:
    """Import tags, aliases or implications from a booru's CSV file; existing ones do not change."""
    plan = booru.read(ask.text, ask.kind)
    before = names.of(context.db, plan.names)
    _ensure(context, list(plan.names.values()))
    new = len(plan.names.keys() - before.keys())
    kind = {"tags": "Tags", "aliases": "Aliases", "implications": "Implications"}[ask.kind]
    work: Callable[[Write], ImportedTags] = lambda write: vocabulary.take_in(write, plan, new)  # noqa: E731
    return context.change(reader, work, lambda _: f"{kind} imported").result


def _ensure(context: Context, tags: list[str]) -> list[int]:
    return names.ensure(context.db, context.writer, tags) if tags else []


def _changed_tags(context: Context, reader: Reader, work: Callable[[Write], int], what: str) -> Done:
    committed = context.change(reader, work, lambda _: what)
    return Done(committed.revision, committed.result, what, committed.changed)
