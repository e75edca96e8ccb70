"""Whatever any kind of caller sends to any route: no server error, and answers of the documented form."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from conftest import Effort
from starlette.responses import Response
from web.asking import Answer, Peer, bearer
from web.conftest import OWNER, Served
from web.extremes import Maker
from web.furnished import LAST, Sender, every_plan, furnish, place, there

from pixlstash_core.library import Library
from pixlstash_core.types import CreateToken, Grant
from pixlstash_web.adapter import RoutePlan
from pixlstash_web.routes import refuse_change

#: Answers that a full run (`make torture`) checks for each kind of caller, at least.
LEAST = 10_000


@pytest.fixture
def furnished(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    with furnish(open_library, tmp_path, monkeypatch) as served:
        yield served


def caller(served: Served, kind: str) -> Peer:
    if kind == "nobody":
        return served.peer
    right, _, scoped = kind.partition(" ")
    ids = served.library.find(OWNER).ids
    group = served.library.sets(OWNER)[0].id
    scope = Grant(pictures=ids[-2:], sets=[group], query="tag:red") if scoped else None
    return bearer(served.url, served.library.create_token(OWNER, CreateToken(right, "", scope)).token)  # type: ignore[arg-type]


def fault(plan: RoutePlan, answer: Answer, conditional: bool) -> str | None:
    """What is wrong with the form of an answer. `conditional`: another route may have answered."""
    if answer.status >= 500:
        return "server error"
    media = answer.headers.get("Content-Type", "")
    if answer.status >= 400:
        detail = msgspec.json.decode(answer.body)["detail"] if media.startswith("application/json") else None
        text = detail["message"] if isinstance(detail, dict) else detail
        return None if isinstance(text, str) and text and "Traceback" not in text else "no sentence"
    plain = plan.route.present is None and plan.returns is not Response and not conditional
    if answer.status == 200 and plain and media.startswith("application/json"):
        try:
            msgspec.json.decode(answer.body, type=plan.returns)
        except msgspec.ValidationError as error:
            return f"not the documented form: {error}"
    return None


@pytest.mark.attack
@pytest.mark.parametrize("kind", ["nobody", "read", "write", "owner", "read scoped", "write scoped"])
def test_no_caller_causes_a_server_error(kind: str, furnished: Served, rng: random.Random, effort: Effort) -> None:
    found = there(furnished)
    every = [plan for plan in every_plan(furnished.library) if plan.route.name not in LAST]
    every = [plan for n, plan in enumerate(every) if plan.route.function is not refuse_change or n % 10 == 0]
    every.sort(key=place)
    conditional = {(plan.route.method, plan.route.path) for plan in every if plan.route.conditional}
    if effort.of(1, 2) == 1:
        every = sorted(rng.sample(every, len(every) // 3), key=place)
    sender = Sender(caller(furnished, kind))
    wrong, count, allowed = [], 0, 0
    for plan in every:
        ids = {"id": found["upload"]} if "/uploads/{id}" in plan.route.path else {}
        for sent in Maker(plan, {**found, **ids}).requests(rng, effort.of(1, 10_000)):
            answer = sender.send(sent)
            count, allowed = count + 1, allowed + (answer.status < 400)
            if problem := fault(plan, answer, (plan.route.method, plan.route.path) in conditional):
                wrong.append(f"{problem}: {sent} -> {answer}")
    sender.close()
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:20])
    assert count >= effort.of(200, LEAST) and (kind == "nobody" or allowed > count // 50)
    print(f"{count:,} answers, {allowed:,} of them granted; no server error, all of the documented form")
