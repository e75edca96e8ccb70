"""Many at once: whoever asks is answered, whatever the others do meanwhile, and the library is as it should be."""

from __future__ import annotations

import random
import threading
from collections import Counter
from types import FunctionType
from typing import Any

import pytest
from libraries import check_derived, until
from web.conftest import COUNT, OWNER, Served

from pixlstash_core.client import Client
from pixlstash_core.errors import PixlStashError
from pixlstash_core.types import (
    AddTags,
    Create,
    DeletePictures,
    MergeTags,
    RemoveTags,
    RenameTag,
    Resource,
    RestorePictures,
    RestoreResources,
    RestoreSnapshot,
    RunEngine,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
    TakeSnapshot,
)

CROWD = 12
#: Seconds that somebody waits for an answer; a small part of one is usual.
PATIENCE = 60.0
TAGS = ["river", "red hair", "night", "cat", "old man"]
QUERIES = [
    "",
    "score:>=3",
    "tag:river",
    "-tag:cat score:0",
    "shore",
    "set:Crowd",
    "union(set:Crowd, character:Ann)",
    "steps:>=4 OR width:>10",
    "caption:harbour",
    "is:stacked",
    "is:scrapheap",
    "like:picture:1",
    "in:none",
]
SORTS = [None, "created", "-score", "name", "size", "rarity", "random.7", "-pixels"]
Act = FunctionType  # of a client and its randomness


def some(rng: random.Random) -> list[int]:
    return rng.sample(range(1, COUNT + 1), rng.randint(1, 4))


def opened(client: Client, rng: random.Random) -> None:
    """The table, as a page shows it."""
    view = client.view(rng.choice(QUERIES), rng.choice(SORTS)).header
    client.block(view.view, 0)
    client.details(view.view, 0)


def newest(client: Client) -> int:
    return client.snapshots()[0].id


def let_go(client: Client, rng: random.Random) -> None:
    """All snapshots but the newest few."""
    for one in client.snapshots()[5:]:
        client.delete_snapshot(one.id)


def past(client: Client, rng: random.Random) -> None:
    with client.as_of(newest(client)) as then:
        rng.choice([lambda: opened(then, rng), then.statistics, then.sidebar, then.count])()


def read(client: Client, rng: random.Random) -> None:
    with client.original(rng.randint(1, COUNT)) as file:
        file.read()


#: What people look at, and how often.
LOOKS: dict[Act, int] = {
    opened: 12,
    lambda client, rng: client.count(rng.choice(QUERIES)): 6,
    lambda client, rng: client.statistics(rng.choice(QUERIES)): 6,
    lambda client, rng: client.suggest(rng.choice(["ri", "tag:", "set:", ""])): 3,
    lambda client, rng: client.sidebar(): 4,
    lambda client, rng: client.picture(rng.randint(1, COUNT)): 3,
    lambda client, rng: client.thumbnail(rng.randint(1, COUNT)): 3,
    read: 2,
    lambda client, rng: client.picture_tags(rng.randint(1, COUNT)): 2,
    lambda client, rng: client.complete_tags("r"): 2,
    lambda client, rng: client.review_tags(): 2,
    lambda client, rng: client.face_clusters(): 1,
    lambda client, rng: client.history(): 2,
    lambda client, rng: client.picture_history(rng.randint(1, COUNT)): 1,
    lambda client, rng: client.jobs(): 1,
    lambda client, rng: client.check(): 1,
    lambda client, rng: client.diff_snapshot(newest(client)): 1,
    past: 3,
}
#: What they do.
DEEDS: dict[Act, int] = {
    lambda client, rng: client.score(ScorePictures(ids=some(rng), score=rng.randint(0, 5))): 6,
    lambda client, rng: client.add_tags(AddTags(ids=some(rng), tags=rng.sample(TAGS, 2))): 6,
    lambda client, rng: client.remove_tags(RemoveTags(ids=some(rng), tags=[rng.choice(TAGS)])): 3,
    lambda client, rng: client.rename_tag(RenameTag(rng.choice(TAGS), rng.choice(TAGS) + "s")): 1,
    lambda client, rng: client.merge_tags(MergeTags([rng.choice(TAGS) + "s"], rng.choice(TAGS))): 1,
    lambda client, rng: client.set_caption(SetCaption(ids=some(rng), text=rng.choice(["a harbour", "the sea"]))): 2,
    lambda client, rng: client.delete(DeletePictures(ids=some(rng))): 2,
    lambda client, rng: client.restore(RestorePictures(ids=list(range(1, COUNT + 1)))): 2,
    lambda client, rng: client.create_set(Create(name=rng.choice(["Crowd", "Crowd/Inner"]))): 1,
    lambda client, rng: client.add_to_set(rng.randint(1, 3), Selection(ids=some(rng))): 3,
    lambda client, rng: client.delete_set(rng.randint(1, 3)): 1,
    lambda client, rng: client.create_character(Create(name="Ann")): 1,
    lambda client, rng: client.add_to_character(1, Selection(ids=some(rng))): 2,
    lambda client, rng: client.stack(StackPictures(ids=some(rng))): 1,
    lambda client, rng: client.unstack(Selection(ids=some(rng))): 1,
    lambda client, rng: client.undo(): 3,
    lambda client, rng: client.redo(): 2,
    lambda client, rng: client.take_snapshot(TakeSnapshot()): 1,
    let_go: 1,
    lambda client, rng: client.restore_snapshot(newest(client), RestoreSnapshot()): 1,
    lambda client, rng: client.restore_resources(
        newest(client), RestoreResources([Resource("picture", id) for id in some(rng)])
    ): 1,
    lambda client, rng: client.run_engine(RunEngine(engine="visual-descriptor", ids=some(rng))): 1,
}


@pytest.mark.attack
def test_everybody_is_answered(served: Served, rng: random.Random, effort: Any) -> None:
    served.client.take_snapshot(TakeSnapshot())
    acts, weights = zip(*(LOOKS | DEEDS).items(), strict=True)
    told: list[str] = []
    answered: Counter[str] = Counter()

    def come(seed: float) -> None:
        own = random.Random(seed)
        with Client(served.url, served.library.access.local_secret, timeout=PATIENCE) as client:
            for act in own.choices(acts, weights, k=effort.of(60, 5_000)):
                try:
                    act(client, own)
                    answered["well"] += 1
                except PixlStashError as error:
                    answered[type(error).__name__] += 1
                    if error.status >= 500:
                        told.append(f"line {act.__code__.co_firstlineno}: {error!r}")
                except Exception as error:
                    told.append(f"line {act.__code__.co_firstlineno}: {error!r}")

    crowd = [threading.Thread(target=come, args=(rng.random(),), daemon=True) for _ in range(CROWD)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert told == []
    assert answered["well"] > 0.7 * answered.total(), answered
    until(lambda: all(job.every or job.finished for job in served.library.jobs(OWNER)))
    check_derived(served.library)
    report = served.client.check()
    assert report.problems == [], report
