"""Requests with extreme values: made for every parameter of every route from the type it is declared with."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import inspect

from pixlstash_web.adapter import RoutePlan


class Raw(str):
    """A value as it stands in JSON, which `json.dumps` would not write."""


LONG, DEEP = 20_000, 50_000
#: Bytes of a value in an address: the server reads no more than 64 KiB of headers, percent-encoded as they are.
IN_URL = 15_000
INTEGERS: tuple[Any, ...] = (
    *(0, -1, 2, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1),
    *(10**400, -0.0, 1e308, 1.5),
)
FLOATS: tuple[Any, ...] = (
    *(0.0, -1.0, 1e308, -1e308, 5e-324, 1e-300, 2**63, -(2**63) - 1, 10**400),
    *(Raw("1e999"), Raw("-1e999"), Raw("NaN"), Raw("Infinity")),
)
TEXTS: tuple[str, ...] = (
    *("", " ", "\0", "a\0b", "x" * LONG, "é" * LONG, "\ud800", "a\udfffb", "\u202e\u2066\ufeff", "\U0010ffff"),
    *(
        "e" + "\u0301" * 500,
        "ﷺ" * 300,
        "ı",
        "ß",
        "%",
        "_",
        "\\",
        "'",
        '"',
        "*",
        "(",
        ")",
        "-",
        ":",
        "..",
        ".",
        "/",
        "//",
    ),
    *(
        "../../etc",
        "C:\\",
        "~",
        "$HOME",
        "%00",
        "%s",
        "{0}",
        "\r\n",
        "NaN",
        "inf",
        "-inf",
        "1e999",
        "null",
        "true",
        "[]",
    ),
    *("0", "-1", "1", str(2**31), str(2**63 - 1), str(2**63), str(-(2**63) - 1), "9" * 400, "٣", "½", "1_000", "+1"),
    *("like:_", "like:*", "face:_", "_", "created:99999m", "imported:>99999m", "created:0000", "created:9999-12-31"),
    *(
        "query:query:a",
        "union(",
        "union()",
        "unique(set:_)",
        "-" * 3_000 + "a",
        "(" * 3_000,
        '"' * 999,
        "sort:random.9",
    ),
    *("https://", "https://[", "http://a:99999999", "file:///etc/passwd", "#ffffff", "#\ud800", "2026-13-45"),
)
DATES: tuple[Any, ...] = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"),
    *("1970-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "2026-02-30T00:00:00Z", "2026-01-01"),
    *("2026-01-01T00:00:00", "-0001-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "", 0, -1, 2**63, 1e308),
)
#: What no parameter is declared as.
WRONG: tuple[Any, ...] = (None, True, 1.5, "x", [], {}, [[]], [None], {"": {}}, Raw("[" * DEEP), Raw('{"a":' * DEEP))


def extremes(declared: Any) -> list[Any]:
    """The extremes of a type."""
    return list(_extremes(inspect.type_info(declared)))


def _extremes(kind: inspect.Type) -> Iterator[Any]:
    if isinstance(kind, inspect.Metadata):
        yield from _extremes(kind.type)
    elif isinstance(kind, inspect.IntType):
        yield from INTEGERS
    elif isinstance(kind, inspect.FloatType):
        yield from FLOATS
    elif isinstance(kind, inspect.BoolType):
        yield from (True, False, 0, 2**63)
    elif isinstance(kind, inspect.StrType):
        yield from TEXTS
    elif isinstance(kind, inspect.DateTimeType):
        yield from DATES
    elif isinstance(kind, inspect.LiteralType):
        yield from (*kind.values, "", "x" * LONG, "\ud800")
    elif isinstance(kind, inspect.EnumType):
        yield from (*(one.value for one in kind.cls), "")
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _extremes(one)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
        inner = list(_extremes(kind.item_type)) or [None]
        yield from ([], *([one] for one in inner), inner, [inner[0]] * 5_000)
    elif isinstance(kind, inspect.TupleType):
        for place, one in enumerate(kind.item_types):
            for value in _extremes(one):
                yield [value if n == place else _plain(each) for n, each in enumerate(kind.item_types)]
        yield from ([], [0] * 1000)
    elif isinstance(kind, inspect.DictType):
        for value in _extremes(kind.value_type):
            yield {"a": value}
        for key in _extremes(kind.key_type):
            yield {str(key): _plain(kind.value_type)}
        yield {str(n): None for n in range(1000)}
    elif isinstance(kind, inspect.StructType):
        plain = _plain(kind)
        for field in kind.fields:
            for value in _extremes(field.type):
                yield {**plain, field.encode_name: value}
    elif isinstance(kind, inspect.AnyType | inspect.RawType):
        yield from (*INTEGERS, *FLOATS, *TEXTS)
    elif isinstance(kind, inspect.NoneType):
        yield None


#: Something that is there, by the name of what is asked for.
THERE: Mapping[str, Any] = {
    "ids": [1, 2],
    "pictures": [3],
    "picture_ids": [1, 2],
    "tags": ["red"],
    "name": "a name",
    "query": "red",
    "q": "",
    "text": "score:5",
    "engine": "odd/meaning",
    "colour": "#ff8800",
    "url": "https://example.org/",
    "key": "a-key",
    "task_id": "none",
    "ending": "png",
    "type": "picture",
    "path": "somewhere",
    "to": "another name",
    "tag": "red",
}


#: The same for single routes, by the function they call: what a request needs beside a parameter to get far.
MEANT: Mapping[str, Mapping[str, Any]] = {
    "alike": {"q": "like:picture:2"},
    "face_search": {"source_picture_id": 1},
    "likeness_search": {"source_picture_id": 1},
    "engine": {"id": "odd/colours"},
    "tag": {"name": "red"},
    "set_tagging": {"combine": "vote"},
    "assign_faces": {"faces": [1], "character": 1},
    "forget_faces": {"faces": [1]},
    "refer_faces": {"faces": [1]},
    "draw_face": {"picture": 1, "box": [0.1, 0.1, 0.5, 0.5], "character": 1},
    "decide_faces": {"character": 1, "yes": {"faces": [2]}},
    "date": {"ids": [1], "shift": 60},
    "merge_tags": {"tags": ["blue"], "into": "red"},
    "imply_tags": {"tag": "red", "implies": ["blue"]},
    "run_engine": {"engine": "odd/colours", "ids": [1]},
    "rehearse_engine": {"engine": "odd/colours", "ids": [1], "count": 1},
    "set_engine": {"engine": "odd/colours"},
    "import_paths": {"paths": ["nowhere"]},
    "preview_resources": {"resources": [{"type": "picture", "id": 1}]},
    "restore_resources": {"resources": [{"type": "picture", "id": 1}]},
}


def example(name: str, declared: Any) -> Any:
    """A value that means something there."""
    return THERE[name] if name in THERE else _plain(inspect.type_info(declared))


def _plain(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _plain(next((one for one in kind.types if not isinstance(one, inspect.NoneType)), kind.types[0]))
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.StructType):
        return {
            field.encode_name: THERE.get(field.encode_name, _plain(field.type)) if field.required else THERE["ids"]
            for field in kind.fields
            if field.required or field.encode_name == "ids"
        }
    if isinstance(kind, inspect.TupleType):
        return [_plain(one) for one in kind.item_types]
    plain: dict[type[inspect.Type], Any] = {
        inspect.IntType: 1,
        inspect.FloatType: 0.5,
        inspect.BoolType: False,
        inspect.StrType: "a",
        inspect.DateTimeType: "2026-01-01T00:00:00Z",
        inspect.DictType: {},
        inspect.ListType: [],
        inspect.VarTupleType: [],
    }
    return plain.get(type(kind))


class Request(NamedTuple):
    """One request, and which parameter of its route is extreme."""

    method: str
    path: str
    body: bytes | None
    parameter: str
    media: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} {(self.body or b'')[:300]!r} ({self.parameter})"


def in_url(value: Any) -> str:
    """A value as a path or a query string has it, percent-encoded."""
    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text.encode("utf-8", "surrogatepass")[:IN_URL], safe="")


def in_json(value: Any) -> bytes:
    """A value as JSON, with what Python's would not write."""
    if isinstance(value, Raw):
        return value.encode()
    if isinstance(value, dict):
        return b"{%s}" % b",".join(json.dumps(key).encode() + b":" + in_json(one) for key, one in value.items())
    if isinstance(value, list):
        return b"[%s]" % b",".join(map(in_json, value))
    return json.dumps(value).encode()


