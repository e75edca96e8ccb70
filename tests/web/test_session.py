"""Coming in: one-time links, tokens, the password, and what ends a session."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import pytest
from web.asking import API, SAME, Peer, bearer, cookie_of, sign_in
from web.conftest import OWNER, Served, serving

from pixlstash_core.access.credentials import Attempts
from pixlstash_core.access.feature import Access
from pixlstash_core.database.hub import now
from pixlstash_core.errors import Forbidden, Invalid, PixlStashError, TooMany, Unauthorised
from pixlstash_core.library import Library
from pixlstash_core.types import CreateToken, EndedSessions
from pixlstash_web.browsers import name_of_browser
from pixlstash_web.server import serve

PASSWORD = "correct horse battery"


def test_nobody_is_logged_in_at_first(empty: Served) -> None:
    answer = empty.peer.get("/session")
    assert answer.status == 401
    assert answer.json == {"detail": "Nobody is logged in.", "claimed": False, "password": False}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_link_makes_the_browser_the_owners(empty: Served) -> None:
    secret = empty.library.access.claim_link()
    answer = Peer(empty.url, SAME).post("/session", {"claim": secret})
    told = {
        "principal": "owner",
        "rights": "owner",
        "library": empty.library.name,
        "claimed": True,
        "needs_password": False,
        "read_only": False,
        "public_id": empty.library.public_id,
    }
    assert (answer.status, answer.json) == (200, told)
    assert answer.headers["Set-Cookie"].endswith("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict")
    assert Peer(empty.url, {"Cookie": cookie_of(answer)}).get("/session").json == told


def test_a_link_works_once_and_others_stay_good(empty: Served) -> None:
    first, second = empty.library.access.claim_link(), empty.library.access.claim_link()
    sign_in(empty.url, {"claim": first})
    used = Peer(empty.url, SAME).post("/session", {"claim": first})
    assert used.status == 401
    assert "pixlstash owner reset" in used.json["detail"]
    sign_in(empty.url, {"claim": second})


def test_a_link_is_good_for_an_hour(empty: Served) -> None:
    secret = empty.library.access.claim_link()
    empty.library.hub.write("update token set expires = ? where kind = 'claim'", (now() - 1,))
    assert Peer(empty.url, SAME).post("/session", {"claim": secret}).status == 401


def test_of_two_at_once_the_first_wins(empty: Served) -> None:
    secret = empty.library.access.claim_link()
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def claim() -> None:
        barrier.wait()
        statuses.append(Peer(empty.url, SAME).post("/session", {"claim": secret}).status)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 7


def test_a_new_start_voids_older_links(library: Library) -> None:
    old = library.access.claim_link()
    links: list[str] = []

    def ready(url: str) -> None:
        links.append(library.access.claim_link())
        assert Peer(url, SAME).post("/session", {"claim": old}).status == 401
        assert Peer(url, SAME).post("/session", {"claim": links[0]}).status == 200
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError):
        serve(library, port=0, on_ready=ready)
    assert links


@pytest.mark.parametrize(
    "proof",
    [{}, {"claim": "a", "token": "b"}, {"claim": None}, {"user": "me"}, {"claim": 1}, [], {"claim": "x" * 2000}],
)
def test_one_proof_is_needed(proof: object, shared: Served) -> None:
    assert Peer(shared.url, SAME).post("/session", proof).status == 400


def test_every_bad_token_gets_the_same_answer(empty: Served) -> None:
    revoked = empty.library.create_token(OWNER, CreateToken("owner", ""))
    empty.library.revoke_token(OWNER, revoked.id)
    link = empty.library.access.claim_link()
    bad = [revoked.token, link, "", "pl_api_" + "A" * 49, empty.browser().headers["Cookie"].partition("=")[2]]
    answers = {Peer(empty.url, SAME).post("/session", {"token": token}).body for token in bad}
    assert len(answers) == 1


def test_a_tokens_session_has_the_tokens_right_and_end(empty: Served) -> None:
    token = empty.library.create_token(OWNER, CreateToken("write", "laptop"))
    one, other = sign_in(empty.url, {"token": token.token}), empty.browser()
    assert one.get("/session").json["rights"] == "write"
    assert one.get("/session").json["principal"].startswith("token:")
    assert other.ask("DELETE", f"{API}/tokens/{token.id}").status == 204
    assert one.get("/library").status == 401
    assert other.get("/library").status == 200


def test_logging_out_ends_the_session_everywhere(empty: Served) -> None:
    browser = empty.browser()
    copied = Peer(empty.url, {"Cookie": browser.headers["Cookie"]})
    gone = browser.ask("DELETE", f"{API}/session")
    assert gone.status == 204
    assert f"pl_session_{empty.library.public_id}=; Path=/; Max-Age=0" in gone.headers["Set-Cookie"]
    assert copied.get("/session").status == 401
    assert browser.ask("DELETE", f"{API}/session").status == 204


def test_logging_in_again_replaces_the_session(empty: Served) -> None:
    browser = empty.browser()
    again = browser.post("/session", {"claim": empty.library.access.claim_link()})
    assert again.status == 200
    assert browser.get("/session").status == 401
    assert cookie_of(again) != browser.headers["Cookie"]


def test_two_libraries_on_one_machine_share_no_login(tmp_path: Path) -> None:
    """Browsers send a host's cookies to every port of it: so does this jar."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor())

    def ask(served: Served, proof: dict[str, str] | None = None, method: str | None = None) -> int:
        body = json.dumps(proof).encode() if proof else None
        headers = {**SAME, "Content-Type": "application/json"}
        with browser.open(Request(f"{served.url}{API}/session", body, headers, method=method)) as answer:
            return int(answer.status)

    with ExitStack() as stack:
        both = []
        for name in ("one", "other"):
            Library.create(tmp_path / name)
            library = stack.enter_context(Library.open(tmp_path / name, work=False))
            both.append(stack.enter_context(serving(library)))
        for served in both:
            assert ask(served, {"claim": served.library.access.claim_link()}) == 200
        assert [ask(served) for served in both] == [200, 200]
        assert ask(both[0], method="DELETE") == 204
        assert ask(both[1]) == 200
        with pytest.raises(HTTPError, match="401"):
            ask(both[0])


