"""Hostile names, through every door: the picture is kept under a name fit to show, and the name does nothing else."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from plugins.test_compat import BOUNDARY, ended
from web.asking import API, Answer, paint
from web.conftest import OWNER, Served
from web.test_zips import finish
from zips import Entry, pack

from pixlstash_core.storage.files import LONGEST
from pixlstash_core.types import ImportPaths

#: As bytes, which is what a disk, a zip file and a form have.
NAMES: list[bytes] = [
    b"../../up.png",
    b"/etc/passwd.png",
    b"..\\..\\up.png",
    b"C:\\x\\a.png",
    b"\\\\server\\share\\a.png",
    b"a/b/../../../c.png",
    b"a\0b.png",
    b"\0",
    b"a\r\nSet-Cookie: pl_session=evil\r\n\r\n<html>.png",
    b"a\nb.png",
    "\u202egnp.exe".encode(),
    "a\u2028b\u2029\u200b\ufeff.png".encode(),
    "\u061c\u2066x\u2069.png".encode(),
    "é".encode() * 125 + b"x.png",
    b"x" * 251 + b".png",
    b"x" * 255,
    b"\xff\xfe\x80.png",
    b"caf\xe9.png",
    b"\xed\xa0\x80.png",
    b"\xf0\x9f\x98.png",
    "😀.png".encode(),
    b"CON",
    b"con.png",
    b"NUL.tar.png",
    b"com1",
    "LPT¹.png".encode(),
    b" . ",
    b"...",
    b"..",
    b".png",
    b"a.png.",
    b"a.png ",
    b"a.png:stream",
    b"a.png::$DATA",
    b"-rf",
    b"--help.png",
    b"~root.png",
    b"$(id);`id`|a&b.png",
    b'"; filename="evil.exe',
    b"a%2F..%2Fb%00%0d%0aX-Evil: 1.png",
    b"<img src=x onerror=alert(1)>.png",
    b"{a}{0.__class__}%s%n.png",
    b"' or 1=1; drop table picture; --.png",
    b"a\x7f\x1b[31mb\x08.png",
    "a\u0301".encode() * 60 + b".png",
]


def fit(name: str) -> bool:
    name.encode()
    hidden = [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    return bool(name.strip(" .")) and not hidden and len(name) <= LONGEST


def outside(served: Served) -> list[str]:
    """Everything below the test's folder but the library's own files, which are known by their form."""
    root = served.library.path.parent
    kept = r"media(/incoming(/partial)?|/[0-9a-f]{2}(/[0-9a-f]{64}\.[a-z0-9]+)?)?"
    ours = re.compile(rf"library/({kept}|[a-z]+\.db.*|lock)?")
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    return sorted(path for path in paths if path != "library" and not ours.fullmatch(path))


def downloaded(answer: Answer) -> str:
    """The file name a download proposes; everything around it must be in order."""
    assert answer.status == 200, answer
    (header,) = answer.headers.get_all("Content-Disposition")
    shape = re.fullmatch(r"attachment; filename=\"([ -~]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", header)
    assert shape is not None, header
    assert not {"set-cookie", "x-evil"} & {name.lower() for name in answer.headers.keys()}
    for name in (shape[1], unquote(shape[2], errors="strict")):
        assert not re.search(r'[/\\:*?"<>|\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]', name), name
        assert not re.match(r"(con|nul|aux|prn|com[1-9]|lpt[1-9¹²³])(\.|$)", name, re.IGNORECASE), name
        assert name == name.strip(" .") and len(name) < 200
    return unquote(shape[2])


def sent(served: Served, name: bytes, body: bytes) -> Answer:
    return served.local.post(f"/uploads?name={quote(name)}", body)


def in_pieces(served: Served, name: bytes, body: bytes) -> Answer:
    # as JSON has it, where half a surrogate pair can be written as well
    text = json.dumps({"name": name.decode(errors="surrogateescape"), "size": len(body)}).encode()
    begun = served.local.post("/uploads/partial", text, {"Content-Type": "application/json"})
    if begun.status == 400:  # not Unicode at all, which is said
        assert b"\\ud" in text, begun
        return begun
    return served.local.ask("PATCH", f"{API}/uploads/{begun.json['id']}?offset=0", body)


def in_a_form(served: Served, name: bytes, body: bytes) -> Answer:
    escaped = name.replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")  # as browsers do
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode() + escaped
    whole = head + b'"\r\n\r\n' + body + f"\r\n--{BOUNDARY}--\r\n".encode()
    return served.local.post("/pictures/import", whole, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


@pytest.fixture
def pngs(tmp_path: Path) -> Callable[[int], bytes]:
    def make(n: int) -> bytes:
        path = paint(tmp_path / "painted.png", n, {"Comment": str(n)})
        body = path.read_bytes()
        path.unlink()
        return body

    return make


def check(served: Served, count: int) -> None:
    """Every picture that came in is shown, downloaded and whole."""
    found = served.library.pictures(OWNER, limit=1000)
    assert len(found) == count
    for picture in found:
        assert fit(picture.name), ascii(picture.name)
        assert "/" not in picture.name and "\0" not in picture.name
        downloaded(served.local.get(f"/pictures/{picture.id}/original?download=1"))
        payload = served.local.get(f"/pictures/{picture.id}/payloads/Comment")
        assert payload.status in (200, 404)
    assert served.library.check(OWNER, verify=True).problems == []


def test_uploaded(empty: Served, pngs: Callable[[int], bytes]) -> None:
    for n, name in enumerate(NAMES):
        answer = sent(empty, name, pngs(n))
        assert (answer.status, answer.json["status"]) == (200, "imported"), (name, answer)
    check(empty, len(NAMES))
    assert outside(empty) == []


def test_uploaded_in_pieces(empty: Served, pngs: Callable[[int], bytes]) -> None:
    taken = 0
    for n, name in enumerate(NAMES):
        answer = in_pieces(empty, name, pngs(n))
        if answer.status != 400:
            assert answer.json["result"]["status"] == "imported", (name, answer)
            taken += 1
    assert taken >= len(NAMES) - 4
    check(empty, taken)
    assert outside(empty) == []


def test_in_a_form(empty: Served, pngs: Callable[[int], bytes]) -> None:
    taken = 0
    for n, name in enumerate(NAMES):
        answer = in_a_form(empty, name, pngs(n))
        assert answer.status in (200, 400), (name, answer)
        if answer.status == 400:  # NUL and its like may not stand in a header
            assert "form" in answer.json["detail"], answer
            continue
        assert ended(empty.local, answer)["results"][0]["status"] == "success"
        taken += 1
    assert taken >= len(NAMES) - 4
    check(empty, taken)
    assert outside(empty) == []


def test_in_a_zip_file(empty: Served, pngs: Callable[[int], bytes]) -> None:
    entries = [Entry(name, pngs(n), flags=0x800 * (n % 2)) for n, name in enumerate(NAMES)]
    answer = sent(empty, b"names.zip", pack(*entries)).json["archive"]
    refused = {one["name"]: one["reason"] for one in answer["results"] if one["status"] == "refused"}
    assert all("leads out" in reason for reason in refused.values()), refused
    for one in answer["results"]:
        assert fit(one["name"]) or not one["name"].strip(" ."), ascii(one["name"])
    check(empty, answer["imported"])
    assert answer["imported"] >= len(NAMES) - 15
    assert outside(empty) == []


@pytest.mark.parametrize("in_place", [False, True], ids=["copied", "in place"])
def test_in_a_folder(in_place: bool, empty: Served, pngs: Callable[[int], bytes], tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    made = 0
    for n, name in enumerate(NAMES):
        if b"/" in name or b"\0" in name or name.startswith(b".") or len(name) > 255:
            continue  # no file can be called that, or it is hidden
        try:
            with open(os.path.join(os.fsencode(folder), name), "xb") as file:
                file.write(pngs(n))
        except OSError:
            continue  # not on this system
        made += 1
    before = sorted(os.listdir(os.fsencode(folder)))
    job = finish(empty.library, empty.library.import_paths(OWNER, ImportPaths([str(folder)], in_place)))
    assert job.state == "done" and job.report is not None and job.report.refused == []
    check(empty, made)
    assert sorted(os.listdir(os.fsencode(folder))) == before
    assert [path for path in outside(empty) if not path.startswith("from")] == []


def test_a_refusal_may_be_shown_as_well(empty: Served, tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "bad\u202e\r\nx\udcff.png").write_bytes(b"no picture")
    job = finish(empty.library, empty.library.import_paths(OWNER, ImportPaths([str(folder)])))
    assert job.report is not None
    (refusal,) = job.report.refused
    assert "\ufffd" in refusal.path and not re.search(r"[\r\n\u202e\udcff]", refusal.path)
    assert empty.local.get(f"/jobs/{job.id}").status == 200
