"""Originals in part and whole, thumbnails, embedded texts, and names that somebody else chose."""

from __future__ import annotations

import email
import io
import re
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

import pytest
from web.asking import Peer, bearer, paint
from web.conftest import OWNER, Served

from pixlstash_core.errors import NotThere
from pixlstash_core.pictures.operations import Original
from pixlstash_core.types import Reader
from pixlstash_web.files import disposition, honest_name, read_ranges


@pytest.fixture
def peer(shared: Served) -> Peer:
    return shared.local


@pytest.fixture
def whole(shared: Served) -> bytes:
    with shared.library.original(OWNER, 1).open(0, None) as file:
        return file.read()


def test_an_original_is_the_bytes_that_came_in(peer: Peer, whole: bytes) -> None:
    answer = peer.get("/pictures/1/original")
    assert (answer.status, answer.body) == (200, whole)
    assert whole.startswith(b"\x89PNG")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=\"secret-1.png\"; filename*=UTF-8''secret-1.png"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_download_is_an_attachment(peer: Peer) -> None:
    answer = peer.get("/pictures/1/original?download=1")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="secret-1.png"')


def test_head_says_the_same_without_the_bytes(peer: Peer, whole: bytes) -> None:
    answer = peer.ask("HEAD", "/api/v1/pictures/1/original")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", str(len(whole)))
    part = peer.ask("HEAD", "/api/v1/pictures/1/original", None, {"Range": "bytes=2-4"})
    assert (part.status, part.headers["Content-Length"]) == (206, "3")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("5-9", 5, 10), ("10-", 10, None), ("-7", -7, None), ("0-99999999", 0, None), (" 3 - 4 ", 3, 5)],
)
def test_one_range(asked: str, start: int, end: int | None, peer: Peer, whole: bytes) -> None:
    answer = peer.get("/pictures/1/original", {"Range": f"bytes={asked}"})
    first = start if start >= 0 else len(whole) + start
    last = (len(whole) if end is None else end) - 1
    assert (answer.status, answer.body) == (206, whole[start:end])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"


