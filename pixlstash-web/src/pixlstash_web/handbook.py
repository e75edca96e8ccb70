"""The part of `docs/http.md` that the route table and the structs can say: `python -m pixlstash_web.handbook FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from .adapter import RoutePlan
from .app import below
from .compat import ROUTES as COMPATIBLE
from .openapi import describe
from .past_routes import BELOW
from .routes import PAST_ROUTES, PREFIX, ROOT_ROUTES, ROUTES

BEGIN, END = "<!-- made from the route table: begin -->\n", "<!-- made from the route table: end -->\n"


def own_plans() -> list[RoutePlan]:
    """The server's own routes, without those of plugins."""
    return [*below(PREFIX, ROUTES), *below("", ROOT_ROUTES)]


def rewrite(text: str) -> str:
    """The document with the part between the marks made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    own, theirs = describe(own_plans()), describe(below(PREFIX, COMPATIBLE))
    known = own["components"]["schemas"]
    others = {name: one for name, one in theirs["components"]["schemas"].items() if name not in known}
    made = [*_table(own), "", "### As of a snapshot", "", *_past(), "", "### Structs", "", *_structs(known)]
    made += ["", "### Routes that clients of the public PixlStash know", *_table(theirs), "", *_structs(others)]
    return before + BEGIN + "\n".join(made) + "\n" + END + after


def _past() -> Iterator[str]:
    """Where the past can be looked at."""
    paths = [route.path.removeprefix(BELOW).replace(":path", "") for route in PAST_ROUTES if route.past]
    yield "These answer as of a snapshot below `/asof/{snapshot}`, to the owner, with the same structs. A change there"
    yield "is answered with 409, and everything else with 404:"
    yield ", ".join(f"`{path}`" for path in paths) + "."


def _table(document: dict[str, Any]) -> Iterator[str]:
    yield from ("", "| route | right | asks | answers | |", "|---|---|---|---|---|")
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            asks = ", ".join(f"`{_asked(given)}`" for given in one["parameters"] if given["in"] == "query")
            body = one.get("requestBody")
            if body:
                asks = ", ".join(filter(None, (asks, f"body {_type(body['content']['application/json']['schema'])}")))
            shown = path.removeprefix(PREFIX)
            where = f"`{method.upper()} {shown}`" + (" (at the root)" if shown == path else "")
            yield f"| {where} | {one['x-right']} | {asks} | {_answer(one['responses'])} | {one['summary']} |"


def _structs(schemas: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield _struct(name, schema)


def _struct(name: str, schema: dict[str, Any]) -> str:
    about = " ".join(schema.get("description", "").split("\n\n")[0].split())
    required = schema.get("required", ())
    fields = [
        f"`{field}`: {_type(given)}{'' if field in required else f' = `{_value(given)}`'}"
        for field, given in schema.get("properties", {}).items()
    ]
    return f"- **{name}** {about} {'; '.join(fields)}".replace("  ", " ").rstrip()


def _asked(given: dict[str, Any]) -> str:
    return given["name"] if given["required"] else f"{given['name']}?"


def _answer(responses: dict[str, Any]) -> str:
    if "204" in responses:
        return "nothing (204)"
    status = min(responses)
    ((media, content),) = responses[status]["content"].items()
    return (_type(content["schema"]) if content["schema"] else f"`{media}`") + (
        f" ({status})" if status != "200" else ""
    )


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema as a reader says it."""
    if "$ref" in schema:
        return f"**{schema['$ref'].rpartition('/')[2]}**"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        items: Iterable[dict[str, Any]] = schema.get("prefixItems") or [schema.get("items") or {}]
        return "[" + ", ".join(_type(one) for one in items) + ("]" if "prefixItems" in schema else ", …]")
    limits = [f"{word} {schema[key]}" for key, word in LIMITS.items() if key in schema]
    return " ".join([kind, *limits])


LIMITS = {"minimum": "≥", "maximum": "≤", "minLength": "of length ≥", "maxLength": "of length ≤"}


def _value(schema: dict[str, Any]) -> str:
    return msgspec.json.encode(schema.get("default")).decode()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(rewrite(target.read_text(encoding="utf-8")), encoding="utf-8")
