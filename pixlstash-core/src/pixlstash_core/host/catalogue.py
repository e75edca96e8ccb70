"""The engines there are, their settings, and the producers they are with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ..db import Database
from ..engine import RUN, Sends, Weights, plain_params, read_params, secrets, touches
from ..errors import Invalid, NotFound, PixlStashError
from ..features import engines
from ..features.outputs import Outputs
from ..hub import Hub
from ..nouns import OutputKind
from ..plugins import Offered, Plugins

T = TypeVar("T")


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
        """An engine's settings with its secrets. Raises `Invalid` with what is wrong with those given."""
        if hidden := secrets(offered.engine.Params) & given.keys():
            raise Invalid(f"{', '.join(sorted(hidden))} is secret: it is set by itself, and not given with a run.")
        try:
            return read_params(offered.engine.Params, {**engines.secrets(self._hub, offered.engine.id), **given})
        except msgspec.ValidationError as error:
            raise Invalid(f"The settings of {offered.engine.id} are not as they should be: {error}.") from error

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
        return str(_asked(offered, "unset", partial(offered.engine.unset, params)))

    def sends(self, offered: Offered, params: Any) -> Sends | None:
        """Where an engine sends something, and what; None of one that stays on this machine."""
        if offered.engine.lane != "net":
            return None
        found = _asked(offered, "sends", partial(offered.engine.sends, params))
        if found is None or not found.hosts or not all(found.hosts):
            raise PixlStashError(f"{who(offered)}: it does not say to which host it sends pictures.")
        return Sends(tuple(sorted({host.lower() for host in found.hosts})), found.what)

    def reachable(self, offered: Offered, params: Any) -> tuple[str, ...]:
        """The hosts an engine may reach. Raises `Invalid` where people have not allowed one of those it needs."""
        sends = self.sends(offered, params)
        if sends is None:
            return ()
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
