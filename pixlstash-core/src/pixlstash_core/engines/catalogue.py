"""The engines of a library, their settings, and the producers that result from them."""

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
from ..plugins.engines import Weights
from ..plugins.registry import Offered, Plugins
from ..plugins.settings import RUN, plain_params, read_addresses, read_params, secrets, touches
from . import settings as engines
from . import training
from .outputs import Outputs

T = TypeVar("T")


class Sending(Struct, frozen=True):
    """The hosts that an engine sends data to, and what it sends (`what`). `hosts` is empty if no address is set yet.

    `origins`: scheme, host and port of each address; empty unless the plugin gives all three for every address.
    """

    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    what: str


class Catalogue:
    """The engines of one library; `models` is the folder with their weights."""

    def __init__(self, plugins: Plugins, outputs: Outputs, db: Database, hub: Hub, models: Path) -> None:
        self._plugins, self._outputs, self._db, self._hub = plugins, outputs, db, hub
        self.models = models

    def all(self) -> list[Offered]:
        return list(self._plugins.engines().values())

    def offered(self, engine: str) -> Offered:
        offered_engine = self._plugins.engines().get(engine)
        if offered_engine is None:
            why = self._plugins.refusal(engine)
            raise NotFound(f"No installed plugin offers the engine {engine!r}.{why and ' '}{why}")
        return offered_engine

    def extra(self, offered: Offered) -> tuple[str, ...]:
        """Return the module to register explicitly if the engine's plugin is not installed."""
        return tuple(name for name in self._plugins.extra if name == offered.origin.plugin)

    def kind(self, offered: Offered) -> OutputKind:
        return next(kind for kind in self._outputs.kinds.values() if kind.hook == offered.hook)

    def params(self, offered: Offered, settings: dict[str, Any]) -> Any:
        """Return an engine's settings as its `Params`, with the secrets stored for the address in these settings.

        Raises `Invalid` if a setting is invalid, or a secret is among them.
        """
        hidden = secrets(offered.engine.Params)
        if named := hidden & settings.keys():
            raise Invalid(f"{', '.join(sorted(named))} is secret: it is set by itself, and not given with a run.")
        address = self.address(offered, settings) if hidden else None
        stored = engines.secrets(self._hub, offered.engine.id, address) if address is not None else {}
        keys = {name: text for name, text in stored.items() if name in hidden}
        return self._read(offered, {**keys, **settings})

    def address(self, offered: Offered, settings: dict[str, Any]) -> str | None:
        """Return the address that secrets are stored for: the origins it sends to, or `""` if it sends nothing.

        None: the address is not set, or has no scheme, host and port, so that no secret can be stored for it.
        """
        if offered.engine.lane != "net":
            return ""
        try:
            blank = dict.fromkeys(secrets(offered.engine.Params), "")
            sending = self.sends(offered, self._read(offered, {**blank, **settings}))
        except PixlStashError:
            return None
        return " ".join(sending.origins) or None if sending is not None else None

    def _read(self, offered: Offered, settings: dict[str, Any]) -> Any:
        try:
            return read_params(offered.engine.Params, settings)
        except msgspec.ValidationError as error:
            raise Invalid(f"The settings of {offered.engine.id} are not as they should be: {error}.") from error

    def shown(self, offered: Offered, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings for the form in which they are edited, even if the engine cannot run with them."""
        try:
            return plain_params(self.params(offered, settings))
        except Invalid:  # a required setting is missing, or an update of the plugin has other settings
            hidden = secrets(offered.engine.Params)
            names = [field.name for field in msgspec.structs.fields(offered.engine.Params) if field.name not in hidden]
            plain = {name: settings.get(name, _default(offered, name)) for name in names}
            return {name: value for name, value in plain.items() if value is not msgspec.NODEFAULT}

    def plain(self, params: Any) -> dict[str, Any]:
        """Return the settings, including secrets, as plain values for the engine's process."""
        return plain_params(params, reveal=True)

    def chosen(self, offered: Offered, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that differ from the defaults. Others follow the defaults of later versions."""
        plain = plain_params(self.params(offered, settings))
        return {name: value for name, value in plain.items() if name in settings and value != _default(offered, name)}

    def is_same(self, offered: Offered, settings: dict[str, Any], other: dict[str, Any]) -> bool:
        """Return whether two settings give the same results."""
        return lasting(self.params(offered, settings)) == lasting(self.params(offered, other))

    def producer(self, offered: Offered, settings: dict[str, Any]) -> int:
        """Return the id of the producer of an engine with these settings, creating it if needed."""
        params = self.params(offered, settings)
        return self.register(offered, params, self._revision(offered, lasting(params)))

    def register(self, offered: Offered, params: Any, revision: str) -> int:
        """Return the id of the producer of an engine at a revision, creating it if needed."""
        return self._outputs.register(
            self.kind(offered).name,
            offered.engine.id,
            revision,
            lasting(params),
            offered.origin.distribution,
            offered.origin.version,
            self.about(offered, params),
        )

    def _revision(self, offered: Offered, params: dict[str, Any]) -> str:
        """Return an engine's revision, which includes that of its latest training."""
        engine = offered.engine
        return training.revision(self._db, engine.id, engine.revision, params) if engine.learns else engine.revision

    def about(self, offered: Offered, params: Any) -> dict[str, Any]:
        """Return properties of all results of an engine with these settings, such as the space of its vectors."""
        return _call(offered, "space", partial(self.kind(offered).describe, offered.engine, params))

    def find_producer(self, offered: Offered, settings: dict[str, Any]) -> int | None:
        """Return the id of the producer of an engine with these settings; None if it does not exist."""
        try:
            chosen = lasting(self.params(offered, settings))
        except Invalid:  # an update of the plugin does not accept the stored settings
            return None
        revision = self._revision(offered, chosen)
        return self._outputs.find_producer(self.kind(offered).name, offered.engine.id, revision, chosen)

    def unset(self, offered: Offered, params: Any) -> str:
        """Return a sentence that names the required settings that are not set; empty if there are none."""
        if unset := str(_call(offered, "unset", partial(offered.engine.unset, params))):
            return unset
        sending = self.sends(offered, params)
        return "" if sending is None or sending.hosts else "The address that it sends pictures to is not set."

    def sends(self, offered: Offered, params: Any) -> Sending | None:
        """Return where an engine sends data; None if it sends nothing, or its address is not set yet.

        Raises `PixlStashError` if its plugin gives no address, or an invalid one.
        """
        if offered.engine.lane != "net" or _call(offered, "unset", partial(offered.engine.unset, params)):
            return None
        destination = _call(offered, "sends", partial(offered.engine.sends, params))
        if destination is None or not destination.hosts:
            raise PixlStashError(f"{who(offered)}: it does not say to which host it sends pictures.")
        try:
            addresses = read_addresses(destination.hosts)
        except (ValueError, TypeError, AttributeError) as error:
            raise PixlStashError(
                f"{who(offered)}: `sends` must give URLs, such as https://api.example.org:8443, or names of hosts:"
                f" {error}."
            ) from error
        hosts, origins = {address.host for address in addresses}, {address.origin for address in addresses}
        return Sending(tuple(sorted(hosts)), tuple(sorted(origins)) if all(origins) else (), str(destination.what))

    def reachable(self, offered: Offered, params: Any) -> tuple[str, ...]:
        """Return the hosts that an engine may reach. Raises `Invalid` if one that it needs is not allowed."""
        if offered.engine.lane != "net":
            return ()
        sends = self.sends(offered, params)
        if sends is None or not sends.hosts:
            raise Invalid(f"{offered.engine.label or offered.engine.id}: {self.unset(offered, params)}")
        if denied := [host for host in sends.hosts if host not in engines.allowed(self._hub, offered.engine.id)]:
            raise Invalid(
                f"{offered.engine.label or offered.engine.id} sends {sends.what} to {', '.join(denied)}, which is not"
                f" allowed: `pixlstash engine allow {offered.engine.id} {denied[0]}` allows it."
            )
        return sends.hosts

    def needed(self, offered: Offered) -> Weights | None:
        """Return the files that an engine needs with its own settings."""
        return self.weights(offered, self.params(offered, engines.settings(self._db, offered.engine.id).params))

    def weights(self, offered: Offered, params: Any) -> Weights | None:
        """Return the files that an engine needs with these settings."""
        return _call(offered, "weights", partial(offered.engine.weights, params))


def _default(offered: Offered, name: str) -> Any:
    """Return the default of a setting as JSON; a required setting has none."""
    field = next(candidate for candidate in msgspec.structs.fields(offered.engine.Params) if candidate.name == name)
    made = field.default_factory is not msgspec.NODEFAULT
    value = field.default_factory() if made else field.default
    return value if value is msgspec.NODEFAULT else msgspec.to_builtins(value)


def lasting(params: Any) -> dict[str, Any]:
    """Return the settings that affect results."""
    named = touches(type(params))
    return {name: value for name, value in plain_params(params).items() if named[name] is not RUN}


def who(offered: Offered) -> str:
    """Return an engine's name for users, with its plugin."""
    return f"{offered.engine.label or offered.engine.id} ({offered.origin.distribution} {offered.origin.version})"


def _call(offered: Offered, name: str, function: Callable[[], T]) -> T:
    """Call a function of a plugin, which may raise anything."""
    try:
        return function()
    except Exception as error:
        raise PixlStashError(f"{who(offered)}: `{name}` failed: {type(error).__name__}: {error}") from error
