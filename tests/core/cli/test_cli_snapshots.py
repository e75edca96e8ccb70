"""`pixlstash snapshot`, with and without a server."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Server, say
from libraries import fill

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, SetSnapshots


@pytest.fixture
def alone(open_library: Callable[..., Library], tmp_path: Path) -> Path:
    """A library of four pictures that nobody serves, and that takes no snapshots by itself."""
    with open_library(work=False) as library:
        fill(library, 4)
        library.set_snapshots(OWNER, SetSnapshots(False))
    return tmp_path / "library"


@pytest.fixture(params=["alone", "served"])
def path(request: pytest.FixtureRequest, alone: Path) -> Any:
    server = Server(alone) if request.param == "served" else None
    yield alone
    if server is not None:
        server.stop()


def test_the_verbs(path: Path, tmp_path: Path) -> None:
    def told(*words: object) -> str:
        said = say(path, "snapshot", *words)
        assert said.code == 0, said
        return said.out

    assert told("list") == "No snapshots.\n"
    assert told("take", "--label", "before big cleanup") == "Snapshot 1: 4 pictures, verified.\n"
    assert say(path, "snapshot", "take", "--json").json["id"] == 2
    assert re.search(r"^ 1  \d{4}-\d\d-\d\d \d\d:\d\d  manual .* before big cleanup$", told("list"), re.M)
    assert [one["id"] for one in say(path, "snapshot", "list", "--json").json] == [2, 1]
    assert "snapshot    1 “before big cleanup”" in told("show", 1) and "pictures    4" in told("show", 1)
    assert told("verify", 2) == "Snapshot 2 is sound.\n"
    assert told("export", 1, tmp_path / "out.db") == f"Snapshot 1 written to {tmp_path / 'out.db'}.\n"
    database = sqlite3.connect(tmp_path / "out.db")
    assert database.execute("select count(*) from picture").fetchall() == [(4,)]
    database.close()
    again = say(path, "snapshot", "export", 1, tmp_path / "out.db")
    assert again.code == 1 and "exists already" in again.err
    assert told("automatic", "on").startswith("Snapshots are taken by themselves")
    assert told("automatic", "off").startswith("Snapshots are taken by hand only")
    assert told("delete", 2) == "Snapshot 2 is deleted.\n"
    assert say(path, "snapshot", "show", 2).code == 1
    manifest = path / "snapshots" / "1.snapshot"
    manifest.write_bytes(manifest.read_bytes()[:-1])
    wrong = say(path, "snapshot", "verify", "--all")
    assert wrong.code == 1 and "Snapshot 1 is damaged" in wrong.out
    checked = say(path, "check")
    assert checked.code == 1 and "Snapshot 1 is damaged" in checked.out
    assert say(path, "snapshot", "verify").code == 2


def test_restoring(path: Path) -> None:
    def told(*words: object) -> str:
        said = say(path, "snapshot", *words)
        assert said.code == 0, said
        return said.out

    told("take")
    assert say(path, "tag", "add", "river", "--id", 1, "--id", 2).code == 0
    assert told("preview", 1) == "Pictures: 2 unchanged, 2 changed.\n2 sayings of people are restored.\n"
    one = "Pictures: 3 unchanged, 1 changed.\n1 saying of people is restored.\n"
    assert told("preview", 1, "--picture", 2).startswith(one)
    assert re.search(r"^  picture 2, .*: tags: river → –$", told("preview", 1, "--picture", 2), re.M)
    assert "  picture 99: not in the snapshot, or permanently deleted since\n" in told(
        "restore", 1, "--picture", 99, "--picture", 2
    )
    assert told("restore", 1, "--picture", 2).endswith("Add --yes to do it.\n")
    assert told("restore", 1, "--picture", 2, "--yes") == "1 restored from snapshot 1.\n"
    assert say(path, "list", "tag:river", "--json").json[0]["id"] == 1
    done = told("restore", 1, "--without-files", "--yes")
    assert done.startswith("Everything restored to snapshot 1. Snapshot ")
    assert say(path, "list", "tag:river", "--json").json == []
    assert say(path, "snapshot", "restore", 1, "--picture", 1, "--kind", "tags").code == 2
    assert say(path, "snapshot", "restore", 9, "--yes").code == 1
    assert say(path, "snapshot", "restore", 1, "--picture", 99, "--yes").code == 1
    report = say(path, "snapshot", "restore", 1, "--kind", "tags", "--without-files", "--yes", "--json").json
    assert report["resource_type"] == "full" and report["snapshot_id"] == 1


def test_diff(path: Path) -> None:
    assert say(path, "snapshot", "take").code == 0
    assert say(path, "snapshot", "diff", 1).out == "Nothing differs between snapshot 1 and now.\n"
    assert say(path, "score", 4, "--id", 1, "--id", 2).code == 0
    assert say(path, "snapshot", "take").code == 0
    assert say(path, "score", 2, "--id", 1).code == 0
    told = say(path, "snapshot", "diff", 1).out
    assert re.search(r"^scores +2 +0 +0$", told, re.M) and re.search(r"^  scores, added: .+ \(2\): 4$", told, re.M)
    told = say(path, "snapshot", "diff", 2).out
    assert re.search(r"^scores +0 +0 +1$", told, re.M) and re.search(
        r"^  scores, changed: .+ \(1\): 4 → 2$", told, re.M
    )
    found = say(path, "snapshot", "diff", 2, 1, "--json").json
    assert [(one["topic"], one["removed"]) for one in found["topics"]] == [("scores", 2)]
    assert (found["id"], found["against"]) == (2, 1)
    assert say(path, "snapshot", "diff", 1, 9).code == 1


def test_looking_at_the_past(path: Path) -> None:
    assert say(path, "score", 4, "--id", 1, "--id", 2).code == 0
    assert say(path, "snapshot", "take").code == 0
    assert say(path, "score", 0, "--id", 1).code == 0

    def then(*words: object) -> Any:
        return say(path, "--as-of", 1, *words)

    assert then("find", "score:4", "--json").json["total"] == 2
    assert say(path, "find", "score:4", "--json").json["total"] == 1
    assert then("show", 1, "--json").json["score"] == 4
    assert then("stats", "--json").code == 0 and then("list").code == 0
    for words in (("score", 1, "--id", 1), ("undo",), ("snapshot", "list"), ("check",)):
        refused = then(*words)
        assert refused.code == 1 and "as of snapshot 1" in refused.err, words
    assert say(path, "--as-of", 9, "find").code == 1
    assert say(path, "show", 1, "--json").json["score"] == 0


def test_history_of_a_picture(path: Path) -> None:
    assert say(path, "snapshot", "take", "--label", "first").code == 0
    assert say(path, "score", 4, "--id", 2).code == 0
    assert say(path, "snapshot", "take").code == 0
    told = say(path, "snapshot", "history", 2).out
    assert re.search(
        r"snapshot 1 “first”\n  pictures: – → .+\nby .+ UTC, snapshot 2\n  scores: – → 4\nby now\n  as before", told
    )
    assert [one["snapshot_id"] for one in say(path, "snapshot", "history", 2, "--json").json] == [1, 2, None]
    assert say(path, "snapshot", "history", 99).code == 1


def test_backup_and_back(path: Path, tmp_path: Path) -> None:
    """The pictures here have no files: the backup holds what is known, says so, and is an error."""
    made = say(path, "backup", tmp_path / "backup")
    assert made.code == 1 and "4 pictures, 0 originals" in made.out and made.out.count("could not be read") == 4
    found = say(path, "backup", tmp_path / "backup.zip", "--query", "name:picture", "--json").json
    assert (found["pictures"], found["lost"], found["copied"]) == (4, 4, 0)
    for source in ("backup", "backup.zip"):
        target = tmp_path / f"from {source}"
        back = say(target, "restore-backup", tmp_path / source)
        assert back.code == 0 and "is a library of 0 originals" in back.out, back
        assert say(target, "find", "--json").json == say(path, "find", "--json").json
    again = say(tmp_path / "from backup", "restore-backup", tmp_path / "backup")
    assert again.code == 1 and "is a library already" in again.err


def test_what_belonged_to_a_set_that_is_gone(path: Path) -> None:
    def told(*words: object) -> str:
        said = say(path, *words)
        assert said.code == 0, said
        return said.out

    told("set", "create", "Harbour")
    told("set", "add", "Harbour", "--id", 1)
    told("snapshot", "take")
    told("set", "delete", "Harbour")
    (line,) = [one for one in told("snapshot", "preview", 1, "--picture", 1).splitlines() if "comes back, with" in one]
    assert line == "  set 1, Harbour: comes back, with --with-missing"
    assert say(path, "snapshot", "restore", 1, "--picture", 1, "--yes").code == 1
    assert "  set 1, Harbour: comes back\n" in told("snapshot", "preview", 1, "--picture", 1, "--with-missing")
    assert "1 set comes back." in told("snapshot", "preview", 1, "--kind", "membership")
    told("snapshot", "restore", 1, "--picture", 1, "--with-missing", "--yes")
    assert "Harbour" in told("set", "list")
    assert "safety" in told("snapshot", "list") or told("snapshot", "restore", 1, "--yes")
    assert re.search(r"  safety  ", told("snapshot", "list"))
