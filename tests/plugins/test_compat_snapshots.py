"""Snapshots as clients of the public PixlStash ask about them."""

from __future__ import annotations

from web.conftest import OWNER, Served

from pixlstash_core.types import (
    Create,
    DeletePictures,
    Resource,
    RestoreResources,
    ScorePictures,
    Selection,
    TakeSnapshot,
)


def test_one_thing_is_previewed_and_restored(served: Served) -> None:
    made = served.client.create_set(Create(name="Best")).id
    served.client.add_to_set(made, Selection(ids=[1]))
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1, 2], score=4))
    peer, one = served.local, f"/snapshots/{taken}/restore/picture/1"
    seen = peer.get(f"{one}/preview").json
    assert [(found["type"], found["id"]) for found in seen["resources"]] == [("picture", 1)]
    assert seen["summary"]["pictures_to_revert"] == 1 and served.client.picture(1).score == 4
    done = peer.post(one).json
    assert (done["resource_type"], done["upserted_count"], done["errors"]) == ("picture", 1, [])
    assert [served.client.picture(id).score for id in (1, 2)] == [0, 4]
    served.client.undo()
    assert served.client.picture(1).score == 4
    served.client.delete_set(made)
    asked = peer.post(one, {"confirm_restore_dependencies": False})
    assert asked.status == 409 and asked.json["missing"]["picture_sets"] == [made]
    assert peer.post(one, {"confirm_restore_dependencies": True}).status == 200
    assert served.client.set_members(made).ids == [1]
    served.client.delete_set(made)
    assert peer.post(f"/snapshots/{taken}/restore/picture_set/{made}").json["resource_type"] == "picture_set"
    assert served.client.set_members(made).ids == [1]


def test_what_is_asked_wrongly(served: Served) -> None:
    taken = served.client.take_snapshot(TakeSnapshot()).id
    peer = served.local
    assert peer.post(f"/snapshots/{taken}/restore/frog/1").status == 400
    assert peer.get(f"/snapshots/{taken}/restore/picture/x/preview").status == 400
    assert peer.post(f"/snapshots/{taken}/restore/picture/999").status == 404
    assert peer.post("/snapshots/99/restore/picture/1").status == 404
    assert peer.post(f"/snapshots/{taken}/hash-compare", {"picture_ids": list(range(1001))}).status == 400
    # These lie at paths that look like the ones above.
    resources = {"resources": [{"type": "picture", "id": 1}]}
    assert peer.post(f"/snapshots/{taken}/restore/preview/batch", resources).json["summary"]["pictures_unchanged"] > 0
    reader = served.scoped()
    for path in (f"/snapshots/{taken}/restore/picture/1", f"/snapshots/{taken}/hash-compare"):
        assert reader.post(path, {"picture_ids": [1]}).status == 403
    assert reader.get(f"/snapshots/{taken}/restore/picture/1/preview").status == 403


def test_which_pictures_differ(served: Served) -> None:
    ids = served.library.find(OWNER).ids
    taken = served.client.take_snapshot(TakeSnapshot()).id
    served.client.score(ScorePictures(ids=[1], score=4))
    served.client.delete(DeletePictures(ids=[3]))
    asked = served.local.post(f"/snapshots/{taken}/hash-compare", {"picture_ids": [*ids, 1, 999]})
    assert asked.status == 200
    assert sorted(asked.json["changed_ids"]) == [1, 3, 999]
    assert asked.json["identical_ids"] == [id for id in ids if id not in (1, 3)]
    served.client.restore_resources(taken, RestoreResources([Resource("picture", one) for one in (1, 3)]))
    assert served.local.post(f"/snapshots/{taken}/hash-compare", {"picture_ids": ids}).json["changed_ids"] == []
