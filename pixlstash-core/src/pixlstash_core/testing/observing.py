"""Sees what code does to its surroundings while it runs: files, hosts, printing, and the environment of its process.

It looks through Python's audit events, which native code does not raise.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

#: Where a system has its own files.
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


class Observed:
    """What was seen. `hosts`: those that were asked for and are not allowed; `printed`: what went to standard output.

    `changed`: what of its process the code of `package` changed by itself.
    """

    def __init__(self, allowed: Sequence[str], package: str) -> None:
        self.hosts: set[str] = set()
        self.changed: set[str] = set()
        self._paths: set[tuple[str, str]] = set()
        self._package, self._allowed = package, {host.lower() for host in allowed}
        self._output = io.StringIO()
        for host in allowed:
            with contextlib.suppress(OSError):
                self._allowed |= {str(one[4][0]).lower() for one in socket.getaddrinfo(host, None)}

    @property
    def printed(self) -> str:
        return self._output.getvalue()

    def files(self, how: str, folder: Path | None = None) -> list[str]:
        """Files that were "read" or written ("write"), except temporary ones, those of Python, of its packages and of
        the system, and those in `folder`."""
        spared = [tempfile.gettempdir(), *([str(folder)] if folder else [])]
        if how == "read":
            spared += [*_installed(), os.environ.get("SystemRoot", "")]
        within = tuple(os.path.abspath(one) + os.sep for one in spared if one)
        found = {os.path.abspath(path) for path, one in self._paths if one == how}
        found = {path for path in found if not (path + os.sep).startswith(("/dev/", "/proc/", *within))}
        if how == "read":  # what is not there was only looked for
            found = {path for path in found if not path.startswith(_SYSTEM) and not path.endswith(_CODE)}
            found = {path for path in found if os.path.isfile(path)}
        return sorted(path for path in found if "__pycache__" not in path)

    def see(self, event: str, given: tuple[Any, ...]) -> None:
        """An audit event. Raises OSError where it asks for a host that is not allowed."""
        if event == "open" and isinstance(given[0], str | bytes | os.PathLike):
            mode, flags = str(given[1] or ""), given[2] or 0
            writes = bool(set(mode) & set("wax+")) if given[1] else bool(flags & (os.O_WRONLY | os.O_RDWR))
            self._paths.add((os.fsdecode(given[0]), "write" if writes else "read"))
        elif event in _CHANGES:
            paths = [one for one in given[: _CHANGES[event]] if isinstance(one, str | bytes | os.PathLike)]
            self._paths |= {(os.fsdecode(one), "write") for one in paths}
        elif event in _NAMES:
            self._see_host(event, given)
        elif event in _PROCESS and self._is_own(sys._getframe(2)):
            name = given[0].decode("utf-8", "replace") if isinstance(given[0], bytes) else str(given[0])
            self.changed.add(_PROCESS[event].format(name))

    def _see_host(self, event: str, given: tuple[Any, ...]) -> None:
        named = given[_NAMES[event]]
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            if given[0].family not in (socket.AF_INET, socket.AF_INET6) or named is None:
                return
            named = named[0] if isinstance(named, tuple) else named
        host = named.decode("ascii", "replace") if isinstance(named, bytes) else str(named or "")
        if host and host.lower() not in self._allowed:
            self.hosts.add(host)
            raise OSError("Engines reach no hosts but those they name in `sends`, on the lane `net`.")

    def _is_own(self, frame: Any) -> bool:
        """Whether the code that is observed did this itself, and not a library that it calls."""
        while frame is not None and frame.f_globals.get("__name__", "") in ("os", "_collections_abc", "contextlib"):
            frame = frame.f_back
        name = frame.f_globals.get("__name__", "") if frame is not None else ""
        return bool(name == self._package or name.startswith(f"{self._package}."))


#: Who looks: the last one. A hook stays for good, and does nothing while nobody looks.
_observers: list[Observed] = []
_hooks: list[Callable[..., None]] = []


def _hook(event: str, given: tuple[Any, ...]) -> None:
    if _observers:
        _observers[-1].see(event, given)


@contextlib.contextmanager
def observing(observed: Observed) -> Iterator[None]:
    """Note what happens meanwhile; only allowed hosts can be reached, and nothing that is printed is shown."""
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
    """Folders of Python, and of every package that is loaded."""
    yield from (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
    for module in list(sys.modules.values()):
        if isinstance(file := getattr(module, "__file__", None), str) and os.path.basename(file) == "__init__.py":
            yield os.path.dirname(file)
