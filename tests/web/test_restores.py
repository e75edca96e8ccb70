"""Restoring over HTTP, just as it was published."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from web.asking import API
from web.conftest import OWNER, Served

from pixlstash_core.errors import Conflict
from pixlstash_core.types import (
    Create,
    CreateToken,
    DeletePictures,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    TakeSnapshot,
)

#: Just as it was published.
PREVIEW = {"pictures_to_revert", "pictures_to_recreate", "pictures_to_delete", "pictures_unchanged", "missing_files"}
WHOLE = """curl -X POST https://your-server/api/v1/snapshots/42/restore \\
     -H "Authorization: Bearer $TOKEN"
"""
BATCH = """curl -X POST https://your-server/api/v1/snapshots/42/restore/batch \\
     -H "Authorization: Bearer $TOKEN" \\
     -H "Content-Type: application/json" \\
     -d '{"resources": [{"type": "picture", "id": 8123},
                        {"type": "picture", "id": 8124}]}'
"""
PYTHON = """# pip install requests
import requests

r = requests.post(
    "https://your-server/api/v1/snapshots/42/restore/batch",
    headers={"Authorization": f"Bearer {token}"},
    json={"resources": [{"type": "picture", "id": 8123}]},
)
print(r.json())  # {'snapshot_id': 42, 'upserted_count': 1, 'errors': []}
"""
#: What the example needs of `requests`, for where that is not installed.
REQUESTS = """
import json, urllib.request

class Answer:
    def __init__(self, body): self.body = body
    def json(self): return json.loads(self.body)

def post(url, headers, json):
    import json as codec
    headers = {**headers, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, codec.dumps(json).encode(), headers)) as answer:
        return Answer(answer.read())
