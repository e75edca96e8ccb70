"""Engines that try to reach another server in every way there is, and caption a picture with how each way ended."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from pixlstash_core import RUN, Captioner, Image, Params, Sends, hookimpl

#: What another program does, with the port as its argument.
PROGRAM = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5).sendall(b'program')"


def tcp(host: str, port: int) -> None:
    socket.create_connection((host, port), 5).close()


def sendto(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"sendto", (host, port))


def sendmsg(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendmsg([b"sendmsg"], [], 0, (host, port))


def datagram(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect((host, port))
        one.send(b"connected")


def below_python(host: str, port: int) -> None:
    """As a library does that is written in C: Python learns nothing of it."""
    library = ctypes.CDLL(None, use_errno=True)
    address = bytes([socket.AF_INET, 0]) + port.to_bytes(2, "big") + socket.inet_aton(host) + bytes(8)
    if sys.byteorder == "big":
        address = bytes([0, socket.AF_INET]) + address[2:]
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        made = library.socket(socket.AF_INET, kind, 0)
        code = library.connect(made, address, len(address)) or min(0, library.send(made, b"native", 6, 0))
        os.close(made)
        if code:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def command(port: int) -> list[str]:
    return [sys.executable, "-I", "-c", PROGRAM, str(port)]


def ended(code: int) -> None:
    if code:
        raise OSError(f"exit code {code}")


def popen(host: str, port: int) -> None:
    ended(subprocess.run(command(port), stderr=subprocess.DEVNULL).returncode)


def shell(host: str, port: int) -> None:
    ended(os.system(f'{sys.executable} -I -c "{PROGRAM}" {port} 2>/dev/null'))


def posix_spawn(host: str, port: int) -> None:
    child = os.posix_spawn(sys.executable, command(port), dict(os.environ))
    ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def spawn(host: str, port: int) -> None:
    ended(os.spawnv(os.P_WAIT, sys.executable, command(port)))


def execute(host: str, port: int) -> None:
    """In a child, or nothing would be left to tell."""
    child = os.fork()
    if not child:
        try:
            os.execv(sys.executable, command(port))
        finally:
            os._exit(9)
    ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def multiprocess(host: str, port: int) -> None:
    """As `multiprocessing` starts its processes, with no audit event."""
    from multiprocessing.util import spawnv_passfds

    child = spawnv_passfds(os.fsencode(sys.executable), command(port), [0, 1, 2])
    ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


WAYS: dict[str, Callable[[str, int], None]] = {
    "tcp": tcp,
    "sendto": sendto,
    "sendmsg": sendmsg,
    "datagram": datagram,
    "native": below_python,
    "popen": popen,
    "shell": shell,
    "posix_spawn": posix_spawn,
    "spawn": spawn,
    "execute": execute,
    "multiprocess": multiprocess,
}
LOOKUPS: dict[str, Callable[[], Any]] = {
    "getaddrinfo": lambda: socket.getaddrinfo("other.example", 80),
    "gethostbyname": lambda: socket.gethostbyname("other.example"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("other.example"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("192.0.2.77"),
    "getnameinfo": lambda: socket.getnameinfo(("192.0.2.77", 80), 0),
    "connect by name": lambda: socket.socket().connect(("other.example", 80)),
    "connect_ex by name": lambda: socket.socket().connect_ex(("other.example", 80)),
    "sendto by name": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("other.example", 80)),
    "bind": lambda: socket.socket().bind(("0.0.0.0", 0)),
}


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
        return "reached"
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def tried(host: str, port: int) -> dict[str, str]:
    found = {name: outcome(lambda way=way: way(host, port)) for name, way in WAYS.items()}  # type: ignore[misc]
    return found | {name: outcome(act) for name, act in LOOKUPS.items()}


class Alone(Captioner[None]):
    """May reach nothing."""

    id, revision, lane, image_side = "reaching/alone", "1", "cpu", 16

    class Params(Params):
        host: Annotated[str, RUN] = "127.0.0.1"
        port: Annotated[int, RUN] = 9

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for _ in images:
            yield json.dumps(tried(params.host, params.port))


class Allowed(Alone):
    """May reach one host."""

    id, lane = "reaching/allowed", "net"

    def sends(self, params: Any) -> Sends:
        return Sends((params.host,), "a byte")


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    yield Alone()
    yield Allowed()
