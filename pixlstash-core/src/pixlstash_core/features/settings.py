"""The library's own settings: its name and ids, and what is chosen for it. They are part of its metadata."""

from __future__ import annotations

from ..nouns import Noun, Table
from ..write import Door, Label, Write

NOUN = Noun("settings", (Table("setting", "settings"),))


def set(door: Door, name: str, value: str) -> None:
    def work(write: Write) -> None:
        write.execute(
            "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value"
            " where value != excluded.value",
            (name, value),
        )

    door.do(work, Label("", "", undoable=False))