def test_no_secret_is_kept_or_written_down(empty: Served) -> None:
    link = empty.library.access.claim_link()
    browser = empty.browser()
    token = browser.post("/tokens", {"rights": "read", "label": "a"}).json["token"]
    fields = {"id", "label", "right", "created", "last_used", "scope", "expires"}
    assert [set(one) for one in browser.get("/tokens").json] == [fields]
    kept = b"".join(path.read_bytes() for path in empty.library.path.glob("hub.db*"))
    for secret in (link, token, browser.headers["Cookie"].partition("=")[2]):
        assert secret.encode() not in kept
        assert secret[7:50].encode() not in kept


def test_an_owners_secret_in_the_address_is_refused(empty: Served) -> None:
    token = empty.token("owner")
    cookie = f"pl_session_{empty.library.public_id}"
    for path in (f"/library?token={token}", f"/library?access_token={token}", f"/library?{cookie}={token}"):
        assert empty.peer.get(path).status == 401


# -- the password ------------------------------------------------------------------------------------------------------


def test_a_password_logs_in_and_changing_it_ends_other_sessions(empty: Served) -> None:
    browser, other = empty.browser(), empty.browser()
    token = bearer(empty.url, empty.token("read"))
    path = f"{API}/owner/password"
    short = browser.ask("PUT", path, {"password": "eleven char"})
    assert (short.status, "12 characters" in short.json["detail"]) == (400, True)
    assert browser.ask("PUT", path, {"password": PASSWORD}).status == 204
    assert other.get("/session").status == 401
    assert browser.get("/session").status == 200
    assert token.get("/library").status == 200
    assert empty.peer.get("/session").json["password"] is True
    assert browser.ask("PUT", path, {"password": "another long one"}).status == 401
    assert browser.ask("PUT", path, {"password": "another long one", "current": PASSWORD}).status == 204
    assert Peer(empty.url, SAME).post("/session", {"password": PASSWORD}).status == 401
    assert sign_in(empty.url, {"password": "another long one"}).get("/session").json["rights"] == "owner"


