"""Tokens over HTTP: scopes, expiry, revocation, and tokens in addresses."""

from __future__ import annotations

import http.client
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from web.asking import API, SAME, Peer, bearer, cookie_of, sign_in
from web.conftest import COUNT, OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, CreateToken, Grant

#: What a browser sends when a person opens an address, and when they follow a link of another site.
TYPED = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
FOLLOWED = {**TYPED, "Sec-Fetch-Site": "cross-site"}


def create(served: Served, rights: str = "read", **more: Any) -> dict[str, Any]:
    body = {"rights": rights, **more}
    answer = served.browser().post("/tokens", body)
    assert answer.status == 200, answer
    created: dict[str, Any] = answer.json
    return created


def three(served: Served) -> dict[str, Any]:
    """A grant for the pictures that `served.mine` has."""
    return {"pictures": sorted(served.mine)}


def test_a_scoped_token_sees_its_part(served: Served) -> None:
    peer = bearer(served.url, create(served, scope=three(served))["token"])
    assert peer.get("/library").json["pictures"] == 3
    assert {picture["id"] for picture in peer.get("/pictures").json} == served.mine
    outside = min(set(range(1, COUNT + 1)) - served.mine)
    for path in ("", "/thumbnail", "/original"):
        assert peer.get(f"/pictures/{outside}{path}").status == 404
        assert peer.get(f"/pictures/{min(served.mine)}{path}").status == 200
    session = sign_in(served.url, {"token": create(served, scope=three(served))["token"]})
    assert session.get("/library").json["pictures"] == 3
    assert session.get("/tokens").status == 403


def test_a_scoped_write_token_writes_within(served: Served) -> None:
    peer = bearer(served.url, create(served, "write", scope=three(served))["token"])
    outside = min(set(range(1, COUNT + 1)) - served.mine)
    assert peer.post("/pictures/score", {"ids": [outside], "score": 5}).status == 404
    assert peer.post("/pictures/score", {"ids": sorted(served.mine), "score": 5}).json["changed"] == 3
    for path in ("/sets", "/undo", "/tags/rename", "/uploads?name=a.png"):
        assert peer.post(path, {"name": "x", "tag": "a"}).status == 403, path


def test_a_scope_follows_what_it_names(served: Served) -> None:
    peer = bearer(served.url, create(served, scope={"query": "tag:shown"})["token"])
    assert peer.get("/pictures").json == []
    served.library.add_tags(OWNER, AddTags(ids=[5], tags=["shown"]))
    assert [picture["id"] for picture in peer.get("/pictures").json] == [5]
    assert peer.get("/pictures/5/original").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"rights": "owner", "scope": {"pictures": [1]}},
        {"rights": "read", "scope": {}},
        {"rights": "read", "scope": {"everything": True}},
        {"rights": "read", "scope": {"pictures": "all"}},
        {"rights": "read", "scope": {"pictures": [1.5]}},
        {"rights": "read", "scope": {"pictures": [1 << 80]}},
        {"rights": "read", "scope": {"pictures": [1] * 50_001}},
        {"rights": "read", "scope": {"query": "("}},
        {"rights": "read", "scope": {"query": "x" * 2001}},
        {"rights": "all", "scope": {"pictures": [1]}},
        {"rights": "read", "expires": "tomorrow"},
        {"rights": "read", "expires": "2020-01-01T00:00:00Z"},
        {"rights": "read", "expires": "2090-01-01T00:00:00"},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_token_that_makes_no_sense_is_refused_with_a_sentence(body: object, empty: Served) -> None:
    answer = empty.browser().post("/tokens", body)
    assert answer.status == 400 and len(answer.json["detail"]) >= 20, answer
    assert empty.browser().get("/tokens").json == []


def test_what_does_not_exist_cannot_be_in_a_scope(empty: Served) -> None:
    for scope in ({"pictures": [7]}, {"sets": [7]}, {"characters": [7]}, {"projects": [7]}):
        assert empty.browser().post("/tokens", {"scope": scope}).status == 404