class Maker:
    """Makes the requests to one route. `there`: path parameters by name that lead to something."""

    def __init__(self, plan: RoutePlan, there: Mapping[str, str]) -> None:
        self.plan, self._there = plan, there
        self._fields = self._fields_of(plan)
        self._meant = MEANT.get(plan.route.name, {})

    @staticmethod
    def _fields_of(plan: RoutePlan) -> dict[str, Any]:
        if plan.body is None:
            return {}
        kind = inspect.type_info(plan.body.type)
        assert isinstance(kind, inspect.StructType)
        hints = msgspec.structs.fields(plan.body.type)
        return {field.encode_name: field.type for field in hints}

    def parameters(self) -> list[str]:
        """Every parameter, named by where it stands; a body is one, as is each of its fields."""
        names = re.findall(r"{(\w+)", self.plan.route.path)
        return [
            *(f"path {name}" for name in names),
            *(f"query {one.name}" for one in self.plan.query),
            *(f"query {name}" for name in self.plan.route.also),
            *(["body"] if self.plan.body else []),
            *(f"body {name}" for name in self._fields if name not in names),
        ]

    def values(self, parameter: str) -> tuple[list[Any], list[Any]]:
        """Values of the type that a parameter is declared with, and of others."""
        where, _, name = parameter.partition(" ")
        if parameter == "body":
            return [], [*WRONG, Raw(""), Raw("\x00"), Raw('{"a"')]
        declared = {one.name: one.type for one in (*self.plan.path, *self.plan.query)} | self._fields
        fitting = extremes(declared[name]) if name in declared else list(TEXTS)
        return [value for value in fitting if where != "path" or value != ""], list(WRONG)

    def request(self, parameter: str, value: Any) -> Request:
        """A request in which one parameter has a value, and all others lead somewhere."""
        where, _, name = parameter.partition(" ")
        path = re.sub(
            r"{(\w+)(:\w+)?}",
            lambda match: in_url(value) if (where, name) == ("path", match[1]) else self._in_path(match[1]),
            self.plan.route.path,
        )
        query = [f"{one}={in_url(value)}" for one, value in self._query(but=name).items()]
        if where == "query":
            query += [f"{name}={in_url(one)}" for one in (value if isinstance(value, list) and value else [value])][
                :200
            ]
        address = path + "?" * bool(query) + "&".join(query)
        return Request(self.plan.route.method, address[:60_000], self._body(parameter, value), parameter)

    def _in_path(self, name: str) -> str:
        return quote(self._there.get(name, "1"), safe="")

    def _query(self, but: str) -> dict[str, Any]:
        """What a query string has besides one parameter."""
        needed = {one.name: example(one.name, one.type) for one in self.plan.query if one.required}
        meant = self._meant if self.plan.body is None else {}
        return {name: value for name, value in {**needed, **meant}.items() if name != but}

    def _body(self, parameter: str, value: Any) -> bytes | None:
        if self.plan.body is None:
            return b"some bytes" if self.plan.streams else None
        if parameter == "body":
            return in_json(value)
        body = {
            field.encode_name: example(field.encode_name, field.type)
            for field in msgspec.structs.fields(self.plan.body.type)
            if field.required or field.encode_name in ("ids", "tags")
        }
        body |= self._meant
        where, _, name = parameter.partition(" ")
        return in_json({**body, name: value} if where == "body" else body)

    def requests(self, rng: random.Random, most: int) -> Iterator[Request]:
        """A plain request, and for each parameter at most so many values, drawn at random; the type's own first."""
        yield self.request("", None)
        for parameter in self.parameters():
            fitting, wrong = self.values(parameter)
            drawn = rng.sample(fitting, min(most, len(fitting)))
            for value in [*drawn, *rng.sample(wrong, max(0, min(most - len(drawn) + most // 3, len(wrong))))]:
                yield self.request(parameter, value)
