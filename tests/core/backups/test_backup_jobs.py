"""A backup is a job while it goes on: seen, paused, resumed, cancelled, and left to people when it was cut short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from core.backups.test_backups import backed_up, bytes_of, home, restored
from libraries import finish, until

from pixlstash_core.errors import Cancelled, Conflict, Invalid
from pixlstash_core.jobs import rows
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, AddTags, Event, Job, JobChanged, MakeBackup

__all__ = ["home"]  # the fixture


def meanwhile(library: Library, act: Callable[[int], object]) -> None:
    """Do something to the next backup that has begun, before its first original."""

    def hear(event: Event) -> None:
        if isinstance(event, JobChanged) and event.job.kind == "backup":
            stop()
            act(event.job.id)

    stop = library.subscribe(hear)


def backups(library: Library) -> list[Job]:
    return [job for job in library.jobs(OWNER) if job.kind == "backup"]


def test_it_is_listed_with_how_far_it_is(home: Library, tmp_path: Path) -> None:
    heard: list[Job] = []
    home.subscribe(lambda event: heard.append(event.job) if isinstance(event, JobChanged) else None)
    report = backed_up(home, tmp_path / "backup")
    (job,) = backups(home)
    assert (job.state, job.label, job.error) == ("done", f"Backing up to {tmp_path / 'backup'}", None)
    assert job.done == job.total == report.bytes > 0, "in bytes of originals"
    assert heard[0].state == "running" and heard[0].id == job.id and heard[-1].state == "done"
    with pytest.raises(Conflict):
        home.resume_job(OWNER, job.id)


def test_what_cannot_be_done_is_no_failed_job(home: Library, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        backed_up(home, home.path / "inside")
    with pytest.raises(Invalid):
        backed_up(home, tmp_path / "backup", "score:many")
    with home.restores.alone(), pytest.raises(Conflict):
        backed_up(home, tmp_path / "backup")
    assert backups(home) == []


def test_cancelled_it_leaves_the_one_before(home: Library, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    home.add_tags(OWNER, AddTags(ids=home.find(OWNER).ids[:1], tags=["later"]))
    meanwhile(home, lambda id: home.cancel_job(OWNER, id))
    with pytest.raises(Cancelled):
        backed_up(home, tmp_path / "backup")
    assert [job.state for job in backups(home)] == ["cancelled", "done"]
    assert restored(tmp_path / "backup", tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as again:
        assert again.find(OWNER, "tag:later").ids == [] and bytes_of(again) == bytes_of(home)
    assert backed_up(home, tmp_path / "backup").copied == 0


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_paused_it_goes_on_when_it_is_resumed(home: Library, tmp_path: Path, name: str) -> None:
    meanwhile(home, lambda id: home.pause_job(OWNER, id))
    with pytest.raises(Conflict, match="was paused"):
        backed_up(home, tmp_path / name)
    (job,) = backups(home)
    assert job.state == "paused" and not (tmp_path / name / "library.db").exists()
    assert home.snapshot_status(OWNER).active_job is None
    job = finish(home, home.resume_job(OWNER, job.id))
    assert (job.state, job.error) == ("done", None)
    assert restored(tmp_path / name, tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as again:
        assert bytes_of(again) == bytes_of(home)


def test_cut_short_it_goes_on_when_somebody_says_so(
    home: Library, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    """As a kill leaves it: a job that nobody runs."""
    (tmp_path / "reference" / "inner" / "theirs 6.png").unlink()
    ask = MakeBackup(str(tmp_path / "backup"))
    left = rows.begin(home.hub, "backup", "Backing up", ask, "io", -1).id
    other = rows.begin(home.hub, "backup", "Backing up", MakeBackup(str(tmp_path / "other")), "io", -1).id
    home.close()
    library = open_library()
    assert [library.job(OWNER, id).state for id in (left, other)] == ["paused", "paused"]
    job = finish(library, library.resume_job(OWNER, left))
    assert (job.state, job.error) == ("failed", "All is backed up but 1 original that could not be read: theirs 6.png")
    assert restored(tmp_path / "backup", tmp_path / "again") == []
    assert backed_up(library, tmp_path / "other").lost == 1
    assert library.job(OWNER, other).state == "cancelled", "taken over"


def test_closing_the_library_stops_it(home: Library, open_library: Callable[..., Library], tmp_path: Path) -> None:
    closing = threading.Thread(target=home.close)
    meanwhile(
        home, lambda id: (closing.start(), until(lambda: all(task._request for task in home.queue._running.values())))
    )
    with pytest.raises(Conflict, match="was paused"):
        backed_up(home, tmp_path / "backup")
    closing.join()
    (job,) = backups(open_library())
    assert job.state == "paused"
