"""A plugin with a table that refers to pictures, and a route that writes what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

from pixlstash_core import hookimpl
from pixlstash_core.database.writer import Write
from pixlstash_core.library import Library
from pixlstash_core.types import Reader
from pixlstash_web import Route, api

TABLE = """
    create table keyed_note (
      id integer primary key autoincrement not null,
      picture_id integer not null references picture(id) on delete cascade,
      text text not null unique,
      weight real not null check (weight >= 0))
    """


class Note(Struct):
    picture: int
    text: str = "a note"
    weight: float = 1.0


def note(library: Library, reader: Reader, ask: Note) -> int:
    """Keep a note, without looking whether there is such a picture."""

    def work(write: Write) -> int:
        made: int = write.value(
            "insert into keyed_note(picture_id, text, weight) values (?, ?, ?) returning id",
            (ask.picture, ask.text, ask.weight),
        )
        return made

    return library.write(reader, "Noted", work)


class Everything(Struct):
    """A field of each type that JSON can say."""

    number: int = 0
    share: float = 0.0
    moment: datetime | None = None
    day: date | None = None
    choice: Literal["one", "two"] = "one"
    numbers: list[int] = []
    weights: dict[str, float] = {}
    pair: tuple[int, str] = (0, "")
    notes: list[Note] = []


def echo(library: Library, reader: Reader, ask: Everything) -> list[Any]:
    """What SQLite makes of the values."""
    values = (ask.number, ask.share, ask.choice, *ask.pair, *ask.numbers, *ask.weights.values(), *ask.weights)
    return [library.read("select ?", (value,))[0][0] for value in values[:100]]


def look(
    library: Library,
    reader: Reader,
    id: int,
    word: str,
    share: float = 0.5,
    numbers: list[int] | None = None,
    moment: datetime | None = None,
    deep: bool = False,
) -> list[Any]:
    """What SQLite makes of the values of a path and a query string."""
    return [library.read("select ?", (value,))[0][0] for value in (id, word, share, *(numbers or ()))]


@hookimpl
def startup(library: Library) -> None:
    library.adopt("keyed", [TABLE])


@hookimpl
def routes() -> Iterator[Route]:
    yield api("POST", "/notes", note, "write")
    yield api("POST", "/echo", echo, "read")
    yield api("GET", "/look/{id}", look, "read")