def test_the_list_says_what_each_token_may_do_and_until_when(served: Served) -> None:
    expires = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    text = expires.isoformat().replace("+00:00", "Z")
    create(served, scope=three(served), expires=text, label="for Ann")
    [listed] = [token for token in served.browser().get("/tokens").json if token["label"] == "for Ann"]
    empty: dict[str, Any] = {"sets": [], "characters": [], "projects": [], "query": None}
    assert listed["scope"] == {**three(served), **empty}
    assert (listed["right"], listed["last_used"], listed["expires"]) == ("read", None, text)


def test_an_expired_token_is_as_unknown_as_any(served: Served) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    created = create(served, expires=soon)
    peer = bearer(served.url, created["token"])
    session = sign_in(served.url, {"token": created["token"]})
    assert peer.get("/library").status == session.get("/library").status == 200
    served.library.hub.write("update token set expires = 1 where id = ?", (created["id"],))
    wrong = bearer(served.url, "pl_api_" + "A" * 49).get("/library")
    assert (peer.get("/library").status, peer.get("/library").body) == (401, wrong.body)
    assert session.get("/library").status == 401


def test_a_token_of_another_library_is_unknown(served: Served, tmp_path: Any) -> None:
    Library.create(tmp_path / "other")
    with Library.open(tmp_path / "other", work=False) as other, serving(other) as second:
        secret = second.token("read")
        assert bearer(second.url, secret).get("/library").status == 200
        assert bearer(served.url, secret).get("/library").status == 401
        assert served.peer.get(f"/library?token={secret}").status == 401


def test_an_open_stream_ends_before_the_next_event_when_its_token_is_revoked(served: Served) -> None:
    for through in ("token", "session"):
        created = create(served, scope=three(served))
        secret = created["token"]
        peer = bearer(served.url, secret) if through == "token" else sign_in(served.url, {"token": secret})
        connection = peer.connect()
        connection.request("GET", f"{API}/events", headers=peer.headers)
        stream = connection.getresponse()
        assert stream.status == 200 and b"ping" in _line(stream, b"event:")
        served.library.revoke_token(OWNER, created["id"])
        served.library.add_tags(OWNER, AddTags(ids=[min(served.mine)], tags=[f"after-{through}"]))
        rest = stream.read()
        assert b"pictures_changed" not in rest
        connection.close()


def test_a_stream_tells_nothing_of_a_picture_that_left_the_scope(served: Served) -> None:
    inside = min(served.mine)
    served.library.add_tags(OWNER, AddTags(ids=[inside], tags=["shown"]))
    peer = bearer(served.url, create(served, scope={"query": "tag:shown -tag:secret"})["token"])
    connection = peer.connect()
    connection.request("GET", f"{API}/events", headers=peer.headers)
    stream = connection.getresponse()
    assert b"ping" in _line(stream, b"event:")
    served.library.add_tags(OWNER, AddTags(ids=[inside], tags=["secret"]))
    assert b"pictures_changed" not in stream.read()  # it ends, and its client asks again
    connection.close()
    assert peer.get("/pictures").json == []


def _line(stream: http.client.HTTPResponse, start: bytes) -> bytes:
    while not (line := stream.readline()).startswith(start):
        assert line
    return line


# -- in an address -----------------------------------------------------------------------------------------------------


def test_reading_tokens_are_accepted_in_addresses_and_no_others(served: Served) -> None:
    read, scoped = served.token("read"), create(served, scope=three(served))["token"]
    for secret, count in ((read, 8), (scoped, 3)):
        answer = served.peer.get(f"/library?token={secret}")
        assert (answer.status, answer.json["pictures"]) == (200, count)
        assert served.peer.get(f"/pictures/{min(served.mine)}/original?token={secret}").status == 200
        assert served.peer.ask("HEAD", f"{API}/library?token={secret}").status == 200
    link = served.library.access.claim_link()
    browser = served.browser()
    refused = [
        served.token("owner"),
        served.token("write"),
        create(served, "write", scope=three(served))["token"],
        served.library.access.local_secret,
        link,
        browser.headers["Cookie"].partition("=")[2],
        "",
        "x",
        read[:-1],
        quote("é" * 56),
    ]
    for secret in refused:
        assert served.peer.get(f"/library?token={secret}").status == 401, secret
        # what is asked with it is answered by it, whatever cookie comes along
        assert browser.get(f"/library?token={secret}").status == 401


