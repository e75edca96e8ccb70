"""What was published with sharers: rows of `hub.db`, which is in no snapshot."""

from __future__ import annotations

from typing import Any

import msgspec

from ..database.hub import Hub, now
from ..errors import Invalid, NotFound, PixlStashError, describe
from ..plugins.contracts import Shared, Sharer
from ..plugins.registry import Plugins
from ..types import Publication, Publish
from ..types.times import when

_COLUMNS = "id, sharer, title, place, pictures, left_out, created"


def sharer_of(plugins: Plugins, ask: Publish) -> tuple[Sharer, Any]:
    """Return the sharer and its settings; `Invalid` if there is none or they make no sense."""
    sharer = plugins.sharers().get(ask.sharer)
    if sharer is None:
        raise Invalid(f"There is no sharer {ask.sharer!r}, only: {', '.join(sorted(plugins.sharers()))}.")
    try:
        return sharer, msgspec.convert(ask.params, sharer.Params)
    except msgspec.ValidationError as error:
        raise Invalid(f"{ask.sharer}: {error}.") from error


def add(hub: Hub, ask: Publish, shared: Shared, pictures: int, left_out: int) -> None:
    hub.write(
        "insert into publication(sharer, title, place, state, pictures, left_out, created)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (ask.sharer, ask.title, shared.where, shared.state, pictures, left_out, now()),
    )


def listed(hub: Hub) -> list[Publication]:
    rows = hub.read(f"select {_COLUMNS} from publication order by id")
    return [
        Publication(id, sharer, title, place, pictures, left_out, when(created))
        for id, sharer, title, place, pictures, left_out, created in rows
    ]


def take_back(hub: Hub, plugins: Plugins, id: int) -> None:
    """Have the sharer revoke what it published, and forget it; what could not be revoked stays listed."""
    rows = hub.read("select sharer, state from publication where id = ?", (id,))
    if not rows:
        raise NotFound("There is no such publication.")
    sharer = plugins.sharers().get(rows[0][0])
    if sharer is None:
        raise Invalid(f"The sharer {rows[0][0]!r} is not installed, so what it published cannot be taken back.")
    try:
        sharer.revoke(rows[0][1])
    except PixlStashError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise PixlStashError(f"{sharer.id} could not take it back: {describe(error)}") from error
    hub.write("delete from publication where id = ?", (id,))
