"""Links over HTTP, as an attacker and as a recipient: what opens, what does not, and what is in the answers."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from core.sharing.telling import CANARIES, add, demand_silent, telling_jpeg, telling_png
from web.asking import API, SAME, Peer
from web.conftest import OWNER, Served, serving
from web.recipients import Recipient, create

from pixlstash_core.library import Library
from pixlstash_core.sharing import budgets
from pixlstash_core.sharing.budgets import Budgets
from pixlstash_core.types import DeletePictures, HideAndBlur


@pytest.fixture
def telling(served: Served, tmp_path: Path) -> list[int]:
    """Pictures whose files and names tell much, beside those of `served`."""
    paths = [telling_jpeg(tmp_path / "canary-a.jpg", 1), telling_png(tmp_path / "canary-b.png", 2)]
    return [add(served.library, path) for path in paths]


def test_a_recipient_gets_renditions_and_nothing_else(served: Served, telling: list[int]) -> None:
    info = create(served, scope={"pictures": telling}, title="For <you>")
    recipient = Recipient(served, info)
    assert recipient.get().status == 404
    opened = recipient.enter()
    cookie = opened.headers["Set-Cookie"]
    assert opened.status == 204 and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert f"Path={API}/shared/{recipient.public_id};" in cookie and recipient.secret not in cookie
    listed = {"title": "For <you>", "pictures": recipient.pictures, "download": True}
    assert recipient.get().json == {**listed, "originals": "none", "scores": None}
    for name in recipient.pictures:
        for path in ("preview", "image", "image?save=true"):
            answer = recipient.get(f"/pictures/{name}/{path}")
            assert answer.status == 200 and answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            demand_silent(answer.body)
            assert not [canary for canary in CANARIES if canary in str(answer.headers).encode()]
            assert ("Content-Disposition" in answer.headers) == path.endswith("true")
    tag = recipient.get(f"/pictures/{name}/image").headers["ETag"]
    assert recipient.get(f"/pictures/{name}/image", {"If-None-Match": tag}).status == 304


def test_a_recipients_cookie_opens_nothing_of_the_owners(served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}))
    recipient.enter()
    value = recipient.peer.headers["Cookie"].partition("=")[2]
    session = f"pl_session_{served.library.public_id}"
    others = [recipient.peer, Peer(served.url, {**SAME, "Cookie": f"{session}={value}"})]
    others += [Peer(served.url, {"Authorization": f"Bearer {secret}"}) for secret in (value, recipient.secret)]
    for peer in others:
        for path in ("/library", "/pictures", f"/pictures/{telling[0]}", f"/pictures/{telling[0]}/original", "/links"):
            assert peer.get(path).status == 401, path
        assert peer.post("/session", {"token": recipient.secret}).status in (401, 403)
        assert peer.post("/session", {"claim": recipient.secret}).status in (401, 403)
    assert served.peer.get(f"/library?token={recipient.secret}").status == 401


def test_pictures_are_reached_by_their_names_in_this_link_only(served: Served, telling: list[int]) -> None:
    first = Recipient(served, create(served, scope={"pictures": telling[:1]}))
    second = Recipient(served, create(served, scope={"pictures": telling[1:]}))
    first.enter()
    second.enter()
    absent = first.get("/pictures/000000000000000000000000/image")
    assert absent.status == 404
    wrong = [
        second.pictures[0],
        str(telling[0]),
        str(telling[1]),
        "1",
        "..",
        "%2e%2e",
        "é",
        first.pictures[0][:-1],
        "x" * 999,
    ]
    for name in wrong:
        answer = first.get(f"/pictures/{name}/image".encode("ascii", "ignore").decode())
        assert answer.status == 404, name
    assert first.get(f"/pictures/{second.pictures[0]}/image").body == absent.body
    # one link's cookie under the name of the other's
    value = first.peer.headers["Cookie"].partition("=")[2]
    thief = Peer(served.url, {"Cookie": f"pl_link_{second.public_id}={value}"})
    assert thief.get(f"/shared/{second.public_id}").status == 404


def test_all_that_is_not_valid_looks_the_same(served: Served, telling: list[int]) -> None:
    info = create(served, scope={"pictures": telling})
    valid, revoked, expired, replaced = (
        Recipient(served, create(served, scope={"pictures": telling})) for _ in range(4)
    )
    for recipient in (valid, revoked, expired, replaced):
        assert recipient.enter().status == 204
    owner = served.browser()
    listed = {link["path"]: link["id"] for link in owner.get("/links").json}
    by_id = {path.removeprefix("/s/").partition("#")[0]: id for path, id in listed.items()}
    assert owner.ask("DELETE", f"{API}/links/{by_id[revoked.public_id]}").status == 204
    assert owner.post(f"/links/{by_id[replaced.public_id]}/replace").status == 200
    served.library.hub.write("update link set expires = 1 where public_id = ?", (expired.public_id,))
    unknown = Recipient(served, info)
    unknown.public_id = "0123456789abcdef"
    mistyped = Recipient(served, info)
    mistyped.secret = mistyped.secret[:-1] + ("A" if mistyped.secret[-1] != "A" else "B")
    answers = []
    for recipient in (revoked, expired, replaced, unknown, mistyped):
        answers += [recipient.get(), recipient.get(f"/pictures/{'0' * 24}/image"), recipient.enter()]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert len({str(sorted(answer.headers.keys())) for answer in answers}) == 1
    assert valid.get().status == 200


def test_a_password_is_checked_before_anything_is_shown(served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}, password="apple pie"))
    asked = recipient.enter()
    assert (asked.status, asked.json["password"], "Set-Cookie" in asked.headers) == (401, True, False)
    assert recipient.enter("wrong one").status == 401
    assert recipient.get().status == 404
    assert recipient.enter("apple pie").status == 204
    assert len(recipient.pictures) == 2
    assert "apple" not in recipient.peer.headers["Cookie"]


def test_saving_is_refused_if_the_owner_does_not_offer_it(served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}, download=False))
    recipient.enter()
    [name, _] = recipient.pictures
    assert recipient.get(f"/pictures/{name}/image").status == 200
    assert recipient.get(f"/pictures/{name}/image?save=true").status == 404


def test_what_is_deleted_or_hidden_is_gone_at_the_next_request(served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}))
    recipient.enter()
    name, other = recipient.pictures
    assert recipient.get(f"/pictures/{name}/image").status == 200
    served.library.delete(OWNER, DeletePictures(ids=telling[:1]))
    left = recipient.pictures
    assert len(left) == 1 and left[0] in (name, other)
    gone = other if left == [name] else name
    assert recipient.get(f"/pictures/{gone}/image").status == 404
    served.library.set_veil(OWNER, HideAndBlur(hide="name:canary-b"))
    assert recipient.pictures == [] and recipient.get(f"/pictures/{left[0]}/image").status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"secret": 1}',
        b'{"secret": null}',
        b"{}",
        json.dumps({"secret": "x" * 101}).encode(),
    ],
)
def test_malformed_requests_get_a_sentence(body: bytes, served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}))
    headers = {"Content-Type": "application/json"}
    answer = recipient.peer.ask("POST", f"{API}/shared/{recipient.public_id}/open", body, headers)
    assert answer.status == 400 and "Traceback" not in answer.body.decode(), answer
    for cookie in (
        "pl_link_x",
        "=",
        f"pl_link_{recipient.public_id}",
        f"pl_link_{recipient.public_id}=" + "é" * 20,
        "\x01",
    ):
        header = {"Cookie": cookie.encode("latin-1", "ignore").decode("latin-1")}
        assert Peer(served.url, header).get(f"/shared/{recipient.public_id}").status == 404


def test_a_page_elsewhere_cannot_open_a_link_here(served: Served, telling: list[int]) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}))
    recipient.peer = Peer(served.url, {"Sec-Fetch-Site": "cross-site"})
    assert recipient.enter().status == 403


def test_nothing_is_shared_before_a_password_is_set(library: Library, tmp_path: Path) -> None:
    with serving(library, public_url="https://pictures.example.org") as served:
        id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
        ask = {"scope": {"pictures": [id]}}
        refused = served.local.post("/links", ask)
        assert refused.status == 409 and "before the owner has set a password" in refused.body.decode()
        library.access.set_password(OWNER, "twelve chars")
        recipient = Recipient(served, served.local.post("/links", ask).json)
        assert recipient.enter().status == 204
        library.reset_owner(OWNER)
        assert recipient.enter().status == 403 == recipient.get().status


def test_behind_https_the_cookie_is_secure(library: Library, tmp_path: Path) -> None:
    with serving(library, public_url="https://pictures.example.org") as served:
        library.access.set_password(OWNER, "twelve chars")
        id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
        recipient = Recipient(served, served.local.post("/links", {"scope": {"pictures": [id]}}).json)
        recipient.peer = Peer(served.url, {**SAME, "Host": "pictures.example.org"})
        assert recipient.enter().headers["Set-Cookie"].endswith("; Secure")


def test_the_page_is_the_same_for_every_link_and_says_nothing(served: Served, telling: list[int]) -> None:
    info = create(served, scope={"pictures": telling}, title="canary title")
    path = info["path"].partition("#")[0]
    html = {"Accept": "text/html"}
    page, other = (served.peer.ask("GET", each, None, html) for each in (path, "/s/0123456789abcdef"))
    headers, others = ({**each.headers, "date": ""} for each in (page, other))
    assert (page.status, page.body, headers) == (200, other.body, others)
    text = page.body.decode()
    assert "<title>Shared pictures</title>" in text and "canary" not in text and served.library.name not in text
    assert "og:" not in text and 'content="noindex' in text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow" and page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for name in ("viewer.css", "viewer.js", "link.js"):
        file = served.peer.ask("GET", f"/s/{name}")
        assert file.status == 200 and "http" not in file.body.decode().replace("https", "http").split("//", 1)[0]
    assert served.peer.ask("POST", path).status == 405
    for odd in (
        "/s/",
        "/s/link.html",
        "/s/../links.key",
        "/s/..%2flinks.key",
        "/s/0123456789ABCDEF",
        "/s/operations.py",
    ):
        assert served.peer.ask("GET", odd).status == 404, odd


def test_a_link_that_uses_too_much_waits_and_nobody_else_does(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Recipient(served, create(served, scope={"pictures": telling})) for _ in range(2))
    first.enter()
    second.enter()
    clock = [1000.0]
    monkeypatch.setattr(served.library.part(Budgets), "_clock", lambda: clock[0])
    name = first.pictures[0]
    served.library.part(Budgets).charge(1, sent=budgets.BYTES_AT_ONCE + 5 * budgets.BYTES)
    for path in ("", f"/pictures/{name}/preview", f"/pictures/{name}/image", f"/pictures/{name}/image?save=true"):
        answer = first.get(path)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5"), path
    assert len(second.pictures) == 2 and served.browser().get("/links").status == 200
    assert served.library.visit_link(OWNER, 1).certificate.problems == []  # type: ignore[union-attr]
    clock[0] += 6
    assert first.get(f"/pictures/{name}/image").status == 200


def test_what_recipients_load_is_charged(served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    recipient = Recipient(served, create(served, scope={"pictures": telling}))
    recipient.enter()
    monkeypatch.setattr(budgets, "BYTES_AT_ONCE", 3000)
    monkeypatch.setattr(budgets, "BYTES", 1)
    name = recipient.pictures[0]
    answers = [recipient.get(f"/pictures/{name}/image") for _ in range(4)]
    assert answers[0].status == 200 and answers[-1].status == 429
    tag = answers[0].headers["ETag"]
    monkeypatch.setattr(budgets, "BYTES_AT_ONCE", 1 << 30)
    served.library.part(Budgets)._buckets.clear()
    assert recipient.get(f"/pictures/{name}/image", {"If-None-Match": tag}).status == 304
    left = served.library.part(Budgets)._buckets[1][0].left
    assert left == 1 << 30, "an answer without a body costs no bytes"


def test_no_secret_is_written_to_a_log(served: Served, telling: list[int], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    recipient = Recipient(served, create(served, scope={"pictures": telling}, password="apple pie"))
    recipient.enter("wrong one")
    recipient.enter("apple pie")
    recipient.get("/pictures/nonsense/image")
    cookie = recipient.peer.headers["Cookie"].partition("=")[2]
    assert not [secret for secret in (recipient.secret, cookie, "apple pie", "wrong one") if secret in caplog.text]
