"""Every route against every kind of caller, generated from the live table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from web.asking import SAME, Peer, bearer, paint, sign_in
from web.conftest import OWNER, Served, serving

from pixlstash_compat import table as compat
from pixlstash_core.api import rows
from pixlstash_core.database.hub import now
from pixlstash_core.library import Library
from pixlstash_core.types import CreateToken, Grant
from pixlstash_web.hookspecs import api
from pixlstash_web.routes import PREFIX, ROUTES, SNAPSHOT_ROUTES

#: What each kind of caller may do, written by hand: the highest right, or the status that answers everything.
CALLERS: dict[str, str | int] = {
    "nobody": 401,
    "a wrong token": 401,
    "a mistyped token": 401,
    "a claim link's secret": 401,
    "another scheme": 401,
    "a read token": "read",
    "a write token": "write",
    "an owner token": "owner",
    "a session of a read token": "read",
    "a session of an owner token": "owner",
    "the owner's session": "owner",
    "an expired session": 401,
    "an idle session": 401,
    "a revoked token": 401,
    "a session of a revoked token": 401,
    "an ended session": 401,
    "a wrong token with a good cookie": 401,
    "an expired token": 401,
    "a token of another library": 401,
    "a scoped token": "read",
    "a scoped token that may write": "write",
    "a session of a scoped token": "read",
    "a scoped owner": "write",
    "this machine": "owner",
}
RANK = {"read": 0, "write": 1, "owner": 2}
#: Tokens may not manage credentials, whatever their right.
CREDENTIALS = {"set_password", "reset_owner", "tokens", "create_token", "revoke_token"}
CREDENTIALS |= {"sessions", "end_session", "end_sessions"}
CREDENTIALS |= {"links", "create_link", "replace_link", "revoke_link", "visit_link", "link_gained"}
#: What speaks for a part of the library may not do what concerns all of it.
UPLOADS = {"upload", "begin_upload", "continue_upload", "cancel_upload", "uploads", "find_upload", "uploaded_files"}
GROUPS = {
    row.name for row in rows() if row.right == "write" and row.function.__module__.endswith("collections.operations")
}
GROUPS |= {f"{verb}_character" for verb in ("create", "edit", "delete", "add_to", "take_from")}
GROUPS |= {"turn", "date", "preview_duplicates", "resolve_duplicates", "not_duplicates"}
GROUPS |= {"duplicates", "add_picture_set_members", "add_faces", "import_tags"}
PEOPLE = {"suggest_character", "face_clusters", "assign_faces", "forget_faces", "refer_faces"}
PEOPLE |= {"merge_characters", "reject_faces", "draw_face"}
REVIEW = {"review_tags", "review_tag", "decide_tag", "review_characters", "review_faces", "decide_faces"}
VOCABULARY = {"rename_tag", "merge_tags", "categorise_tags", "alias_tags", "imply_tags", "never_tags", "set_tagging"}
WHOLE = {"undo", "redo", "history", "run_engine", "revert_job", "retry_job", "import_pictures", "import_status"}
WHOLE |= {"train_engine"} | UPLOADS | GROUPS | PEOPLE | REVIEW | VOCABULARY
ROWS = [route for route in (*ROUTES, *SNAPSHOT_ROUTES, *compat.ROUTES) if route.right != "public"]


def ids_of(route: object) -> str:
    return f"{route.method} {route.path}"  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def callers(shared: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Peer]:
    access = shared.library.access
    url = shared.url
    hub = shared.library.hub
    browser = shared.browser()
    read = shared.token("read")
    expired, idle = shared.browser(), shared.browser()
    for peer, column, value in ((expired, "expires", now() - 1), (idle, "last_used", now() - 15 * 86_400_000)):
        secret = peer.headers["Cookie"].partition("=")[2]
        found = access._find(secret)
        assert found is not None
        hub.write(f"update token set {column} = ? where id = ?", (value, found.id))
    revoked = shared.library.create_token(OWNER, CreateToken("owner", "to be revoked"))
    orphan = sign_in(url, {"token": revoked.token})
    shared.library.revoke_token(OWNER, revoked.id)
    ended = shared.browser()
    assert ended.ask("DELETE", f"{PREFIX}/session").status == 204
    library, part = shared.library, Grant(pictures=sorted(shared.mine))
    spent = library.create_token(OWNER, CreateToken("owner", expires=datetime.now(UTC) + timedelta(days=1)))
    hub.write("update token set expires = 1 where id = ?", (spent.id,))
    scoped = library.create_token(OWNER, CreateToken(scope=part)).token
    Library.create(folder := tmp_path_factory.mktemp("other") / "library")
    with Library.open(folder, work=False) as other:
        foreign = other.create_token(OWNER, CreateToken("owner")).token
    mistyped = read[:20] + ("A" if read[20] != "A" else "B") + read[21:]
    return {
        "nobody": shared.peer,
        "a wrong token": bearer(url, "pl_api_" + "A" * 49),
        "a mistyped token": bearer(url, mistyped),
        "a claim link's secret": bearer(url, access.claim_link()),
        "another scheme": Peer(url, {"Authorization": f"Basic {read}"}),
        "a read token": bearer(url, read),
        "a write token": bearer(url, shared.token("write")),
        "an owner token": bearer(url, shared.token("owner")),
        "a session of a read token": sign_in(url, {"token": read}),
        "a session of an owner token": sign_in(url, {"token": shared.token("owner")}),
        "the owner's session": browser,
        "an expired session": expired,
        "an idle session": idle,
        "a revoked token": bearer(url, revoked.token),
        "a session of a revoked token": orphan,
        "an ended session": ended,
        "a wrong token with a good cookie": Peer(url, {**browser.headers, "Authorization": "Bearer nonsense"}),
        "an expired token": bearer(url, spent.token),
        "a token of another library": bearer(url, foreign),
        "a scoped token": bearer(url, scoped),
        "a scoped token that may write": bearer(
            url, library.create_token(OWNER, CreateToken("write", scope=part)).token
        ),
        "a session of a scoped token": sign_in(url, {"token": scoped}),
        "a scoped owner": shared.scoped("owner"),
        "this machine": shared.local,
    }


def example(path: str) -> str:
    """A path of the table with something in it. The id is one that no token and no job has."""
    given = {
        "id": "999999",
        "link": "999999",
        "picture": "0" * 24,
        "view": "gone",
        "b": "0",
        "name": "prompt",
        "ending": "png",
        "type": "picture",
        "resource": "999999",
        "snapshot": "999999",
        "rest": "some/thing",
        "plugin": "none",
        "file": "none.js",
    }
    queries = {"/uploads": "?name=a.png", "/uploads/{id}": "?offset=0", "/pictures/import/status": "?task_id=none"}
    return PREFIX + re.sub(r"{(\w+)(:\w+)?}", lambda match: given[match[1]], path) + queries.get(path, "")


def expected(caller: str, right: str, name: str) -> int | None:
    """401 or 403, or None: let in."""
    may = CALLERS[caller]
    if isinstance(may, int):
        return may
    if RANK[may] < RANK[right]:
        return 403
    if name in CREDENTIALS and caller in ("an owner token", "a session of an owner token"):
        return 403
    return 403 if name in WHOLE and "scoped" in caller else None


def send(peer: Peer, method: str, path: str) -> int:
    # Well-formed where it matters, and changing nothing: no picture, a password too short, a file too large.
    posted: dict[str, object] = {"ids": [], "name": "a", "size": 1 << 62}
    posted |= {"quarters": 1, "reset": True, "picture_ids": [], "groups": []}
    posted |= {"text": "(", "url": "none", "token": "none", "rule": "larger" if "/duplicates" in path else "raw"}
    if path.endswith("/api/v1/links"):  # which accepts no other keys, so that a mistyped password is not ignored
        posted = {"scope": {"query": "("}}
    bodies = {"POST": posted, "PUT": {"password": "short"}}
    return peer.ask(method, path, bodies.get(method)).status


@pytest.mark.parametrize("route", ROWS, ids=ids_of)
def test_every_route_against_every_caller(route: object, callers: dict[str, Peer]) -> None:
    assert set(callers) == set(CALLERS)
    wrong = {}
    for caller, peer in callers.items():
        wanted = expected(caller, route.right, route.name)  # type: ignore[attr-defined]
        if wanted is None and route.path in ("/owner/reset", "/sessions/end", "/events"):  # type: ignore[attr-defined]
            continue  # tested by themselves: the first two end every session here, the last does not end
        status = send(peer, route.method, example(route.path))  # type: ignore[attr-defined]
        if (status != wanted) if wanted else (status in (401, 403) or status >= 500):
            wrong[caller] = status
    assert wrong == {}


@pytest.mark.parametrize("route", [route for route in ROWS if route.method == "GET"], ids=ids_of)
def test_head_asks_for_the_same_right(route: object, callers: dict[str, Peer]) -> None:
    for caller, peer in callers.items():
        wanted = expected(caller, route.right, route.name)  # type: ignore[attr-defined]
        answer = peer.ask("HEAD", example(route.path))  # type: ignore[attr-defined]
        assert answer.status == wanted if wanted else answer.status not in (401, 403), caller
        assert answer.body == b""


def test_a_revoked_token_is_the_same_as_an_unknown_one(callers: dict[str, Peer]) -> None:
    answers = {callers[name].get("/library").body for name in ("a revoked token", "a wrong token", "a mistyped token")}
    assert len(answers) == 1


@pytest.mark.parametrize("route", [route for route in (*ROUTES, *compat.ROUTES) if route.method != "GET"], ids=ids_of)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-site", "Origin": "URL"},
    ],
    ids=str,
)
def test_a_cookie_without_proof_of_origin_changes_nothing(
    route: object, headers: dict[str, str], callers: dict[str, Peer], shared: Served
) -> None:
    cookie = {"Cookie": callers["the owner's session"].headers["Cookie"]}
    sent = {name: shared.url if value == "URL" else value for name, value in headers.items()}
    assert send(Peer(shared.url, cookie | sent), route.method, example(route.path)) == 403  # type: ignore[attr-defined]


def test_the_origin_header_is_proof_where_fetch_metadata_is_not_sent(shared: Served) -> None:
    cookie = {"Cookie": shared.browser().headers["Cookie"]}
    for proof in ({"Origin": shared.url}, SAME, {"Sec-Fetch-Site": "none"}):
        assert Peer(shared.url, cookie | proof).post("/pictures/score", {"ids": [], "score": 1}).status == 200


def test_a_page_elsewhere_cannot_use_a_token_either(shared: Served) -> None:
    peer = bearer(shared.url, shared.token("write"))
    answer = peer.post("/pictures/score", {"ids": [], "score": 1}, {"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert peer.post("/pictures/score", {"ids": [], "score": 1}).status == 200


def test_no_cross_origin_permission_is_ever_given(shared: Served) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        answer = shared.peer.ask(method, f"{PREFIX}/library", None, asked)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_route_without_a_right_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        api("GET", "/open", Library.info)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="none of the rights"):
        api("GET", "/open", Library.info, "everybody")  # type: ignore[arg-type]


def test_what_is_public_is_a_short_list() -> None:
    public = {(route.method, route.path) for route in (*ROUTES, *compat.ROUTES) if route.right == "public"}
    session = {("GET", "/session"), ("POST", "/session"), ("DELETE", "/session"), ("GET", "/version")}
    picture = "/shared/{link}/pictures/{picture}"  # which check the link: test_links.py
    shared = {("GET", "/shared/{link}"), ("POST", "/shared/{link}/open")}
    shared |= {("GET", f"{picture}/{what}") for what in ("preview", "image", "original")}
    shared |= {("POST", f"{picture}/score")}
    assert public == session | shared


def test_changes_are_never_a_get_and_reads_need_no_more_than_they_say() -> None:
    writes = {route.name for route in ROUTES if route.right == "write" and route.method == "GET"}
    # what people did and brought, and what is asked of those who decide: not for those who may only look
    done = {"history", "uploads", "find_upload", "uploaded_files"}
    decided = {"decide_tag", "decide_faces"}
    assert writes == done | (REVIEW - decided) | {"suggest_character", "face_clusters"}


# -- a password, before anything else, where other machines can come in ------------------------------------------------


@pytest.fixture
def exposed(library: Library) -> Iterator[Served]:
    with serving(library, public_url="https://pictures.example.org") as served:
        yield served


def test_nothing_works_before_a_password_is_set(exposed: Served) -> None:
    browser = exposed.browser()
    for route in ROWS:
        status = send(browser, route.method, example(route.path))
        assert status == (400 if route.path == "/owner/password" else 403), route.path


def test_a_password_opens_the_rest(exposed: Served) -> None:
    browser = exposed.browser()
    assert browser.get("/session").json["needs_password"] is True
    assert browser.get("/library").json["needs_password"] is True
    assert exposed.local.get("/library").status == 200  # programs of this machine's user can read the files anyway
    done = browser.ask("PUT", f"{PREFIX}/owner/password", {"password": "twelve chars", "current": None})
    assert done.status == 204, done
    assert browser.get("/session").json["needs_password"] is False
    assert browser.get("/library").status == 200


# -- read-only ---------------------------------------------------------------------------------------------------------


def test_a_read_only_library_refuses_changes_with_a_sentence(
    open_library: Callable[..., Library], tmp_path: Path
) -> None:
    open_library("ro").close()
    library = open_library("ro", read_only=True)
    with serving(library) as served:
        browser = served.browser()
        assert browser.get("/session").json["read_only"] is True
        assert browser.get("/library").json["read_only"] is True
        for path, body in (("/pictures/score", {"ids": [1], "score": 2}), ("/undo", None), ("/uploads?name=a", b"x")):
            answer = browser.post(path, body)
            assert answer.status == 403, path
            assert "read-only" in answer.json["detail"]
        paint(tmp_path / "a.png", 1)
        assert browser.post("/imports", {"paths": [str(tmp_path)]}).status == 403
        token = browser.post("/tokens", {"rights": "read"}).json["token"]
        assert bearer(served.url, token).get("/library").status == 200
    assert not library.hub.read("select 1 from token")
