"""Stacks, by hand and by rule."""

from __future__ import annotations

from ..database.writer import Write
from ..session import Wired, demand
from ..types import ArrangeStack, Done, Made, Reader, Selection, Stack, StackByRule, StackPictures, StackPreview
from . import groups, stacking, stacks

#: Stacks that a preview shows.
EXAMPLES = 100


class Stacks(Wired):
    def picture_stack(self, reader: Reader, id: int) -> Stack:
        """The stack that a picture is in, the leader first."""
        with self.db.reading() as connection:
            return stacks.stack(connection, reader, id)

    def stack(self, reader: Reader, ask: StackPictures) -> Made:
        """Lay pictures on one stack."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask)

        def work(write: Write) -> groups.Told:
            groups.demand_live(write, ids)
            return stacks.make(write, ids, ask.leader)

        committed = self._do(reader, work, lambda told: told.sentence)
        told = committed.result
        return Made(committed.revision, told.changed, told.sentence, committed.changed, told.id)

    def unstack(self, reader: Reader, ask: Selection) -> Done:
        """Undo the stacks that these pictures are in."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask, scrapped=True)
        return self._organise(reader, lambda write: stacks.dissolve(write, ids))

    def take_from_stack(self, reader: Reader, ask: Selection) -> Done:
        """Take these pictures out of their stacks; the others stay."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask, scrapped=True)
        return self._organise(reader, lambda write: stacks.take(write, ids))

    def arrange_stack(self, reader: Reader, id: int, ask: ArrangeStack) -> Done:
        """Put a stack in order; the first picture leads."""
        return self._organise(reader, lambda write: stacks.arrange(write, id, ask.ids))

    def preview_stacks(self, reader: Reader, ask: StackByRule) -> StackPreview:
        """What a rule would stack."""
        found = self._stacking(reader, ask)
        return StackPreview(len(found), sum(map(len, found)), found[:EXAMPLES])

    def stack_by_rule(self, reader: Reader, ask: StackByRule) -> Done:
        """Stack what belongs together by a rule."""
        found = self._stacking(reader, ask)
        label = stacking.RULES[ask.rule][0]
        return self._organise(reader, lambda write: stacks.make_all(write, found, ask.rule, label))

    def _stacking(self, reader: Reader, ask: StackByRule) -> list[list[int]]:
        demand(reader, "write", whole=True)
        # The whole library where no pictures are named. Looking changes nothing, and may be done read-only.
        ids = self.views.select(reader, ask) if ask.view is not None else ask.ids
        if ask.veil and (hidden := set(self.views.hidden(reader, self._veil(True)))):
            ids = [one for one in (self.views.ids(reader, "") if ids is None else ids) if one not in hidden]
        with self.db.reading() as connection:
            return stacking.find(connection, ask.rule, ids)
