"""Tags: what a person says of pictures, one or a hundred thousand at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..collections import groups
from ..database import settings
from ..database.writer import Write
from ..engines.outputs import Outputs
from ..errors import Invalid
from ..session import Wired, demand
from ..types import AcceptTags, AddTags, Done, PictureTag, Reader, RejectTags, RemoveTags, Tagging
from . import feature as tags
from . import names
from .aliases import COMBINE, WAYS


class Tags(Wired):
    outputs: Outputs

    def picture_tags(self, reader: Reader, id: int) -> list[PictureTag]:
        """The tags of a picture: yours, accepted, suggested, unsure and rejected, with what each engine says."""
        return tags.of_picture(self.db, reader, id)

    def add_tags(self, reader: Reader, ask: AddTags) -> Done:
        """Say that pictures have tags."""
        ids = self._selected(reader, ask)
        chosen = names.ensure(self.db, self.door, ask.tags)
        return self._tagged(reader, ids, lambda write: tags.say(write, ids, chosen, True), f"tagged {listed(ask.tags)}")

    def remove_tags(self, reader: Reader, ask: RemoveTags) -> Done:
        """Take tags off pictures; one that an engine found is rejected."""
        ids = self._selected(reader, ask)
        chosen = names.known(self.db, ask.tags)
        return self._tagged(
            reader, ids, lambda write: tags.take(write, ids, chosen), f"no longer tagged {listed(ask.tags)}"
        )

    def accept_tags(self, reader: Reader, ask: AcceptTags) -> Done:
        """Say yes to what engines suggest."""
        ids = self._selected(reader, ask)
        chosen = names.known(self.db, ask.tags) if ask.tags is not None else None
        what = listed(ask.tags) if ask.tags is not None else "all that was suggested"
        return self._tagged(reader, ids, lambda write: tags.accept(write, ids, chosen), f"accepted as {what}")

    def reject_tags(self, reader: Reader, ask: RejectTags) -> Done:
        """Say that pictures do not have tags."""
        ids = self._selected(reader, ask)
        chosen = names.ensure(self.db, self.door, ask.tags)
        return self._tagged(reader, ids, lambda write: tags.say(write, ids, chosen, False), f"not {listed(ask.tags)}")

    def tagging(self, reader: Reader) -> Tagging:
        """How engines are combined."""
        demand(reader, "owner")
        return Tagging(self.db.setting(COMBINE) or WAYS[0])  # type: ignore[arg-type]  # it holds only these

    def set_tagging(self, reader: Reader, combine: str) -> None:
        """Say how engines are combined: `union`, `vote` or `preferred`."""
        demand(reader, "write", whole=True)
        self._writable()
        if combine not in WAYS:
            raise Invalid("Engines are combined by union, vote or preferred.")
        ways = {"union": "any of them counts", "vote": "most of them decide", "preferred": "the preferred one decides"}
        self._do(reader, lambda write: settings.put(write, COMBINE, combine), lambda _: f"Of engines, {ways[combine]}")

    def _tagged(self, reader: Reader, ids: list[int], work: Callable[[Write], int], what: str) -> Done:
        def unlocked(write: Write) -> int:
            groups.refuse_locked(write, ids)
            return work(write)

        def sentence(changed: int) -> str:
            return f"1 picture {what}" if changed == 1 else f"{changed:,} pictures {what}"

        committed = self._do(reader, unlocked, sentence)
        return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)


def listed(given: Sequence[str]) -> str:
    """Names in a sentence, three at most."""
    shown = [name if len(name) <= 40 else f"{name[:39]}…" for name in (" ".join(one.split()) for one in given[:3])]
    return ", ".join(shown) + (f" and {len(given) - 3} more" if len(given) > 3 else "")
