"""A served library with one or more of everything that can be asked for, and a way to ask for it all."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import engined
import pytest
from libraries import finish
from web.asking import Answer, Peer
from web.conftest import OWNER, Served, serving
from web.extremes import Request

from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, BeginUpload, Create, RunEngine, SaveQuery, Selection, TakeSnapshot
from pixlstash_web.adapter import RoutePlan
from pixlstash_web.app import below, plans
from pixlstash_web.routes import PREFIX, SNAPSHOT_ROUTES
from pixlstash_web.site import Site

#: What these requests do ends what others need, so they come last, in this order; routes that delete before them.
LAST = ("empty_scrapheap", "revoke_token", "set_password", "sign_out", "end_sessions", "reset_owner")


def every_plan(library: Library) -> list[RoutePlan]:
    """Of the core, of the past, and of plugins."""
    return [*plans(Site(library)), *below(PREFIX, SNAPSHOT_ROUTES)]


def place(plan: RoutePlan) -> int:
    """When a route's turn is."""
    if plan.route.name in LAST:
        return 2 + LAST.index(plan.route.name)
    if plan.route.method == "DELETE":
        return 1
    return 0 if plan.route.name == "restore_snapshot" else -1


@contextmanager
def furnish(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A library with one or more of everything that can be asked for."""
    monkeypatch.chdir(tmp_path)  # a relative path in a request means a place in here
    made = engined.make(open_library, tmp_path, monkeypatch, plugins=("odd", "web.keyed"))
    library = made.library
    ids = made.take_in(6)
    for engine in ("odd/meaning", "odd/heads", "odd/colours"):
        assert finish(library, library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"
    for _ in range(2):
        some = Selection(ids=ids[:3])
        name = f"name {len(library.sets(OWNER))}"
        library.add_to_set(OWNER, library.create_set(OWNER, Create(name=name)).id, some)
        library.add_to_character(OWNER, library.create_character(OWNER, Create(name=name)).id, some)
        library.add_to_project(OWNER, library.create_project(OWNER, Create(name=name)).id, some)
        library.save_query(OWNER, SaveQuery(name, "score:5"))
        library.take_snapshot(OWNER, TakeSnapshot())
    library.add_tags(OWNER, AddTags(ids=ids, tags=["red", "blue"]))
    with serving(library) as served:
        yield served


def there(served: Served) -> dict[str, str]:
    """Path parameters that lead to something which is not called 1."""
    view = served.library.view(OWNER).header.view
    upload = served.library.begin_upload(OWNER, BeginUpload("a.png", 10)).id
    return {"view": view, "b": "0", "name": "prompt", "ending": "png", "type": "picture", "rest": "a", "upload": upload}


class Sender:
    """Sends requests over one connection as long as the server keeps it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._connection = peer.connect(60)

    def send(self, request: Request) -> Answer:
        headers = {**self._peer.headers, "Content-Type": request.media}
        try:
            self._connection.request(request.method, request.path, request.body, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it may close after an answer
            self._connection.close()
            self._connection.request(request.method, request.path, request.body, headers)
            response = self._connection.getresponse()
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            self._connection.close()
            return Answer(response.status, response.headers, b"")
        answer = Answer(response.status, response.headers, response.read())
        if response.headers.get("Connection") == "close":
            self._connection.close()
        return answer

    def close(self) -> None:
        self._connection.close()
