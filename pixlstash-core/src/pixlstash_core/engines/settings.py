"""What is remembered about engines: in `hub.db` how many images at once a device holds, and secrets; in the library
how they are set, and which is the default of its kind."""

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
    """How many images at once an engine was found to manage on a device."""
    found = hub.value("select value from setting where name = ?", (f"{_MOST}{engine}@{device}",))
    return int(found) if found is not None else None


def remember_most(hub: Hub, engine: str, device: str, count: int) -> None:
    _put(hub, f"{_MOST}{engine}@{device}", str(count))


def secrets(hub: Hub, engine: str, address: str = "") -> dict[str, str]:
    """The secret settings of an engine for the address it sends to; `""`: for an engine that sends nothing."""
    return _all_secrets(hub, engine).get(address, {})


def other_secrets(hub: Hub, engine: str, address: str | None) -> set[str]:
    """The names of secret settings that are stored for other addresses only; None: the engine has no address yet."""
    stored = _all_secrets(hub, engine)
    here = stored.get(address, {}) if address is not None else {}
    return {name for texts in stored.values() for name in texts} - here.keys()


def keep_secrets(hub: Hub, engine: str, given: dict[str, str], address: str = "") -> None:
    """Store these for an address, beside those that are there; an empty one is forgotten for every address."""
    stored = _all_secrets(hub, engine)
    stored[address] = {**stored.get(address, {}), **given}
    empty = {name for name, text in given.items() if not text}
    stored = {to: {name: text for name, text in texts.items() if name not in empty} for to, texts in stored.items()}
    _put_secrets(hub, engine, stored)


@contextmanager
def keeping_secrets(hub: Hub, engine: str, given: dict[str, str], address: str) -> Iterator[None]:
    """Store these as `keep_secrets` does; where the block raises, those from before are stored again."""
    if not given:
        yield
        return
    before = _all_secrets(hub, engine)
    keep_secrets(hub, engine, given, address)
    try:
        yield
    except BaseException:
        _put_secrets(hub, engine, before)
        raise


def _put_secrets(hub: Hub, engine: str, stored: dict[str, dict[str, str]]) -> None:
    kept = {to: texts for to, texts in stored.items() if texts}
    _put(hub, f"{_SECRETS}{engine}", msgspec.json.encode(kept).decode())


def _all_secrets(hub: Hub, engine: str) -> dict[str, dict[str, str]]:
    """By the address they were set for. Older versions did not note it: those keys are for no address."""
    text = hub.value("select value from setting where name = ?", (f"{_SECRETS}{engine}",))
    stored = msgspec.json.decode(text, type=dict[str, dict[str, str] | str]) if text else {}
    former = {name: secret for name, secret in stored.items() if isinstance(secret, str)}
    return {"": former} if former else {to: texts for to, texts in stored.items() if isinstance(texts, dict)}


def _put(hub: Hub, name: str, value: str) -> None:
    hub.write("insert into setting values (?, ?) on conflict(name) do update set value = excluded.value", (name, value))


def has_agreed(hub: Hub, engine: str, license: str) -> bool:
    """Whether a person agreed to this licence of an engine's weights."""
    return bool(hub.value("select value from setting where name = ?", (f"{_AGREED}{engine}",)) == license)


def agree(hub: Hub, engine: str, license: str) -> None:
    _put(hub, f"{_AGREED}{engine}", license)


def allowed(hub: Hub, engine: str) -> list[str]:
    """The hosts that people allowed an engine to send to."""
    text = hub.value("select value from setting where name = ?", (f"{_ALLOWED}{engine}",))
    return msgspec.json.decode(text, type=list[str]) if text else []


def allow(hub: Hub, engine: str, host: str, on: bool) -> None:
    hosts = {*allowed(hub, engine), host} if on else {*allowed(hub, engine)} - {host}
    _put(hub, f"{_ALLOWED}{engine}", msgspec.json.encode(sorted(hosts)).decode())


# --- settings of the library ------------------------------------------------------------------------------------------


class EngineSettings(Struct, frozen=True):
    """An engine's settings without secrets. `policy`: which pictures it is run on by itself: `all`, `new` ones (with
    ids above `after`), or only when `asked`."""

    params: dict[str, Any] = {}
    policy: str = "asked"
    after: int = 0


def settings(db: Database, engine: str) -> EngineSettings:
    text = db.setting(f"{_SETTINGS}{engine}")
    return msgspec.json.decode(text, type=EngineSettings) if text else EngineSettings()


def put_settings(write: Write, engine: str, kept: EngineSettings) -> None:
    _set(write, f"{_SETTINGS}{engine}", msgspec.json.encode(kept).decode())


def automatic(db: Database) -> dict[str, EngineSettings]:
    """The engines that are run by themselves on pictures that come in."""
    rows = db.read("select name, value from setting where name >= ? and name < ?", (_SETTINGS, f"{_SETTINGS[:-1]};"))
    found = {name.removeprefix(_SETTINGS): msgspec.json.decode(text, type=EngineSettings) for name, text in rows}
    return {engine: kept for engine, kept in found.items() if kept.policy != "asked"}


def default(db: Database, kind: str) -> str | None:
    """The engine that is meant where a kind of output is asked for without one."""
    return db.setting(f"{_DEFAULT}{kind}")


def put_default(write: Write, kind: str, engine: str) -> None:
    _set(write, f"{_DEFAULT}{kind}", engine)


def drop_default(write: Write, kind: str, engine: str) -> None:
    """Let an engine no longer be the default."""
    write.execute("delete from setting where name = ? and value = ?", (f"{_DEFAULT}{kind}", engine))


def _set(write: Write, name: str, value: str) -> None:
    write.execute(
        "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value"
        " where value != excluded.value",
        (name, value),
    )
