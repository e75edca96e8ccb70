"""The client offers the library's methods: the same names, arguments, structs and errors."""

from __future__ import annotations

import inspect
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from web.asking import paint
from web.conftest import OWNER, Served

from pixlstash_core.api import every, rows
from pixlstash_core.client import BY_STATUS, Client, Unreachable
from pixlstash_core.client.channel import Channel
from pixlstash_core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PixlStashError,
    QueryError,
    Unauthorised,
    ViewGone,
)
from pixlstash_core.plugins.operation import op
from pixlstash_core.types import (
    CreateToken,
    DeletePictures,
    ImportPaths,
    RestorePictures,
    ScorePictures,
    Selection,
)
from pixlstash_web.routes import ROUTES

#: A session is a browser's: a program has a token. The page of a link has no login at all.
FOR_BROWSERS = {"session", "sign_in", "sign_out", "set_password"}
FOR_BROWSERS |= {"open_link", "shared_pictures", "shared_preview", "shared_image", "shared_original", "score_shared"}
FOR_BROWSERS |= {"page_modules", "page_module_file"}
NAMES = {route.name for route in ROUTES} - FOR_BROWSERS
#: Methods that a client has to write by hand, because files or streams go over the wire.
BY_HAND = {
    "original",
    "download",
    "upload",
    "continue_upload",
    "hold",
    "try_engine",
    "export_snapshot",
    "events",
    "openapi",
}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_the_source_says_what_the_function_is(row: op[..., Any]) -> None:
    """A client reads signatures from the source, so that it need not import what does the work."""
    said = inspect.signature(row.function, eval_str=True)
    assert list(said.parameters)[:2] == ["context", "reader"]
    if row.name not in ("original", "download"):  # the library says where the bytes are, the client sends them
        assert row.signature == said.replace(parameters=list(said.parameters.values())[2:])


def test_every_route_has_a_method() -> None:
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    channel = {"close", "as_of", "call", "get", "post", "send", "connect", "request"}
    assert methods - channel == BY_HAND
    assert {row.name for row in rows()} | BY_HAND == NAMES


@pytest.mark.parametrize("name", sorted(BY_HAND & every().keys()))
def test_methods_by_hand_take_what_the_library_takes(name: str) -> None:
    ours = list(inspect.signature(every()[name].function, eval_str=True).parameters.values())[2:]
    offered = list(inspect.signature(getattr(Client, name), eval_str=True).parameters.values())[1:]
    assert offered[: len(ours)] == ours
    assert all(one.default is not inspect.Parameter.empty for one in offered[len(ours) :])


def test_what_only_this_process_can_do_is_refused(shared: Served) -> None:
    with pytest.raises(Invalid, match="purge is only possible in the process that has the library open"):
        shared.client.purge(Selection(ids=[1]))


def test_reads_give_the_same_structs(shared: Served) -> None:
    library, client = shared.library, shared.client
    reads: list[tuple[str, dict[str, Any]]] = [
        ("info", {}),
        ("pictures", {}),
        ("pictures", {"q": "canary3", "sort": "name", "limit": 2}),
        ("picture", {"id": 2}),
        ("payload", {"id": 2, "name": "parameters"}),
        ("thumbnail", {"id": 2}),
        ("history", {"limit": 3}),
        ("jobs", {}),
        ("plugin_list", {}),
        ("check", {"verify": True}),
        ("tokens", {}),
        ("reset_owner", {}),
    ]
    for name, given in reads[:-1]:
        assert getattr(client, name)(**given) == getattr(library, name)(OWNER, **given), name
    here, there = library.view(OWNER, "canary", "name", 2), client.view("canary", "name", 2)
    assert (there.header, there.aspects, there.block) == (here.header, here.aspects, here.block)
    key = here.header.view
    assert client.block(key, 0) == library.block(OWNER, key, 0)
    assert client.details(key, 0) == library.details(OWNER, key, 0)
    assert client.openapi()["openapi"] == "3.1.0"


def test_originals_are_streams(shared: Served) -> None:
    with shared.library.original(OWNER, 3).open(0, None) as file:
        whole = file.read()
    for start, end in ((0, None), (5, None), (5, 9), (0, 4)):
        with shared.client.original(3, start, end) as stream:
            assert stream.read() == whole[start:end]


