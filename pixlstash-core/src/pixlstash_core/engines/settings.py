"""Settings of engines. In `hub.db`: the number of images that fit on a device, secrets, allowed hosts and accepted
licenses; in the library: the settings of each engine, and the default of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from ..database.connection import Database
from ..database.hub import Hub
from ..database.writer import Write

_AGREED, _ALLOWED = "engine.agreed:", "engine.allowed:"
_MOST, _SECRETS, _SETTINGS, _DEFAULT = "engine.most:", "engine.secrets:", "engine.settings:", "engine.default:"


def most(hub: Hub, engine: str, device: str) -> int | None:
    """Return the number of images that an engine can process at once on a device."""
    count = hub.value("select value from setting where name = ?", (f"{_MOST}{engine}@{device}",))
    return int(count) if count is not None else None


def remember_most(hub: Hub, engine: str, device: str, count: int) -> None:
    _put(hub, f"{_MOST}{engine}@{device}", str(count))


def secrets(hub: Hub, engine: str, address: str = "") -> dict[str, str]:
    """Return the secret settings of an engine for its address; `""` for an engine that sends nothing."""
    return _all_secrets(hub, engine).get(address, {})


def other_secrets(hub: Hub, engine: str, address: str | None) -> set[str]:
    """Return the names of secrets that are stored only for other addresses; `address` None: there is no address yet."""
    stored = _all_secrets(hub, engine)
    here = stored.get(address, {}) if address is not None else {}
    return {name for texts in stored.values() for name in texts} - here.keys()


def keep_secrets(hub: Hub, engine: str, changes: dict[str, str], address: str = "") -> None:
    """Store secrets for an address in addition to existing ones; an empty text deletes a secret for all addresses."""
    stored = _all_secrets(hub, engine)
    stored[address] = {**stored.get(address, {}), **changes}
    empty = {name for name, text in changes.items() if not text}
    stored = {to: {name: text for name, text in texts.items() if name not in empty} for to, texts in stored.items()}
    _put_secrets(hub, engine, stored)


@contextmanager
def keeping_secrets(hub: Hub, engine: str, changes: dict[str, str], address: str) -> Iterator[None]:
    """Store secrets as `keep_secrets` does during a block, and restore the earlier ones if it raises."""
    if not changes:
        yield
        return
    before = _all_secrets(hub, engine)
    keep_secrets(hub, engine, changes, address)
    try:
        yield
    except BaseException:
        _put_secrets(hub, engine, before)
        raise


def _put_secrets(hub: Hub, engine: str, stored: dict[str, dict[str, str]]) -> None:
    filled = {to: texts for to, texts in stored.items() if texts}
    _put(hub, f"{_SECRETS}{engine}", msgspec.json.encode(filled).decode())


def _all_secrets(hub: Hub, engine: str) -> dict[str, dict[str, str]]:
    """Return secrets by address. Those of older versions, which recorded no address, have an empty address."""
    text = hub.value("select value from setting where name = ?", (f"{_SECRETS}{engine}",))
    stored = msgspec.json.decode(text, type=dict[str, dict[str, str] | str]) if text else {}
    former = {name: secret for name, secret in stored.items() if isinstance(secret, str)}
    return {"": former} if former else {to: texts for to, texts in stored.items() if isinstance(texts, dict)}


def _put(hub: Hub, name: str, value: str) -> None:
    hub.write("insert into setting values (?, ?) on conflict(name) do update set value = excluded.value", (name, value))


def has_agreed(hub: Hub, engine: str, license: str) -> bool:
    """Return whether the user accepted this license of an engine's weights."""
    return bool(hub.value("select value from setting where name = ?", (f"{_AGREED}{engine}",)) == license)


def agree(hub: Hub, engine: str, license: str) -> None:
    _put(hub, f"{_AGREED}{engine}", license)


def allowed(hub: Hub, engine: str) -> list[str]:
    """Return the hosts that the owner allowed an engine to send to."""
    text = hub.value("select value from setting where name = ?", (f"{_ALLOWED}{engine}",))
    return msgspec.json.decode(text, type=list[str]) if text else []


def allow(hub: Hub, engine: str, host: str, on: bool) -> None:
    hosts = {*allowed(hub, engine), host} if on else {*allowed(hub, engine)} - {host}
    _put(hub, f"{_ALLOWED}{engine}", msgspec.json.encode(sorted(hosts)).decode())


# --- settings of the library ------------------------------------------------------------------------------------------


class EngineSettings(Struct, frozen=True):
    """An engine's settings without secrets. `policy`: the pictures that it processes automatically: `all`, `new` ones
    (with ids above `after`), or none (`asked`).
    """

    params: dict[str, Any] = {}
    policy: str = "asked"
    after: int = 0


def settings(db: Database, engine: str) -> EngineSettings:
    text = db.setting(f"{_SETTINGS}{engine}")
    return msgspec.json.decode(text, type=EngineSettings) if text else EngineSettings()


def put_settings(write: Write, engine: str, stored: EngineSettings) -> None:
    _set(write, f"{_SETTINGS}{engine}", msgspec.json.encode(stored).decode())


def automatic(db: Database) -> dict[str, EngineSettings]:
    """Return the engines that run automatically on new pictures."""
    rows = db.read("select name, value from setting where name >= ? and name < ?", (_SETTINGS, f"{_SETTINGS[:-1]};"))
    stored = {name.removeprefix(_SETTINGS): msgspec.json.decode(text, type=EngineSettings) for name, text in rows}
    return {engine: settings for engine, settings in stored.items() if settings.policy != "asked"}


def default(db: Database, kind: str) -> str | None:
    """Return the default engine of a kind of output."""
    return db.setting(f"{_DEFAULT}{kind}")


def put_default(write: Write, kind: str, engine: str) -> None:
    _set(write, f"{_DEFAULT}{kind}", engine)


def drop_default(write: Write, kind: str, engine: str) -> None:
    """Remove an engine as the default of a kind, if it is the default."""
    write.execute("delete from setting where name = ? and value = ?", (f"{_DEFAULT}{kind}", engine))


def _set(write: Write, name: str, value: str) -> None:
    write.execute(
        "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value"
        " where value != excluded.value",
        (name, value),
    )
