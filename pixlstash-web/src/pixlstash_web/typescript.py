"""Generates the browser UI's types and operations from the route table: `python -m pixlstash_web.typescript FILE`."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pixlstash_core import types
from pixlstash_core.types.groups import GroupInfo

from .app import below
from .openapi import describe
from .routes import PREFIX, ROUTES

Schema = dict[str, Any]
HEADER = """\
// Made from the table of operations and not edited by hand. To make it anew:
// python -m pixlstash_web.typescript pixlstash-web/web/src/api/schema.ts

/** Method and path of an operation, and behind `?` what of its arguments is in the query beside a body. */
export type Operation<Asks, Answers> = string & { readonly asks?: Asks; readonly answers?: Answers };
"""
#: Structs that no JSON request or answer refers to: the base of groups, the header of a view, and events.
ALSO = (
    GroupInfo,
    types.ViewHeader,
    types.PicturesAdded,
    types.PicturesChanged,
    types.PicturesRemoved,
)
#: Names of unions of constants, which a JSON Schema lacks, with their values in order.
UNIONS = {frozenset(get_args(union)): name for name, union in vars(types).items() if get_origin(union) is Literal}
SCALARS = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
WIDTH = 120


def schema() -> str:
    """Return the content of the file."""
    document = describe(below(PREFIX, ROUTES), ALSO)
    structs = document["components"]["schemas"]
    operations = [
        (path.removeprefix(PREFIX), method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] != "openapi"
    ]
    answers = [operation["responses"] for _, _, operation in operations]
    answered = reachable(structs, [*answers, *({"$ref": struct.__name__} for struct in ALSO)])
    parts = [HEADER, *_unions(document)]
    parts += [_struct(name, struct, name in answered) for name, struct in structs.items() if name != "Problem"]
    rows = [f"  {_row(*operation)},\n" for operation in operations]
    return "\n".join([*parts, "".join(["export const operations = {\n", *rows, "};\n"])])


def reachable(structs: dict[str, Schema], roots: Iterable[Any]) -> set[str]:
    """Return the names of the structs that schemas contain, at any depth."""
    names: set[str] = set()
    waiting = list(roots)
    while waiting:
        for name in {value.rpartition("/")[2] for key, value in _items(waiting.pop()) if key == "$ref"} - names:
            names.add(name)
            waiting.append(structs[name])
    return names


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key of every mapping in a document, with its value."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield from value.items()
    for child in children:
        yield from _items(child)


def _unions(document: Schema) -> Iterator[str]:
    """Return the declarations of the named unions in use."""
    present = {frozenset(value) for key, value in _items(document) if key == "enum"}
    for values, name in UNIONS.items():
        if values in present:
            yield f"export type {name} = {_constants(get_args(getattr(types, name)))};\n"


def _struct(name: str, struct: Schema, answered: bool) -> str:
    """Return an interface. Answers have all fields; requests may omit those with a default."""
    required = struct.get("required", ())
    fields = [
        f"  {field}{'' if answered or field in required else '?'}: {_type(value, answered)};\n"
        for field, value in struct.get("properties", {}).items()
    ]
    return f"{_comment(struct.get('description', ''))}export interface {name} {{\n{''.join(fields)}}}\n"


def _comment(description: str) -> str:
    text = " ".join(description.split())
    if not text or len(text) + 7 <= WIDTH:
        return f"/** {text} */\n" if text else ""
    lines = textwrap.wrap(text, WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    return "\n * ".join(["/**", *lines]) + "\n */\n"


def _type(schema: Schema, answered: bool) -> str:
    """Return a JSON Schema as a type. Lists in requests are read-only, so that callers may keep them."""
    readonly = "" if answered else "readonly "
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_type(choice, answered) for choice in schema["anyOf"])
    if "enum" in schema:
        return UNIONS.get(frozenset(schema["enum"])) or _constants(schema["enum"])
    if "prefixItems" in schema:
        return f"{readonly}[{', '.join(_type(item, answered) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        item = _type(schema["items"], answered)
        return f"{readonly}({item})[]" if " " in item else f"{readonly}{item}[]"
    if schema.get("type") == "object":
        return f"Record<string, {_type(schema.get('additionalProperties') or {}, answered)}>"
    return SCALARS.get(schema.get("type", ""), "unknown")


def _constants(values: Iterable[Any]) -> str:
    return " | ".join(json.dumps(value) for value in values)


def _row(path: str, method: str, operation: Schema) -> str:
    """Return the entry of an operation. Null omits a parameter of the query string."""
    places: dict[str, list[str]] = {"path": [], "query": []}
    for parameter in operation["parameters"]:
        name, type = parameter["name"], _type(parameter["schema"], answered=False)
        field = f"{name}: {type}" if parameter["required"] else f"{name}?: {type.removesuffix(' | null')} | null"
        places[parameter["in"]].append(field)
    fields = "; ".join(places["path"] + places["query"])
    asks = [f"{{ {fields} }}"] if fields else []
    if body := operation.get("requestBody"):
        asks.append(_type(body["content"]["application/json"]["schema"], answered=False))
    listed = "&".join(field.partition(":")[0].rstrip("?") for field in places["query"] if method != "GET")
    where = f"{method} {path}?{listed}" if listed else f"{method} {path}"
    return f'{operation["operationId"]}: "{where}" as Operation<{" & ".join(asks) or "{}"}, {_answer(operation)}>'


def _answer(operation: Schema) -> str:
    """Return the type of an answer: decoded JSON, text, or bytes."""
    status = min(operation["responses"])
    if status == "204":
        return "undefined"
    ((media, content),) = operation["responses"][status]["content"].items()
    if media == "application/json":
        return _type(content["schema"], answered=True)
    return {"text/plain": "string", "text/event-stream": "unknown"}.get(media, "ArrayBuffer")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema(), encoding="utf-8")