def test_several_ranges_are_merged_where_they_touch(peer: Peer, whole: bytes) -> None:
    answer = peer.get("/pictures/1/original", {"Range": "bytes=20-29, 0-4, 2-9, -3"})
    assert answer.status == 206
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    parts: Any = email.message_from_bytes(head + answer.body).get_payload()
    size = len(whole)
    assert [part["Content-Range"] for part in parts] == [
        f"bytes 0-9/{size}",
        f"bytes 20-29/{size}",
        f"bytes {size - 3}-{size - 1}/{size}",
    ]
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].encode()
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.body.split(b"\r\n--" + boundary)[1:-1]]
    assert bodies == [whole[0:10], whole[20:30], whole[-3:]]
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_nothing_inside_is_416(peer: Peer, whole: bytes) -> None:
    for asked in (f"{len(whole)}-", "99999999-", "-0"):
        answer = peer.get("/pictures/1/original", {"Range": f"bytes={asked}"})
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(
    "asked", ["bytes=", "bytes=a-b", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=1-2-3", "bytes=" + "0-1," * 16 + "3-4"]
)
def test_a_range_that_cannot_be_read_or_is_too_much_is_the_whole(asked: str, peer: Peer, whole: bytes) -> None:
    answer = peer.get("/pictures/1/original", {"Range": asked})
    assert (answer.status, answer.body) == (200, whole)


@pytest.mark.attack
def test_ranges_never_raise_and_stay_inside(rng: Any, effort: Any) -> None:
    for _ in range(effort.of(3_000, 300_000)):
        text = "bytes=" + "".join(rng.choice("0123456789-, \t-,9x") for _ in range(rng.randrange(30)))
        size = rng.randrange(0, 50)
        found = read_ranges(text, size)
        assert found is None or all(0 <= start < end <= size for start, end in found)
        assert found is None or sum(end - start for start, end in found) <= size


def test_if_range_and_if_none_match(peer: Peer, whole: bytes) -> None:
    tag = peer.get("/pictures/1/original").headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    part = {"Range": "bytes=0-3"}
    assert peer.get("/pictures/1/original", part | {"If-Range": tag}).status == 206
    for other in ('"other"', f"W/{tag}", "Sat, 21 Nov 2026 10:00:00 GMT"):
        assert peer.get("/pictures/1/original", part | {"If-Range": other}).body == whole
    for same in (tag, f'"x", W/{tag}', "*"):
        again = peer.get("/pictures/1/original", {"If-None-Match": same})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert peer.get("/pictures/1/original", {"If-None-Match": '"other"'}).status == 200


def test_a_tag_does_not_outlive_the_right(served: Served) -> None:
    token = served.browser().post("/tokens", {"rights": "read"}).json
    peer = bearer(served.url, token["token"])
    tag = peer.get("/pictures/1/original").headers["ETag"]
    served.client.revoke_token(token["id"])
    for path in ("/pictures/1/original", "/pictures/1/thumbnail"):
        assert peer.get(path, {"If-None-Match": tag}).status == 401


def test_a_missing_file_is_404_before_anything_is_sent(served: Served) -> None:
    path = served.library.original(OWNER, 1).local
    assert path is not None
    path.unlink()
    answer = served.local.get("/pictures/1/original")
    assert answer.status == 404
    assert answer.json["detail"]


def test_a_thumbnail_is_kept_for_ever(peer: Peer) -> None:
    answer = peer.get("/pictures/1/thumbnail?v=1")
    assert answer.status == 200
    assert (answer.body[:4], answer.body[8:12]) == (b"RIFF", b"WEBP")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = peer.get("/pictures/1/thumbnail?v=1", {"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_an_embedded_text_is_a_harmless_download(served: Served, tmp_path: Path) -> None:
    text = "<script>alert(1)</script>\nSteps: 20, Sampler: Euler"
    uploaded = served.client.upload("x.png", paint(tmp_path / "x.png", 77, {"parameters": text}))
    assert uploaded.id is not None
    answer = served.local.get(f"/pictures/{uploaded.id}/payloads/parameters")
    assert (answer.status, answer.body.decode()) == (200, text)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="parameters.txt"')
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert served.local.get(f"/pictures/{uploaded.id}/payloads/none").status == 404
    assert served.local.get(f"/pictures/{uploaded.id}/payloads/a%2Fb").status == 404


NAMES = [
    "plain.png",
    "with space.png",
    'quo"te.png',
    "back\\slash.png",
    "a\r\nSet-Cookie: x=1\r\n\r\n<script>.png",
    "tab\tnul\0del\x7f.png",
    "../../etc/passwd",
    "..",
    "",
    ".",
    "   ",
    "grün – 写真 🖼.png",
    "rtl\u202egnp.exe",
    "zero\u200bwidth\ufeff.png",
    "lone\ud800surrogate.png",
    "new\u0085line\u2028sep.png",
    "percent%22%0d%0a.png",
    "CON:stream",
    "semi;filename=evil.exe",
    "x" * 400 + ".png",
    "." * 300,
    "a." + "b" * 300,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_harmless_in_headers(name: str) -> None:
    header = disposition(name, inline=False)
    header.encode("latin-1")
    match = re.fullmatch(
        r"attachment; filename=\"([ !#-.0-9;=@A-\[\]-~]+)\"; filename\*=UTF-8''([A-Za-z0-9%._~-]+)", header
    )
    assert match, header
    shown = unquote(match[2])
    assert shown.isprintable()
    assert not set(shown) & set('/\\:*?"<>|')
    assert 0 < len(shown) <= 180
    assert shown not in (".", "..")


def test_good_names_are_kept() -> None:
    header = disposition("grün – 写真.png", inline=True)
    assert header == "inline; filename=\"grun  .png\"; filename*=UTF-8''gr%C3%BCn%20%E2%80%93%20%E5%86%99%E7%9C%9F.png"


@pytest.mark.parametrize(
    ("mime", "inline", "media", "shown"),
    [
        ("image/png", True, "image/png", "inline"),
        ("video/mp4", True, "video/mp4", "inline"),
        ("image/x-raw", False, "application/octet-stream", "attachment"),
        ("image/svg+xml", True, "application/octet-stream", "attachment"),
        ("text/html", True, "application/octet-stream", "attachment"),
        ("application/pdf", True, "application/octet-stream", "attachment"),
        ("image/png\r\nX: y", True, "application/octet-stream", "attachment"),
    ],
)
def test_only_rasters_and_videos_are_shown(mime: str, inline: bool, media: str, shown: str) -> None:
    answer = present(Original("a", mime, inline, 3, '"t"', None, opener(b"abc")))
    assert answer.media_type == media
    assert answer.headers["Content-Disposition"].startswith(shown)


def test_a_store_that_knows_no_size_sends_everything() -> None:
    found = Original("a", "image/png", True, None, '"t"', None, opener(b"x" * 700_000))
    answer = present(found, {"range": "bytes=0-3"})
    assert (answer.status_code, "content-length" in answer.headers, answer.headers["Accept-Ranges"]) == (
        200,
        False,
        "none",
    )
    assert collect(answer) == b"x" * 700_000


def test_each_part_is_read_from_the_store_by_itself() -> None:
    asked: list[tuple[int, int | None]] = []
    content = bytes(range(100))

    def open_part(start: int, end: int | None) -> BinaryIO:
        asked.append((start, end))
        return io.BytesIO(content[start:end])

    answer = present(Original("a", "image/png", True, 100, '"t"', None, open_part), {"range": "bytes=0-1,50-52"})
    body = collect(answer)
    assert asked == [(0, 2), (50, 53)]
    assert content[50:53] in body
    assert len(body) == int(answer.headers["content-length"])


def opener(content: bytes) -> Any:
    return lambda start, end: io.BytesIO(content[start:end])


def present(found: Original, headers: dict[str, str] | None = None) -> Any:
    from starlette.requests import Request

    from pixlstash_web.files import present_original
    from pixlstash_web.table import Call

    class Site:
        closing = False

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw})
    call = Call(Site(), request)  # type: ignore[arg-type]
    call.who = Reader("x")
    return present_original(call, found)


def collect(answer: Any) -> bytes:
    import asyncio

    async def run() -> bytes:
        return b"".join([block async for block in answer.body_iterator])

    return asyncio.run(run())


def test_a_store_that_fails_to_open_is_an_error_not_half_an_answer() -> None:
    def gone(start: int, end: int | None) -> BinaryIO:
        raise NotThere("a is not there any more.")

    with pytest.raises(NotThere):
        present(Original("a", "image/png", True, 5, '"t"', None, gone))


@pytest.mark.parametrize(
    ("name", "mime", "saved"),
    [
        ("evil.html", "image/png", "evil.html.png"),
        ("evil.svg", "image/jpeg", "evil.svg.jpg"),
        ("evil.png.exe", "image/png", "evil.png.exe.png"),
        ("no ending", "image/webp", "no ending.webp"),
        ("holiday.JPEG", "image/jpeg", "holiday.JPEG"),
        ("clip.m4v", "video/mp4", "clip.m4v"),
        ("shot.cr2", "image/x-dcraw", "shot.cr2"),
        ("shot.html", "image/x-dcraw", "shot.html.raw"),
        ("notes.txt", "text/plain", "notes.txt"),
        ("notes.html", "text/plain", "notes.html.txt"),
        ("notes.html", "application/x-unheard-of", "notes.html.bin"),
    ],
)
def test_a_download_is_named_by_what_it_is(name: str, mime: str, saved: str) -> None:
    assert honest_name(name, mime) == saved


def test_a_picture_uploaded_under_another_ending_is_downloaded_as_a_picture(served: Served, tmp_path: Path) -> None:
    answer = served.local.ask(
        "POST",
        "/api/v1/uploads?name=evil.html",
        paint(tmp_path / "evil.png", 77).read_bytes(),
        {"Content-Type": "application/octet-stream"},
    )
    for query in ("", "?download"):
        header = served.local.get(f"/pictures/{answer.json['id']}/original{query}").headers["Content-Disposition"]
        assert 'filename="evil.html.png"' in header
