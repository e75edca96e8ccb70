"""Stacks, dates and turns, duplicates, and emptying the scrapheap."""

from __future__ import annotations

from ..types import (
    ArrangeStack,
    DatePictures,
    Done,
    DuplicatePreview,
    Duplicates,
    EmptyPreview,
    EmptyScrapheap,
    KeepRule,
    Made,
    NotDuplicates,
    ResolveDuplicates,
    Selection,
    Stack,
    StackByRule,
    StackPictures,
    StackPreview,
    TurnPictures,
)
from ..types.stacks import Distance
from .channel import Channel


class Stacks(Channel):
    def picture_stack(self, id: int) -> Stack:
        return self._get(f"/pictures/{id}/stack", Stack)

    def stack(self, ask: StackPictures) -> Made:
        return self._post("/stacks", Made, ask)

    def unstack(self, ask: Selection) -> Done:
        return self._post("/stacks/dissolve", Done, ask)

    def take_from_stack(self, ask: Selection) -> Done:
        return self._post("/stacks/take", Done, ask)

    def arrange_stack(self, id: int, ask: ArrangeStack) -> Done:
        return self._post(f"/stacks/{id}/arrange", Done, ask)

    def preview_stacks(self, ask: StackByRule) -> StackPreview:
        return self._post("/stacks/preview", StackPreview, ask)

    def stack_by_rule(self, ask: StackByRule) -> Done:
        return self._post("/stacks/rule", Done, ask)

    # -- dates and turns -----------------------------------------------------------------------------------------------

    def turn(self, ask: TurnPictures) -> Done:
        return self._post("/pictures/turn", Done, ask)

    def date(self, ask: DatePictures) -> Done:
        return self._post("/pictures/date", Done, ask)

    # -- duplicates and the scrapheap ----------------------------------------------------------------------------------

    def duplicates(self, rule: KeepRule = "larger", distance: Distance = 4, veil: bool = False) -> Duplicates:
        query = {"rule": rule, "distance": distance, "veil": veil}
        return self._get("/duplicates", Duplicates, query)

    def preview_duplicates(self, ask: ResolveDuplicates) -> DuplicatePreview:
        return self._post("/duplicates/preview", DuplicatePreview, ask)

    def resolve_duplicates(self, ask: ResolveDuplicates) -> Done:
        return self._post("/duplicates/resolve", Done, ask)

    def not_duplicates(self, ask: NotDuplicates) -> Done:
        return self._post("/duplicates/deny", Done, ask)

    def preview_empty(self) -> EmptyPreview:
        return self._post("/scrapheap/preview", EmptyPreview)

    def empty_scrapheap(self, ask: EmptyScrapheap) -> Done:
        return self._post("/scrapheap/empty", Done, ask)