def test_writes_and_their_undoing(served: Served, tmp_path: Path) -> None:
    client = served.client
    done = client.score(ScorePictures(ids=[1, 2], score=4))
    assert (done.changed, done.undoable) == (2, True)
    assert client.undo().sentence.startswith("Undone: ")
    assert client.picture(1).score == 0
    assert client.redo().changed >= 1
    assert client.delete(DeletePictures(ids=[1])).changed == 1
    assert client.restore(RestorePictures(ids=[1])).changed == 1
    assert client.history()[0].sentence == served.library.history(OWNER)[0].sentence
    assert client.upload("b.png", paint(tmp_path / "b.png", 70)).status == "imported"
    folder = tmp_path / "more"
    folder.mkdir()
    paint(folder / "c.png", 71)
    job = client.import_paths(ImportPaths([str(folder)]))
    limit = time.monotonic() + 20
    while client.job(job.id).state not in ("done", "failed") and time.monotonic() < limit:
        time.sleep(0.02)
    assert client.job(job.id).state == "done"
    for act in (client.cancel_job, client.pause_job, client.resume_job):
        try:
            act(job.id)
        except Conflict as error:
            assert str(error)
    made = client.create_token(CreateToken("read", "x"))
    client.revoke_token(made.id)
    with Client(served.url, made.token) as revoked, pytest.raises(Unauthorised):
        revoked.info()


def test_errors_are_the_librarys_own(shared: Served) -> None:
    library, client = shared.library, shared.client
    tries: list[tuple[type[PixlStashError], str, tuple[Any, ...]]] = [
        (NotFound, "picture", (4_000_000,)),
        (QueryError, "view", ("score:>=x",)),
        (ViewGone, "block", ("gone", 0)),
        (Invalid, "pictures", ("", None, -1)),
        (NotFound, "revoke_token", (999_999,)),
        (Invalid, "score", (ScorePictures(score=1),)),
        (NotFound, "payload", (1, "a/b?c=d#e")),
    ]
    for kind, name, given in tries:
        with pytest.raises(kind) as there:
            getattr(client, name)(*given)
        with pytest.raises(kind) as here:
            getattr(library, name)(OWNER, *given)
        assert type(there.value) is kind
        assert (str(there.value), there.value.more) == (str(here.value), here.value.more)
    with Client(shared.url) as nobody, pytest.raises(Unauthorised, match="Log in first"):
        nobody.info()
    with Client(shared.url, shared.token("read")) as reader, pytest.raises(Forbidden, match="write is needed"):
        reader.undo()


def test_every_status_of_an_error_is_known() -> None:
    def below(kind: type[PixlStashError]) -> list[type[PixlStashError]]:
        return [kind, *(deep for one in kind.__subclasses__() for deep in below(one))]

    core = [kind for kind in below(PixlStashError) if kind.__module__ == "pixlstash_core.errors"]
    assert {kind.status for kind in core} - {500, 429} == set(BY_STATUS)
    assert all(kind.status == status for status, kind in BY_STATUS.items())


def test_nothing_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Client(url) as client, pytest.raises(Unreachable, match=url):
        client.info()
    for bad in ("127.0.0.1:80", "ftp://x", "http://"):
        with pytest.raises(Invalid):
            Client(bad)


class Counting:
    """A server that answers one request on each connection and then closes it without a word."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.requests.append(connection.recv(65536).split(b" ")[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    def close(self) -> None:
        self._socket.close()


def test_a_dropped_connection_is_taken_up_for_reads_and_never_for_writes() -> None:
    server = Counting()
    with Client(server.url) as client:
        assert client.jobs() == []
        time.sleep(0.05)
        assert client.jobs() == []  # on a new connection, unseen
        time.sleep(0.05)
        with pytest.raises(PixlStashError):
            client.undo()  # the connection was just used, is gone, and nobody knows whether it arrived
        assert server.requests == [b"GET", b"GET"]
        with pytest.raises(PixlStashError):
            client.undo()  # "[]" is no Done; but it was sent once
        assert server.requests == [b"GET", b"GET", b"POST"]
    server.close()


def test_connections_are_kept(shared: Served) -> None:
    with Client(shared.url, shared.library.access.local_secret) as client:
        client.info()
        (_, first) = client._idle[0]
        client.info()
        assert [connection for _, connection in client._idle] == [first]


def test_threads_may_share_a_client(shared: Served) -> None:
    wrong: list[object] = []

    def read(id: int) -> None:
        for _ in range(20):
            if (found := shared.client.picture(id).id) != id:
                wrong.append(found)

    threads = [threading.Thread(target=read, args=(id,)) for id in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


ASK = """
import sys
from pixlstash_core import Client
from pixlstash_core.types import AddTags
with Client(sys.argv[1], sys.argv[2]) as client:
    assert client.info().pictures and client.tags(limit=5) is not None
    assert client.add_tags(AddTags(ids=[1], tags=["asked"])).changed == 1
    assert [one.name for one in client.picture_tags(1)] == ["asked"] and client.view().header.count
loaded = {name.split(".")[0] for name in sys.modules} & {"apsw", "numpy", "PIL", "zstandard", "starlette"}
assert not loaded, loaded
"""


def test_a_client_loads_neither_database_nor_arrays(served: Served) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK, served.url, served.library.access.local_secret],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("url", ["", "example.org", "ftp://x", "http://", "http://[", "http://a:b", "http://a:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="is not an address like"):
        Channel(url)
