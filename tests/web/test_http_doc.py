"""`docs/http.md` and the OpenAPI description say what the server does."""

from __future__ import annotations

import json
import re

import pytest
from sources import ROOT
from web.conftest import Served

from pixlstash_compat import table as compat
from pixlstash_web.http_docs import own_plans, rewrite
from pixlstash_web.openapi import describe
from pixlstash_web.routes import ROUTES

DOCUMENT = ROOT / "docs" / "http.md"


def test_the_document_is_current() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == rewrite(text), "run: python -m pixlstash_web.http_docs docs/http.md"


def test_every_route_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for route in (*ROUTES, *compat.ROUTES):
        path = re.sub(r":\w+", "", route.path)
        assert f"| `{route.method} {path}`" in text


def test_the_description_is_served_and_complete(shared: Served) -> None:
    served = shared.local.get("/openapi.json").json
    own = json.loads(json.dumps(describe(own_plans())))
    operations = [one for methods in served["paths"].values() for one in methods.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    beside = [other for one in operations for other in one.pop("x-alternatives", ())]
    for path, methods in own["paths"].items():
        assert methods == {method: served["paths"][path][method] for method in methods}
    assert len(operations) + len(beside) == len(ROUTES) + len(compat.ROUTES)


def test_every_reference_leads_somewhere() -> None:
    document = describe(own_plans())
    schemas = document["components"]["schemas"]
    found = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert found <= set(schemas)
    assert {"Problem", "Done", "Job", "PictureDetail", "ScorePictures"} <= found


@pytest.mark.parametrize("path", ["/library", "/pictures/1", "/pictures", "/history", "/jobs", "/plugins", "/check"])
def test_answers_have_the_fields_they_promise(path: str, shared: Served) -> None:
    document = describe(own_plans())
    template = "/api/v1" + path.replace("/1", "/{id}")
    schema = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = shared.local.get(path).json
    if schema.get("type") == "array":
        schema, answer = schema["items"], answer[0]
    struct = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert set(answer) == set(struct["properties"])
