"""From a request to a function's arguments, and from its result to an answer; also for a plugin's routes."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from web.asking import API, SAME, Peer, bearer
from web.conftest import Served, serving

from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import Reader
from pixlstash_web import Call, adapter, api
from pixlstash_web.adapter import RoutePlan


@pytest.fixture
def extra(open_library: Callable[..., Library]) -> Iterator[Served]:
    library = open_library(plugins=Plugins.load(extra=["web.extra", "web.broken"]))
    with serving(library) as served:
        yield served


X = "/x/web.extra"


def test_a_plugins_routes_pass_the_same_gate(extra: Served) -> None:
    assert extra.peer.get(f"{X}/search?word=a").status == 401
    reader = bearer(extra.url, extra.token("read"))
    assert reader.get(f"{X}/search?word=a").json["who"].startswith("token:")
    assert reader.post(f"{X}/strict", {}).status == 403
    cookie = {"Cookie": extra.browser().headers["Cookie"]}
    assert Peer(extra.url, cookie).post(f"{X}/strict", {}).status == 403
    assert Peer(extra.url, cookie | SAME).post(f"{X}/strict", {}).status == 200


def test_a_broken_plugin_is_shown_and_hurts_only_itself(extra: Served) -> None:
    (broken,) = [one for one in extra.client.plugin_list() if one.name == "web.broken"]
    assert "oops" in broken.problems[0]
    assert extra.local.get("/x/web.broken/fine").status == 404
    assert extra.local.get(f"{X}/search?word=a").status == 200


def test_a_path_beats_the_body(extra: Served) -> None:
    answer = extra.local.ask("PUT", f"{API}{X}/pictures/7/name", {"id": 8, "name": "new"})
    assert answer.json == {"id": 7, "name": "new", "weight": 1.0}
    assert extra.local.ask("PUT", f"{API}{X}/pictures/7/name", {"name": "new"}).json["id"] == 7
    assert extra.local.ask("PUT", f"{API}{X}/pictures/x/name", {"name": "new"}).status == 400


def test_query_strings_are_typed(extra: Served) -> None:
    ask = extra.local.get
    assert ask(f"{X}/search?word=null&near=1.5&deep=1&ids=1&ids=2").json == {
        "word": "null",
        "near": 1.5,
        "deep": True,
        "ids": [1, 2],
        "who": "local",
    }
    assert ask(f"{X}/search?word=a&unknown=1").status == 200
    for bad in ("near=nan", "near=inf", "near=-Infinity", "near=1e999", "near=x", "deep=maybe", "ids=a"):
        answer = ask(f"{X}/search?word=a&{bad}")
        assert answer.status == 400, bad
        assert answer.json["detail"].startswith(f"{bad.partition('=')[0]}: "), answer
    missing = ask(f"{X}/search")
    assert (missing.status, missing.json["detail"]) == (400, "The query parameter 'word' is missing.")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"name": "toolong"}', "Expected `str` of length <= 5 - at `$.name`."),
        (b'{"name": 1}', "Expected `str`, got `int` - at `$.name`."),
        (b'{"name": "a", "weight": NaN}', "JSON is malformed"),
        (b'{"name": "a", "weight": 1e999}', "Number out of range"),
        (b'{"name": "a", "weight": Infinity}', "JSON is malformed"),
        (b"{", "Input data was truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"", "Object missing required field `name`"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'{"name": "\\ud800"}', ""),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a":' + b"[" * 200_000, "nested too deeply"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_wrong_with_a_body_is_said(body: bytes, sentence: str, extra: Served) -> None:
    json = {"Content-Type": "application/json"}
    answer = extra.local.ask("PUT", f"{API}{X}/pictures/7/name", body, json)
    assert answer.status == 400
    assert sentence in answer.json["detail"]


def test_unknown_keys_are_ignored_unless_the_struct_forbids_them(extra: Served) -> None:
    assert extra.local.ask("PUT", f"{API}{X}/pictures/7/name", {"name": "a", "more": 1}).status == 200
    answer = extra.local.post(f"{X}/strict", {"nmae": "typo"})
    assert (answer.status, "unknown field `nmae`" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_cannot_send_json(media: str, extra: Served) -> None:
    answer = extra.local.post(f"{X}/strict", b'{"name": "a"}', {"Content-Type": media})
    assert answer.status == 415
    json = {"Content-Type": "application/json; charset=utf-8"}
    assert extra.local.post(f"{X}/strict", b'{"name": "a"}', json).status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(chunked: bool, extra: Served) -> None:
    connection = extra.local.connect()
    body: Any = (b" " * 100_000 for _ in range(11)) if chunked else b" " * 1_100_000
    headers = {**extra.local.headers, "Content-Type": "application/json"}
    try:
        connection.request("POST", f"{API}{X}/strict", body, headers, encode_chunked=chunked)
    except OSError:
        pass  # it need not read what it refuses
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_must_come_in_time(extra: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "BODY_SECONDS", 0.2)
    connection = http.client.HTTPConnection(extra.peer.netloc, timeout=10)
    connection.putrequest("POST", f"{API}{X}/strict")
    for name, value in {**extra.local.headers, "Content-Length": "10"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 408
    connection.close()


def test_a_fault_is_a_sentence_and_tells_nothing(extra: Served, caplog: pytest.LogCaptureFixture) -> None:
    answer = extra.local.post(f"{X}/slow")
    assert answer.status == 500
    assert answer.json == {"detail": "Something went wrong in the server; its log says what."}
    assert "a secret detail" in caplog.text


def test_numbers_beyond_the_database_are_refused(shared: Served) -> None:
    for id in ("99999999999999999999999", "-99999999999999999999", "9007199254740993"):
        assert shared.local.get(f"/pictures/{id}").status == 400
    assert shared.local.get("/pictures/4294967296").status == 404
    assert shared.local.get("/pictures/-1").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/library/",
        "/api/v1/Library",
        "/api/v2/library",
        "/api/v1//library",
        "/api/v1/pictures/1/nothing",
        "/api/v1/%2e%2e/version",
        "/api/v1/x/nobody/search",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_an_unknown_path_is_404_even_for_browsers(method: str, path: str, shared: Served) -> None:
    answer = shared.local.ask(method, path, None, {"Accept": "text/html"})
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/json"
    if method != "HEAD":
        assert answer.json == {"detail": "The API has no such path."}


def test_a_wrong_method_says_which_are_right(shared: Served) -> None:
    answer = shared.local.ask("DELETE", f"{API}/library")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "GET" in answer.json["detail"]
    # A fixed path is not the picture of that name.
    assert shared.local.get("/pictures/score").status == 405
    options = shared.peer.ask("OPTIONS", f"{API}/session")
    assert (options.status, options.headers["Allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, POST")


def test_a_bad_query_says_where(shared: Served) -> None:
    answer = shared.local.get("/views?q=score%3A%3E%3Dx")
    assert answer.status == 400
    assert answer.json["detail"] and isinstance(answer.json["at"], int)


def test_a_function_without_annotations_is_refused_at_the_start() -> None:
    def bad(library, reader, thing):  # type: ignore[no-untyped-def]
        return thing

    def missing(library: Library, reader: Reader) -> None:
        return None

    def nowhere(call: Call, id: int) -> None:
        return None

    with pytest.raises(TypeError, match="no annotation"):
        RoutePlan(api("GET", "/thing", bad, "read"))
    with pytest.raises(TypeError, match="takes no"):
        RoutePlan(api("GET", "/thing/{id}", missing, "read"))
    assert RoutePlan(api("GET", "/thing/{id}", nowhere, "public")).takes_call
