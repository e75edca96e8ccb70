"""Clients of the public PixlStash: what they send is understood, and every import they ask about comes to an end."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from web.asking import API, Answer, Peer, bearer, paint
from web.conftest import OWNER, Served, fill, serving

from pixlstash_compat.table import ROUTES
from pixlstash_core.imports import upload_job as uptake
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import Create
from pixlstash_web import forms, uploads

BOUNDARY = "3f2a9c71b0d84f3e"
Part = tuple[str, str | None, bytes]


def form(parts: Sequence[Part]) -> bytes:
    """As `requests` writes it, which savers use."""
    body = b""
    for name, file, value in parts:
        named = f'; filename="{file}"'.encode() if file is not None else b""
        body += b'--%s\r\nContent-Disposition: form-data; name="%s"' % (BOUNDARY.encode(), name.encode()) + named
        body += b"\r\n\r\n" + value + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def post(peer: Peer, *parts: Part, body: bytes | None = None) -> Answer:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return peer.post("/pictures/import", form(parts) if body is None else body, headers)


def ended(peer: Peer, answer: Answer) -> Any:
    """Ask as the savers do, until it is over."""
    assert answer.status == 200, answer
    limit = time.monotonic() + 20
    while True:
        status = peer.get(f"/pictures/import/status?task_id={answer.json['task_id']}").json
        if status["status"] in ("completed", "failed"):
            return status
        assert time.monotonic() < limit, status
        time.sleep(0.05)


def left(library: Library) -> list[str]:
    return sorted(path.name for path in library.incoming.rglob("*") if path.is_file())


@pytest.fixture
def pngs(tmp_path: Path) -> list[bytes]:
    prompt = {"prompt": '{"3": {"class_type": "KSampler", "inputs": {"seed": 77, "steps": 20}}}'}
    return [paint(tmp_path / f"{n}.png", n, prompt).read_bytes() for n in range(60, 64)]


def test_a_saver_brings_a_picture_and_loads_it_again(empty: Served, pngs: list[bytes]) -> None:
    peer = bearer(empty.url, empty.token("write"))
    status = ended(peer, post(peer, ("file", "ComfyUI_00001_.png", pngs[0]), ("project_id", None, b"")))
    ((result),) = status["results"]
    assert (status["status"], status["error"], status["failed"]) == ("completed", None, [])
    assert (result["status"], result["file"]) == ("success", "ComfyUI_00001_.png")
    id = result["picture_id"]
    metadata = peer.get(f"/pictures/{id}/metadata").json
    assert (metadata["format"], metadata["width"], metadata["original_file_name"]) == ("PNG", 100, result["file"])
    file = peer.get(f"/pictures/{id}.{metadata['format'].lower()}")
    assert (file.status, file.headers["Content-Type"], file.body) == (200, "image/png", pngs[0])
    still = peer.get(f"/pictures/thumbnails/{id}.webp?v=1")
    assert (still.status, still.headers["Content-Type"], still.body[8:12]) == (200, "image/webp", b"WEBP")
    assert [fact for fact in empty.library.picture(OWNER, id).facts if fact.value == "77"]
    assert left(empty.library) == []


def test_a_login_can_be_checked(empty: Served) -> None:
    """By token or cookie."""
    assert empty.local.get("/check-session").json == {"status": "success"}
    assert empty.scoped().get("/check-session").json == {"status": "success"}
    assert empty.peer.get("/check-session").status == 401


def test_known_pictures_are_said_to_be(empty: Served, pngs: list[bytes]) -> None:
    first = ended(empty.local, post(empty.local, ("file", "a.png", pngs[0])))["results"][0]["picture_id"]
    again = ended(empty.local, post(empty.local, ("file", "b.png", pngs[0])))
    assert again["results"] == [{"status": "duplicate", "picture_id": first, "file": "b.png"}]
    empty.local.post("/pictures/delete", {"ids": [first]})
    thrown = ended(empty.local, post(empty.local, ("file", "c.png", pngs[0])))
    assert thrown["results"] == [{"status": "scrapheaped", "picture_id": first, "file": "c.png"}]


def test_several_files_and_a_zip_file_are_one_task(empty: Served, pngs: list[bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/c.png", pngs[2])
        archive.writestr("in/notes.txt", "not a picture")
    status = ended(
        empty.local,
        post(
            empty.local,
            ("file", "a.png", pngs[0]),
            ("file", "b.png", pngs[1]),
            ("file", "broken.png", b"broken"),
            ("file", "pictures.zip", packed.getvalue()),
        ),
    )
    assert status["status"] == "completed"
    assert [one["file"] for one in status["results"]] == ["a.png", "b.png", "in/c.png"]
    assert [one["file"] for one in status["failed"]] == ["broken.png", "in/notes.txt"]
    assert left(empty.library) == []


def test_what_cannot_work_is_400_with_a_reason(empty: Served, pngs: list[bytes]) -> None:
    cases: list[tuple[Answer, int, str]] = [
        (post(empty.local, ("file", "a.png", b"no picture")), 400, "text file"),
        (post(empty.local, ("file", "a.zip", b"PK\3\4 and no more")), 400, "table of contents"),
        (post(empty.local, ("project_id", None, b"")), 400, "no file"),
        (post(empty.local, ("picture", "a.png", pngs[0])), 400, "'file'"),
        (post(empty.local, ("file", "a.png", pngs[0]), ("project_id", None, b"7")), 404, "project"),
        (post(empty.local, ("file", "a.png", pngs[0]), ("project_id", None, b"seven")), 400, "An id is a number"),
        (post(empty.local, body=form([("file", "a.png", pngs[0])])[:-20]), 400, "too early"),
        (post(empty.local, body=b"nothing of the kind"), 400, "broken"),
        (empty.local.post("/pictures/import", pngs[0], {"Content-Type": "image/png"}), 415, "form"),
        (empty.local.get("/pictures/import/status?task_id=unknown"), 404, "no such upload"),
    ]
    for answer, status, words in cases:
        assert (answer.status, words in answer.json["detail"]) == (status, True), answer
    assert left(empty.library) == []
    assert empty.local.get("/library").json["pictures"] == 0


def test_forms_are_limited(library: Library, pngs: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FILES", 3)
    with serving(library, upload_limit=2_000_000) as served:
        assert post(served.local, *[("file", "a.png", pngs[0])] * 4).status == 400
        assert post(served.local, *[(f"field{n}", None, b"") for n in range(101)]).status == 400
        assert post(served.local, ("field", None, bytes(70_000))).status == 413
        assert post(served.local, ("file", "a.png", bytes(2_000_001))).status == 413
        assert left(library) == []


def test_a_sender_that_leaves_leaves_nothing(empty: Served, pngs: list[bytes]) -> None:
    body = form([("file", "a.png", pngs[0]), ("file", "b.png", bytes(3_000_000))])
    connection = empty.local.connect()
    connection.putrequest("POST", f"{API}/pictures/import")
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    for name, value in {**empty.local.headers, "Content-Type": kind, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body[:2_500_000])
    limit = time.monotonic() + 10
    while len(left(empty.library)) < 2:
        assert time.monotonic() < limit
    connection.close()
    while left(empty.library):
        assert time.monotonic() < limit
    assert empty.local.get("/library").json["pictures"] == 0


def test_a_slow_import_ends_after_a_restart(
    open_library: Callable[..., Library], pngs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uptake.UploadJob, "take", lambda self, batch, patience: None)  # stopped as soon as it was here
    with open_library() as library, serving(library) as served:
        parts: list[Part] = [("file", f"{n}.png", png) for n, png in enumerate(pngs)]
        answer = post(served.local, *parts)
        status = served.local.get(f"/pictures/import/status?task_id={answer.json['task_id']}").json
        assert (status["status"], status["results"]) == ("in_progress", [])
    monkeypatch.undo()
    with open_library() as library, serving(library) as served:
        status = ended(served.local, answer)
        assert [(one["status"], one["file"]) for one in status["results"]] == [
            ("success", f"{n}.png") for n in range(4)
        ]
        assert left(library) == []


def test_an_import_that_is_cancelled_ends(empty: Served, pngs: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(self: uptake.UploadJob, task: Any) -> None:
        task.ask("cancel")
        task.check()

    monkeypatch.setattr(uptake.UploadJob, "run", cancelled)
    answer = post(empty.local, ("file", "a.png", pngs[0]), ("file", "b.png", pngs[1]))
    assert (answer.status, "cancelled" in answer.json["detail"]) == (400, True)


def test_a_format_is_asked_for_by_its_own_ending(shared: Served) -> None:
    assert shared.local.get("/pictures/1.png").status == 200
    assert shared.local.get("/pictures/1.PNG").status == 200
    for path, status in (("1.jpg", 400), ("1.exe", 400), ("x.png", 400), ("4000000.png", 404), ("1.png.png", 400)):
        assert shared.local.get(f"/pictures/{path}").status == status, path


def test_a_part_of_the_library_stays_one(shared: Served) -> None:
    foreign = next(id for id in range(1, 9) if id not in shared.mine)
    for path in (f"/pictures/{foreign}.png", f"/pictures/{foreign}/metadata", f"/pictures/thumbnails/{foreign}.webp"):
        assert shared.scoped().get(path).status == 404
        assert shared.scoped().get(path.replace(str(foreign), str(min(shared.mine)))).status == 200


def test_the_level_is_high_enough_for_every_node(shared: Served) -> None:
    assert tuple(map(int, shared.peer.ask("GET", "/version").json["version"].split("."))) >= (1, 6, 0)


def test_names_written_in_other_ways(empty: Served, pngs: list[bytes]) -> None:
    for wanted, header in (
        ("Grüße.png", 'filename="Grüße.png"'.encode()),
        ("Grüße.png", b"filename*=utf-8''Gr%C3%BC%C3%9Fe.png"),
        ("Gr\xfc.png", b'filename="Gr\xfc.png"'),
        ("a.png", b'filename="C:\\\\x\\\\a.png"'),
        ("upload", b'filename=""'),
        ("upload", b"x=y"),
    ):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '.encode() + header
        body = head + b"\r\n\r\n" + pngs[0] + f"\r\n--{BOUNDARY}--\r\n".encode()
        assert ended(empty.local, post(empty.local, body=body))["results"][0]["file"] == wanted


def test_large_files_cross_in_several_writes(empty: Served, tmp_path: Path) -> None:
    png = paint(tmp_path / "big.png", 70, {"Comment": "z" * (3 * uploads.GATHER)}).read_bytes()
    status = ended(empty.local, post(empty.local, ("file", "big.png", png)))
    assert empty.library.picture(OWNER, status["results"][0]["picture_id"]).size == len(png)


def test_a_saver_imports_into_a_project(empty: Served, pngs: list[bytes]) -> None:
    """Single files, several at once, zip files, and pictures that are there already; each can be undone."""
    library = empty.library
    project = library.create_project(OWNER, Create(name="Book")).id
    field = ("project_id", None, str(project).encode())
    one = ended(empty.local, post(empty.local, ("file", "a.png", pngs[0]), field))
    assert library.project_members(OWNER, project).ids == [one["results"][0]["picture_id"]]
    library.undo(OWNER)
    assert library.project_members(OWNER, project).ids == []
    again = ended(empty.local, post(empty.local, ("file", "a.png", pngs[0]), ("file", "b.png", pngs[1]), field))
    assert {row["status"] for row in again["results"]} == {"duplicate", "success"}
    assert len(library.project_members(OWNER, project).ids) == 2
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("c.png", pngs[2])
    assert ended(empty.local, post(empty.local, ("file", "c.zip", packed.getvalue()), field))["status"] == "completed"
    assert len(library.project_members(OWNER, project).ids) == 3


def test_a_project_that_is_deleted_during_the_import_loses_no_picture(empty: Served, pngs: list[bytes]) -> None:
    library = empty.library
    project = library.create_project(OWNER, Create(name="Book")).id
    path = library.intake.temporary("a.png")
    path.write_bytes(pngs[0])
    batch = library.upload_sessions.adopt("owner", [("a.png", path)], project)
    library.delete_project(OWNER, project)
    library.upload_sessions.take(batch)
    assert [upload.result.status for upload in library.upload_batch(OWNER, batch) if upload.result] == ["imported"]


def test_the_server_works_without_it(open_library: Callable[..., Library], tmp_path: Path) -> None:
    """Its paths are unknown then, paths that it shares are the server's own, and nothing else is missing."""
    with serving(library := open_library(plugins=Plugins.load(disabled={"compat"}))) as served:
        fill(library, tmp_path)
        peer, project = served.local, library.create_project(OWNER, Create(name="Book")).id
        ann = library.create_character(OWNER, Create(name="Ann")).id
        unknown = [route for route in ROUTES if not route.conditional and "{" not in route.path]
        for route in unknown:
            if route.at == "root":
                assert peer.ask(route.method, route.path).status == 404
            elif not route.path.startswith("/pictures/"):  # there it may look like the id of a picture
                assert peer.ask(route.method, API + route.path).json == {"detail": "The API has no such path."}, route
        for path in ("/pictures/1/metadata", "/picture_sets/1/members", "/pictures/thumbnails/1.webp"):
            assert peer.get(path).status == 404, path
        assert peer.get("/pictures/search?query=canary1").status == 400
        assert peer.get("/pictures/count").json == {"total": 8}
        assert "icon" in peer.get(f"/characters?project_id={project}").json[0]
        assert peer.ask("PATCH", f"{API}/characters/{ann}", {"project_id": project, "name": "Anne"}).status == 200
        assert library.find_project(OWNER, project).characters == []
        assert served.client.count().total == 8 == len(served.client.find("").ids)
        assert served.client.view("canary1").header.count == 1
        assert peer.ask("GET", "/", None, {"Accept": "text/html"}).status in (200, 503)
        assert not [path for path in served.client.openapi()["paths"] if "picture_sets" in path]
