"""The client of the ComfyUI nodes, from the table that is served: `python -m pixlstash_web.nodes FILE`.

The nodes run in ComfyUI's own Python environment, where `pixlstash_core` is not installed. They therefore have a copy
of the operations they call, with their structs, in one generated file.
"""

from __future__ import annotations

import keyword
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from .app import below
from .openapi import describe
from .routes import PREFIX, ROUTES
from .typescript import reachable

Schema = dict[str, Any]
#: What the nodes call.
OPERATIONS = (
    *("info", "pictures", "picture", "alike", "thumbnail", "original", "upload", "hold"),
    "try_engine",
    *("projects", "sets", "characters", "find_project", "find_set", "find_character"),
    *("add_to_project", "add_to_set", "add_to_character", "add_tags", "set_caption", "caption", "picture_tags"),
)
HEADER = '''\
"""The operations of a PixlStash server that the nodes call, and their structs.

Generated from the server's table of operations; do not edit. To update it:
python -m pixlstash_web.nodes comfyui-pixlstash/src/comfyui_pixlstash/operations.py
"""

from __future__ import annotations

from typing import {typing}

from msgspec import Struct

from .channel import Channel
'''
SCALARS = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "null": "None"}
WIDTH = 120


def source() -> str:
    """The whole file."""
    document = describe(below(PREFIX, ROUTES))
    structs = document["components"]["schemas"]
    operations = {
        operation["operationId"]: (method.upper(), path.removeprefix(PREFIX), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    chosen = [operations[name] for name in OPERATIONS]
    contents = [operation for *_, operation in chosen]
    names = reachable(structs, contents) - {"Problem"}
    parts = [_struct(name, structs[name]) for name in structs if name in names]
    methods = [_method(*operation) for operation in chosen]
    parts.append('class Operations(Channel):\n    """A served library."""\n\n' + "\n".join(methods))
    used = [name for name in ("Any", "Literal") if any(re.search(rf"\b{name}\b", part) for part in parts)]
    return "\n\n".join([HEADER.format(typing=", ".join(used)), *parts])


def _struct(name: str, struct: Schema) -> str:
    required = struct.get("required", ())
    lines = []
    for field, value in struct.get("properties", {}).items():
        default = "" if field in required else f" = {_quoted(value.get('default'))}"
        lines.append(f"    {field}: {_type(value)}{default}\n")
    body = _docstring(struct.get("description", ""), 4)
    return f"class {name}(Struct, frozen=True, kw_only=True, omit_defaults=True):\n{body}{''.join(lines) or '    pass'}"


def _docstring(text: str, indent: int) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    space = " " * indent
    if len(text) + indent + 6 <= WIDTH:
        return f'{space}"""{text}"""\n\n' if indent == 4 else f'{space}"""{text}"""\n'
    lines = textwrap.wrap(text, WIDTH - indent - 3, break_long_words=False, break_on_hyphens=False)
    return f'{space}"""' + f"\n{space}".join(lines) + f'\n{space}"""\n' + ("\n" if indent == 4 else "")


def _type(schema: Schema) -> str:
    """A JSON Schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return f"Literal[{', '.join(_quoted(value) for value in schema['enum'])}]"
    if "prefixItems" in schema:
        return f"tuple[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list[{_type(schema['items'])}]"
    if schema.get("type") == "object":
        return f"dict[str, {_type(schema.get('additionalProperties') or {})}]"
    return SCALARS.get(schema.get("type", ""), "Any")


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _method(method: str, path: str, operation: Schema) -> str:
    """A method of the client. A raw body, which OpenAPI's description does not name, is the argument `content`."""
    name = operation["operationId"]
    places: dict[str, list[str]] = {"path": [], "query": []}
    required, optional = [], []
    for parameter in operation["parameters"]:
        field = parameter["name"]
        assert not keyword.iskeyword(field), field
        places[parameter["in"]].append(field)
        type = _type(parameter["schema"]).removesuffix(" | None")
        if parameter["required"]:
            required.append(f"{field}: {type}")
        else:
            optional.append(f"{field}: {type} | None = None")
    extra = []
    if request := operation.get("requestBody"):
        required.append(f"body: {_type(request['content']['application/json']['schema'])}")
        extra.append("body=body")
    elif method == "POST":
        required.append("content: bytes")
        extra.append("content=content")
    template = f'f"{path}"' if "{" in path else f'"{path}"'
    query = "{" + ", ".join(f'"{field}": {field}' for field in places["query"]) + "}"
    answer, call, first = _answer(operation)
    arguments = [*first, f'"{method}"', template, *([f"query={query}"] if places["query"] else []), *extra]
    text = f"    def {name}({', '.join(['self', *required, *optional])}) -> {answer}:\n"
    if len(text) > WIDTH:
        text = f"    def {name}(\n        {', '.join(['self', *required, *optional])}\n    ) -> {answer}:\n"
    line = f"        return self.{call}{', '.join(arguments)})\n"
    if len(line) > WIDTH:
        line = f"        return self.{call}\n            {', '.join(arguments)}\n        )\n"
    return text + _docstring(operation["summary"], 8) + line


def _answer(operation: Schema) -> tuple[str, str, list[str]]:
    """(the type that a method returns, the call that returns it, the first arguments of that call)."""
    ((media, content),) = operation["responses"][min(operation["responses"])]["content"].items()
    if media != "application/json":
        return "bytes", "receive(", []
    type = _type(content["schema"])
    return type, "request(", [type]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(source(), encoding="utf-8")