"""


def aimed(text: str, served: Served, snapshot: int) -> str:
    """An example as it is for this server, this snapshot and these pictures."""
    for old, new in (("https://your-server", served.url), ("/42/", f"/{snapshot}/"), ("8123", "1"), ("8124", "2")):
        text = text.replace(old, new)
    return text


def test_the_published_examples(served: Served, tmp_path: object) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1, 2, 3], score=4))
    token = served.token("owner")
    environment = {"TOKEN": token, "PATH": "/usr/bin:/bin"}

    def curl(text: str) -> dict[str, object]:
        if shutil.which("curl") is None:
            pytest.skip("there is no curl")
        command = aimed(text, served, taken).replace("curl ", "curl -sS ", 1)
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    seen = served.local.get(f"/snapshots/{taken}/restore/preview").json
    assert {name: seen["summary"][name] for name in PREVIEW} == {
        "pictures_to_revert": 3,
        "pictures_to_recreate": 0,
        "pictures_to_delete": 0,
        "pictures_unchanged": 6,
        "missing_files": 0,
    }
    assert seen["warnings"] == [] and seen["snapshot"]["id"] == taken
    batch = curl(BATCH)
    assert {name: batch[name] for name in ("snapshot_id", "upserted_count", "errors")} == {
        "snapshot_id": taken,
        "upserted_count": 2,
        "errors": [],
    }
    assert [served.client.picture(id).score for id in (1, 2, 3)] == [0, 0, 4]
    whole = curl(WHOLE)
    assert {name: whole[name] for name in ("snapshot_id", "resource_type", "missing_files_count", "errors")} == {
        "snapshot_id": taken,
        "resource_type": "full",
        "missing_files_count": 0,
        "errors": [],
    }
    assert served.client.picture(3).score == 0
    assert served.client.snapshots()[0].kind == "OPPORTUNISTIC"


def test_the_published_python(served: Served, tmp_path: object) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1, 2], score=4))
    folder = served.library.path.parent / "requests"
    folder.mkdir()
    (folder / "requests.py").write_text(REQUESTS)
    code = f"token = {served.token('owner')!r}\n{aimed(PYTHON, served, taken)}"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(folder)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"'snapshot_id': {taken}" in done.stdout and "'upserted_count': 1" in done.stdout
    assert [served.client.picture(id).score for id in (1, 2)] == [0, 4]


def test_bodies_may_be_left_out_or_wrong(served: Served) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    peer = served.local
    assert peer.post(f"/snapshots/{taken}/restore", {"dry_run": True}).json["dry_run"] is True
    assert peer.post("/snapshots/99/restore").status == 404
    assert peer.get("/snapshots/99/restore/preview").status == 404
    for wrong in ({"resources": []}, {"resources": [{"type": "tag", "id": 1}]}, {}, {"resources": [{"id": 1}]}):
        assert peer.post(f"/snapshots/{taken}/restore/batch", wrong).status == 400, wrong
    lost = peer.post(f"/snapshots/{taken}/restore/batch", {"resources": [{"type": "picture", "id": 999}]})
    assert lost.status == 404
    assert peer.post(f"/snapshots/{taken}/restore", {"kinds": ["colour"]}).status == 400


def test_missing_dependencies_are_named(served: Served) -> None:
    made = served.client.create_set(Create(name="Best")).id
    served.client.add_to_set(made, Selection(ids=[1]))
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.delete_set(made)
    ask = {"resources": [{"type": "picture", "id": 1}]}
    asked = served.local.post(f"/snapshots/{taken}/restore/batch", ask)
    assert asked.status == 409 and asked.json["code"] == "missing_dependencies"
    assert asked.json["missing"] == {"picture_sets": [made], "characters": [], "projects": []}
    detail = asked.json["detail"]  # where existing clients read it
    assert (detail["code"], detail["missing"]) == ("missing_dependencies", asked.json["missing"])
    assert "belongs to sets" in detail["message"]
    with pytest.raises(Conflict) as error:
        served.client.restore_resources(taken, RestoreResources([Resource("picture", 1)]))
    assert error.value.more["missing"]["picture_sets"] == [made] and str(error.value) == detail["message"]
    done = served.local.post(f"/snapshots/{taken}/restore/batch", {**ask, "confirm_restore_dependencies": True})
    assert done.status == 200 and served.client.set_members(made).ids == [1]


def test_logins_and_tokens_are_untouched(served: Served) -> None:
    """S8: what was revoked stays so, what was made since goes on, and nobody is logged out."""
    revoked = served.library.create_token(OWNER, CreateToken("owner", "revoked"))
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.library.revoke_token(OWNER, revoked.id)
    browser, later = served.browser(), served.token("owner")
    before = served.library.hub.read("select id, digest, rights from token order by id")
    served.client.restore_snapshot(taken, RestoreSnapshot())
    assert served.library.hub.read("select id, digest, rights from token order by id") == before
    assert browser.get("/snapshots").status == 200
    for secret, status in ((later, 200), (revoked.token, 401)):
        peer = type(served.local)(served.url, {"Authorization": f"Bearer {secret}"})
        assert peer.get("/snapshots").status == status


def test_a_view_of_the_old_epoch_is_gone(served: Served) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    view = served.client.view().header
    served.client.restore_snapshot(taken, RestoreSnapshot())
    assert served.local.get(f"/views/{view.view}/blocks/0").status == 410
    assert served.client.view().header.view != view.view
    assert served.client.view().header.thumbnails != view.thumbnails


def test_files_are_never_touched(served: Served) -> None:
    """D1, D3: the tree of originals is the same before and after, also for what was added or thrown away."""
    media = served.library.path / "media"

    def tree() -> dict[str, bytes]:
        return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}

    served.client.delete(DeletePictures(ids=[2]))
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.delete(DeletePictures(ids=[1]))
    served.client.score(ScorePictures(ids=[3], score=5))
    before = tree()
    for ask in (RestoreSnapshot(), RestoreSnapshot(keep_added=False), RestoreSnapshot(kinds=["scores"])):
        served.client.restore_snapshot(taken, ask)
        assert tree() == before
    assert served.client.restore_resources(taken, RestoreResources([Resource("picture", 4)])).upserted_count == 1
    assert tree() == before and len(before) >= 9
    assert served.local.ask("GET", f"{API}/pictures/1/original").status == 200


def test_a_preview_of_some_kinds(served: Served) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1, 2, 3], score=4))
    assert served.client.preview_restore(taken, kinds=["tags", "captions"]).summary.pictures_to_revert == 0
    seen = served.client.preview_restore(taken, kinds=["scores"])
    assert seen == served.library.preview_restore(OWNER, taken, kinds=["scores"])
    assert [(one.topic, one.go) for one in seen.topics] == [("scores", 3)]
    assert served.local.get(f"/snapshots/{taken}/restore/preview?kinds=colours").status == 400
