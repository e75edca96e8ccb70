"""The vocabulary of tags. All but looking needs the whole library: a tag is nobody's alone."""

from __future__ import annotations

from collections.abc import Callable

from ..database.writer import Write
from ..errors import Forbidden, Invalid
from ..session import Wired, demand
from ..types import (
    AliasTags,
    CategoriseTags,
    Completion,
    Done,
    ImplyTags,
    ImportedTags,
    ImportTags,
    MergeTags,
    NeverTags,
    Reader,
    RenameTag,
    TagDetail,
    TagInfo,
)
from . import booru, completion, names, vocabulary
from .operations import listed


class Vocabulary(Wired):
    def tags(self, reader: Reader, limit: int = 100, offset: int = 0, never: bool = False) -> list[TagInfo]:
        """The tags of the library, the most used first; `never`: those not wanted from engines."""
        if not (0 <= offset <= 1 << 32 and 0 <= limit <= 10_000):
            raise Invalid("offset must not be negative, and limit must be between 0 and 10000.")
        if not reader.scope.all:
            found = completion.complete(self.db, reader, "", limit + offset)[offset:]
            return [TagInfo(one.id, one.name, one.category, one.pictures) for one in found]
        return vocabulary.most_used(self.db, limit, offset, never)

    def complete_tags(self, reader: Reader, text: str = "", limit: int = 10, veil: bool = False) -> list[Completion]:
        """Tags of which each word typed begins a word, the most used first. `veil`: by what is not hidden."""
        hidden = self.views.hidden(reader, self._veil(veil))
        return completion.complete(self.db, reader, text, max(0, min(limit, 100)), hidden)

    def tag(self, reader: Reader, name: str) -> TagDetail:
        """A tag with its aliases and implications."""
        if not reader.scope.all:
            raise Forbidden("This credential may not do that.")
        return vocabulary.detail(self.db, name)

    def rename_tag(self, reader: Reader, ask: RenameTag) -> Done:
        """Give a tag another name."""
        what = f"“{listed([ask.tag])}” renamed to “{listed([ask.name])}”"
        return self._changed_tags(reader, lambda write: vocabulary.rename(write, ask.tag, ask.name), what)

    def merge_tags(self, reader: Reader, ask: MergeTags) -> Done:
        """Make tags aliases of another, with all they have."""
        what = f"{listed(ask.tags)} merged into {listed([ask.into])}"
        return self._changed_tags(reader, lambda write: vocabulary.alias(write, ask.tags, ask.into), what)

    def categorise_tags(self, reader: Reader, ask: CategoriseTags) -> Done:
        """Put tags into a category."""
        self._owns_words(reader)
        tags = names.known(self.db, ask.tags)
        what = (
            f"{listed(ask.tags)} put into the category {ask.category}"
            if ask.category.strip()
            else (f"{listed(ask.tags)} taken out of their category")
        )
        return self._changed_tags(reader, lambda write: vocabulary.categorise(write, tags, ask.category), what)

    def alias_tags(self, reader: Reader, ask: AliasTags) -> Done:
        """Let tags stand for another, or for themselves again."""
        self._owns_words(reader)
        if ask.of is None:
            what = f"{listed(ask.tags)} standing for nothing else any more"
            return self._changed_tags(reader, lambda write: vocabulary.unalias(write, ask.tags), what)
        of = ask.of
        self._there(ask.tags + [of])
        what = f"{listed(ask.tags)} standing for {listed([of])}"
        return self._changed_tags(reader, lambda write: vocabulary.alias(write, ask.tags, of), what)

    def imply_tags(self, reader: Reader, ask: ImplyTags) -> Done:
        """Let a tag imply others, or no longer."""
        self._owns_words(reader)
        if ask.yes:
            self._there([ask.tag, *ask.implies])
        what = f"{listed([ask.tag])} {'implying' if ask.yes else 'no longer implying'} {listed(ask.implies)}"
        return self._changed_tags(reader, lambda write: vocabulary.imply(write, ask.tag, ask.implies, ask.yes), what)

    def never_tags(self, reader: Reader, ask: NeverTags) -> Done:
        """Do not take tags from engines, or take them again."""
        self._owns_words(reader)
        tags = self._there(ask.tags) if ask.yes else names.known(self.db, ask.tags)
        what = f"{listed(ask.tags)} {'never taken' if ask.yes else 'taken again'} from engines"
        return self._changed_tags(reader, lambda write: vocabulary.never(write, tags, ask.yes), what)

    def import_tags(self, reader: Reader, ask: ImportTags) -> ImportedTags:
        """Take in tags, aliases or implications from a booru's CSV; what is known already stays as it is."""
        self._owns_words(reader)
        plan = booru.read(ask.text, ask.kind)
        before = names.of(self.db, plan.names)
        self._there(list(plan.names.values()))
        new = len(plan.names.keys() - before.keys())
        kind = {"tags": "Tags", "aliases": "Aliases", "implications": "Implications"}[ask.kind]
        work: Callable[[Write], ImportedTags] = lambda write: vocabulary.take_in(write, plan, new)  # noqa: E731
        return self._do(reader, work, lambda _: f"{kind} imported").result

    def _there(self, given: list[str]) -> list[int]:
        return names.ensure(self.db, self.door, given) if given else []

    def _owns_words(self, reader: Reader) -> None:
        demand(reader, "write", whole=True)
        self._writable()

    def _changed_tags(self, reader: Reader, work: Callable[[Write], int], what: str) -> Done:
        self._owns_words(reader)
        committed = self._do(reader, work, lambda _: what)
        return Done(committed.revision, committed.result, what, committed.changed)
