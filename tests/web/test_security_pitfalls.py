"""What went wrong with access control in other programs: S1 to S32, each with tests that hold it.

Most are beside what they are about, and named in `TESTS`; here are those that belong nowhere else.
"""

from __future__ import annotations

import ast
import re
import socket
import tomllib
from pathlib import Path

from core.sharing.telling import add
from packaging.version import Version
from sources import ROOT
from web.asking import SAME, Peer, bearer, paint
from web.conftest import OWNER, Served

from pixlstash_core import outgoing
from pixlstash_core.types import CreateToken
from pixlstash_web.routes import ROUTES

AUTHORIZATION, SESSION = "web/test_authorization.py", "web/test_session.py"
SCOPES, TOKENS, LINKS = "core/access/test_scopes.py", "web/test_tokens.py", "core/sharing/test_links.py"
MATRIX = f"{AUTHORIZATION}::test_every_route_against_every_caller"
TWINS = "web/test_noninterference.py::test_a_scoped_token_learns_nothing_of_what_is_not_shared"
HERE = "web/test_security_pitfalls.py"
#: The tests of each, by its number.
TESTS: dict[str, tuple[str, ...]] = {
    "S1": (
        f"{HERE}::test_s01_no_events_without_a_login",
        "web/test_events.py::test_a_scoped_reader_hears_of_its_own_only",
    ),
    "S2": (MATRIX, TWINS, "web/test_scope.py::test_a_foreign_picture_is_as_absent_as_none"),
    "S3": (TWINS, "plugins/test_compat.py::test_a_part_of_the_library_stays_one"),
    "S4": (f"{HERE}::test_s04_no_route_reads_a_field_by_its_name",),
    "S5": (
        f"{SESSION}::test_every_bad_token_gets_the_same_answer",
        f"{HERE}::test_s05_a_session_has_no_more_than_its_token",
    ),
    "S6": (f"{HERE}::test_s06_revoking_ends_the_sessions_of_that_token_only",),
    "S7": (
        f"{AUTHORIZATION}::test_a_revoked_token_is_the_same_as_an_unknown_one",
        f"{TOKENS}::test_an_open_stream_ends_before_the_next_event_when_its_token_is_revoked",
    ),
    "S8": (
        f"{SCOPES}::test_a_restore_revives_no_token_and_changes_no_grant",
        f"{LINKS}::test_a_restore_revives_no_link",
    ),
    "S9": (
        f"{SCOPES}::test_what_makes_no_sense_is_refused",
        f"{SCOPES}::test_a_scoped_owner_token_in_the_database_is_invalid",
    ),
    "S10": (f"{SESSION}::test_an_unknown_right_fails_closed",),
    "S11": (f"{AUTHORIZATION}::test_a_route_without_a_right_cannot_be_written",),
    "S12": ("web/test_tags.py::test_a_scoped_writer_changes_only_its_own",),
    "S13": ("web/test_addresses.py::test_full_access_by_token_is_for_the_local_network",),
    "S14": ("web/test_groups.py::test_a_scoped_reader_learns_of_what_its_scope_names",),
    "S15": ("plugins/test_compat_narrowing.py::test_a_share_says_nothing_of_what_it_does_not_name",),
    "S16": (
        f"{SESSION}::test_an_owners_secret_in_the_address_is_refused",
        f"{TOKENS}::test_no_token_is_written_to_a_log",
    ),
    "S17": ("web/test_addresses.py::test_s17_a_picture_by_its_token_and_every_refusal_alike",),
    "S18": (MATRIX,),
    "S19": (f"{HERE}::test_s19_statistics_of_one_reader_are_not_answered_to_another",),
    "S20": ("web/test_tags.py::test_a_scoped_reader_learns_of_no_other_words", TWINS),
    "S21": (
        f"{SESSION}::test_wrong_passwords_are_slowed_down",
        f"{HERE}::test_s21_tokens_work_while_passwords_wait",
        "web/test_guests.py::test_s21_wrong_secrets_and_logins_wait_by_address",
        "core/access/test_rates.py::test_memory_is_bounded_however_many_addresses_ask",
    ),
    "S22": (f"{SESSION}::test_of_two_at_once_the_first_wins",),
    "S23": (MATRIX,),
    "S24": ("web/test_paths.py::test_no_answer_tells_a_token_where_files_lie",),
    "S25": (f"{HERE}::test_s25_no_workflow_of_a_picture_is_run",),
    "S26": (
        "core/storage/test_archive.py::test_each_is_refused_and_the_others_are_read",
        "core/storage/test_archive.py::test_overlapping_bombs_are_refused",
    ),
    "S27": (
        "core/backups/test_backups_hostile.py::test_links_in_a_backup_are_not_read",
        "core/backups/test_backups_hostile.py::test_a_store_deletes_only_below_its_folder",
    ),
    "S28": (
        f"{HERE}::test_s28_nothing_is_purged_without_the_token_of_a_preview",
        f"{AUTHORIZATION}::test_a_cookie_without_proof_of_origin_changes_nothing",
    ),
    "S29": (
        "core/sharing/test_guests.py::test_s29_scores_of_guests_are_the_owners_only_when_accepted",
        "web/test_guests.py::test_s29_whoever_is_no_visitor_changes_nothing",
    ),
    "S30": (
        "web/test_originals.py::test_s30_pixels_without_the_watermark_are_out_of_reach",
        "core/sharing/test_renditions.py::test_a_watermark_is_where_it_was_asked_for",
        "web/test_links.py::test_a_recipient_gets_renditions_and_nothing_else",
    ),
    "S31": (f"{HERE}::test_s31_few_dependencies_and_none_with_a_known_fault",),
    "S32": (
        "core/updates/test_updates.py::test_it_is_off_until_the_owner_turns_it_on",
        "web/test_privacy.py::test_a_session_connects_to_no_other_machine_and_leaves_an_indexed_folder_alone",
    ),
}