def test_reset_ends_everything_but_tokens(empty: Served) -> None:
    browser = empty.browser()
    browser.ask("PUT", f"{API}/owner/password", {"password": PASSWORD})
    token = bearer(empty.url, empty.token("read"))
    old = empty.library.access.claim_link()
    secret = empty.client.reset_owner()
    assert browser.get("/session").status == 401
    assert empty.peer.get("/session").json["password"] is False
    assert empty.peer.get("/session").json["claimed"] is False
    assert token.get("/library").status == 200
    assert Peer(empty.url, SAME).post("/session", {"claim": old}).status == 401
    sign_in(empty.url, {"claim": secret})


def test_wrong_passwords_are_slowed_down(empty: Served) -> None:
    browser = empty.browser()
    browser.ask("PUT", f"{API}/owner/password", {"password": PASSWORD})
    guess = Peer(empty.url, SAME)
    # Hashing a password takes longer than the first pauses on a busy machine, so a few more tries may get through.
    tries = [guess.post("/session", {"password": "wrong"}).status for _ in range(5)]
    while tries[-1] == 401 and len(tries) < 12:
        tries.append(guess.post("/session", {"password": "wrong"}).status)
    assert tries[:5] == [401] * 5 and tries[-1] == 429
    answer = guess.post("/session", {"password": PASSWORD})
    assert answer.status == 429
    assert answer.json["seconds"] >= 1
    assert answer.headers["Retry-After"] == str(answer.json["seconds"])
    sign_in(empty.url, {"token": empty.token("read")})  # what cannot be guessed is not slowed down
    time.sleep(answer.json["seconds"])
    sign_in(empty.url, {"password": PASSWORD})
    assert guess.post("/session", {"password": "wrong"}).status == 401


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    attempts = Attempts()
    waits = []
    for _ in range(17):
        with pytest.raises(Unauthorised), attempts.attempt("192.0.2.1"):
            raise Unauthorised("wrong")
        with attempts._lock:
            at = time.monotonic()
            waits.append(round(attempts._failed["account"][1] - at))
            attempts._failed = {key: (count, at) for key, (count, _) in attempts._failed.items()}
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_an_address_waits_for_itself_and_ipv6_for_its_network() -> None:
    attempts = Attempts()
    attempts._failed = {"2001:db8::/64": (9, time.monotonic() + 60)}
    with pytest.raises(TooMany), attempts.attempt("2001:db8::abcd"):
        pass
    with attempts.attempt("2001:db8:1::1"):
        pass


def test_many_guesses_at_once_are_no_way_around() -> None:
    attempts = Attempts()
    reached: list[int] = []
    barrier = threading.Barrier(20)

    def guess() -> None:
        barrier.wait()
        try:
            with attempts.attempt("192.0.2.1"):
                reached.append(1)
                time.sleep(0.05)
                raise Unauthorised("wrong")
        except PixlStashError:
            pass

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reached) == 5


def test_no_password_takes_as_long_as_a_wrong_one(library: Library) -> None:
    def took() -> float:
        library.access._attempts.clear()
        start = time.thread_time()
        with pytest.raises(Unauthorised):
            library.access.login(password="some wrong password")
        return time.thread_time() - start

    without = min(took() for _ in range(3))
    library.access.set_password(OWNER, PASSWORD)
    assert 0.4 < without / min(took() for _ in range(3)) < 2.5


# -- sessions ----------------------------------------------------------------------------------------------------------

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_sessions_are_listed_and_the_own_one_is_marked(empty: Served) -> None:
    browser, other = empty.browser(), empty.browser()
    token = empty.library.create_token(OWNER, CreateToken("read", "nodes")).token
    program = Peer(empty.url, {**SAME, "User-Agent": FIREFOX})
    assert program.post("/session", {"token": token}).status == 200
    sessions = browser.get("/sessions").json
    assert [session["current"] for session in sessions].count(True) == 1
    assert [session["token"] for session in sessions].count("nodes") == 1
    assert [session["browser"] for session in sessions if session["token"]] == ["Firefox, Linux"]
    [own] = [session["id"] for session in sessions if session["current"]]
    [theirs] = [session["id"] for session in other.get("/sessions").json if session["current"]]
    assert own != theirs and {own, theirs} < {session["id"] for session in sessions}
    assert not any(session.current for session in empty.client.sessions())  # this machine has no session


