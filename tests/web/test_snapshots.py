"""Snapshots over HTTP and on the command line: the fields and times of the published interface, and the owner only."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from web.asking import API
from web.conftest import OWNER, Served

from pixlstash_core.errors import Conflict, NotFound
from pixlstash_core.types import EditSnapshot, ScorePictures, SetSnapshots, SnapshotsChanged, TakeSnapshot

#: What the published interface shows, and what existing clients ask for besides.
PUBLISHED = {"id", "kind", "label", "created_at", "picture_count", "byte_size", "is_compatible"}
BESIDES = {"picture_set_count", "project_count", "character_count", "schema_version"}


def test_the_published_requests(served: Served) -> None:
    peer = served.local
    made = peer.post("/snapshots", {"label": "before big cleanup"})
    assert made.status == 201
    assert (made.json["kind"], made.json["label"]) == ("MANUAL", "before big cleanup")
    assert peer.ask("POST", f"{API}/snapshots").status == 201, "the label may be left out, and the body with it"
    listed = peer.get("/snapshots").json
    assert [one["id"] for one in listed] == [made.json["id"] + 1, made.json["id"]]
    assert listed[1] == {**made.json, "frees": listed[1]["frees"]}
    assert PUBLISHED | BESIDES <= listed[0].keys()
    for one in listed:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["created_at"])
        assert one["picture_count"] == served.client.info().pictures and one["is_compatible"] is True
        assert isinstance(one["byte_size"], int) and one["byte_size"] > 0


def test_the_published_curl_example(served: Served) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    example = """curl -X POST https://your-server/api/v1/snapshots \\
     -H "Authorization: Bearer $TOKEN" \\
     -H "Content-Type: application/json" \\
     -d '{"label": "before big cleanup"}'"""
    listing = """curl -H "Authorization: Bearer $TOKEN" \\
     https://your-server/api/v1/snapshots"""
    environment = {"TOKEN": served.token("owner"), "PATH": "/usr/bin:/bin"}
    for text, expected in ((example, '"label":"before big cleanup"'), (listing, '[{"id":')):
        command = text.replace("https://your-server", served.url).replace("curl ", "curl -sS ")
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True)
        assert done.returncode == 0 and expected in done.stdout, done


def test_one_can_be_labelled_verified_and_deleted(served: Served) -> None:
    client = served.client
    taken = client.take_snapshot(TakeSnapshot("a"))
    assert client.edit_snapshot(taken.id, EditSnapshot("b")).label == "b"
    assert client.snapshot(taken.id).label == "b"
    assert client.verify_snapshot(taken.id).problem is None
    assert [one.id for one in client.verify_snapshots()] == [taken.id]
    assert not client.set_snapshots(SetSnapshots(False)).automatic
    assert not client.snapshot_status().automatic
    peer = served.local
    assert peer.ask("DELETE", f"{API}/snapshots/{taken.id}").status == 204
    for path in (f"/snapshots/{taken.id}", f"/snapshots/{taken.id}/export", "/snapshots/0", "/snapshots/-1"):
        assert peer.get(path).status == 404
    assert peer.ask("DELETE", f"{API}/snapshots/{taken.id}").status == 404
    assert peer.get("/snapshots/two").status == 400
    assert peer.post("/snapshots", {"label": "x" * 201}).status == 400
    assert peer.post("/snapshots", {"label": 5}).status == 400
    with pytest.raises(NotFound):
        client.verify_snapshot(taken.id)


def test_one_can_be_written_out(served: Served, tmp_path: Path) -> None:
    client = served.client
    client.score(ScorePictures(ids=[1, 2], score=4))
    taken = client.take_snapshot(TakeSnapshot())
    client.score(ScorePictures(ids=[1, 2], score=1))
    assert client.export_snapshot(taken.id, tmp_path / "out.db") == client.snapshot(taken.id)
    served.library.export_snapshot(OWNER, taken.id, tmp_path / "ours.db")
    assert (tmp_path / "out.db").read_bytes() == (tmp_path / "ours.db").read_bytes()
    database = sqlite3.connect(tmp_path / "out.db")
    assert database.execute("select picture_id, score from score").fetchall() == [(1, 4), (2, 4)]
    database.close()
    with pytest.raises(Conflict):
        client.export_snapshot(taken.id, tmp_path / "out.db")
    with pytest.raises(NotFound):
        client.export_snapshot(99, tmp_path / "none.db")
    assert sorted(path.name for path in tmp_path.glob("*.new")) == []
    peer = served.local
    head = peer.ask("HEAD", f"{API}/snapshots/{taken.id}/export")
    assert (head.status, head.body) == (200, b"")


def test_events_say_that_something_is_new(served: Served) -> None:
    heard = threading.Event()

    def listen() -> None:
        for event in served.client.events():
            if isinstance(event, SnapshotsChanged):
                heard.set()
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    for _ in range(200):
        served.client.take_snapshot(TakeSnapshot())
        if heard.wait(0.3):
            break
    assert heard.is_set()
    thread.join(10)


def test_nobody_but_the_owner_sees_them(served: Served) -> None:
    taken = served.client.take_snapshot(TakeSnapshot())
    for right in ("read", "write"):
        peer = served.scoped(right)
        for path in ("/snapshots", "/snapshots/status", f"/snapshots/{taken.id}", f"/snapshots/{taken.id}/export"):
            assert peer.get(path).status == 403, path
        assert peer.post("/snapshots", {}).status == 403
    assert len(served.client.snapshots()) == 1
