"""Generates the tables in `docs/http.md` from the route table and structs: `python -m pixlstash_web.http_docs FILE`.

One part has the server's own routes. Each of the others has those of an installed plugin, which its marks name; the
README of a plugin can have one, too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from pixlstash_core.plugins.registry import Plugins

from .app import own_plans
from .openapi import describe
from .plugin_routes import plugin_plans
from .routes import AS_OF, PREFIX, SNAPSHOT_ROUTES

MARKS = re.compile(
    r"(<!-- made from the routes of ([\w.-]+): begin -->\n).*?(<!-- made from the routes of \2: end -->\n)", re.S
)
#: The name of the server itself in marks.
SERVER = "pixlstash-web"


def rewrite(text: str) -> str:
    """Return a document with the parts between marks regenerated."""
    return MARKS.sub(lambda marks: marks[1] + "\n".join(_part(marks[2])) + "\n" + marks[3], text)


def _part(name: str) -> Iterator[str]:
    own = describe(own_plans())
    schemas = own["components"]["schemas"]
    if name == SERVER:
        yield from (
            *_table(own),
            "",
            "### As of a snapshot",
            "",
            *_snapshot_routes(),
            "",
            "### Structs",
            "",
            *_structs(schemas),
        )
        return
    theirs = describe(plugin_plans(Plugins.load(builtin=(), only=name), own_plans()))
    added = {struct: schema for struct, schema in theirs["components"]["schemas"].items() if struct not in schemas}
    yield from (*_table(theirs), "", *_structs(added))


def _snapshot_routes() -> Iterator[str]:
    """List the routes that exist for snapshots."""
    paths = [route.path.removeprefix(AS_OF).replace(":path", "") for route in SNAPSHOT_ROUTES if route.past]
    yield "These answer as of a snapshot below `/asof/{snapshot}`, to the owner, with the same structs. A change there"
    yield "is answered with 409, and everything else with 404:"
    yield ", ".join(f"`{path}`" for path in paths) + "."


def _table(document: dict[str, Any]) -> Iterator[str]:
    yield from ("", "| route | right | asks | answers | |", "|---|---|---|---|---|")
    for path, methods in document["paths"].items():
        for method, operation in (
            (m, each) for m, first in methods.items() for each in (first, *first.get("x-alternatives", ()))
        ):
            asks = ", ".join(f"`{_parameter(each)}`" for each in operation["parameters"] if each["in"] == "query")
            body = operation.get("requestBody")
            if body:
                asks = ", ".join(filter(None, (asks, f"body {_type(body['content']['application/json']['schema'])}")))
            shown = path.removeprefix(PREFIX)
            where = f"`{method.upper()} {shown}`" + (" (at the root)" if shown == path else "")
            answer = _answer(operation["responses"])
            yield f"| {where} | {operation['x-right']} | {asks} | {answer} | {operation['summary']} |"


def _structs(schemas: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield _struct(name, schema)


def _struct(name: str, schema: dict[str, Any]) -> str:
    about = " ".join(schema.get("description", "").split("\n\n")[0].split())
    required = schema.get("required", ())
    fields = [
        f"`{field}`: {_type(value)}{'' if field in required else f' = `{_value(value)}`'}"
        for field, value in schema.get("properties", {}).items()
    ]
    return f"- **{name}** {about} {'; '.join(fields)}".replace("  ", " ").rstrip()


def _parameter(parameter: dict[str, Any]) -> str:
    return parameter["name"] if parameter["required"] else f"{parameter['name']}?"


def _answer(responses: dict[str, Any]) -> str:
    if "204" in responses:
        return "nothing (204)"
    status = min(responses)
    ((media, content),) = responses[status]["content"].items()
    return (_type(content["schema"]) if content["schema"] else f"`{media}`") + (
        f" ({status})" if status != "200" else ""
    )


def _type(schema: dict[str, Any]) -> str:
    """Return a short text for a JSON Schema."""
    if "$ref" in schema:
        return f"**{schema['$ref'].rpartition('/')[2]}**"
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        items: Iterable[dict[str, Any]] = schema.get("prefixItems") or [schema.get("items") or {}]
        return "[" + ", ".join(_type(item) for item in items) + ("]" if "prefixItems" in schema else ", …]")
    limits = [f"{word} {schema[key]}" for key, word in LIMITS.items() if key in schema]
    return " ".join([kind, *limits])


LIMITS = {"minimum": "≥", "maximum": "≤", "minLength": "of length ≥", "maxLength": "of length ≤"}


def _value(schema: dict[str, Any]) -> str:
    return msgspec.json.encode(schema.get("default")).decode()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(rewrite(target.read_text(encoding="utf-8")), encoding="utf-8")
