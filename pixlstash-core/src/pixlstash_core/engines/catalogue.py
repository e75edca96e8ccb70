"""The engines there are, their settings, and the producers they are with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..database.connection import Database
from ..database.features import OutputKind
from ..database.hub import Hub
from ..errors import Invalid, NotFound, PixlStashError
from ..plugins.addresses import read_addresses
from ..plugins.engines import Weights
from ..plugins.registry import Offered, Plugins
from ..plugins.settings import RUN, plain_params, read_params, secrets, touches
from . import settings as engines
from .outputs import Outputs

T = TypeVar("T")


class Sending(Struct, frozen=True):
    """Where an engine sends something, and what. Without `hosts`: its address is not set yet.

    `origins`: scheme, host and port of each address; empty where its plugin does not give all three.
    """

    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    what: str


class Catalogue:
    """The engines of one library; `models` is where their weights are."""

    def __init__(self, plugins: Plugins, outputs: Outputs, db: Database, hub: Hub, models: Path) -> None:
        self._plugins, self._outputs, self._db, self._hub = plugins, outputs, db, hub
        self.models = models

    def all(self) -> list[Offered]:
        return list(self._plugins.engines().values())

    def offered(self, engine: str) -> Offered:
        found = self._plugins.engines().get(engine)
        if found is None:
            why = self._plugins.refusal(engine)
            raise NotFound(f"No installed plugin offers the engine {engine!r}.{why and ' '}{why}")
        return found

    def extra(self, offered: Offered) -> tuple[str, ...]:
        """The module to register by hand, where the engine's plugin is not installed."""
        return tuple(name for name in self._plugins.extra if name == offered.origin.plugin)

    def kind(self, offered: Offered) -> OutputKind:
        return next(kind for kind in self._outputs.kinds.values() if kind.hook == offered.hook)

    def params(self, offered: Offered, given: dict[str, Any]) -> Any:
        """An engine's settings, with the secrets that were set for the address these settings send to.

        Raises `Invalid` with what is wrong with those given.
        """
        hidden = secrets(offered.engine.Params)
        if named := hidden & given.keys():
            raise Invalid(f"{', '.join(sorted(named))} is secret: it is set by itself, and not given with a run.")
        address = self.address(offered, given) if hidden else None
        stored = engines.secrets(self._hub, offered.engine.id, address) if address is not None else {}
        keys = {name: text for name, text in stored.items() if name in hidden}
        return self._read(offered, {**keys, **given})

    def address(self, offered: Offered, given: dict[str, Any]) -> str | None:
        """What secrets are tied to with these settings: the addresses it sends to, `""` where it sends nothing.

        None: no secret can be tied to it, because its address is not set, or is no scheme, host and port.
        """
        if offered.engine.lane != "net":
            return ""
        try:
            blank = dict.fromkeys(secrets(offered.engine.Params), "")
            sending = self.sends(offered, self._read(offered, {**blank, **given}))
        except PixlStashError:
            return None
        return " ".join(sending.origins) or None if sending is not None else None

    def _read(self, offered: Offered, given: dict[str, Any]) -> Any:
        try:
            return read_params(offered.engine.Params, given)
        except msgspec.ValidationError as error:
            raise Invalid(f"The settings of {offered.engine.id} are not as they should be: {error}.") from error

    def shown(self, offered: Offered, given: dict[str, Any]) -> dict[str, Any]:
        """Settings for the form in which people change them, even where an engine cannot be run with them."""
        try:
            return plain_params(self.params(offered, given))
        except Invalid:  # one that must be set is missing, or an update knows other settings
            hidden = secrets(offered.engine.Params)
            names = [one.name for one in msgspec.structs.fields(offered.engine.Params) if one.name not in hidden]
            plain = {name: given.get(name, _default(offered, name)) for name in names}
            return {name: value for name, value in plain.items() if value is not msgspec.NODEFAULT}

    def plain(self, params: Any) -> dict[str, Any]:
        """Settings as an engine's process is told them, with its secrets."""
        return plain_params(params, reveal=True)

    def chosen(self, offered: Offered, given: dict[str, Any]) -> dict[str, Any]:
        """Of these settings those that are not the defaults: a default may become another one with an update."""
        plain = plain_params(self.params(offered, given))
        return {name: value for name, value in plain.items() if name in given and value != _default(offered, name)}

    def is_same(self, offered: Offered, given: dict[str, Any], other: dict[str, Any]) -> bool:
        """Whether results are the same with both settings."""
        return _lasting(self.params(offered, given)) == _lasting(self.params(offered, other))

    def producer(self, offered: Offered, given: dict[str, Any]) -> int:
        """The producer that an engine is with these settings."""
        params, kind = self.params(offered, given), self.kind(offered)
        return self._outputs.register(
            kind.name,
            offered.engine.id,
            offered.engine.revision,
            _lasting(params),
            offered.origin.distribution,
            offered.origin.version,
            self.about(offered, params),
        )

    def about(self, offered: Offered, params: Any) -> dict[str, Any]:
        """What all results of an engine with these settings have in common."""
        return _asked(offered, "space", partial(self.kind(offered).describe, offered.engine, params))

    def known(self, offered: Offered, given: dict[str, Any]) -> int | None:
        """The same, if it ever was one: nothing is written."""
        try:
            lasting = _lasting(self.params(offered, given))
        except Invalid:  # an update of the plugin knows other settings than those that are kept
            return None
        return self._outputs.known(self.kind(offered).name, offered.engine.id, offered.engine.revision, lasting)

    def unset(self, offered: Offered, params: Any) -> str:
        """What people have to set before an engine can be run, as a sentence; empty: nothing."""
        if unset := str(_asked(offered, "unset", partial(offered.engine.unset, params))):
            return unset
        sending = self.sends(offered, params)
        return "" if sending is None or sending.hosts else "The address that it sends pictures to is not set."

    def sends(self, offered: Offered, params: Any) -> Sending | None:
        """Where an engine sends something, and what; None of one that stays on this machine, or is not set up yet.

        Raises `PixlStashError` where its plugin gives no address, or what cannot be one.
        """
        if offered.engine.lane != "net" or _asked(offered, "unset", partial(offered.engine.unset, params)):
            return None
        found = _asked(offered, "sends", partial(offered.engine.sends, params))
        if found is None or not found.hosts:
            raise PixlStashError(f"{who(offered)}: it does not say to which host it sends pictures.")
        try:
            addresses = read_addresses(found.hosts)
        except (ValueError, TypeError, AttributeError) as error:
            raise PixlStashError(
                f"{who(offered)}: `sends` must give URLs, such as https://api.example.org:8443, or names of hosts:"
                f" {error}."
            ) from error
        hosts, origins = {address.host for address in addresses}, {address.origin for address in addresses}
        return Sending(tuple(sorted(hosts)), tuple(sorted(origins)) if all(origins) else (), str(found.what))

    def reachable(self, offered: Offered, params: Any) -> tuple[str, ...]:
        """The hosts an engine may reach. Raises `Invalid` where people have not allowed one of those it needs."""
        if offered.engine.lane != "net":
            return ()
        sends = self.sends(offered, params)
        if sends is None or not sends.hosts:
            raise Invalid(f"{offered.engine.label or offered.engine.id}: {self.unset(offered, params)}")
        if asked := [host for host in sends.hosts if host not in engines.allowed(self._hub, offered.engine.id)]:
            raise Invalid(
                f"{offered.engine.label or offered.engine.id} sends {sends.what} to {', '.join(asked)}, which is not"
                f" allowed: `pixlstash engine allow {offered.engine.id} {asked[0]}` allows it."
            )
        return sends.hosts

    def needed(self, offered: Offered) -> Weights | None:
        """The files an engine needs with its own settings."""
        return self.weights(offered, self.params(offered, engines.settings(self._db, offered.engine.id).params))

    def weights(self, offered: Offered, params: Any) -> Weights | None:
        """The files an engine needs."""
        return _asked(offered, "weights", partial(offered.engine.weights, params))


def _default(offered: Offered, name: str) -> Any:
    """What a setting is where nothing is said, as JSON has it; a setting that must be given has none."""
    field = next(one for one in msgspec.structs.fields(offered.engine.Params) if one.name == name)
    made = field.default_factory is not msgspec.NODEFAULT
    value = field.default_factory() if made else field.default
    return value if value is msgspec.NODEFAULT else msgspec.to_builtins(value)


def _lasting(params: Any) -> dict[str, Any]:
    """Settings that results hang on."""
    named = touches(type(params))
    return {name: value for name, value in plain_params(params).items() if named[name] is not RUN}


def who(offered: Offered) -> str:
    """An engine for people: what it is called, and whose it is."""
    return f"{offered.engine.label or offered.engine.id} ({offered.origin.distribution} {offered.origin.version})"


def _asked(offered: Offered, name: str, ask: Callable[[], T]) -> T:
    """What an engine says about itself: a plugin may raise anything."""
    try:
        return ask()
    except Exception as error:
        raise PixlStashError(f"{who(offered)}: `{name}` failed: {type(error).__name__}: {error}") from error
