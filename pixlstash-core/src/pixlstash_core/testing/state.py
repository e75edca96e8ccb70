"""The state that an engine must not change: data in its modules and classes, and settings of its process."""

from __future__ import annotations

import locale
import signal
import socket
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

#: The number of elements of a collection that are compared.
MOST = 1000
_UNKNOWN = object()


def of_modules(engine: object) -> dict[str, Any]:
    """Return the data of the engine, its classes and the modules of its package, by name, without code."""
    data: dict[str, Any] = {}
    for name, module in _modules(type(engine).__module__).items():
        data |= {f"{name}.{key}": value for key, value in _data(vars(module)).items()}
    for kind in type(engine).__mro__:
        if not kind.__module__.startswith("pixlstash_core") and kind is not object:
            data |= {f"{kind.__name__}.{key}": value for key, value in _data(vars(kind)).items()}
    return data | {f"self.{key}": value for key, value in _data(getattr(engine, "__dict__", {})).items()}


def of_process() -> dict[str, Any]:
    """Return settings that all code in a process shares, by description."""
    signals = {}
    for number in signal.valid_signals():
        signals[int(number)] = signal.getsignal(number)
    return {
        "sys.path": list(sys.path),
        "the default timeout of sockets": socket.getdefaulttimeout(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the recursion limit": sys.getrecursionlimit(),
        "the handlers of signals": signals,
        "sys.excepthook": sys.excepthook,
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any], loaded: set[str]) -> list[str]:
    """Return the names whose values changed, and new ones, except in modules that are not in `loaded`."""
    changed = []
    for name, value in after.items():
        if name not in before and name.rpartition(".")[0] not in loaded:
            continue
        if before.get(name, _UNKNOWN) != value:
            changed.append(name)
    return changed


def loaded(engine: object) -> set[str]:
    """Return the names of what `of_modules` inspects."""
    kinds = {kind.__name__ for kind in type(engine).__mro__}
    return {*_modules(type(engine).__module__), *kinds, "self"}


def _modules(module: str) -> dict[str, ModuleType]:
    """Return the module of an engine and the others of its package; for built-in engines only the module."""
    package = module.partition(".")[0]
    if package == "pixlstash_core" or package == module:
        return {module: sys.modules[module]} if module in sys.modules else {}
    return {
        name: loaded_module
        for name, loaded_module in list(sys.modules.items())
        if loaded_module and (name == package or name.startswith(f"{package}."))
    }


def _data(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data among these values, in a form that can be compared."""
    data = {}
    for name, value in list(names.items()):
        if not (name.startswith("__") and name.endswith("__")) and not isinstance(value, ModuleType | type | property):
            if not callable(value):
                data[name] = _shape(value, 4)
    return data


def _shape(value: Any, depth: int) -> Any:
    """Return a copy of plain data for comparison; other objects are compared by identity."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | frozenset):
        return (type(value).__name__, repr(value))
    if depth and isinstance(value, dict):
        return [(_shape(k, depth - 1), _shape(v, depth - 1)) for k, v in list(value.items())[:MOST]] + [len(value)]
    if depth and isinstance(value, list | tuple):
        return [_shape(item, depth - 1) for item in value[:MOST]] + [len(value)]
    if isinstance(value, set):
        return sorted(map(repr, value))[:MOST]
    return id(value)
