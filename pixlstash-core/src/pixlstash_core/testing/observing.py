"""Observes side effects of code: files, network hosts, printing, and changes of its process, modules and classes.

It uses Python's audit events, which native code does not raise.
"""

from __future__ import annotations

import contextlib
import io
import locale
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

#: The folders of the system.
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib/", "/lib64/", "/System/", "/Library/")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib")
#: Audit events that change a file, and how many of their arguments are paths.
_CHANGES = {"os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.truncate": 1, "os.link": 2, "os.symlink": 2}
#: Audit events that name a host, and the argument that does. An address is a tuple that begins with the host.
_NAMES = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}
#: Audit events that change the process, and what they change.
_PROCESS = {
    "os.putenv": "the environment variable {}",
    "os.unsetenv": "the environment variable {}",
    "os.chdir": "the working folder",
}
#: The number of elements of a collection that are compared.
MOST = 1000
_UNKNOWN = object()


class Observed:
    """The observed side effects.

    `hosts`: requested hosts that are not allowed; `printed`: what was written to standard output; `changed`: what the
    code of `package` itself changed in its process.
    """

    def __init__(self, allowed: Sequence[str], package: str) -> None:
        self.hosts: set[str] = set()
        self.changed: set[str] = set()
        self._paths: set[tuple[str, str]] = set()
        self._package, self._allowed = package, {host.lower() for host in allowed}
        self._output = io.StringIO()
        for host in allowed:
            with contextlib.suppress(OSError):
                self._allowed |= {str(address[4][0]).lower() for address in socket.getaddrinfo(host, None)}

    @property
    def printed(self) -> str:
        return self._output.getvalue()

    def files(self, how: str, folder: Path | None = None) -> list[str]:
        """Return the files that were read or written; `how` is "read" or "write".

        Temporary files, files of Python, its packages and the system, and those in `folder` are left out.
        """
        excluded = [tempfile.gettempdir(), *([str(folder)] if folder else [])]
        if how == "read":
            excluded += [*_installed(), os.environ.get("SystemRoot", "")]
        within = tuple(os.path.abspath(parent) + os.sep for parent in excluded if parent)
        paths = {os.path.abspath(path) for path, access in self._paths if access == how}
        paths = {path for path in paths if not (path + os.sep).startswith(("/dev/", "/proc/", *within))}
        if how == "read":  # missing files were only searched for
            paths = {path for path in paths if not path.startswith(_SYSTEM) and not path.endswith(_CODE)}
            paths = {path for path in paths if os.path.isfile(path)}
        return sorted(path for path in paths if "__pycache__" not in path)

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Record an audit event. Raises OSError if it requests a host that is not allowed."""
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            mode, flags = str(arguments[1] or ""), arguments[2] or 0
            writes = bool(set(mode) & set("wax+")) if arguments[1] else bool(flags & (os.O_WRONLY | os.O_RDWR))
            self._paths.add((os.fsdecode(arguments[0]), "write" if writes else "read"))
        elif event in _CHANGES:
            paths = [path for path in arguments[: _CHANGES[event]] if isinstance(path, str | bytes | os.PathLike)]
            self._paths |= {(os.fsdecode(path), "write") for path in paths}
        elif event in _NAMES:
            self._see_host(event, arguments)
        elif event in _PROCESS and self._is_own(sys._getframe(2)):
            name = arguments[0].decode("utf-8", "replace") if isinstance(arguments[0], bytes) else str(arguments[0])
            self.changed.add(_PROCESS[event].format(name))

    def _see_host(self, event: str, arguments: tuple[Any, ...]) -> None:
        named = arguments[_NAMES[event]]
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            if arguments[0].family not in (socket.AF_INET, socket.AF_INET6) or named is None:
                return
            named = named[0] if isinstance(named, tuple) else named
        host = named.decode("ascii", "replace") if isinstance(named, bytes) else str(named or "")
        if host and host.lower() not in self._allowed:
            self.hosts.add(host)
            raise OSError("Engines reach no hosts but those they name in `sends`, on the lane `net`.")

    def _is_own(self, frame: Any) -> bool:
        """Return whether the observed code did this itself, and not a library that it calls."""
        while frame is not None and frame.f_globals.get("__name__", "") in ("os", "_collections_abc", "contextlib"):
            frame = frame.f_back
        name = frame.f_globals.get("__name__", "") if frame is not None else ""
        return bool(name == self._package or name.startswith(f"{self._package}."))


#: The last observer is active. Python cannot remove an audit hook; without observers it does nothing.
_observers: list[Observed] = []
_hooks: list[Callable[..., None]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _observers:
        _observers[-1].see(event, arguments)


@contextlib.contextmanager
def observing(observed: Observed) -> Iterator[None]:
    """Record side effects meanwhile; only allowed hosts can be reached, and printed text is not shown."""
    if not _hooks:
        _hooks.append(_hook)
        sys.addaudithook(_hook)
    _observers.append(observed)
    try:
        with contextlib.redirect_stdout(observed._output):
            yield
    finally:
        _observers.pop()


def _installed() -> Iterator[str]:
    """Yield the folders of Python and of all loaded packages."""
    yield from (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
    for module in list(sys.modules.values()):
        if isinstance(file := getattr(module, "__file__", None), str) and os.path.basename(file) == "__init__.py":
            yield os.path.dirname(file)


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
