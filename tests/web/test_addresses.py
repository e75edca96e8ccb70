"""Where a request comes from: trusted proxies, and tokens with all rights, which are for the local network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from web.asking import SAME, Peer, bearer
from web.conftest import OWNER, Served, fill, serving

from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_web.server import running
from pixlstash_web.site import is_local, read_network

AWAY, HOME = "203.0.113.9", "192.168.1.20"


def at(peer: Peer, *addresses: str) -> Peer:
    return Peer(peer.url, {**peer.headers, "X-Forwarded-For": ", ".join(addresses)})


@pytest.fixture
def proxied(library: Library) -> Iterator[Served]:
    """Served behind a proxy on this machine, and one in front of it."""
    with serving(library, trusted_proxies=["127.0.0.1", "10.9.0.0/16"]) as served:
        yield served


@pytest.mark.parametrize(
    ("addresses", "status"),
    [
        ([HOME], 200),
        (["127.0.0.1", HOME], 200),
        ([AWAY], 403),
        ([HOME, AWAY], 403),  # the client itself sent the first
        (["127.0.0.1", AWAY, "10.9.1.1"], 403),
        ([AWAY, HOME, "10.9.1.1"], 200),
        ([], 200),  # by a program on the machine of the proxy
        ([""], 403),
        (["unknown"], 403),
        (["_hidden", HOME], 200),
        ([HOME, "300.1.1.1"], 403),
        (["10.9.1.1"], 200),  # by the other proxy itself
        ([AWAY, "10.9.1.1", "127.0.0.1"], 403),
        (["::ffff:203.0.113.9"], 403),
        (["fe80::1%eth0"], 200),
        (["0.0.0.0"], 403),
    ],
)
def test_full_access_by_token_is_for_the_local_network(proxied: Served, addresses: list[str], status: int) -> None:
    """S13: an address that cannot be parsed is not local, and what clients add to the header is not believed."""
    peer = bearer(proxied.url, proxied.token("owner"))
    answer = at(peer, *addresses).get("/plugins") if addresses else peer.get("/plugins")
    assert answer.status == status, answer
    if status == 403:
        assert answer.json["detail"].startswith("Full access is restricted to local network connections")


def test_other_credentials_may_come_from_anywhere(proxied: Served) -> None:
    for peer in (bearer(proxied.url, proxied.token("read")), bearer(proxied.url, proxied.token("write"))):
        assert at(peer, AWAY).get("/library").status == 200
    assert at(proxied.browser(), AWAY).get("/plugins").status == 200


def test_a_session_of_such_a_token_is_for_the_local_network_as_well(proxied: Served) -> None:
    token = proxied.token("owner")
    answer = Peer(proxied.url, {**SAME, "X-Forwarded-For": AWAY}).post("/session", {"token": token})
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    peer = Peer(proxied.url, {**SAME, "Cookie": cookie})
    assert at(peer, AWAY).get("/library").status == 403
    assert at(peer, HOME).get("/library").status == 200


def test_it_can_be_allowed(library: Library) -> None:
    with serving(library, trusted_proxies=["127.0.0.1"], remote_owner_tokens=True) as served:
        assert at(bearer(served.url, served.token("owner")), AWAY).get("/plugins").status == 200


def test_without_a_trusted_proxy_the_header_is_ignored(empty: Served) -> None:
    peer = bearer(empty.url, empty.token("owner"))
    assert at(peer, AWAY).get("/plugins").status == 200


def test_wrong_passwords_slow_down_the_client_and_not_the_proxy(proxied: Served) -> None:
    proxied.library.access.set_password(OWNER, "a long enough one")
    for _ in range(12):  # some of the first waits are shorter than an attempt on a busy machine
        answer = at(Peer(proxied.url, SAME), AWAY).post("/session", {"password": "wrong"})
        if answer.status == 429:
            break
    assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0


def test_addresses_and_networks() -> None:
    assert all(map(is_local, ("127.0.0.1", "::1", "10.1.2.3", "172.16.9.9", "192.168.0.1", "fd00::1", "fe80::1")))
    assert not any(map(is_local, ("8.8.8.8", "2001:4860:4860::8888", "", "localhost", "0.0.0.0", "::", "1.2.3")))
    for text in ("", "localhost", "10.0.0.0/33", "10.0.0.1/8"):
        with pytest.raises(Invalid, match="is not an IP address or a network"):
            read_network(text)


@pytest.fixture
def shop(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(library, fill(library, tmp_path_factory.mktemp("shop"))) as served:
        yield served


def test_s17_a_picture_by_its_token_and_every_refusal_alike(shop: Served) -> None:
    first, second = sorted(shop.mine)[:2]

    def token(**more: object) -> tuple[str, int]:
        answer = shop.local.post("/tokens", {"rights": "read", "scope": {"pictures": [first]}, **more})
        assert answer.status == 200, answer
        return answer.json["token"], answer.json["id"]

    def path(secret: str, extension: str = "png") -> str:
        return f"/share/{secret}.{extension}"

    secret, id = token()
    answer = shop.peer.ask("GET", path(secret))
    assert answer.status == 200 and answer.headers["Content-Type"] == "image/jpeg"
    assert b"canary" not in answer.body and answer.body.startswith(b"\xff\xd8")
    assert answer.headers["Cache-Control"] == "private, no-cache" and answer.headers["X-Robots-Tag"]
    again = shop.peer.ask("GET", path(secret), None, {"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert shop.peer.ask("GET", path(secret, "JPG")).status == 200
    assert shop.local.post("/sets", {"name": "x", "ids": [first]}).status == 200
    group = shop.library.sets(OWNER)[0].id
    refusals = {
        "wrong extension": path(secret, "webp"),
        "no extension": f"/share/{secret}",
        "no token": "/share/.png",
        "mistyped": path(secret[:-1] + ("0" if secret[-1] != "0" else "1")),
        "unknown": path("pl_api_" + "0" * 60),
        "two pictures": path(token(scope={"pictures": [first, second]})[0]),
        "a set": path(token(scope={"sets": [group]})[0]),
        "a query": path(token(scope={"query": "canary1"})[0]),
        "picture and query": path(token(scope={"pictures": [first], "query": "shore"})[0]),
        "may write": path(token(rights="write")[0]),
        "whole library": path(shop.token("read")),
        "owner": path(shop.token("owner")),
        "a session": path(shop.browser().headers["Cookie"].partition("=")[2]),
        "this machine": path(shop.library.access.local_secret),
        "folders": "/share/../../etc/passwd.png",
    }
    answers = {name: shop.peer.ask("GET", where) for name, where in refusals.items()}
    revoked, number = token()
    shop.local.ask("DELETE", f"/api/v1/tokens/{number}")
    answers["revoked"] = shop.peer.ask("GET", path(revoked))
    answers["posted"] = shop.peer.ask("POST", path(secret))
    shop.local.post("/pictures/delete", {"ids": [first]})
    answers["deleted"] = shop.peer.ask("GET", path(secret))
    same = {(answer.status, answer.body, _without_date(answer.headers.as_string())) for answer in answers.values()}
    assert len(same) == 1 and same.pop()[0] == 404, {name: str(answer) for name, answer in answers.items()}
    assert shop.library.access.only_picture(secret) is None and id


def test_guessing_tokens_of_pictures_is_slowed_down(shop: Served) -> None:
    with running(shop.library, trusted_proxies=["127.0.0.1"]) as url:
        answer = shop.local.post("/tokens", {"rights": "read", "scope": {"pictures": sorted(shop.mine)[:1]}})
        path = f"/share/{answer.json['token']}.jpg"

        def ask(where: str, address: str) -> int:
            return Peer(url).ask("GET", where, None, {"X-Forwarded-For": address}).status

        assert {ask(path, "203.0.113.5") for _ in range(70)} == {200}, "what is not refused is not counted"
        guesses = (ask(f"/share/pl_api_{n:060}.jpg", "203.0.113.5") for n in range(400))
        assert 60 <= next(n for n, status in enumerate(guesses) if status == 429)
        assert ask(path, "203.0.113.77") == 200, "only that network waits"
        login = Peer(url).ask("POST", "/api/v1/login", {"password": "x"}, {"X-Forwarded-For": "203.0.113.5"})
        assert login.status != 429, "logins are counted apart"


def _without_date(headers: str) -> str:
    return re.sub(r"(?mi)^date:.*$", "", headers)
