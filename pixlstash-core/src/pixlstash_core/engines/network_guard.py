"""Keeps Python code in an engine's process from hosts that it may not reach. Called there, before its model is loaded.

It holds code that means no harm, such as a library that asks for updates or follows a redirect. Native code is held by
`isolation` alone, where that works. Code that means harm has the rights of whoever runs PixlStash anyway.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

#: Tells libraries that would ask Hugging Face whether a file is new that they need not try.
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
#: Audit events of Python with an address that something is sent to, or that is listened at.
_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
#: Audit events with the name of a host that is looked up.
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
#: Audit events with a program that is started; and where in its arguments it stands.
_STARTING = {
    "subprocess.Popen": 0,
    "os.system": 0,
    "os.exec": 0,
    "os.posix_spawn": 0,
    "os.spawn": 1,
    "os.startfile": 0,
    "os.startfile/2": 0,
    "pty.spawn": 0,
    "_winapi.CreateProcess": 0,
}
#: Programs that only describe the machine or compile for it, without which some libraries cannot be loaded.
_TOOLS = frozenset(
    "as c++ cc clang clang++ cuobjdump g++ gcc ld ldconfig lscpu nm nvcc nvdisasm nvidia-smi objdump ptxas rocminfo"
    " uname".split()
)
#: Families of sockets that stay on this machine.
_LOCAL = frozenset(getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name))
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


def close(hosts: Sequence[str], *, isolated: bool = False) -> None:
    """From now on, only these hosts (names, or addresses written out) can be reached. It cannot be undone.

    Other programs, which nothing would hold, are not started; `isolated`: they are, because they have no network.
    """
    if not hosts:
        os.environ.update(dict.fromkeys(_OFFLINE, "1"))
    fence = _Fence(hosts)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, fence.noting(getattr(socket, name)))
    # Python looks a name up before it says to whom it connects.
    for name, least, at in (("connect", 1, 0), ("connect_ex", 1, 0), ("sendto", 2, -1), ("sendmsg", 4, 3)):
        if hasattr(socket.socket, name):  # Windows has no `sendmsg`
            setattr(socket.socket, name, fence.checking(getattr(socket.socket, name), least, at))
    if not isolated:
        _guard_multiprocessing()

    def look(event: str, given: tuple[Any, ...]) -> None:
        if event in _SENDING:
            fence.check_address(given[0], given[1], listens=event == "socket.bind")
        elif event in _LOOKING_UP:
            fence.check_name(given[0][0] if isinstance(given[0], tuple) else given[0])
        elif not isolated and event in _STARTING:
            _check_program(given[_STARTING[event]] or given[1])

    sys.addaudithook(look)


class _Fence:
    """The hosts that may be reached, and the addresses their names were found to have."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._reached = {host.lower() for host in hosts}

    def check_name(self, name: Any) -> None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name or "")
        if text.lower() not in self._reached:
            raise _refused(text)

    def check_address(self, from_: Any, to: Any, *, listens: bool = False) -> None:
        if to is None or from_.family in _LOCAL:  # None: to whom it is connected
            return
        host = to[0] if isinstance(to, tuple) and from_.family in _INTERNET else to
        if not (listens and str(host) in ("127.0.0.1", "::1", "localhost")):
            self.check_name(host)

    def noting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A function that looks a name up, and lets what it finds be reached; the audit hook checks the name."""

        def resolve(*given: Any, **named: Any) -> Any:
            found = real(*given, **named)
            if isinstance(found, str):  # gethostbyname
                self._reached.add(found)
            elif isinstance(found, tuple):  # gethostbyname_ex
                self._reached.update(found[2])
            else:
                self._reached.update(str(one[4][0]).lower() for one in found)
            return found

        return resolve

    def checking(self, real: Callable[..., Any], least: int, at: int) -> Callable[..., Any]:
        """A method of sockets that checks its address first: the argument `at`, where there are `least` arguments."""

        def check(self_: socket.socket, *given: Any) -> Any:
            if len(given) >= least:
                self.check_address(self_, given[at])
            return real(self_, *given)

        return check


def _check_program(program: Any) -> None:
    if isinstance(program, list | tuple):
        program = program[0] if program else ""
    if PurePath(os.fsdecode(program)).name.removesuffix(".exe") not in _TOOLS:
        raise PermissionError(f"{os.fsdecode(program)} may not be started: nothing would keep it from the network")


def _guard_multiprocessing() -> None:
    """Its processes are started without an audit event, and would be held by nothing."""
    try:
        import _posixsubprocess
    except ImportError:  # Windows, where there is an event
        return
    real = _posixsubprocess.fork_exec

    def fork_exec(*given: Any) -> Any:
        _check_program(given[1][0] if given[1] else b"")
        return real(*given)

    _posixsubprocess.fork_exec = fork_exec


def _refused(host: str) -> PermissionError:
    return PermissionError(f"{host} may not be reached: this engine is not allowed to")