def test_each_has_tests_that_exist() -> None:
    assert TESTS.keys() == {f"S{number}" for number in range(1, 33)}
    for test in {test for tests in TESTS.values() for test in tests}:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_s01_no_events_without_a_login(shared: Served) -> None:
    assert shared.peer.get("/events").status == 401
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "https://evil.example"}
    name, _, port = shared.peer.netloc.partition(":")
    for path in ("/api/v1/ws/updates", "/api/v1/events"):
        with socket.create_connection((name, int(port)), 10) as connection:
            lines = [f"GET {path} HTTP/1.1", f"Host: {shared.peer.netloc}", *(f"{k}: {v}" for k, v in upgrade.items())]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            status = connection.recv(64).split()[1]
        assert status in (b"401", b"404", b"400"), status


def test_s04_no_route_reads_a_field_by_its_name() -> None:
    parameters = {name for route in ROUTES for name in re.findall(r"{(\w+)", route.path)}
    assert parameters == {"id", "view", "b", "name", "link", "picture", "plugin", "file"}
    assert [route.path for route in ROUTES if "{name" in route.path] == ["/pictures/{id}/payloads/{name:path}"]


def test_s05_a_session_has_no_more_than_its_token(served: Served) -> None:
    """Other programs refuse to exchange such tokens. Here the session has the right and the scope of the token."""
    token = served.library.create_token(OWNER, CreateToken("read")).token
    answer = Peer(served.url, SAME).post("/session", {"token": token})
    browser = Peer(served.url, {**SAME, "Cookie": answer.headers["Set-Cookie"].partition(";")[0]})
    assert answer.json["rights"] == "read" and browser.get("/library").status == 200
    assert browser.post("/pictures/score", {"ids": [1], "score": 5}).status == 403
    assert browser.get("/tokens").status == browser.get("/plugins").status == 403


