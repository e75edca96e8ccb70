"""Restricts the hosts that Python code in an engine's process can reach. Called before its model is loaded.

It stops well-meaning code, such as a library that checks for updates or follows a redirect. Only `isolation` stops
native code, where it works. Malicious code has the rights of the user who runs PixlStash anyway.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

#: Environment variables that tell libraries not to contact Hugging Face.
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
#: Audit events of Python with an address that data is sent to, or that is listened on.
_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
#: Audit events with the name of a host to resolve.
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
#: Audit events of starting a program, and the index of the program in their arguments.
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
    """Restrict connections to these hosts (names or addresses) from now on. It cannot be undone.

    Programs, which the guard cannot restrict, are not started, unless `isolated`: then they have no network either.
    """
    if not hosts:
        os.environ.update(dict.fromkeys(_OFFLINE, "1"))
    guard = _Guard(hosts)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, guard.noting(getattr(socket, name)))
    # Python resolves a name before the audit event for the connection.
    for name, least, at in (("connect", 1, 0), ("connect_ex", 1, 0), ("sendto", 2, -1), ("sendmsg", 4, 3)):
        if hasattr(socket.socket, name):  # Windows has no `sendmsg`
            setattr(socket.socket, name, guard.checking(getattr(socket.socket, name), least, at))
    if not isolated:
        _guard_multiprocessing()

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _SENDING:
            guard.check_address(arguments[0], arguments[1], listens=event == "socket.bind")
        elif event in _LOOKING_UP:
            guard.check_name(arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0])
        elif not isolated and event in _STARTING:
            _check_program(arguments[_STARTING[event]] or arguments[1])

    sys.addaudithook(look)


class _Guard:
    """The allowed hosts, and the addresses that their names resolved to."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._reached = {host.lower() for host in hosts}

    def check_name(self, name: Any) -> None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name or "")
        if text.lower() not in self._reached:
            raise _refused(text)

    def check_address(self, from_: Any, to: Any, *, listens: bool = False) -> None:
        if to is None or from_.family in _LOCAL:  # None: the socket is already connected
            return
        host = to[0] if isinstance(to, tuple) and from_.family in _INTERNET else to
        if not (listens and str(host) in ("127.0.0.1", "::1", "localhost")):
            self.check_name(host)

    def noting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function that resolves names, and allow its results; the audit hook checks the name."""

        def resolve(*arguments: Any, **named: Any) -> Any:
            result = real(*arguments, **named)
            if isinstance(result, str):  # gethostbyname
                self._reached.add(result)
            elif isinstance(result, tuple):  # gethostbyname_ex
                self._reached.update(result[2])
            else:
                self._reached.update(str(row[4][0]).lower() for row in result)
            return result

        return resolve

    def checking(self, real: Callable[..., Any], least: int, at: int) -> Callable[..., Any]:
        """Wrap a method of sockets to check its address: the argument at index `at`, if there are `least` arguments."""

        def check(self_: socket.socket, *arguments: Any) -> Any:
            if len(arguments) >= least:
                self.check_address(self_, arguments[at])
            return real(self_, *arguments)

        return check


def _check_program(program: Any) -> None:
    if isinstance(program, list | tuple):
        program = program[0] if program else ""
    if PurePath(os.fsdecode(program)).name.removesuffix(".exe") not in _TOOLS:
        raise PermissionError(f"{os.fsdecode(program)} may not be started: nothing would keep it from the network")


def _guard_multiprocessing() -> None:
    """Block processes of multiprocessing, which start without an audit event and would not be restricted."""
    try:
        import _posixsubprocess
    except ImportError:  # Windows, where there is an event
        return
    real = _posixsubprocess.fork_exec

    def fork_exec(*arguments: Any) -> Any:
        _check_program(arguments[1][0] if arguments[1] else b"")
        return real(*arguments)

    _posixsubprocess.fork_exec = fork_exec


def _refused(host: str) -> PermissionError:
    return PermissionError(f"{host} may not be reached: this engine is not allowed to")
