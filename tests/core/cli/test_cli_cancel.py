"""What the command line started is cancelled with it: by Ctrl-C, by a signal, and when it just dies."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from core.cli.test_cli import PROGRAM, environment, say
from engined import Engined
from libraries import finish, until
from web.conftest import Served, serving

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import Job, RunEngine

SLOW = ("engine", "run", "odd/colours", "-p", "slow=60")


@pytest.fixture
def served(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engined, Served]]:
    desk = engined.make(open_library, tmp_path, monkeypatch)
    desk.take_in(3)
    with serving(desk.library) as one:
        desk.library.announce(one.url)
        yield desk, one


def started(path: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, "-L", str(path), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        # A test run that was started in the background ignores SIGINT, which programs inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def running(desk: Engined) -> Job:
    """The engine's job, once it works on a picture and is held."""
    until(lambda: desk.notes("run"))

    def held() -> Job | None:
        jobs = [job for job in desk.library.queue.running() if job.kind == "engine" and job.state == "running"]
        return jobs[0] if jobs and jobs[0].id in desk.library.queue.holds._until else None

    return until(held)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 1), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_cancels_what_was_started_on_a_running_server(
    served: tuple[Engined, Served], name: str, code: int
) -> None:
    desk, _ = served
    process = started(desk.library.path, *SLOW)
    job = running(desk)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert finish(desk.library, job).state == "cancelled"
    assert name != "SIGINT" or "The job was cancelled." in errors
    assert desk.run("odd/redness").state == "done"


def test_death_cancels_what_was_started_on_a_running_server(served: tuple[Engined, Served]) -> None:
    desk, _ = served
    process = started(desk.library.path, *SLOW)
    job = running(desk)
    waiting = desk.library.run_engine(OWNER, RunEngine(engine="odd/redness"))
    desk.library.queue.holds.lease = 1.0  # from the next time that it is held on
    until(lambda: desk.library.queue.holds._until[job.id] < _soon())
    process.kill()
    process.communicate(timeout=60)
    assert finish(desk.library, job).state == "cancelled"
    assert finish(desk.library, waiting).state == "done"  # nobody held that one


def _soon() -> float:
    import time

    return time.monotonic() + 2


def test_what_waits_is_cancelled_with_who_waits_for_it(served: tuple[Engined, Served]) -> None:
    desk, one = served
    slow = desk.put("odd/colours", {"slow": 60.0})
    until(lambda: desk.notes("run"))
    process = started(desk.library.path, "engine", "run", "odd/redness")
    assert process.stderr is not None
    line = process.stderr.readline()  # it says behind what it waits
    assert line == f"Waiting for job {slow.id}: Running odd/colours\n"
    (job,) = [job for job in desk.library.queue.running() if job.engine == "odd/redness"]
    desk.library.queue.holds.lease = 1.0
    until(lambda: desk.library.queue.holds._until[job.id] < _soon())
    process.kill()
    process.communicate(timeout=60)
    until(lambda: {found.state for found in one.client.jobs() if found.id == job.id} == {"cancelled"})
    until(lambda: one.client.job(slow.id).state == "running")
    done = say(desk.library.path, "job", "cancel", slow.id)
    assert done.code == 0 and f"ob {slow.id}" in done.out
    assert finish(desk.library, slow).state == "cancelled"
    assert "This job is cancelled." in say(desk.library.path, "job", "cancel", slow.id).err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_without_a_server_it_is_not_taken_up_again(
    blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = Path(shutil.copytree(blank, tmp_path / "library"))
    site = tmp_path / "site" / "odd-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.4\nName: odd\nVersion: 1.0\n")
    (site / "entry_points.txt").write_text("[pixlstash]\nodd = odd\n")
    monkeypatch.syspath_prepend(str(site.parent))
    monkeypatch.setenv("ODD_LOG", str(tmp_path / "odd.log"))
    with Library.open(path) as library:
        Engined(library, tmp_path / "pictures", tmp_path / "odd.log").take_in(2)
    process = started(path, *SLOW)
    until(lambda: (tmp_path / "odd.log").exists() and '"did": "run"' in (tmp_path / "odd.log").read_text())
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    with Library.open(path) as library:
        (job,) = [job for job in library.jobs(OWNER) if job.kind == "engine"]
        assert job.state == "cancelled"
        until(lambda: not any(job.state == "running" for job in library.queue.running()))
    notes = (tmp_path / "odd.log").read_text().count('"did": "run"')
    assert notes == 1


def test_a_job_that_is_waited_for_to_its_end_is_held_no_longer(served: tuple[Engined, Served]) -> None:
    desk, one = served
    done = say(desk.library.path, "engine", "run", "odd/redness")
    assert done.code == 0
    assert desk.library.queue.holds._until == {}
    assert desk.library.hub.value("select value from setting where name = 'jobs.held'") == "[]"
    (job,) = [job for job in one.client.jobs() if job.engine == "odd/redness"]
    assert one.client.hold_job(job.id).state == "done" and desk.library.queue.holds._until == {}
