"""Originals as a zip stream."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from web.asking import API, Peer, bearer, paint
from web.conftest import COUNT, OWNER, Served

from pixlstash_core.client import Unreachable
from pixlstash_core.errors import NotFound
from pixlstash_core.exports import downloads
from pixlstash_core.types import AddTags, Create, PrepareDownload, Selection, SetCaption

#: Reading routes that this file tries as a reader of three pictures.
READS = ("/downloads", "/downloads/{id}", "/exports/preview")


def archive_of(peer: Peer, ask: dict[str, Any]) -> zipfile.ZipFile:
    prepared = peer.post("/downloads", ask)
    assert prepared.status == 201, prepared
    answer = peer.get(f"/downloads/{prepared.json['id']}")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    return archive


def original(served: Served, id: int) -> bytes:
    with served.client.original(id) as file:
        return file.read()


def test_a_query_a_selection_and_ids_are_downloaded(shared: Served) -> None:
    every = archive_of(shared.local, {"q": "", "name": "all of it"})
    assert sorted(every.namelist()) == [f"secret-{n}.png" for n in range(1, COUNT)]
    assert every.read("secret-3.png") == original(shared, 3)
    header = shared.client.view("seed:<=4", "name").header
    some = archive_of(shared.local, {"view": header.view, "ranges": [[1, 3]]})
    assert some.namelist() == ["secret-2.png", "secret-3.png"]
    assert archive_of(shared.local, {"ids": [5, 4]}).namelist() == ["secret-4.png", "secret-5.png"]


def test_groups_are_downloaded_by_their_query(served: Served) -> None:
    library = served.library
    for noun in ("set", "character", "project"):
        made = getattr(library, f"create_{noun}")(OWNER, Create(name=f"My {noun}")).id
        getattr(library, f"add_to_{noun}")(OWNER, made, Selection(ids=[2, 3]))
        archive = archive_of(served.local, {"q": f"{noun}:{made}", "name": f"My {noun}"})
        assert sorted(archive.namelist()) == ["secret-2.png", "secret-3.png"], noun


def test_equal_names_are_kept_apart_and_hostile_ones_are_harmless(served: Served, tmp_path: Path) -> None:
    for number, name in ((30, "same.png"), (31, "SAME.PNG"), (32, "../../evil.html"), (33, "same.png")):
        path = served.library.incoming / f"{number}.png"
        paint(path, number)
        served.library.upload(OWNER, name, path)
    names = archive_of(served.local, {"q": "-name:secret"}).namelist()
    assert len(names) == len({name.casefold() for name in names}) == 4
    assert all("/" not in name and ".." not in name and name.lower().endswith(".png") for name in names)


def test_captions_and_metadata_lie_beside(served: Served) -> None:
    served.library.set_caption(OWNER, SetCaption(ids=[1], text="a lighthouse – 灯台"))
    served.library.add_tags(OWNER, AddTags(ids=[1], tags=["sea", "shore"]))
    archive = archive_of(served.local, {"ids": [1, 2], "beside": "captions"})
    assert archive.namelist() == ["secret-1.png", "secret-1.txt", "secret-2.png"]  # no caption, no file
    assert archive.read("secret-1.txt").decode() == "a lighthouse – 灯台"
    archive = archive_of(served.local, {"ids": [1, 2], "beside": "metadata"})
    about = json.loads(archive.read("secret-1.json"))
    assert (about["caption"], about["tags"]) == ("a lighthouse – 灯台", ["sea", "shore"])
    assert about["sha256"] == served.library.picture(OWNER, 1).sha256
    assert about["prompt"] == "canary1 on a shore"


def test_a_reader_of_a_part_gets_that_part(served: Served) -> None:
    library = served.library
    made = library.create_set(OWNER, Create(name="Hidden group")).id
    assert made is not None
    library.add_to_set(OWNER, made, Selection(ids=[1, 5]))
    scoped = served.scoped()
    archive = archive_of(scoped, {"q": "", "beside": "metadata"})
    assert sorted(archive.namelist()) == sorted(f"secret-{n}.{end}" for n in (1, 2, 3) for end in ("png", "json"))
    assert "Hidden group" not in archive.read("secret-1.json").decode()
    assert archive_of(scoped, {"ids": [1, 5, 8]}).namelist() == ["secret-1.png"]
    assert scoped.post("/downloads", {"ids": [5, 8]}).status == 400
    # Nobody else's download can be fetched, by a wider or a narrower reader.
    owners = served.local.post("/downloads", {"ids": [1, 5]}).json["id"]
    theirs = scoped.post("/downloads", {"ids": [1]}).json["id"]
    assert scoped.get(f"/downloads/{owners}").status == 404
    assert served.local.get(f"/downloads/{theirs}").status == 404
    assert Peer(served.url).get(f"/downloads/{owners}").status == 401


def test_what_cannot_be_downloaded_says_why(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def detail(ask: dict[str, Any]) -> str:
        answer = shared.local.post("/downloads", ask)
        assert answer.status == 400, answer
        return str(answer.json["detail"])

    assert "no pictures" in detail({"q": "name:nothing"})
    assert "either" in detail({})
    assert "either" in detail({"q": "", "ids": [1]})
    assert "beside" in detail({"q": "", "beside": "everything"})
    monkeypatch.setattr(downloads, "MOST", 3)
    assert "at most 3" in detail({"q": ""})
    assert shared.local.get("/downloads/nonsense").status == 404


def test_head_starts_nothing_and_an_old_one_expires(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = shared.local.post("/downloads", {"ids": [1], "name": 'o"h/../é'}).json
    assert (prepared["pictures"], prepared["name"]) == (1, "o_h_._é.zip")
    answer = shared.local.ask("HEAD", f"{API}/downloads/{prepared['id']}")
    assert (answer.status, answer.body) == (200, b"")
    monkeypatch.setattr(downloads, "LIFETIME", -1.0)
    late = shared.local.post("/downloads", {"ids": [1]}).json["id"]
    assert shared.local.get(f"/downloads/{late}").status == 404
    shared.library.part(downloads.Downloads).drop_old()
    monkeypatch.undo()
    many = [shared.local.post("/downloads", {"ids": [1]}).json["id"] for _ in range(downloads.REMEMBERED + 1)]
    assert shared.local.get(f"/downloads/{many[0]}").status == 404
    assert shared.local.get(f"/downloads/{many[1]}").status == 200


def test_a_missing_original_is_left_out_and_named(served: Served) -> None:
    _, own = served.library.stores.own()
    key = served.library.db.value("select key from location where picture_id = 2")
    (own.root / key).unlink()
    archive = archive_of(served.local, {"ids": [1, 2, 3]})
    assert archive.namelist() == ["secret-1.png", "secret-3.png", downloads.NOTE]
    assert "secret-2.png" in archive.read(downloads.NOTE).decode()


def big(served: Served, size: int) -> int:
    """A picture of the library whose original is padded to a size; the id."""
    path = paint(served.library.incoming / "big.png", 77)
    with path.open("r+b") as file:
        file.truncate(size)
    id = served.library.upload(OWNER, "big.png", path).id
    assert id is not None
    return id


def test_it_is_made_only_as_fast_as_it_is_read_and_ends_with_the_client(served: Served) -> None:
    id = big(served, 400 << 20)
    url = served.local.post("/downloads", {"ids": [id]}).json["id"]
    reads: list[int] = []
    _, own = served.library.stores.own()
    real = own.read

    def counting(*args: Any) -> Any:
        file = real(*args)
        inner = file.read

        class Counted:
            def read(self, size: int) -> bytes:
                reads.append(size)
                return inner(size)

            def close(self) -> None:
                reads.append(-1)
                file.close()

        return Counted()

    own.read = counting  # type: ignore[method-assign,assignment]
    host, port = served.local.netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        head = f"GET {API}/downloads/{url} HTTP/1.1\r\nHost: {served.local.netloc}\r\n"
        client.sendall((head + f"Authorization: {served.local.headers['Authorization']}\r\n\r\n").encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        time.sleep(1)
        assert sum(size for size in reads if size > 0) < 64 << 20  # what fits into the sockets' buffers
    until = time.monotonic() + 20
    while -1 not in reads and time.monotonic() < until:
        time.sleep(0.05)
    assert reads[-1] == -1 and sum(size for size in reads if size > 0) < 100 << 20


def test_an_original_that_fails_in_the_middle_cuts_the_download_short(served: Served) -> None:
    id = big(served, 4 << 20)
    url = served.client.prepare_download(PrepareDownload(ids=[id])).id
    _, own = served.library.stores.own()
    real = own.read

    def failing(*args: Any) -> Any:
        file = real(*args)
        left = [3]

        class Failing:
            def read(self, size: int) -> bytes:
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(5, "Input/output error")
                return file.read(size)

            def close(self) -> None:
                file.close()

        return Failing()

    own.read = failing  # type: ignore[method-assign,assignment]
    with served.client.download(url) as stream, pytest.raises(Unreachable):
        stream.read()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("download")]


def test_the_client_reads_it_as_it_arrives(shared: Served) -> None:
    prepared = shared.client.prepare_download(PrepareDownload(q="seed:<=2"))
    with shared.client.download(prepared.id) as stream:
        archive = zipfile.ZipFile(io.BytesIO(stream.read()))
    assert sorted(archive.namelist()) == ["secret-1.png", "secret-2.png"]
    assert prepared.bytes == sum(entry.file_size for entry in archive.infolist())
    with pytest.raises(NotFound):
        shared.client.download("nonsense")


def test_an_export_is_downloaded_as_a_zip_file(served: Served) -> None:
    served.library.set_caption(OWNER, SetCaption(ids=[1], text="a lighthouse"))
    served.library.add_tags(OWNER, AddTags(ids=[1, 2], tags=["sea"]))
    options = {"layout": "kohya", "trigger": "mira", "template": "{trigger}, {caption}, {tags}", "side": 32}
    ask = {"q": "seed:<=2", "name": "training", "options": options}
    archive = archive_of(served.local, ask)
    names = ["10_mira/secret-2.png", "10_mira/secret-2.txt", "10_mira/secret-1.png", "10_mira/secret-1.txt"]
    assert archive.namelist() == [*names, "dataset.toml", "manifest.jsonl"]
    assert archive.read("10_mira/secret-1.txt") == b"mira, a lighthouse, sea"
    first, second = (served.local.post("/downloads", ask).json["id"] for _ in range(2))
    assert served.local.get(f"/downloads/{first}").body == served.local.get(f"/downloads/{second}").body
    preview = served.local.post("/exports/preview", {"q": "seed:<=2", "options": options}).json
    assert [sample["name"] for sample in preview["samples"]] == [name for name in names if name.endswith("png")]
    assert [sample["text"] for sample in preview["samples"]] == ["mira, sea", "mira, a lighthouse, sea"]


def test_an_export_shows_a_reader_of_a_part_that_part(served: Served) -> None:
    library, scoped = served.library, served.scoped()
    made = library.create_character(OWNER, Create(name="Hidden person")).id
    assert made is not None
    library.add_to_character(OWNER, made, Selection(ids=[1, 5]))
    options = {"template": "{character}, {name}", "name": "{character}-{name}"}
    archive = archive_of(scoped, {"q": "", "options": options})
    text = "".join(archive.namelist()) + "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    assert "Hidden person" not in text and "canary5" not in text and "secret-3" in text
    preview = scoped.post("/exports/preview", {"q": "", "options": options})
    assert preview.json["pictures"] == 3 and "Hidden" not in preview.body.decode()
    assert scoped.post("/exports", {"path": "/tmp/x", "q": ""}).status == 403
    assert bearer(served.url, served.token("write")).post("/exports", {"path": "/tmp/x", "q": ""}).status == 403
    bad = scoped.post("/downloads", {"q": "", "options": {"template": "{nothing}"}})
    assert bad.status == 400 and "There is no field" in bad.json["detail"]
