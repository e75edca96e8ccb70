"""The settings of a library, such as its name. They are part of its metadata and therefore of snapshots and backups."""

from __future__ import annotations

from ..errors import Invalid
from ..types import HideAndBlur
from ..types.history import Outcome
from .connection import Database
from .features import Feature, Table
from .writer import Label, Write, Writer

#: Prefixes of the names of the core's settings.
CORE = frozenset({"veil"})
FEATURE = Feature("settings", (Table("setting", "settings", merge="whole", says="r.value"),))


def set(writer: Writer, name: str, value: str) -> None:
    writer.run(lambda write: put(write, name, value), Label("", "", undoable=False))


def put(write: Write, name: str, value: str) -> None:
    write.execute(
        "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value"
        " where value != excluded.value",
        (name, value),
    )


def name_for(plugin: str, name: str) -> str:
    """Return the stored name of a plugin's setting."""
    if plugin in CORE:
        raise Invalid(f"Settings that begin with {plugin!r} are not a plugin's.")
    return f"{plugin}.{name}"


def hide_and_blur(db: Database) -> HideAndBlur:
    """Return the stored queries of Hide and blur; empty by default."""
    return HideAndBlur(db.setting("veil.hide") or "", db.setting("veil.blur") or "")


def put_hide_and_blur(write: Write, ask: HideAndBlur) -> Outcome:
    """Store the queries of Hide and blur."""
    put(write, "veil.hide", ask.hide)
    put(write, "veil.blur", ask.blur)
    return Outcome(1, "Updated Hide and blur")
