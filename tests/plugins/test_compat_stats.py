"""The grid in parts, statistics and the progress of jobs, as clients of the public PixlStash read them."""

from __future__ import annotations

import pytest
import tagged
from core.tags.test_tags import tagger
from libraries import fill
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, DeletePictures, ScorePictures


@pytest.fixture
def stocked(empty: Served) -> Served:
    """Twelve pictures, four with stars, six with tags."""
    ids = fill(empty.library, 12)
    empty.library.score(OWNER, ScorePictures(ids=ids[:3], score=4))
    empty.library.score(OWNER, ScorePictures(ids=ids[3:4], score=1))
    empty.library.add_tags(OWNER, AddTags(ids=ids[:6], tags=["cat"]))
    empty.library.add_tags(OWNER, AddTags(ids=ids[:2], tags=["dog"]))
    return empty


def test_the_grid_comes_in_parts(stocked: Served) -> None:
    """Row 40: the parts together are the list, and the last one says so."""
    peer = stocked.local
    asked = "fields=grid&grid_lite=true&sort=DATE&descending=false"
    ids, offset, done = [], 0, False
    while not done:
        part = peer.get(f"/pictures/stream?{asked}&batch_limit=5&offset={offset}").json
        ids += [row["id"] for row in part["pictures"]]
        assert part["next_offset"] == len(ids)
        offset, done = part["next_offset"], part["done"]
    assert ids == [row["id"] for row in peer.get("/pictures?fields=grid&sort=DATE&descending=false").json]
    assert len(ids) == 12 == peer.get("/pictures/count?fields=grid").json["count"]
    scored = peer.get(f"/pictures/stream?{asked}&min_score=4").json
    assert (len(scored["pictures"]), scored["done"]) == (3, True)
    for wrong in ("batch_limit=0", "batch_limit=5001", "offset=-1", "sort=NONE", "smart_score_bucket=1"):
        assert peer.get(f"/pictures/stream?{wrong}").status == 400


def test_statistics_of_tags(stocked: Served) -> None:
    """Rows 8 and 9: with the same filters as lists."""
    found = stocked.local.get("/pictures/stats").json
    assert (found["total"], found["total_tags"], found["tagged"], found["untagged"]) == (12, 8, 6, 6)
    assert found["avg_tags_per_image"] == round(8 / 12, 3)
    assert found["top_tags"] == [{"tag": "cat", "count": 6}, {"tag": "dog", "count": 2}]
    assert "top_cooccurrences" not in found and "score_distribution" not in found
    scored = stocked.local.get("/pictures/stats?min_score=4&include=cooc").json
    assert (scored["total"], scored["total_tags"]) == (3, 5)
    pairs = [(sorted((pair["tag_a"], pair["tag_b"])), pair["count"]) for pair in scored["top_cooccurrences"]]
    assert pairs == [(["cat", "dog"], 2)]
    assert stocked.local.get("/pictures/stats?include=everything").status == 400


def test_statistics_of_confidence(stocked: Served) -> None:
    """Row 10: five buckets; a tag that people gave and no engine counts in the first."""
    ids = sorted(stocked.library.find(OWNER).ids)
    engine = tagger(stocked.library, threshold=0.5)
    found = {ids[0]: [("cat", 0.1)], ids[1]: [("cat", 0.3)], ids[2]: [("cat", 0.95)], ids[7]: [("cat", 0.7)]}
    tagged.store(stocked.library, engine, found)
    answer = stocked.local.get("/pictures/stats?include=conf&confidence_tag=cat").json
    buckets = {bucket["label"]: bucket["count"] for bucket in answer["confidence_histogram"]}
    assert buckets == {"0-20%": 4, "20-40%": 1, "40-60%": 0, "60-80%": 1, "80-100%": 1}
    assert stocked.local.get("/pictures/stats?include=conf").status == 400


def test_statistics_of_pictures(stocked: Served) -> None:
    """Row 12, and what a bucket finds is what it counts."""
    found = stocked.local.get("/pictures/stats?include=picture").json
    scores = {bucket["label"]: bucket["count"] for bucket in found["score_distribution"]}
    assert scores == {"Unscored": 8, "1": 1, "2": 0, "3": 0, "4": 3, "5": 0}
    sizes = {bucket["label"]: bucket["count"] for bucket in found["resolution_distribution"]}
    assert list(sizes) == ["Unknown", "<1", "1-4", "4-8", "8-16", "16+"] and sum(sizes.values()) == 12
    for label, count in sizes.items():
        listed = stocked.local.get(f"/pictures?fields=grid&resolution_bucket={label.replace('+', '%2B')}").json
        assert len(listed) == count
    assert stocked.local.get("/pictures?resolution_bucket=huge").status == 400


def test_the_progress_of_jobs(stocked: Served) -> None:
    """Row 37."""
    library = stocked.library
    library.queue.handle("made-up", lambda task: task.progress(3, 3))
    library.queue.put("made-up", "Counting", {})
    answer = stocked.local.get("/workers/progress").json
    assert answer["status"] == "success"
    worker = answer["workers"]["made-up"]
    assert worker["label"] == "Counting" and worker["status"] in ("running", "idle")
    assert {"current", "total", "remaining", "updated_at", "running", "active"} <= worker.keys()
    assert stocked.scoped("read").get("/workers/progress").status == 403


def test_pictures_in_the_scrapheap_are_not_counted(stocked: Served) -> None:
    stocked.library.delete(OWNER, DeletePictures(ids=stocked.library.find(OWNER).ids[:2]))
    assert stocked.local.get("/pictures/stats").json["total"] == 10
    assert len(stocked.local.get("/pictures/stream").json["pictures"]) == 10
