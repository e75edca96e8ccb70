"""Uploads in pieces: continued after anything, durable at every answer, and limited."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web.asking import API, Peer, bearer, paint
from web.conftest import OWNER, Served, serving

from pixlstash_core.client import files as sending
from pixlstash_core.database.hub import now
from pixlstash_core.errors import DiskFull
from pixlstash_core.imports import upload_job as uptake
from pixlstash_core.imports import uploads
from pixlstash_core.library import Library
from pixlstash_core.types import BeginUpload, CreateToken, Reader


@pytest.fixture
def png(tmp_path: Path) -> bytes:
    return paint(tmp_path / "new.png", 60, {"Comment": "x" * 5_000}).read_bytes()


def begin(peer: Peer, body: bytes, key: str = "", name: str = "a.png") -> Any:
    answer = peer.post("/uploads/partial", {"name": name, "size": len(body), "key": key})
    assert answer.status == 200, answer
    return answer.json


def patch(peer: Peer, id: str, offset: int, body: bytes) -> Any:
    return peer.ask("PATCH", f"{API}/uploads/{id}?offset={offset}", body)


def left(library: Library) -> list[str]:
    return sorted(path.name for path in library.incoming.rglob("*") if path.is_file())


def wait(look: Callable[[], object]) -> None:
    limit = time.monotonic() + 20
    while not look():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_pieces_make_a_picture(empty: Served, png: bytes) -> None:
    peer = empty.local
    begun = begin(peer, png)
    assert (begun["received"], begun["state"], begun["result"]) == (0, "receiving", None)
    for at in range(0, len(png), 2_000):
        answer = patch(peer, begun["id"], at, png[at : at + 2_000])
        assert answer.status == 200, answer
        assert answer.json["received"] == min(at + 2_000, len(png))
    assert answer.json["state"] == "done"
    assert answer.json["result"]["status"] == "imported"
    assert empty.library.picture(OWNER, answer.json["result"]["id"]).name == "a.png"
    assert peer.get(f"/uploads/{begun['id']}").json == answer.json  # for who did not hear of it
    assert left(empty.library) == []


def test_a_wrong_offset_says_where_to_go_on(empty: Served, png: bytes) -> None:
    id = begin(empty.local, png)["id"]
    patch(empty.local, id, 0, png[:100])
    for offset in (0, 99, 101, len(png)):
        answer = patch(empty.local, id, offset, b"x")
        assert (answer.status, answer.json["received"]) == (409, 100)
    assert patch(empty.local, id, 100, png[100:]).json["result"]["status"] == "imported"
    again = patch(empty.local, id, 100, png[100:])  # sent once more, because the answer was lost
    assert (again.status, again.json["received"]) == (409, len(png))
    assert patch(empty.local, id, -1, b"").status == 409


def test_more_than_was_announced_is_refused(empty: Served, png: bytes) -> None:
    id = begin(empty.local, png)["id"]
    assert patch(empty.local, id, 0, png + b"x").status == 413
    connection = empty.local.connect()
    path = f"{API}/uploads/{id}?offset=0"
    connection.request("PATCH", path, iter([png, b"x"]), empty.local.headers, encode_chunked=True)
    assert connection.getresponse().status == 400
    connection.close()
    assert empty.local.get(f"/uploads/{id}").json["received"] == 0


def test_what_came_of_a_broken_piece_is_kept(empty: Served, png: bytes) -> None:
    id = begin(empty.local, png)["id"]
    name, _, port = empty.peer.netloc.partition(":")
    head = f"PATCH {API}/uploads/{id}?offset=0 HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(png)}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in empty.local.headers.items()) + "\r\n"
    with socket.create_connection((name, int(port)), 10) as connection:
        connection.sendall(head.encode() + png[:3_000])
        time.sleep(0.2)
    wait(lambda: empty.local.get(f"/uploads/{id}").json["received"] == 3_000)
    assert patch(empty.local, id, 3_000, png[3_000:]).json["result"]["status"] == "imported"


def test_a_piece_that_hangs_is_taken_over(empty: Served, png: bytes) -> None:
    id = begin(empty.local, png)["id"]
    connection = empty.local.connect()
    connection.putrequest("PATCH", f"{API}/uploads/{id}?offset=0")
    for name, value in {**empty.local.headers, "Content-Length": str(len(png))}.items():
        connection.putheader(name, value)
    connection.endheaders(png[:1_000])
    wait(lambda: left(empty.library))
    assert patch(empty.local, id, 0, png).json["result"]["status"] == "imported"
    connection.send(png[1_000:])
    response = connection.getresponse()
    assert response.status == 409, response.read()
    connection.close()
    assert empty.local.get("/library").json["pictures"] == 1


def test_the_same_file_goes_on_where_it_stopped(empty: Served, png: bytes) -> None:
    first = begin(empty.local, png, "key")
    patch(empty.local, first["id"], 0, png[:500])
    again = begin(empty.local, png, "key")
    assert (again["id"], again["received"]) == (first["id"], 500)
    assert begin(empty.local, png, "other key")["id"] != first["id"]
    assert begin(empty.local, png, "key", "b.png")["id"] != first["id"]
    assert begin(empty.local, png + b"x", "key")["id"] != first["id"]
    assert begin(empty.local, png)["id"] != begin(empty.local, png)["id"]
    assert begin(bearer(empty.url, empty.token("write")), png, "key")["id"] != first["id"]
    patch(empty.local, first["id"], 500, png[500:])
    assert begin(empty.local, png, "key")["id"] != first["id"]  # that one is over


def test_a_restart_costs_nothing(open_library: Callable[..., Library], png: bytes) -> None:
    with open_library() as library, serving(library) as served:
        id = begin(served.local, png, "key")["id"]
        patch(served.local, id, 0, png[:700])
        (library.incoming / "partial" / ("s" * 22)).write_bytes(b"an upload that nothing knows of")
        (library.incoming / "partial" / id).write_bytes(png[:700] + b"never acknowledged")
    with open_library() as library, serving(library) as served:
        assert left(library) == [id]
        assert begin(served.local, png, "key")["received"] == 700
        assert patch(served.local, id, 700, png[700:]).json["result"]["status"] == "imported"
        assert left(library) == []


def test_what_came_whole_is_taken_in_after_a_restart(
    open_library: Callable[..., Library], png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptake.UploadJob, "take", lambda self, batch, patience: None)  # stopped just before
    with open_library() as library:
        id = library.begin_upload(OWNER, BeginUpload("a.png", len(png))).id
        piece = library.upload_piece(OWNER, id, 0)
        piece.write(png)
        piece.close()
        assert library.find_upload(OWNER, id).state == "taking"
    monkeypatch.undo()
    with open_library() as library:
        wait(lambda: library.find_upload(OWNER, id).state == "done")
        result = library.find_upload(OWNER, id).result
        assert result is not None and result.status == "imported"
        assert left(library) == []


def test_taking_in_again_after_a_crash_is_harmless(
    open_library: Callable[..., Library], png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture was kept, and the power failed before that was written down."""
    with open_library() as library:
        id = library.begin_upload(OWNER, BeginUpload("a.png", len(png))).id
        piece = library.upload_piece(OWNER, id, 0)
        piece.write(png)
        monkeypatch.setattr(uptake.rows, "record", lambda *args, **more: None)
        monkeypatch.setattr(uptake.UploadJob, "drop", lambda *args: None)
        piece.close()
        assert [picture.name for picture in library.pictures(OWNER)] == ["a.png"]
    monkeypatch.undo()
    with open_library() as library:
        wait(lambda: library.find_upload(OWNER, id).state == "done")
        result = library.find_upload(OWNER, id).result
        assert result is not None and (result.status, result.id) == ("duplicate", library.pictures(OWNER)[0].id)
        assert library.check(OWNER, verify=True).problems == []
        assert left(library) == []