def test_a_token_in_an_address_changes_nothing(served: Served) -> None:
    read = served.token("read")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = served.peer.ask(method, f"{API}/session?token={read}", {})
        assert answer.status in (204, 400, 405) and "Set-Cookie" not in answer.headers or method == "DELETE"
    assert served.peer.post(f"/pictures/score?token={read}", {"ids": [1], "score": 1}).status == 401
    assert served.peer.post(f"/pictures/score?token={served.token('owner')}", {"ids": [1], "score": 1}).status == 401


def test_an_authorization_header_comes_first(served: Served) -> None:
    read, owner = served.token("read"), served.token("owner")
    assert bearer(served.url, owner).get(f"/snapshots?token={read}").status == 200
    assert bearer(served.url, "nonsense").get(f"/library?token={read}").status == 401


def test_a_browser_is_sent_on_to_an_address_without_the_token(served: Served) -> None:
    scoped = create(served, scope=three(served))["token"]
    address = f"/pictures/{min(served.mine)}/original?token={scoped}&download=1"
    answer = served.peer.get(address, TYPED)
    assert (answer.status, answer.headers["Location"]) == (
        303,
        f"{API}/pictures/{min(served.mine)}/original?download=1",
    )
    assert "SameSite=Strict" in answer.headers["Set-Cookie"] and "HttpOnly" in answer.headers["Set-Cookie"]
    assert scoped not in answer.headers["Set-Cookie"]
    browser = Peer(served.url, {**SAME, "Cookie": cookie_of(answer)})
    assert browser.get(f"/pictures/{min(served.mine)}/original").status == 200
    assert browser.get("/library").json["pictures"] == 3
    again = browser.get(address, TYPED)
    assert again.status == 303 and "Set-Cookie" not in again.headers


def test_a_link_of_another_site_logs_nobody_in(served: Served) -> None:
    answer = served.peer.get(f"/library?token={served.token('read')}", FOLLOWED)
    assert answer.status == 200 and "Set-Cookie" not in answer.headers


def test_an_owner_stays_the_owner_when_a_token_link_is_opened(served: Served) -> None:
    owner = served.browser()
    answer = owner.get(f"/library?token={served.token('read')}", TYPED)
    assert answer.status == 303 and "Set-Cookie" not in answer.headers


def test_pages_move_a_token_to_the_fragment(served: Served) -> None:
    read = served.token("read")
    page = served.peer.ask("GET", f"/?q=model:a%20b&token={read}", None, FOLLOWED)
    assert (page.status, page.headers["Location"]) == (303, f"/?q=model%3Aa+b#token={read}")
    for secret in (served.token("owner"), served.token("write"), "x", served.library.access.claim_link()):
        page = served.peer.ask("GET", f"/?token={secret}", None, FOLLOWED)
        assert (page.status, page.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example/", "/\\/evil.example", "/%5cevil.example", "///a"]
)
def test_no_address_sends_a_token_to_another_site(path: str, served: Served) -> None:
    read = served.token("read")
    answer = served.peer.ask("GET", f"{path}?token={read}", None, TYPED)
    location = answer.headers.get("Location", "/")
    assert location.startswith("/") and location[1:2] not in ("/", "\\")


def test_no_token_is_written_to_a_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read, scoped = served.token("read"), create(served, scope=three(served))["token"]
    for secret in (read, scoped):
        served.peer.get(f"/library?token={secret}")
        served.peer.get(f"/pictures/nonsense?token={secret}")
        served.peer.get(f"/nowhere?token={secret}")
        served.peer.ask("GET", f"/?token={secret}")
    assert read not in caplog.text and scoped not in caplog.text
    stored = b"".join(path.read_bytes() for path in served.library.path.glob("hub.db*"))
    assert read[7:50].encode() not in stored and scoped[7:50].encode() not in stored


def test_last_use_and_revocation_through_the_command_line_api(served: Served) -> None:
    created = served.client.create_token(CreateToken(scope=Grant(pictures=sorted(served.mine))))
    peer = bearer(served.url, created.token)
    assert peer.get("/library").status == 200
    [info] = [token for token in served.client.tokens() if token.id == created.id]
    assert info.last_used is not None and info.scope == Grant(pictures=sorted(served.mine))
    served.client.revoke_token(created.id)
    assert peer.get("/library").status == 401
    assert created.id not in {token.id for token in served.client.tokens()}
