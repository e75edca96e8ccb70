"""What keeps engines from the network: a network namespace where the kernel allows one, and a guard in Python."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engined
import pytest
import reaching
from engined import Engined
from libraries import until

from pixlstash_core import OWNER
from pixlstash_core.engines import isolation
from pixlstash_core.library import Library
from pixlstash_core.types import AllowHost

NATIVE = {"native"}
PROGRAMS = {"popen", "shell", "posix_spawn", "spawn", "execute", "multiprocess"}
#: Where a child is forked first: it is refused there, and its exit code is all that comes back.
FORKED = {"spawn", "execute"}


class Listener:
    """A port for TCP and UDP on all addresses of this machine. `heard`: what came, of either."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._peers: list[int] = []
        self._tcp = socket.create_server(("0.0.0.0", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("0.0.0.0", self.port))
        for work in (self._accept, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, (_, port) = self._tcp.accept()
                self._peers.append(port)
                self.heard.append(b"tcp")
                connection.close()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.heard.append(self._udp.recv(100))

    def settled(self) -> list[bytes]:
        """What was heard of all that was sent before now."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"last", ("127.0.0.1", self.port))
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            own = connection.getsockname()[1]
        until(lambda: b"last" in self.heard and own in self._peers and self.heard.count(b"tcp") == len(self._peers))
        self.heard.remove(b"last")
        self.heard.remove(b"tcp")
        self._peers.remove(own)
        return self.heard

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.close()


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch, ("odd", "reaching"))


def python(code: str, *words: object) -> Any:
    """What a Python process prints, as JSON."""
    code = f"import json, sys\nsys.path[:] = {sys.path!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal() -> str:
    """Why this system lets an engine's process have no namespace; empty where it does."""
    return str(python("from pixlstash_core.engines.isolation import isolate\nprint(json.dumps(isolate('cpu')))"))


def ran(desk: Engined, engine: str, port: int) -> dict[str, str]:
    desk.take_in(1)
    assert desk.run(engine, {"port": port}).state == "done" and desk.errors() == {}
    ((text,),) = desk.library.db.read("select text from caption_output")
    return json.loads(text)  # type: ignore[no-any-return]


def test_an_engine_without_hosts_reaches_nothing_in_any_way(desk: Engined, listener: Listener) -> None:
    why = refusal()
    found = ran(desk, "reaching/alone", listener.port)
    heard = [one for one in listener.settled() if one != b"native"] if why else listener.settled()
    allowed = {way for way, said in found.items() if said == "reached"}
    if why:  # the guard in Python holds all but native code
        assert allowed == NATIVE and heard.count(b"tcp") == 1
        pytest.skip(f"native code cannot be held here: {why}")
    assert (allowed, heard) == (set(), [])


def test_the_same_ways_lead_somewhere_for_an_engine_that_may(desk: Engined, listener: Listener) -> None:
    desk.library.allow_host(OWNER, AllowHost("reaching/allowed", "127.0.0.1"))
    found = ran(desk, "reaching/allowed", listener.port)
    reached = {way for way, said in found.items() if said == "reached"}
    assert reached == {"tcp", "sendto", "sendmsg", "datagram", *NATIVE}
    assert all("may not be started" in found[way] for way in PROGRAMS - FORKED)
    heard = listener.settled()
    assert {b"tcp", b"sendto", b"sendmsg", b"connected", b"native"} == set(heard)
    for way in reaching.LOOKUPS:
        assert "may not be reached" in found[way], (way, found[way])


GUARDED = """
from pixlstash_core.engines import network_guard as fence
import reaching
fence.close(())
print(json.dumps(reaching.tried("127.0.0.1", int(sys.argv[1]))))
"""


def test_the_guard_in_python_holds_all_but_native_code(listener: Listener) -> None:
    """Where there are no namespaces: on macOS and Windows, and in most containers."""
    found = python(GUARDED, listener.port)
    assert {way for way, said in found.items() if said == "reached"} == NATIVE
    assert sorted(set(listener.settled())) == [b"native", b"tcp"] and listener.heard.count(b"tcp") == 1
    for way, said in found.items():
        expected = "may not be started" if way in PROGRAMS else "may not be reached"
        assert way in NATIVE | FORKED or expected in said, (way, said)


def test_programs_that_libraries_need_are_started_under_the_guard() -> None:
    code = """
from pixlstash_core.engines import network_guard as fence
fence.close(())
import subprocess
print(json.dumps(subprocess.run(["uname"], capture_output=True, text=True).stdout.strip()))
"""
    assert python(code) == os.uname().sysname


INSIDE = """
import ctypes, os, socket
from pathlib import Path
from pixlstash_core.engines.isolation import isolate
folder, user = Path(sys.argv[1]), int(sys.argv[2])
if user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    ctypes.CDLL(None).prctl(4, 1)  # as it is for a program that is started as this user
own, foreign = folder / "own", folder / "foreign"
before = os.getuid(), os.getgid(), own.read_text(), os.access(foreign, os.R_OK)
why = isolate("cpu")
after = os.getuid(), os.getgid(), own.read_text(), os.access(foreign, os.R_OK)
(folder / "made").write_text("made")
owner = (folder / "made").stat().st_uid
print(json.dumps([why, before == after, owner == os.getuid(), [name for _, name in socket.if_nameindex()]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")
@pytest.mark.parametrize("user", [0, 65534])
def test_who_is_isolated_stays_the_same_user_with_the_same_files(request: pytest.FixtureRequest, user: int) -> None:
    """An administrator, who may read files of others, and somebody who may not."""
    if user and os.getuid():
        pytest.skip("only an administrator can become somebody else; the other case is this user's own")
    folder = Path(tempfile.mkdtemp())  # pytest's own are closed to other users
    request.addfinalizer(lambda: shutil.rmtree(folder))
    for name in ("own", "foreign"):
        (folder / name).write_text(name)
        (folder / name).chmod(0o600)
    if user:
        os.chown(folder, user, user)
        os.chown(folder / "own", user, user)
    elif os.getuid() == 0:
        os.chown(folder / "foreign", 65534, 65534)
    why, same, owns, interfaces = python(INSIDE, folder, user)
    assert same and owns
    if why:
        pytest.skip(f"this system has no namespaces for us: {why}")
    assert interfaces == ["lo"]


def test_which_namespaces_are_asked_for() -> None:
    network, user = 0x40000000, 0x10000000
    assert isolation._flags(0) == network | user
    assert isolation._flags(1 << 21) == isolation._flags((1 << 41) - 1) == network
    assert isolation._flags(1 << 1) is None  # root of a container: it would no longer read files of other users


def test_a_process_with_threads_is_left_as_it_is() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert isolation.isolate("cpu") in ("the process has threads already", "only Linux has network namespaces")
    finally:
        over.set()
        thread.join()


REFUSING = """
import os, resource
from pixlstash_core.engines.isolation import isolate
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # no process can be started to try it
print(json.dumps([isolate("cpu"), len(os.listdir("/sys/class/net")) >= 1]))
"""


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="needs Linux, and to become another user")
def test_a_system_that_refuses_leaves_the_process_as_it_is() -> None:
    why, _ = python(REFUSING)
    assert why.startswith("this system does not allow network namespaces (")
