"""Originals of a link: without their metadata, untouched only if the owner said so, and never beside a watermark."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import CANARIES, MAGIC, add, lifted, telling_jpeg, telling_png
from PIL import Image
from web.asking import Answer
from web.conftest import OWNER, Served
from web.recipients import Recipient, create

from pixlstash_core.sharing import budgets, link_operations, originals
from pixlstash_core.sharing.budgets import Budgets
from pixlstash_core.types import CreateToken, Grant

MARK = [{"id": "resize"}, {"id": "watermark", "params": {"text": "Sample"}}]


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    paths = [telling_jpeg(tmp_path / "canary-a.jpg", 1), telling_png(tmp_path / "canary-b.png", 2)]
    telling_png(tmp_path / "canary-c.png", 3, channel=1)
    return [path.read_bytes() for path in (*paths, tmp_path / "canary-c.png")]


@pytest.fixture
def telling(served: Served, files: list[bytes], tmp_path: Path) -> list[int]:
    return [add(served.library, tmp_path / name) for name in ("canary-a.jpg", "canary-b.png", "canary-c.png")]


def entered(served: Served, telling: list[int], **ask: Any) -> tuple[Recipient, dict[str, Any]]:
    info = create(served, scope={"pictures": telling}, **ask)
    recipient = Recipient(served, info)
    assert recipient.enter().status == 204
    return recipient, info


def each(recipient: Recipient) -> list[Answer]:
    return [recipient.get(f"/pictures/{name}/original") for name in recipient.pictures]


def pixels(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as image:
        return image.convert("RGB")


def test_stripped_originals_are_whole_and_silent(served: Served, telling: list[int], files: list[bytes]) -> None:
    recipient, info = entered(served, telling, originals="stripped")
    assert recipient.get().json["originals"] == info["originals"] == "stripped"
    answers = each(recipient)
    assert [answer.status for answer in answers] == [200] * 3
    assert [answer.headers["Content-Type"] for answer in answers] == ["image/jpeg", "image/png", "image/png"]
    for answer, file in zip(answers, files, strict=True):
        told = answer.body.lower() + str(answer.headers).lower().encode()
        assert not [canary for canary in CANARIES if canary.lower() in told]
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="picture-')
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        with Image.open(io.BytesIO(answer.body)) as image:
            assert image.size == (300, 200) and not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform"}
        assert all(lifted(pixels(answer.body), channel) != MAGIC.encode() for channel in range(3))
        ours, theirs = pixels(answer.body).tobytes(), pixels(file).tobytes()
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1
    assert pixels(answers[0].body).tobytes() == pixels(files[0]).tobytes(), "a JPEG is not encoded anew"
    found = info["certificate"]["originals"]
    counts = {"places": 0, "prompts": 0, "names": 0, "others": 0}
    assert found == {"untouched": False, "fetched": 3, "absent": 0, **counts}
    assert info["certificate"]["problems"] == []


def test_untouched_originals_are_what_was_imported(served: Served, telling: list[int], files: list[bytes]) -> None:
    recipient, info = entered(served, telling, originals="untouched")
    answers = each(recipient)
    assert [answer.body for answer in answers] == files
    assert not [canary for canary in CANARIES for answer in answers if canary in str(answer.headers).encode()]
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/octet-stream"}
    assert answers[1].headers["Content-Disposition"].startswith('attachment; filename="picture-')
    name = recipient.pictures[0]
    part = recipient.get(f"/pictures/{name}/original", {"Range": "bytes=2-9"})
    assert (part.status, part.body) == (206, files[0][2:10])
    found = info["certificate"]["originals"]
    assert (found["untouched"], found["fetched"], found["names"]) == (True, 3, 0)
    assert found["places"] == 1 and info["certificate"]["problems"] == []
    assert served.library.visit_link(OWNER, info["id"]).certificate.problems == []  # type: ignore[union-attr]


def test_they_are_refused_where_they_are_not_offered(served: Served, telling: list[int]) -> None:
    plain, _ = entered(served, telling)
    other, _ = entered(served, telling, originals="untouched")
    assert {answer.status for answer in each(plain)} == {404}
    absent = plain.get(f"/pictures/{'0' * 24}/image")
    assert each(plain)[0].body == absent.body
    for name in (*plain.pictures, str(telling[0]), "..", "0" * 24):
        assert other.get(f"/pictures/{name}/original").status == 404
    link = served.browser()
    for ask, word in (
        ({"originals": "untouched", "download": False}, "may save"),
        ({"originals": "stripped", "steps": MARK}, "watermark"),
        ({"originals": "untouched", "steps": MARK}, "watermark"),
        ({"originals": "all"}, "Invalid"),
    ):
        answer = link.post("/links", {"scope": {"pictures": telling}, **ask})
        assert answer.status == 400 and word in answer.body.decode(), answer


def test_s30_pixels_without_the_watermark_are_out_of_reach(served: Served, telling: list[int]) -> None:
    """Also if somebody writes into the database what no request can."""
    recipient, info = entered(served, telling, steps=MARK)
    served.library.hub.write("update link set originals = 'untouched' where id = ?", (info["id"],))
    assert {answer.status for answer in each(recipient)} == {404}
    name = recipient.pictures[0]
    marked = recipient.get(f"/pictures/{name}/image").body
    assert recipient.get(f"/pictures/{name}/image?save=true").body == marked
    picture = served.library.picture(OWNER, telling[0])
    for path in (
        f"/pictures/{telling[0]}/original",
        f"/pictures/{telling[0]}/thumbnail",
        f"/pictures/{picture.public_id}",
    ):
        assert recipient.peer.get(path).status in (401, 404)
    token = served.library.create_token(OWNER, CreateToken("read", scope=Grant(pictures=telling[:1]))).token
    shared = served.peer.ask(
        "GET", f"/share/{token}.jpg"
    )  # which has no watermark, and is another grant of the owner's
    assert shared.status == 200 and shared.body != marked


def test_videos_and_files_that_changed_are_not_sent(served: Served, telling: list[int], tmp_path: Path) -> None:
    recipient, info = entered(served, telling, originals="untouched")
    stripped, _ = entered(served, telling, originals="stripped")
    served.library.db.writer.execute("update picture set kind = 'video' where id = ?", (telling[1],)).fetchall()
    assert [answer.status for answer in each(stripped)] == [200, 404, 200]
    path = served.library.original(OWNER, telling[0]).local
    assert path is not None
    path.chmod(0o600)
    body = path.read_bytes()
    path.write_bytes(body[:-2] + b"xx")  # of the same size
    assert each(stripped)[0].status == 404
    path.write_bytes(b"another file")
    assert each(recipient)[0].status == 404 and each(stripped)[0].status == 404
    assert info["certificate"]["problems"] == []


def test_what_leaks_is_found_by_the_visit(served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = originals.stripped_of

    def leaking(change: Callable[[bytes], bytes]) -> Callable[..., originals.Stripped]:
        def stripped_of(context: Any, id: int) -> originals.Stripped:
            made = plain(context, id)
            return originals.Stripped(change(made.body), made.mime, made.ending)

        return stripped_of

    with served.library.original(OWNER, telling[0]).open(0, None) as original:
        file = original.read()
    for change in (lambda body: body + b"canary-a.jpg", lambda body: file):
        monkeypatch.setattr(link_operations, "stripped_of", leaking(change))
        answer = served.browser().post("/links", {"scope": {"pictures": telling[:1]}, "originals": "stripped"})
        assert answer.status == 409 and "An original" in answer.body.decode(), answer


def test_they_are_charged(served: Served, telling: list[int]) -> None:
    recipient, info = entered(served, telling, originals="untouched")
    each(recipient)
    left = served.library.part(Budgets)._buckets[info["id"]][0].left
    assert left < budgets.BYTES_AT_ONCE
    served.library.part(Budgets).charge(info["id"], sent=2 * budgets.BYTES_AT_ONCE)
    answer = recipient.get(f"/pictures/{'0' * 24}/original")
    assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0