def test_one_session_is_ended_or_all_others(empty: Served) -> None:
    browser, other, third = empty.browser(), empty.browser(), empty.browser()
    [theirs] = [session["id"] for session in other.get("/sessions").json if session["current"]]
    [own] = [session["id"] for session in browser.get("/sessions").json if session["current"]]
    token = empty.token("read")
    guest = sign_in(empty.url, {"token": token})
    assert browser.ask("DELETE", f"{API}/sessions/{theirs}").status == 204
    assert browser.ask("DELETE", f"{API}/sessions/{theirs}").status == 404
    assert [peer.get("/session").status for peer in (browser, other, third, guest)] == [200, 401, 200, 200]
    assert browser.post(f"/sessions/end?keep={theirs}").status == 404
    assert browser.post(f"/sessions/end?keep={own}").json == {"ended": 2}
    assert [peer.get("/session").status for peer in (browser, third, guest)] == [200, 401, 401]
    assert bearer(empty.url, token).get("/library").status == 200
    assert empty.client.end_sessions() == EndedSessions(1)
    assert browser.get("/session").status == 401


def test_a_token_is_no_session(empty: Served) -> None:
    """Its number ends nothing, and neither does ending all sessions."""
    made = empty.library.create_token(OWNER, CreateToken("read", "x"))
    claim = empty.library.access.claim_link()
    assert empty.browser().ask("DELETE", f"{API}/sessions/{made.id}").status == 404
    empty.client.end_sessions()
    assert empty.library.access.reader_of(made.token) is not None
    sign_in(empty.url, {"claim": claim})


def test_ended_sessions_are_not_listed(library: Library) -> None:
    access = library.access
    for _ in range(3):
        access.login(claim=access.claim_link())
    first, second, third = access.sessions(OWNER)
    library.hub.write("update token set expires = ? where id = ?", (now() - 1, first.id))
    library.hub.write("update token set last_used = ? where id = ?", (now() - 15 * 86_400_000, second.id))
    assert [session.id for session in access.sessions(OWNER)] == [third.id]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8.14.1", "curl"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_browsers_have_names(header: str, name: str) -> None:
    assert name_of_browser(header) == name


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_only_a_person_manages_credentials(library: Library) -> None:
    access = library.access
    token = access.reader_of(access.create_token(OWNER, CreateToken("owner", "")).token)
    assert token is not None and token.right == "owner"
    acts: list[Callable[[], object]] = [
        lambda: access.create_token(token, CreateToken()),
        lambda: access.tokens(token),
        lambda: access.revoke(token, 1),
        lambda: access.reset(token),
        lambda: access.set_password(token, PASSWORD),
        lambda: access.sessions(token),
        lambda: access.end_session(token, 1),
        lambda: access.end_sessions(token),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_use_is_remembered_by_the_minute(library: Library) -> None:
    access = library.access
    made = access.create_token(OWNER, CreateToken("read", "x"))
    assert access.tokens(OWNER)[0].last_used is None
    access.reader_of(made.token)
    used = access.tokens(OWNER)[0].last_used
    assert used is not None and (used.second, used.microsecond) == (0, 0)


def test_an_unknown_right_fails_closed(library: Library) -> None:
    made = library.access.create_token(OWNER, CreateToken("owner", ""))
    library.hub.write("update token set rights = 'everything'")
    reader = library.access.reader_of(made.token)
    assert reader is not None and reader.right == "read"


def test_credentials_survive_reopening_and_lent_ones_do_not(open_library: Callable[..., Library]) -> None:
    library = open_library()
    token, lent = library.access.create_token(OWNER, CreateToken()).token, library.access.local_secret
    library.close()
    access: Access = open_library().access
    assert access.reader_of(token) is not None
    assert access.reader_of(lent) is None


def test_a_password_may_not_be_endless(library: Library) -> None:
    with pytest.raises(Invalid):
        library.access.set_password(OWNER, "x" * 1025)
