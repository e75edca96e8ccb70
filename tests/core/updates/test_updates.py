"""The update check asks only when it is on and due, sends nothing but the version, and trusts no answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from core.updates.releases import ReleaseServer, release_server
from libraries import until
from raising import ERRORS

from pixlstash_core.errors import Forbidden, Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, DismissUpdate, Reader, SetUpdates, Updates
from pixlstash_core.updates import feature, installation, request
from pixlstash_core.updates.feature import DAY, HOUR, UpdateCheck


@pytest.fixture
def server() -> Iterator[ReleaseServer]:
    with release_server() as server:
        yield server


@pytest.fixture
def check(library: Library, server: ReleaseServer) -> UpdateCheck:
    """The check of a served library, on, with the test's server; no job runs it."""
    library.queue.handle(feature.KIND, lambda task: None)
    library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
    check = library.part(UpdateCheck)
    check.serving = True
    return check


class Clock:
    """The time of the update check."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 1_800_000_000_000
        monkeypatch.setattr(feature, "now", lambda: self.at)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_it_is_off_until_the_owner_turns_it_on(library: Library, server: ReleaseServer) -> None:
    library.announce("http://127.0.0.1:1")
    state = library.updates(OWNER)
    assert (state.enabled, state.checked, state.releases) == (False, None, [])
    assert state.endpoint == "https://pixlstash.dev"
    assert state.address == f"https://pixlstash.dev/latest-version/{state.version}/{state.installation}.json"
    library.set_updates(OWNER, SetUpdates(endpoint=server.url))
    library.part(UpdateCheck).run()
    assert feature.KIND not in {job.kind for job in library.jobs(OWNER)}
    assert server.asked == []


def test_the_server_asks_as_soon_as_it_is_on_and_sends_only_version_and_type(
    library: Library, server: ReleaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.announce("http://127.0.0.1:1")
    library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
    state: Updates = until(lambda: found if (found := library.updates(OWNER)).releases else None)
    [(path, headers)] = server.asked
    assert path == f"/latest-version/{state.version}/{state.installation}.json"
    sent = {"User-Agent": "PixlStash update check", "Accept": "application/json", "Connection": "close"}
    assert headers == {"Host": server.url.removeprefix("http://"), "Accept-Encoding": "identity", **sent}
    assert [release.version for release in state.releases] == ["0.3.0", "0.2.0"]
    assert (state.security, state.releases[0].affected, state.releases[0].affects) == ("high", "<0.3.0", True)
    assert state.checked is not None and state.problem is None
    library.set_updates(OWNER, SetUpdates(enabled=False))
    off = library.updates(OWNER)
    assert (off.checked, off.releases, off.security) == (None, [], None)


def test_a_process_that_does_not_serve_asks_nothing(check: UpdateCheck, server: ReleaseServer) -> None:
    check.serving = False
    check.run()
    assert server.asked == []


def test_at_most_once_a_day_and_once_an_hour_after_a_security_fix(
    check: UpdateCheck, server: ReleaseServer, clock: Clock
) -> None:
    server.list({"version": "0.2.0"})
    times = []
    for minute in range(0, 3 * 24 * 60, 7):
        clock.at = 1_800_000_000_000 + minute * 60_000
        before = len(server.asked)
        check.run()
        if len(server.asked) > before:
            times.append(clock.at)
            if len(times) == 2:
                server.list({"version": "0.2.0"}, {"version": "0.2.1", "security": "critical"})
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert gaps[:2] == [pytest.approx(DAY, abs=420_000)] * 2 and min(gaps[:2]) >= DAY
    assert len(gaps) > 20 and all(HOUR <= gap < HOUR + 420_000 for gap in gaps[2:])


def test_turning_it_off_and_on_does_not_ask_more_often(
    check: UpdateCheck, library: Library, server: ReleaseServer
) -> None:
    for _ in range(3):
        check.run()
        library.set_updates(OWNER, SetUpdates(enabled=False))
        library.set_updates(OWNER, SetUpdates(enabled=True))
    assert len(server.asked) == 1


def test_the_time_is_stored_before_asking(check: UpdateCheck, server: ReleaseServer, clock: Clock) -> None:
    """A check that fails or that kills the process is not repeated before the next one is due."""
    server.status = 500
    check.run()
    check.run()
    assert len(server.asked) == 1
    assert check.state().problem == "127.0.0.1 answered with status 500."
    server.status = 200
    clock.at += DAY
    check.run()
    assert check.state().problem is None and check.state().releases


def test_a_clock_that_is_set_back_neither_asks_more_often_nor_stops_asking(
    check: UpdateCheck, server: ReleaseServer, clock: Clock
) -> None:
    clock.at += 10 * 365 * DAY
    check.run()
    clock.at -= 10 * 365 * DAY
    check.run()
    assert len(server.asked) == 1
    clock.at += DAY
    check.run()
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(check: UpdateCheck, server: ReleaseServer, status: int) -> None:
    with release_server() as other:
        server.status, server.headers = status, {"Location": f"{other.url}/latest-version/1/other.json"}
        check.run()
        assert other.asked == [] and len(server.asked) == 1
    assert check.state().problem == f"127.0.0.1 answered with status {status}."


def test_cookies_are_not_kept(check: UpdateCheck, server: ReleaseServer, clock: Clock) -> None:
    server.headers = {"Set-Cookie": "id=1"}
    for _ in range(2):
        check.run()
        clock.at += DAY
    assert len(server.asked) == 2 and all("Cookie" not in headers for _, headers in server.asked)


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"<html>Log in</html>",
    "no object": b"[]",
    "no list": b'{"releases": 5}',
    "no texts": b'{"releases": [{"version": 2}]}',
    "no severity": b'{"releases": [{"version": "9", "security": "<img src=x>"}]}',
    "no date": b'{"releases": [{"version": "9", "date": "soon"}]}',
    "long version": json.dumps({"releases": [{"version": "9" * 51}]}).encode(),
    "long changes": json.dumps({"releases": [{"version": "9", "changes": "x" * 100_001}]}).encode(),
    "many releases": json.dumps({"releases": [{"version": "9"}] * 1_001}).encode(),
    "deep": b"[" * 100_000,
    "not UTF-8": b'{"releases": [{"version": "9", "changes": "\xff"}]}',
    "large": b" " * (request.LIMIT + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_is_hostile_until_it_is_checked(check: UpdateCheck, server: ReleaseServer, name: str) -> None:
    server.body = HOSTILE[name]
    check.run()
    state = check.state()
    assert state.problem and state.releases == [] and len(state.problem) < 200


def test_of_an_answer_only_clean_text_and_real_versions_stay(check: UpdateCheck, server: ReleaseServer) -> None:
    changes = "\x1b[31mred\x00 \u202etxt.exe " + "x" * 50_000
    server.list(
        {"version": "1.0.0", "changes": changes, "security": "low", "affected": "$(reboot)", "instruction": "rm -rf /"},
        {"version": "v1"},
        {"version": "../../etc"},
        {"version": "<script>"},
        {"version": "1.0.0", "changes": "the same again"},
        *({"version": f"2.{number}"} for number in range(300)),
    )
    check.run()
    state = check.state()
    assert len(state.releases) == 100 and state.releases[0].version == "2.299"
    server.list({"version": "1.0.0", "changes": changes, "security": "low", "affected": "$(reboot)"})
    check._write(checked="0")
    check.run()
    [release] = check.state().releases
    assert len(release.changes) <= 8_000 and not {"\x1b", "\x00", "\u202e"} & set(release.changes)
    assert release.affected == "" and release.affects and "rm -rf" not in state.instruction


def test_a_server_that_never_stops_sending_is_left(
    check: UpdateCheck, server: ReleaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "DEADLINE", 0.5)
    server.drip = 0.05
    began = time.monotonic()
    check.run()
    assert time.monotonic() - began < 10
    assert check.state().problem
    until(lambda: all(thread.name != "update-deadline" for thread in threading.enumerate()))


def test_release_candidates_are_older_than_their_release(library: Library, server: ReleaseServer) -> None:
    server.list({"version": "0.3.0rc2"}, {"version": "0.3.0"}, {"version": "0.4.0rc1"})
    for version, newer in {"0.2.9": ["0.3.0"], "0.3.0rc1": ["0.4.0rc1", "0.3.0", "0.3.0rc2"], "0.3.0": []}.items():
        library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
        check = UpdateCheck(library.hub, version=version)
        check._write(checked="0", answer="")
        check.serving = True
        check.run()
        assert [release.version for release in check.state().releases] == newer


def test_a_notice_is_dismissed_until_a_newer_release(
    check: UpdateCheck, library: Library, server: ReleaseServer, clock: Clock
) -> None:
    check.run()
    assert not check.state().dismissed
    assert library.dismiss_update(OWNER, DismissUpdate("0.3.0")).dismissed
    server.list({"version": "0.3.0"}, {"version": "0.3.1"})
    clock.at += DAY
    check.run()
    assert not check.state().dismissed
    with pytest.raises(Invalid, match="is not a version"):
        library.dismiss_update(OWNER, DismissUpdate("soon"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "ftp://example.org",
        "https://",
        "https://user:secret@example.org",
        "https://example.org/?a=1",
        "https://example.org/#a",
        "https://example.org:99999",
        "https://exa mple.org",
        "https://example.org/\r\nX-Header: 1",
        "file:///etc/passwd",
    ],
)
def test_an_endpoint_is_https_or_this_machine(library: Library, url: str) -> None:
    with pytest.raises(Invalid, match="is not an address"):
        library.set_updates(OWNER, SetUpdates(endpoint=url))
    assert library.updates(OWNER).endpoint == feature.ENDPOINT


def test_another_endpoint_is_asked_for_its_own_releases(
    check: UpdateCheck, library: Library, server: ReleaseServer
) -> None:
    check.run()
    state = library.set_updates(OWNER, SetUpdates(endpoint="https://updates.example.org/base/"))
    assert state.releases == [] and state.endpoint == "https://updates.example.org/base"
    assert library.set_updates(OWNER, SetUpdates(endpoint="")).endpoint == feature.ENDPOINT


def test_tokens_cannot_turn_it_on(library: Library) -> None:
    token = Reader("token:1", "owner")
    with pytest.raises(Forbidden):
        library.set_updates(token, SetUpdates(enabled=True))
    with pytest.raises(Forbidden):
        library.dismiss_update(token, DismissUpdate("1.0"))


def test_it_stays_on_after_a_restart(
    open_library: Callable[..., Library], server: ReleaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library()
    library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
    path = library.path
    library.close()
    with Library.open(path) as anew:
        anew.announce("http://127.0.0.1:1")
        anew.queue.hasten(feature.KIND, 0)
        anew.queue._wake["net"].set()
        until(lambda: anew.updates(OWNER).releases)
    assert len(server.asked) == 1


@pytest.mark.parametrize("error", ERRORS)
def test_whatever_the_request_raises_the_next_check_is_made(
    library: Library, server: ReleaseServer, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    """It runs in a lane, whose thread survives what handlers raise."""
    plain, left = http.client.HTTPConnection.request, [ERRORS[error]]

    def failing(*arguments: Any, **named: Any) -> None:
        if left:
            raise left.pop()()
        plain(*arguments, **named)

    monkeypatch.setattr(http.client.HTTPConnection, "request", failing)
    library.announce("http://127.0.0.1:1")
    library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
    until(lambda: not left)
    library.part(UpdateCheck)._write(checked="0")

    def checked() -> bool:
        library.queue.hasten(feature.KIND, 0)
        library.queue._wake["net"].set()
        return bool(library.updates(OWNER).releases)

    until(checked)


def test_the_kind_of_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("docker", "pip", "electron", "other"):
        monkeypatch.setenv(installation.VARIABLE, kind)
        assert installation.detected() == kind
    monkeypatch.setenv(installation.VARIABLE, "my-computer")
    assert installation.detected() in ("docker", "other")  # from a folder, as it is here
