"""Conflicts between sidecars and the library: listing them, and settling them field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from ..database.connection import Database, Rows, bind_ids
from ..database.hub import Hub
from ..database.writer import Write
from ..pictures import feature as pictures
from ..storage.local import key_of, path_of
from ..types import ResolveConflicts, SidecarConflict
from ..types.history import Outcome, many
from . import picture_values, rows
from .values import parsed, settled

_CONFLICTS = """
    select c.picture_id, p.name, s.name, c.file, c.place, c.field, c.mine, c.theirs from sidecar_conflict c
    join picture p on p.id = c.picture_id join store s on s.id = c.store_id
    """
_SENTENCES = {"mine": "kept from here", "theirs": "taken from sidecars", "both": "merged with sidecars"}


def listed(db: Database, limit: int, offset: int) -> list[SidecarConflict]:
    """Return conflicts by picture. Tags and faces are shown as texts."""
    sql = f"{_CONFLICTS} order by c.picture_id, c.place, c.file, c.field limit ? offset ?"
    return [_shown(*row) for row in db.read(sql, (limit, offset))]


def _shown(picture: int, name: str, folder: str, file: str, place: Any, field: Any, *sides: str) -> SidecarConflict:
    mine, theirs = (_text(field, side) for side in sides)
    return SidecarConflict(picture, name, folder, path_of(file), place, field, mine, theirs)


def _text(field: str, side: str) -> str:
    if field == "tags":
        return ", ".join(parsed(field, side))
    if field == "faces":
        return ", ".join(face.name for face in parsed(field, side))
    return side


def resolve(write: Write, ids: list[int], ask: ResolveConflicts) -> tuple[Outcome, Rows]:
    """Settle conflicts in the library; return them for `note`, which comes after the commit.

    If the process ends before that, there still is a conflict, and nothing is lost.
    """
    write.guard(ids)
    conflicts = write.execute(
        "select c.picture_id, c.store_id, s.public_id, c.place, c.file, c.field, c.mine, c.theirs"
        " from sidecar_conflict c join store s on s.id = c.store_id where c.picture_id in carray(:ids)"
        " and (:field is null or c.field = :field) and (:file is null or c.file = :file)",
        {"ids": bind_ids(ids), "field": ask.field, "file": ask.file and key_of(ask.file)},
    )
    for picture, store, _, place, file, field, mine, theirs in conflicts:
        if ask.keep != "mine":
            _apply(write, picture, field, mine, theirs, both=ask.keep == "both")
        write.execute(
            "delete from sidecar_conflict where picture_id = ? and store_id = ? and place = ? and file = ?"
            " and field = ?",
            (picture, store, place, file, field),
        )
    changed = {row[0] for row in conflicts}
    return Outcome(len(changed), f"Conflicts of {many(len(changed))} {_SENTENCES[ask.keep]}"), conflicts


def _apply(write: Write, picture: int, field: str, mine: str, theirs: str, *, both: bool) -> None:
    """Change the library as the sidecar says, or so that it has both."""
    if field == "rating":
        pictures.give_scores(write, [picture], int(theirs or 0))
    elif field == "caption":
        text = "\n".join(filter(None, (mine, theirs))) if both else theirs
        picture_values.put_caption(write, picture, text)
    elif field == "tags":
        picture_values.add_tags(write, picture, parsed(field, theirs))
        picture_values.remove_tags(write, picture, [] if both else parsed(field, mine))
    else:
        for face in parsed(field, theirs):
            picture_values.add_face(write, picture, face)
        picture_values.remove_faces(write, picture, [] if both else parsed(field, mine))


def note(hub: Hub, conflicts: Iterable[tuple[Any, ...]]) -> None:
    """Note that what the files said in these conflicts is known."""
    for _, _, store, place, file, field, mine, theirs in conflicts:
        key = (place, path_of(file))
        record = rows.records(hub, store, [key]).get(key)
        if record is not None:
            rows.remember(hub, store, [(key, replace(record, base=settled(record.base, field, theirs, mine)))])
