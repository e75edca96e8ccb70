"""What an installation remembers about engines, in `hub.db` only: how many images at once a device holds; secrets."""

from __future__ import annotations

import msgspec

from ..hub import Hub

_MOST, _SECRETS = "engine.most.", "engine.secrets."


def most(hub: Hub, engine: str, device: str) -> int | None:
    """How many images at once an engine was found to manage on a device."""
    found = hub.value("select value from setting where name = ?", (f"{_MOST}{engine}@{device}",))
    return int(found) if found is not None else None


def remember_most(hub: Hub, engine: str, device: str, count: int) -> None:
    _put(hub, f"{_MOST}{engine}@{device}", str(count))


def secrets(hub: Hub, engine: str) -> dict[str, str]:
    """The secret settings of an engine."""
    text = hub.value("select value from setting where name = ?", (f"{_SECRETS}{engine}",))
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}


def keep_secrets(hub: Hub, engine: str, given: dict[str, str]) -> None:
    """Keep these beside those that are there; an empty one is forgotten."""
    kept = {name: text for name, text in {**secrets(hub, engine), **given}.items() if text}
    _put(hub, f"{_SECRETS}{engine}", msgspec.json.encode(kept).decode())


def _put(hub: Hub, name: str, value: str) -> None:
    hub.write("insert into setting values (?, ?) on conflict(name) do update set value = excluded.value", (name, value))
