"""Whatever a parameter of any route is given, the answer is no server error, and the server still answers after it."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Effort
from web.asking import paint
from web.conftest import OWNER, Served, fill, serving
from web.extremes import INTEGERS, TEXTS, Maker
from web.furnished import Sender, every_plan, furnish, place, there

import pixlstash_compat
import pixlstash_web
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import TakeSnapshot
from pixlstash_web.routes import refuse_change


@pytest.fixture
def furnished(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    with furnish(open_library, tmp_path, monkeypatch) as served:
        yield served


@pytest.mark.attack
def test_no_parameter_of_any_route_causes_a_server_error(
    furnished: Served, rng: random.Random, effort: Effort, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    found = there(furnished)
    every = every_plan(furnished.library)
    every = [plan for n, plan in enumerate(every) if plan.route.function is not refuse_change or n % 10 == 0]
    every.sort(key=place)
    sender = Sender(furnished.local)
    wrong: list[str] = []
    reached: set[str] = set()
    count = 0
    for plan in every:
        ids = {"id": found["upload"]} if "/uploads/{id}" in plan.route.path else {}
        for request in Maker(plan, {**found, **ids}).requests(rng, effort.of(2, 10_000)):
            caplog.clear()
            answer = sender.send(request)
            count += 1
            if answer.status < 400:
                reached.add(f"{plan.route.method} {plan.route.path}")
            if answer.status >= 500:
                trouble = caplog.records[-1].exc_text if caplog.records and caplog.records[-1].exc_text else ""
                wrong.append(f"{request} -> {answer} {trouble.splitlines()[-1:]}")
    sender.close()
    assert furnished.peer.ask("GET", "/version").status == 200
    assert len(reached) > 150, "the requests do not get past what is checked first"
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/find?q=like:_",
        "/pictures/search?query=_",
        "/pictures/1/why?q=_",
        "/pictures/find?q=created:99999m",
        "/pictures/find?q=imported:%3E99999m",
        "/pictures/search?query=a&threshold=nan",
    ],
)
def test_what_once_was_a_server_error_is_answered(path: str, shared: Served) -> None:
    assert shared.local.get(path).status in (200, 400)


@pytest.mark.parametrize("path", ["restore/batch", "restore/preview/batch", "hash-compare"])
def test_ids_beyond_the_database_are_refused_where_snapshots_are_compared(path: str, served: Served) -> None:
    snapshot = served.library.take_snapshot(OWNER, TakeSnapshot()).id
    for id in (2**63, 2**63 - 1, -(2**63) - 1, 10**400, 2**32):
        resources = [{"type": "picture", "id": id}]
        answer = served.local.post(f"/snapshots/{snapshot}/{path}", {"resources": resources, "picture_ids": [id]})
        assert 200 <= answer.status < 500 and (answer.status == 400 or id < 2**63), answer


@pytest.fixture
def keyed(open_library: Callable[..., Library]) -> Iterator[Served]:
    library = open_library(plugins=Plugins.load(extra=["web.keyed"]))
    with serving(library, fill(library, library.path.parent)) as served:
        yield served


def test_a_plugins_route_that_breaks_a_rule_of_its_table_is_a_conflict(keyed: Served) -> None:
    assert keyed.local.post("/x/web.keyed/notes", {"picture": 1, "text": "taken"}).status == 200
    for note, rule in (
        ({"picture": 4_000_000}, "FOREIGN KEY"),
        ({"picture": 1, "weight": -1}, "CHECK"),
        ({"picture": 1, "text": "taken"}, "UNIQUE"),
    ):
        answer = keyed.local.post("/x/web.keyed/notes", note)
        assert (answer.status, rule in answer.json["detail"]) == (409, True), answer
    assert keyed.local.post("/x/web.keyed/notes", {"picture": 2}).status == 200
    assert keyed.library.read("select count(*) from keyed_note") == [(2,)]


def test_numbers_in_a_body_that_the_database_cannot_hold_are_refused(keyed: Served) -> None:
    for field, value in (
        ("number", 2**63),
        ("numbers", [1, 2**63]),
        ("pair", [-(2**63) - 1, ""]),
        ("notes", [{"picture": 10**400}]),
    ):
        answer = keyed.local.post("/x/web.keyed/echo", {field: value})
        assert (answer.status, answer.json["detail"]) == (400, "Number out of range."), field
    assert keyed.local.post("/x/web.keyed/echo", {"weights": {"a": 1e308, "b": 2**80}}).status == 200


def test_numbers_in_a_list_of_a_query_are_refused_like_others(keyed: Served) -> None:
    for query in ("numbers=9223372036854775808", "numbers=1&numbers=-9223372036854775809", "share=inf"):
        answer = keyed.local.get(f"/x/web.keyed/look/1?word=a&{query}")
        assert answer.status == 400
        assert answer.json["detail"].startswith(query.partition("=")[0]), answer


#: The fields of forms, by route, besides those that hold files.
FIELDS = {
    "/pictures/import": ("file", ("project_id",)),
    "/pictures/score_character_likeness": ("files", ("reference_character_id", "combine")),
}


def test_every_field_of_a_form_is_known_here() -> None:
    folders = [Path(str(package.__file__)).parent for package in (pixlstash_compat, pixlstash_web)]
    sources = "".join(path.read_text("utf-8") for folder in folders for path in folder.glob("*.py"))
    named = set(re.findall(r"form\.fields\.get\(\"(\w+)\"", sources))
    assert named == {name for _, names in FIELDS.values() for name in names}
    assert len(re.findall(r"(?<!_)form\.fields\b", sources)) == len(named)


@pytest.mark.attack
@pytest.mark.parametrize(("path", "field"), [(path, name) for path, (_, names) in FIELDS.items() for name in names])
def test_no_field_of_a_form_causes_a_server_error(
    path: str, field: str, furnished: Served, tmp_path: Path, rng: random.Random, effort: Effort
) -> None:
    png = paint(tmp_path / "sent.png", 60).read_bytes()
    values = [*TEXTS, *map(str, INTEGERS)]
    if effort.of(1, 2) == 1:
        values = rng.sample(values, 12)
    for value in values:
        for name in (field, value[:50]):
            sent = value.encode("utf-8", "surrogatepass")
            parts = [(f'name="{name}"', sent), (f'name="{FIELDS[path][0]}"; filename="{value[:200]}.png"', png)]
            body = b"".join(
                b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
                % (head.encode("utf-8", "surrogatepass"), one)
                for head, one in parts
            )
            answer = furnished.local.post(
                path, body + b"--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}
            )
            assert answer.status < 500, (name, value[:80], answer)
    assert furnished.peer.ask("GET", "/version").status == 200