def test_a_disk_without_second_names_takes_a_copy(empty: Served, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*names: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(uptake.os, "link", no_links)
    id = begin(empty.local, png)["id"]
    assert patch(empty.local, id, 0, png).json["result"]["status"] == "imported"
    assert left(empty.library) == []


def test_a_refusal_is_an_answer(empty: Served) -> None:
    id = begin(empty.local, b"no picture")["id"]
    result = patch(empty.local, id, 0, b"no picture").json["result"]
    assert (result["status"], result["id"]) == ("refused", None)
    nothing = begin(empty.local, b"")
    assert (nothing["state"], nothing["result"]["status"]) == ("done", "refused")
    assert left(empty.library) == []


def test_one_can_be_given_up(empty: Served, png: bytes) -> None:
    id = begin(empty.local, png)["id"]
    patch(empty.local, id, 0, png[:500])
    assert left(empty.library) == [id]
    assert empty.local.ask("DELETE", f"{API}/uploads/{id}").status == 204
    assert left(empty.library) == []
    assert empty.local.get(f"/uploads/{id}").status == 404
    assert patch(empty.local, id, 500, png[500:]).status == 404


def test_uploads_are_their_senders_and_the_owners(empty: Served, png: bytes) -> None:
    one, other = (bearer(empty.url, empty.token("write")) for _ in range(2))
    id = begin(one, png)["id"]
    assert [upload["id"] for upload in one.get("/uploads").json] == [id]
    assert other.get("/uploads").json == []
    for answer in (
        other.get(f"/uploads/{id}"),
        other.get(f"/uploads/{id}/files"),
        patch(other, id, 0, png),
        other.ask("DELETE", f"{API}/uploads/{id}"),
    ):
        assert (answer.status, answer.json) == (404, other.get("/uploads/none").json)
    assert [upload["id"] for upload in empty.local.get("/uploads").json] == [id]
    assert patch(empty.local, id, 0, png).status == 200


def test_there_is_an_end_to_their_number_and_size(
    library: Library, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST", 2)
    with serving(library, upload_limit=10_000_000) as served:
        for _ in range(2):
            begin(served.local, png)
        answer = served.local.post("/uploads/partial", {"name": "a", "size": 1})
        assert (answer.status, "unfinished" in answer.json["detail"]) == (409, True)
        assert served.local.post("/uploads/partial", {"name": "a", "size": 10_000_001}).status == 413
        for size in (-1, 1.5, "1", None):
            assert served.local.post("/uploads/partial", {"name": "a", "size": size}).status == 400


def test_no_token_begins_all_unfinished_uploads(empty: Served, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a limit, and some are left for the owner whatever tokens do."""
    for name, value in (("MOST", 5), ("EACH", 2), ("RESERVED", 2)):
        monkeypatch.setattr(uploads, name, value)
    tokens = [bearer(empty.url, empty.token("write")) for _ in range(2)]
    for peer in (tokens[0], tokens[0], tokens[1]):
        begin(peer, png)
    for peer in tokens:
        answer = peer.post("/uploads/partial", {"name": "a", "size": 1})
        assert (answer.status, "unfinished" in answer.json["detail"]) == (409, True)
    for _ in range(2):
        begin(empty.local, png)
    assert empty.local.post("/uploads/partial", {"name": "a", "size": 1}).status == 409


def test_a_disk_that_is_too_full_is_said_at_once(library: Library) -> None:
    with pytest.raises(DiskFull):
        library.begin_upload(OWNER, BeginUpload("a", 1 << 50))


def test_what_is_left_alone_expires(library: Library, png: bytes) -> None:
    id = library.begin_upload(OWNER, BeginUpload("a.png", len(png))).id
    piece = library.upload_piece(OWNER, id, 0)
    piece.write(png[:10])
    piece.close()
    over = library.begin_upload(OWNER, BeginUpload("b.png", 0)).id
    library.upload_sessions.sweep()
    assert {upload.id for upload in library.uploads(OWNER)} == {id, over}
    library.hub.write("update upload set touched = ?", (now() - uploads.OVER - 1,))
    library.upload_sessions.sweep()
    assert [upload.id for upload in library.uploads(OWNER)] == [id]
    library.hub.write("update upload set touched = ?", (now() - uploads.UNFINISHED - 1,))
    library.upload_sessions.sweep()
    assert (library.uploads(OWNER), left(library)) == ([], [])


def test_the_client_sends_large_files_in_pieces(empty: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LARGE", 1_000)
    monkeypatch.setattr(sending, "PIECE", 2_000)
    path = paint(tmp_path / "large.png", 61, {"Comment": "y" * 9_000})
    sent: list[int] = []
    send = sending.continue_upload

    def shaky(client: Any, id: str, offset: int, body: bytes = b"") -> Any:
        sent.append(offset)
        if len(sent) % 3 == 0:  # it arrives, and the answer is lost
            send(client, id, offset, body)
            raise sending.Unreachable("gone")
        return send(client, id, offset, body)

    monkeypatch.setattr(sending, "continue_upload", shaky)
    assert empty.client.upload("large.png", path).status == "imported"
    assert sent == sorted(set(sent))
    assert len(sent) == -(-path.stat().st_size // 2_000)


def test_pieces_from_all_sides_at_once_leave_one_whole_file(empty: Served, png: bytes) -> None:
    """Several tabs with the same file: each is told where to go on, and nothing is mixed up."""
    results: list[Any] = []

    def tab() -> None:
        upload = begin(empty.local, png, "same")
        while upload["state"] == "receiving":
            at = upload["received"]
            answer = patch(empty.local, upload["id"], at, png[at : at + 300])
            upload = answer.json if answer.status == 200 else empty.local.get(f"/uploads/{upload['id']}").json
        results.append(upload)

    tabs = [threading.Thread(target=tab) for _ in range(4)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(30)
    assert len(results) == 4
    (picture,) = empty.library.pictures(OWNER)
    assert empty.library.check(OWNER, verify=True).problems == []
    assert picture.size == len(png)


def test_a_reader_may_not_begin(empty: Served, png: bytes) -> None:
    token = empty.library.create_token(OWNER, CreateToken("read", "r")).token
    assert bearer(empty.url, token).post("/uploads/partial", {"name": "a", "size": 1}).status == 403
    with pytest.raises(Exception, match="may not"):
        empty.library.begin_upload(Reader("r", "read"), BeginUpload("a", 1))


def test_a_picture_that_has_no_date_has_its_files(empty: Served, tmp_path: Path) -> None:
    moment = 1_500_000_000_000
    first, second, third = (paint(tmp_path / f"{n}.png", n) for n in range(3))
    empty.local.post(f"/uploads?name=0.png&modified={moment}", first.read_bytes())
    body = second.read_bytes()
    asked = {"name": "1.png", "size": len(body), "modified": moment + 1000}
    patch(empty.local, empty.local.post("/uploads/partial", asked).json["id"], 0, body)
    os.utime(third, (moment // 1000 + 2, moment // 1000 + 2))
    empty.client.upload("2.png", third)
    created = {picture.name: picture.created.timestamp() for picture in empty.library.pictures(OWNER)}
    assert created == {f"{n}.png": moment // 1000 + n for n in range(3)}
    for bad in (-1, 1 << 60, "x", 1.5):
        assert empty.local.post(f"/uploads?name=a&modified={bad}", b"").status == 400