def test_s06_revoking_ends_the_sessions_of_that_token_only(empty: Served) -> None:
    made = [empty.library.create_token(OWNER, CreateToken("read")) for _ in range(2)]
    browsers = []
    for token in made:
        answer = Peer(empty.url, SAME).post("/session", {"token": token.token})
        browsers.append(Peer(empty.url, {**SAME, "Cookie": answer.headers["Set-Cookie"].partition(";")[0]}))
    owner = empty.browser()
    empty.library.revoke_token(OWNER, made[1].id)
    anew = empty.library.create_token(OWNER, CreateToken("owner"))
    assert anew.id not in {token.id for token in made}
    assert [browser.get("/library").status for browser in browsers] == [200, 401]
    assert owner.get("/library").status == 200


def test_s19_statistics_of_one_reader_are_not_answered_to_another(shared: Served) -> None:
    whole, part = shared.local, shared.scoped()
    whole.get("/sidebar")
    shared.library.follow_ups.catch_up()  # what waits for a decision is counted
    for path in ("/pictures/statistics", "/pictures/count", "/sidebar", "/library", "/tags"):
        first, second = whole.get(path).json, part.get(path).json
        assert whole.get(path).json == first and part.get(path).json == second, path
    assert whole.get("/pictures/count").json != part.get("/pictures/count").json
    assert whole.get("/pictures/statistics").json != part.get("/pictures/statistics").json


def test_s21_tokens_work_while_passwords_wait(empty: Served) -> None:
    empty.library.access.set_password(OWNER, "a long enough one")
    answers = [Peer(empty.url, SAME).post("/session", {"password": "wrong"}) for _ in range(12)]
    assert any(answer.status == 429 and int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert bearer(empty.url, empty.token("read")).get("/library").status == 200


def test_s25_no_workflow_of_a_picture_is_run(served: Served, tmp_path: Path) -> None:
    """A workflow that is embedded in a picture is text to read: no request takes one, and no other machine gets it."""
    graph = {"prompt": '{"1": {"class_type": "KSampler", "inputs": {}}}', "workflow": '{"nodes": [], "links": []}'}
    id = add(served.library, paint(tmp_path / "workflow.png", 99, graph))
    assert "workflow" in served.library.picture(OWNER, id).payloads
    answer = served.browser().get(f"/pictures/{id}/payloads/workflow")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    assert (
        "sandbox" in answer.headers["Content-Security-Policy"] and "attachment" in answer.headers["Content-Disposition"]
    )
    takes = [
        route.path for route in ROUTES if route.method != "GET" and re.search("workflow|payload|replay", route.path)
    ]
    assert takes == []
    sent = [row.title for row in outgoing.ROWS if re.search("workflow|payload", str(row).lower())]
    assert sent == []


def test_s28_nothing_is_purged_without_the_token_of_a_preview(served: Served) -> None:
    thrown = served.library.find(OWNER, "is:scrapheap").ids
    browser = served.browser()
    for body in ({}, {"token": ""}, {"token": "x" * 40}):
        assert browser.post("/scrapheap/empty", body).status in (400, 409)
    token = browser.post("/scrapheap/preview", {}).json["token"]
    foreign = {**browser.headers, "Sec-Fetch-Site": "same-site"}  # a page on another port of this machine
    assert Peer(served.url, foreign).post("/scrapheap/empty", {"token": token}).status == 403
    assert served.library.find(OWNER, "is:scrapheap").ids == thrown != []


#: The first version without a fault that was published, of what the server and the core are made of.
SAFE = {"starlette": "1.0.1", "pillow": "12.2", "msgspec": "0.20", "zstandard": "0.23"}


def test_s31_few_dependencies_and_none_with_a_known_fault() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.partition("#")[0].strip().split("==") for line in lines if "==" in line.partition("#")[0])
    assert all(Version(pinned[name]) >= Version(version) for name, version in SAFE.items())
    for package in ("pixlstash-core", "pixlstash-web"):
        about = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))
        needed = {re.split(r"[<>=!~\[; ]", text)[0] for text in about["project"]["dependencies"]}
        assert len(needed) <= 12 and not needed & {"torch", "transformers", "requests", "onnxruntime"}
