"""What an engine must leave as it is: plain data in its modules and classes, and what all code in a process shares."""

from __future__ import annotations

import locale
import signal
import socket
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

#: Elements of a collection that are compared.
MOST = 1000
_UNKNOWN = object()


def of_modules(engine: object) -> dict[str, Any]:
    """Data of the engine, of its classes and of the modules of its package, by name; code is left out."""
    found: dict[str, Any] = {}
    for name, module in _modules(type(engine).__module__).items():
        found |= {f"{name}.{key}": value for key, value in _data(vars(module)).items()}
    for kind in type(engine).__mro__:
        if not kind.__module__.startswith("pixlstash_core") and kind is not object:
            found |= {f"{kind.__name__}.{key}": value for key, value in _data(vars(kind)).items()}
    return found | {f"self.{key}": value for key, value in _data(getattr(engine, "__dict__", {})).items()}


def of_process() -> dict[str, Any]:
    """What all code in a process shares, as text for people by what it is."""
    signals = {}
    for one in signal.valid_signals():
        signals[int(one)] = signal.getsignal(one)
    return {
        "sys.path": list(sys.path),
        "the default timeout of sockets": socket.getdefaulttimeout(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the recursion limit": sys.getrecursionlimit(),
        "the handlers of signals": signals,
        "sys.excepthook": sys.excepthook,
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any], loaded: set[str]) -> list[str]:
    """The names whose value changed. What is new counts, except in modules that were not loaded `before`."""
    found = []
    for name, value in after.items():
        if name not in before and name.rpartition(".")[0] not in loaded:
            continue
        if before.get(name, _UNKNOWN) != value:
            found.append(name)
    return found


def loaded(engine: object) -> set[str]:
    """The names of what `of_modules` looks into."""
    kinds = {kind.__name__ for kind in type(engine).__mro__}
    return {*_modules(type(engine).__module__), *kinds, "self"}


def _modules(module: str) -> dict[str, ModuleType]:
    """The module of an engine, and the others of its package; of our own packages only the module."""
    package = module.partition(".")[0]
    if package == "pixlstash_core" or package == module:
        return {module: sys.modules[module]} if module in sys.modules else {}
    return {
        name: one
        for name, one in list(sys.modules.items())
        if one and (name == package or name.startswith(f"{package}."))
    }


def _data(names: Mapping[str, Any]) -> dict[str, Any]:
    """What is data of these, as something to compare."""
    found = {}
    for name, value in list(names.items()):
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, ModuleType | type | property):
            if not callable(value):
                found[name] = _shape(value, 4)
    return found


def _shape(value: Any, depth: int) -> Any:
    """A copy that is equal while plain data is; other objects are equal to themselves."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | frozenset):
        return (type(value).__name__, repr(value))
    if depth and isinstance(value, dict):
        return [(_shape(k, depth - 1), _shape(v, depth - 1)) for k, v in list(value.items())[:MOST]] + [len(value)]
    if depth and isinstance(value, list | tuple):
        return [_shape(one, depth - 1) for one in value[:MOST]] + [len(value)]
    if isinstance(value, set):
        return sorted(map(repr, value))[:MOST]
    return id(value)
