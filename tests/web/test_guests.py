"""Scores over HTTP, as a recipient and as an attacker gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from core.sharing.telling import add, telling_jpeg
from web.asking import API, SAME, Peer
from web.conftest import OWNER, Served, serving
from web.recipients import Recipient, create

from pixlstash_core.library import Library
from pixlstash_core.sharing import guests


@pytest.fixture
def ids(served: Served, tmp_path: Path) -> list[int]:
    return [add(served.library, telling_jpeg(tmp_path / f"p{n}.jpg", n)) for n in range(2)]


def entered(served: Served, **ask: object) -> Recipient:
    recipient = Recipient(served, create(served, **ask))
    assert recipient.enter().status == 204
    return recipient


def stored(served: Served) -> list[tuple[int, int]]:
    return list(served.library.hub.read("select picture, score from guest_score order by 1, 2"))


def test_a_recipient_gives_stars_and_sees_their_own(served: Served, ids: list[int]) -> None:
    info = create(served, scope={"pictures": ids}, scores=True)
    ann, ben = Recipient(served, info), Recipient(served, info)
    cookies = ann.enter().headers.get_all("Set-Cookie") or []
    ben.enter()
    assert [cookie.partition("=")[0] for cookie in cookies] == [
        f"pl_{kind}_{ann.public_id}" for kind in ("link", "guest")
    ]
    assert all("HttpOnly; SameSite=Strict" in cookie and f"Path={API}/shared/" in cookie for cookie in cookies)
    name, other = ann.pictures
    assert ann.score(name, 5).status == ann.score(other, 1).status == ben.score(name, 2).status == 204
    assert (ann.get().json["scores"], ben.get().json["scores"]) == ({name: 5, other: 1}, {name: 2})
    assert ann.score(name, 0).status == 204 and ann.get().json["scores"] == {other: 1}
    ann.enter()  # opened again by the same browser: the same visitor
    assert ann.get().json["scores"] == {other: 1}
    assert [served.library.picture(OWNER, id).score for id in ids] == [0, 0]
    owner = served.browser()
    [listed] = [link for link in owner.get("/links").json if link["id"] == info["id"]]
    assert (listed["scores"], listed["scored"]) == (True, 2)
    assert owner.post(f"/links/{info['id']}/scores/accept", {}).json["changed"] == 2
    assert sorted(served.library.picture(OWNER, id).score for id in ids) == [1, 2]
    assert served.library.visit_link(OWNER, info["id"]).certificate.problems == []  # type: ignore[union-attr]


def test_s29_whoever_is_no_visitor_changes_nothing(served: Served, ids: list[int]) -> None:
    recipient = entered(served, scope={"pictures": ids}, scores=True)
    plain = entered(served, scope={"pictures": ids})
    name, other = recipient.pictures[0], plain.pictures[0]
    link, guest = recipient.peer.headers["Cookie"].split("; ")
    key, _, value = guest.partition("=")
    invented = [f"{key}={odd}" for odd in ("", "0" * 64, value[:-1] + ("0" if value[-1] != "0" else "1"), value * 2)]
    cookies = [link, guest, *(f"{link}; {each}" for each in invented), plain.peer.headers["Cookie"]]
    for cookie in cookies:
        peer = Peer(served.url, {**SAME, "Cookie": cookie})
        answer = peer.post(f"/shared/{recipient.public_id}/pictures/{name}/score", {"score": 5})
        assert answer.status == 404, cookie
    for refused in (plain.score(other, 5), recipient.score(other, 5), recipient.score(str(ids[0]), 5)):
        assert refused.status == 404
    assert served.browser().post(f"/shared/{recipient.public_id}/pictures/{name}/score", {"score": 5}).status == 404
    assert stored(served) == []


def test_a_page_elsewhere_gives_no_stars(served: Served, ids: list[int]) -> None:
    recipient = entered(served, scope={"pictures": ids}, scores=True)
    name, cookie = recipient.pictures[0], recipient.peer.headers["Cookie"]
    path = f"{API}/shared/{recipient.public_id}/pictures/{name}/score"
    body = json.dumps({"score": 5}).encode()
    sites = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {})
    for headers in ({"Cookie": cookie, **site} for site in sites):
        answer = Peer(served.url, headers).ask("POST", path, body, {"Content-Type": "application/json"})
        assert answer.status == 403, headers
    form = Peer(served.url, {**SAME, "Cookie": cookie}).ask("POST", path, body, {"Content-Type": "text/plain"})
    assert form.status == 415 and recipient.get(f"/pictures/{name}/score").status == 405
    assert stored(served) == []
    origin = Peer(served.url, {"Cookie": cookie, "Origin": served.url})
    assert origin.ask("POST", path, body, {"Content-Type": "application/json"}).status == 204


NO_SCORES = (b"", b"{", b"null", b'{"score": 6}', b'{"score": -1}', b'{"score": 1.5}', b'{"score": "5"}')
NO_SCORES += (b'{"score": 1e99}', b'{"score": 5, "picture": 1}', b'{"score": true}')


@pytest.mark.parametrize("body", NO_SCORES)
def test_malformed_scores_get_a_sentence(body: bytes, served: Served, ids: list[int]) -> None:
    recipient = entered(served, scope={"pictures": ids}, scores=True)
    path = f"{API}/shared/{recipient.public_id}/pictures/{recipient.pictures[0]}/score"
    answer = recipient.peer.ask("POST", path, body, {"Content-Type": "application/json"})
    assert answer.status == 400 and "Traceback" not in answer.body.decode() and stored(served) == []


def test_a_flood_is_slowed_down_and_stays_small(served: Served, ids: list[int]) -> None:
    info = create(served, scope={"pictures": ids}, scores=True)
    statuses = []
    for _ in range(guests.NEW[0] + 4):
        recipient = Recipient(served, info)
        recipient.enter()
        statuses.append(recipient.score(recipient.pictures[0], 3))
    assert [answer.status for answer in statuses] == [204] * guests.NEW[0] + [429] * 4
    assert int(statuses[-1].headers["Retry-After"]) > 0 and len(stored(served)) == guests.NEW[0]


def test_replacing_and_revoking_end_it_for_open_pages(served: Served, ids: list[int]) -> None:
    info = create(served, scope={"pictures": ids}, scores=True)
    recipient = Recipient(served, info)
    recipient.enter()
    name = recipient.pictures[0]
    assert recipient.score(name, 4).status == 204
    replaced = served.browser().post(f"/links/{info['id']}/replace").json
    assert recipient.score(name, 5).status == 404 and stored(served) == []
    again = Recipient(served, replaced)
    again.peer, again.cookies = recipient.peer, recipient.cookies  # it is the same browser
    assert again.enter().status == 204
    assert again.get().json["scores"] == {} and again.score(again.pictures[0], 2).status == 204
    served.browser().ask("DELETE", f"{API}/links/{info['id']}")
    assert again.score(name, 5).status == 404 and stored(served) == []


def test_recipients_share_a_limit_by_their_own_address_behind_a_proxy(library: Library, tmp_path: Path) -> None:
    """S21: only a trusted proxy says who asks, and each client has its own limit."""
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    with serving(library, public_url="https://pictures.example.org", trusted_proxies=["127.0.0.1"]) as served:
        library.access.set_password(OWNER, "twelve chars")
        library.hub.write("update owner set claimed = 1")
        info = served.local.post("/links", {"scope": {"pictures": [id]}, "scores": True}).json
        for address, expected in (("203.0.113.7", 204), ("203.0.113.8", 204), ("203.0.113.7", 204)):
            recipient = Recipient(served, info)
            recipient.peer.headers["X-Forwarded-For"] = f"198.51.100.1, {address}"
            assert recipient.enter().status == expected


def test_s21_wrong_secrets_and_logins_wait_by_address(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    with serving(library, trusted_proxies=["127.0.0.1"]) as served:
        info = served.local.post("/links", {"scope": {"pictures": [id]}}).json
        right = Recipient(served, info)

        def asked(path: str, body: object, address: str) -> int:
            headers = {**SAME, "X-Forwarded-For": f"1.2.3.4, {address}"}
            answer = served.peer.post(path, body, headers)
            assert answer.status != 429 or int(answer.headers["Retry-After"]) > 0
            return answer.status

        wrong = [
            (f"/shared/{right.public_id}/open", {"secret": "wrong"}, 404),
            ("/shared/0123456789abcdef/open", {"secret": "wrong"}, 404),
            ("/session", {"token": "pl_api_wrong"}, 401),
            ("/session", {"claim": "pl_own_wrong"}, 401),
        ]
        statuses = [(asked(path, body, "203.0.113.7"), status) for path, body, status in wrong * 20]
        assert all(status in (expected, 429) for status, expected in statuses)
        assert [status == expected for status, expected in statuses[:60]] == [True] * 60
        assert 429 in [status for status, _ in statuses[60:]]
        for path, body, expected in wrong:
            assert asked(path, body, "203.0.113.8") == expected, "another address does not wait"
        assert asked(f"/shared/{right.public_id}/open", {"secret": right.secret}, "203.0.113.8") == 204
        assert served.library.visit_link(OWNER, info["id"]).certificate.problems == []  # type: ignore[union-attr]
