"""What docs/privacy.md promises, seen from outside: each connection of a whole session, and each file of a folder."""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from faults import killing, sources

from pixlstash_core.client import Client
from pixlstash_core.library import Library
from pixlstash_core.storage import lock
from pixlstash_core.types import Job, RunEngine, ScorePictures, TakeSnapshot

T = TypeVar("T")
CALLS = "trace=connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
CLI = [sys.executable, "-c", "from pixlstash_core.cli import main; main()"]
PICTURES = 4

pytestmark = pytest.mark.skipif(bool(killing.why_not()), reason=killing.why_not() or "-")


def traced(log: Path, command: list[str]) -> list[str]:
    """The command that also writes each address that it, or a process it starts, connects or sends to."""
    return ["strace", "-f", "-qq", "-e", CALLS, "-o", str(log), *command]


def addresses(log: Path) -> set[str]:
    """Every IP address in the log of a traced command."""
    return {four or six for four, six in ADDRESS.findall(log.read_text(errors="replace"))}


def wait_for(answer: Callable[[], T | None], process: subprocess.Popen[str]) -> T:
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        if (value := answer()) is not None:
            return value
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("no answer within 120 s")


def use(client: Client, process: subprocess.Popen[str]) -> None:
    """Index a folder, look, rate, search, run engines, and take a snapshot, as in a first session."""

    def ended(id: int) -> Job | None:
        job = next(job for job in client.jobs() if job.id == id)
        return None if job.state in ("waiting", "running") else job

    wait_for(lambda: True if client.info().pictures == PICTURES else None, process)
    ids = client.find("").ids
    client.score(ScorePictures(ids=ids, score=3))
    assert len(client.find("fox").ids) == PICTURES
    for engine in ("visual-descriptor", "sharpness"):
        job = client.run_engine(RunEngine(engine=engine))
        assert wait_for(partial(ended, job.id), process).state == "done"
    client.take_snapshot(TakeSnapshot())


def test_a_session_connects_to_no_other_machine_and_leaves_an_indexed_folder_alone(tmp_path: Path) -> None:
    sources.paint(tmp_path / "pictures", PICTURES)
    before = sources.tree(tmp_path / "pictures")
    library, log = tmp_path / "library", tmp_path / "calls"
    Library.create(library)
    command = [*CLI, "-L", str(library), "serve", "--port", "0", "--take", str(tmp_path / "pictures")]
    environment = {**os.environ, killing.MARK: str(tmp_path)}
    process = subprocess.Popen(
        traced(log, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        holder = wait_for(lambda: found if (found := lock.read(library / "lock")) and found.url else None, process)
        with Client(holder.url, holder.secret) as client:
            use(client, process)
        os.kill(holder.pid, signal.SIGTERM)  # strace itself blocks the signal
        process.communicate(timeout=120)
    finally:
        process.kill()
        outlived = killing.left_over(str(tmp_path))
    assert outlived == []
    assert {address for address in addresses(log) if not ipaddress.ip_address(address).is_loopback} == set()
    assert sources.tree(tmp_path / "pictures") == before


def test_the_trace_sees_connections_of_child_processes(tmp_path: Path) -> None:
    connect = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.2', 9))"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {connect!r}])"
    log = tmp_path / "calls"
    subprocess.run(traced(log, [sys.executable, "-c", command]), check=True, timeout=60)
    assert addresses(log) == {"127.0.0.2"}
