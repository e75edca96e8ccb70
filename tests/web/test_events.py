"""The event stream: merged, resumed, scoped, and ended at once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from web.asking import API, Peer, bearer, paint
from web.conftest import OWNER, Served

from pixlstash_core.library import Library
from pixlstash_core.types import (
    CreateToken,
    Event,
    Job,
    JobChanged,
    Lagged,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    Reader,
    Scope,
    ScorePictures,
)
from pixlstash_web.event_streams import merge, render
from pixlstash_web.server import Server, running


class Message(NamedTuple):
    id: int | None
    name: str
    data: Any


class Stream:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def next(self) -> Message | None:
        """The next message; None when the stream has ended."""
        import json

        fields: dict[str, str] = {}
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if not text and "data" in fields:
                id = int(fields["id"]) if "id" in fields else None
                return Message(id, fields["event"], json.loads(fields["data"]))
            name, _, value = text.partition(": ")
            fields[name] = value
        return None

    def until(self, name: str) -> Message:
        while message := self.next():
            if message.name == name:
                return message
        raise AssertionError(f"the stream ended before {name}")


@contextmanager
def stream(peer: Peer, query: str = "", headers: dict[str, str] | None = None, timeout: float = 20) -> Iterator[Stream]:
    connection = peer.connect(timeout)
    try:
        connection.request("GET", f"{API}/events{query}", None, {**peer.headers, **(headers or {})})
        response = connection.getresponse()
        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        yield Stream(response)
    finally:
        connection.close()


def score(library: Library, id: int, score: int) -> int:
    return library.score(OWNER, ScorePictures(ids=[id], score=score)).revision


def test_a_change_is_told(served: Served) -> None:
    with stream(served.local) as events:
        first = events.next()
        assert first == Message(served.library.revision, "ping", {})
        revision = score(served.library, 2, 4)
        told = events.until("pictures_changed")
        assert told.id == revision
        assert told.data == {
            "type": "pictures_changed",
            "revision": revision,
            "count": 1,
            "ids": [2],
            "fields": ["score"],
        }


def test_many_changes_are_few_batches(served: Served) -> None:
    with stream(served.local) as events:
        events.next()
        start = time.monotonic()
        last = 0
        for number in range(40):
            last = score(served.library, 1 + number % 8, 1 + number % 5)
        took = time.monotonic() - start
        batches, ids = 0, set()
        while True:
            told = events.until("pictures_changed")
            batches += 1
            ids |= set(told.data["ids"])
            if told.id == last:
                break
        assert ids == set(range(1, 9))
        assert batches <= took * 4 + 2


def test_a_new_picture_and_a_job_are_told(served: Served, tmp_path: Path) -> None:
    with stream(served.local) as events:
        events.next()
        served.client.upload("new.png", paint(tmp_path / "new.png", 50))
        added = events.until("pictures_added")
        assert added.data["count"] == 1
        folder = tmp_path / "folder"
        folder.mkdir()
        paint(folder / "one.png", 51)
        job = served.local.post("/imports", {"paths": [str(folder)]}).json
        told = events.until("job_changed")
        assert told.data["id"] == job["id"]
        assert set(told.data) >= {"id", "kind", "label", "lane", "state", "done", "total", "rate", "error"}


def test_a_stream_resumes_where_it_broke(served: Served) -> None:
    before = served.library.revision
    last = [score(served.library, id, 5) for id in (1, 2, 3)][-1]
    for query, headers in (("", {"Last-Event-ID": str(before)}), (f"?after={before}", {})):
        with stream(served.local, query, headers) as events:
            told = events.until("pictures_changed")
            assert (told.id, told.data["ids"]) == (last, [1, 2, 3])
    with stream(served.local, f"?after={last}") as events:
        assert [events.next(), events.next()] == [Message(None, "ping", {}), Message(last, "ping", {})]


def test_what_is_too_far_back_is_lagged(served: Served) -> None:
    served.library.feed.move()
    score(served.library, 1, 4)  # what was moved leaves the outbox with this, and can no longer be moved once more
    served.library.hub.write("delete from event")
    score(served.library, 1, 5)
    for after in (1, 10_000_000):
        with stream(served.local, f"?after={after}") as events:
            events.next()
            assert events.next() == Message(served.library.revision, "lagged", {})


def test_a_scoped_reader_hears_of_its_own_only(served: Served, tmp_path: Path) -> None:
    before = served.library.revision
    with stream(served.scoped()) as events:
        events.next()
        score(served.library, 8, 5)
        served.client.upload("new.png", paint(tmp_path / "new.png", 50))
        time.sleep(0.6)
        score(served.library, 2, 5)
        told = events.next()
        assert told is not None
        assert (told.name, told.data["ids"], told.data["count"]) == ("pictures_changed", [2], 1)
    with stream(served.scoped(), f"?after={before}") as events:
        events.next()
        told = events.next()
        assert told is not None
        assert (told.name, told.data["ids"], told.data["count"]) == ("pictures_changed", [2], 1)


def test_a_revoked_token_hears_nothing_more(served: Served) -> None:
    made = served.library.create_token(OWNER, CreateToken())
    with stream(bearer(served.url, made.token)) as events:
        events.next()
        served.library.revoke_token(OWNER, made.id)
        time.sleep(1.1)
        score(served.library, 1, 5)
        assert events.next() is None


def test_streams_end_at_once_when_the_server_stops(served: Served) -> None:
    server = Server(served.library)
    server._uvicorn.config.timeout_graceful_shutdown = 60
    import threading

    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda url: ready.set(),))
    thread.start()
    assert ready.wait(10)
    with stream(bearer(server.url, served.library.access.local_secret)) as one:
        with stream(bearer(server.url, served.library.access.local_secret)) as other:
            one.next(), other.next()
            start = time.monotonic()
            server.stop()
            assert (one.next(), other.next()) == (None, None)
            thread.join(60)
            assert time.monotonic() - start < 10


def test_a_stream_that_is_left_costs_nothing_more(served: Served) -> None:
    with stream(served.local) as events:
        events.next()
        assert len(served.library.feed._subscribers) == 1
    limit = time.monotonic() + 5
    while served.library.feed._subscribers and time.monotonic() < limit:
        time.sleep(0.02)
    assert served.library.feed._subscribers == []


def test_the_client_hears_the_same(served: Served) -> None:
    told = served.client.events(after=served.library.revision)
    revision = score(served.library, 3, 2)
    assert next(told) == PicturesChanged(revision, 1, [3], ["score"])
    told.close()  # type: ignore[attr-defined]
    served.library.feed.move()
    served.library.hub.write("delete from event")
    score(served.library, 3, 1)
    lagging = served.client.events(after=0)
    assert next(lagging) == Lagged()
    lagging.close()  # type: ignore[attr-defined]


# -- merging -----------------------------------------------------------------------------------------------------------


def job(id: int, done: int) -> JobChanged:
    return JobChanged(Job(id, "import", "x", "io", "running", done, None, None, None, None, None))


def test_kinds_are_merged_and_jobs_keep_their_last_state() -> None:
    heard: list[Event] = [
        PicturesAdded(1, 1, [1]),
        job(1, 1),
        PicturesChanged(2, 1, [1], ["score"]),
        PicturesAdded(3, 2, [2, 3]),
        PicturesChanged(4, 1, [2], ["deleted"]),
        job(1, 2),
    ]
    batch = merge(heard)
    assert batch.events == [PicturesAdded(3, 3, [1, 2, 3]), PicturesChanged(4, 2, [1, 2], ["deleted", "score"])]
    assert [one.done for one in batch.jobs] == [2]
    assert batch.revision == 4


def test_what_was_removed_and_came_back_is_there() -> None:
    batch = merge([PicturesAdded(1, 1, [1]), PicturesRemoved(2, 1, [1]), PicturesAdded(3, 1, [1])])
    assert [type(event) for event in batch.events] == [PicturesAdded, PicturesRemoved, PicturesAdded]


def test_counts_stay_true_when_ids_are_too_many() -> None:
    batch = merge([PicturesAdded(1, 5000, list(range(1000))), PicturesAdded(2, 10, list(range(5000, 5010)))])
    (event,) = batch.events
    assert (event.count, len(event.ids)) == (5010, 1000)
    assert merge([PicturesAdded(1, 2, [1, 2]), PicturesAdded(2, 2, [2, 3])]).events[0].count == 3


def test_only_the_last_message_of_a_batch_has_an_id() -> None:
    batch = merge([PicturesAdded(1, 1, [1]), PicturesChanged(2, 1, [1], ["score"])])
    lines = render(batch, OWNER).decode().splitlines()
    assert [line for line in lines if line.startswith("id:")] == ["id: 2"]
    assert lines.index("id: 2") > lines.index("event: pictures_added")


@pytest.mark.attack
def test_a_scope_is_never_widened(rng: Any, effort: Any) -> None:
    kinds: list[Callable[[int, list[int]], Event]] = [
        lambda revision, ids: PicturesAdded(revision, len(ids), ids),
        lambda revision, ids: PicturesRemoved(revision, len(ids) * 2, ids),
        lambda revision, ids: PicturesChanged(revision, len(ids), ids, ["score"]),
        lambda revision, ids: job(ids[0], 1),
    ]
    for _ in range(effort.of(300, 30_000)):
        heard = [rng.choice(kinds)(n, sorted(rng.sample(range(100, 120), 3))) for n in range(rng.randrange(8))]
        scope = frozenset(rng.sample(range(100, 120), 2))
        within = [e for e in heard if not isinstance(e, JobChanged) and set(e.ids) & scope]
        text = render(merge(heard), Reader("x", "owner", Scope(scope))).decode()
        assert not [id for id in range(100, 120) if str(id) in text and id not in scope]
        assert bool(text) == bool(within)


def test_streams_are_not_endless(empty: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixlstash_web.event_streams.STREAMS", 1)
    with stream(empty.local) as events:
        events.next()
        assert empty.local.get("/events").status == 429


def test_no_token_takes_all_streams(empty: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a limit, and some are left for the owner whatever tokens do."""
    for name, value in (("STREAMS", 5), ("EACH", 2), ("RESERVED", 2)):
        monkeypatch.setattr(f"pixlstash_web.event_streams.{name}", value)
    tokens = [bearer(empty.url, empty.token("read")) for _ in range(2)]
    with ExitStack() as stack:
        for peer in (tokens[0], tokens[0], tokens[1]):
            stack.enter_context(stream(peer)).next()
        assert [peer.get("/events").status for peer in tokens] == [429, 429]
        for _ in range(2):
            stack.enter_context(stream(empty.local)).next()
        assert empty.local.get("/events").status == 429


def test_a_stopped_server_opens_none(library: Library) -> None:
    with running(library) as url:
        pass
    with pytest.raises(ConnectionRefusedError):
        bearer(url, "x").get("/events")
