"""When a cached node must run again: only if what it loads from the library has changed.

ComfyUI asks before each run, with the values of widgets; those that come from other nodes are None. For these, the node
notes what it resolved them to when it ran (`note`). Another value of such an input makes ComfyUI run the node anyway.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from .operations import Operations

#: Inputs of a node with their values, for those that are widgets.
Items = frozenset[tuple[str, Hashable]]
#: How many combinations of widget values are remembered, and states per combination.
MOST, MOST_STATES = 256, 8


@dataclass
class _Entry:
    """What nodes with the same widgets last loaded; `changes` counts how often any of it was different later."""

    changes: int = 0
    states: OrderedDict[Hashable, tuple[Callable[[], str], str]] = field(default_factory=OrderedDict)


_lock = threading.Lock()
_entries: OrderedDict[Items, _Entry] = OrderedDict()
_checked: OrderedDict[tuple[str, str, Hashable], tuple[int, str]] = OrderedDict()


def once_per_revision(
    library: Operations, public_id: str, revision: int, key: Hashable, state: Callable[[], str]
) -> str:
    """Return `state()`, computed at most once for a revision of a library."""
    place = (library.address, public_id, key)
    with _lock:
        checked = _checked.get(place)
    if checked is not None and checked[0] == revision:
        return checked[1]
    value = state()
    with _lock:
        _checked[place] = (revision, value)
        _checked.move_to_end(place)
        while len(_checked) > MOST * MOST_STATES:
            _checked.popitem(last=False)
    return value


def note(inputs: Items, resolved: Hashable, state: Callable[[], str], value: str) -> None:
    """Remember what a node loaded with these inputs: `state` computes its state again, `value` is that state now."""
    with _lock:
        for widgets, entry in _entries.items():
            if widgets <= inputs:
                entry.states[resolved] = (state, value)
                entry.states.move_to_end(resolved)
                while len(entry.states) > MOST_STATES:
                    entry.states.popitem(last=False)


def changes(widgets: Items) -> int:
    """Return a number that is another one when something that nodes with these widgets loaded has changed."""
    with _lock:
        entry = _entries.setdefault(widgets, _Entry())
        _entries.move_to_end(widgets)
        while len(_entries) > MOST:
            _entries.popitem(last=False)
        states = list(entry.states.items())
    for resolved, (state, value) in states:
        current = state()
        if current != value:
            with _lock:
                entry.changes += 1
                entry.states[resolved] = (state, current)
    return entry.changes
