"""A plugin with routes outside its own folder, as somebody else would write one; some of them take what is not its."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType

from pixlstash_core import Library, Reader, hookimpl
from pixlstash_web import Call, Route, api


class Move(Struct):
    shelf: int
    name: str | UnsetType = UNSET


class NoField(Struct):
    name: str = ""


def who(library: Library, reader: Reader) -> str:
    return reader.principal


def newest(call: Call, days: int = 1) -> list[int]:
    return [days]


def one(library: Library, reader: Reader, id: int) -> int:
    return id


def text(library: Library, reader: Reader, name: str) -> str:
    return name


def status(call: Call) -> str:
    return "well"


def shelve(library: Library, reader: Reader, id: int, ask: Move) -> Move:
    return ask


def plain(library: Library, reader: Reader, id: int, ask: NoField) -> NoField:
    return ask


def has_days(query: object) -> bool:
    return "days" in query  # type: ignore[operator]


def fails(query: object) -> bool:
    if "days" in query:  # type: ignore[operator]
        raise RuntimeError("in a condition")
    return False


GOOD = (
    api("GET", "/who", who, "read"),
    api("GET", "/status", status, "public", at="root"),
    api("GET", "/pictures/newest", newest, "read", at="api"),
    api("GET", "/pictures/{id}.txt", one, "read", at="api"),
    api("GET", "/pictures", newest, "read", at="api", when=has_days),
    api("GET", "/tags", newest, "read", at="api", when=fails),
    api("PATCH", "/projects/{id}", shelve, "write", at="api", fields=("shelf",)),
    api("POST", "/projects/{id}", shelve, "write", at="api"),
    # Beside a row of its own, told apart by the query.
    api("GET", "/shelves", who, "read", at="api", when=lambda query: "who" in query),
    api("GET", "/shelves", newest, "read", at="api"),
)
#: Rows that cannot be served, and a part of the reason.
BAD = (
    (api("GET", "/pictures", newest, "read", at="api"), "is the server's already"),
    (api("GET", "/library", newest, "public", at="api", when=lambda query: True), "true for requests of the route"),
    (api("GET", "/sets", newest, "read", at="api", when=lambda query: "q" not in query), "true for requests"),
    (api("GET", "/tags/complete", newest, "read", at="api", when=lambda q: "text" in q), "requests of the route"),
    (api("GET", "/pictures/{name}", text, "read", at="api"), "must name its parameters as /api/v1/pictures/{id}"),
    (api("GET", "/uploads/newest", newest, "read", at="api"), "would take requests of /api/v1/uploads/{id}"),
    (api("POST", "/uploads/{a}.{b}", status, "read", at="api"), "would take requests of /api/v1/uploads/{id}"),
    (api("GET", "/pictures/7", newest, "read", at="api"), "would take requests of /api/v1/pictures/{id}"),
    (api("GET", "/pictures/{id}/payloads/a/b", one, "read", at="api"), "/api/v1/pictures/{id}/payloads/{name:path}"),
    (api("PATCH", "/sets/{id}", shelve, "owner", at="api", fields=("shelf",)), "must need the right to write"),
    (api("PATCH", "/sets/{id}", plain, "write", at="api", fields=("name",)), "that the route which it extends reads"),
    (api("POST", "/undo", shelve, "write", at="api", fields=("shelf",)), "no JSON body"),
    (api("PATCH", "/nothing/{id}", shelve, "write", at="api", fields=("shelf",)), "no route answers the other"),
    (api("GET", "/nothing", who, "read", at="api", when=has_days), "no route answers the other requests"),
    (api("GET", "/{name}", text, "read", at="root"), "cannot be served at the root of the server"),
    (api("GET", "/assets/{name}", text, "read", at="root"), "cannot be served at the root of the server"),
    (api("GET", "/api/v1/library", who, "public", at="root"), "cannot be served at the root of the server"),
    (api("GET", "/", who, "public", at="root"), "cannot be served at the root of the server"),
    (api("GET", "/x/web.extra/search", who, "public", at="api"), "cannot be served at the root of the API"),
    (api("GET", "/asof/{id}/pictures", one, "public", at="api"), "cannot be served at the root of the API"),
    (api("GET", "/more/{name:path}", text, "public", at="api"), "cannot be served at the root of the API"),
)


@hookimpl
def routes() -> Iterator[Route]:
    yield from GOOD
