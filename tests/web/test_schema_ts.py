"""The browser UI calls the operations that the server has, by the types that the server has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sources import GENERATED, ROOT, files

from pixlstash_web.routes import ROUTES
from pixlstash_web.typescript import schema

SOURCES = ROOT / "pixlstash-web" / "web" / "src"
SCHEMA = SOURCES / "api" / "schema.ts"
#: The beginnings of paths, behind a quote or the root of the API.
PATHS = re.compile(
    rf"[\"'`](?:/api|(?:/api/v1)?/(?:{'|'.join(sorted({route.path.split('/')[1] for route in ROUTES}))})\b)"
)


def handwritten(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if PATHS.search(line))


def test_the_schema_is_current() -> None:
    command = "python -m pixlstash_web.typescript pixlstash-web/web/src/api/schema.ts"
    assert SCHEMA.read_text(encoding="utf-8") == schema(), f"run: {command}"
    assert SCHEMA in GENERATED


def test_every_operation_is_in_it() -> None:
    rows = dict(re.findall(r'^  (\w+): "([A-Z]+ /[^"?]+)', schema(), re.MULTILINE))
    routes = {route.name: f"{route.method} {re.sub(r':path', '', route.path)}" for route in ROUTES}
    assert rows == {name: where for name, where in routes.items() if name != "openapi"}


def test_a_request_may_leave_out_defaults_and_an_answer_has_every_field() -> None:
    text = schema()
    assert "export interface SignIn {\n  claim?: string | null;\n" in text
    assert "  notes: string[];\n}" in text  # of ViewHeader, empty unless there are some
    assert "  ids?: readonly number[] | null;\n" in text
    assert "  state: TagState;\n" in text
    assert (
        ' continue_upload: "PATCH /uploads/{id}?offset" as Operation<{ id: string; offset: number }, Upload>,' in text
    )


def test_the_interface_writes_no_path_by_hand() -> None:
    paths = [path for path in files(".ts", ".svelte") if SOURCES in path.parents and path.parent != SCHEMA.parent]
    found = {str(path.relative_to(SOURCES)): [*handwritten(path.read_text(encoding="utf-8"))] for path in paths}
    assert len(paths) > 100
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_paths_by_hand_are_noticed() -> None:
    assert [*handwritten('get("/pictures/1");\nfetch(`/api/v1/x`);\nplaceholder="/home/you/Pictures"')] == [
        'get("/pictures/1");',
        "fetch(`/api/v1/x`);",
    ]
