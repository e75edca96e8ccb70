"""Plain text notes as pictures: a media kind, facts, a table of its own, and a job that catches up.

A note is UTF-8 text whose first line is `#note`; its second line is its title. The plugin keeps the titles in
`textstills_note`: an event tells it of new notes, and the job finds those that were there before it was installed, or
that it missed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from pixlstash_core import (
    OWNER,
    Fact,
    Format,
    Kind,
    Lagged,
    Media,
    Operations,
    PicturesAdded,
    Reader,
    Refused,
    Table,
    hookimpl,
    op,
)

if TYPE_CHECKING:
    from PIL.Image import Image

    from pixlstash_core import Library

NAME = "textstills"
NOTES = (
    "create table textstills_note(id integer primary key autoincrement not null,"
    " picture_id integer not null unique references picture(id) on delete cascade, title text not null)"
)
LONGEST = 64 << 10
SIDE, MARGIN, LINE = 480, 24, 18


class Note(Media):
    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()[1:]
        self.width = self.height = SIDE
        title = next((line for line in self.lines if line.strip()), "Untitled")
        self.facts = (
            Fact("Note", "title", "Title", title),
            Fact("Note", "lines", "Lines", str(len(self.lines)), float(len(self.lines))),
        )

    def still(self, short: int, long: int) -> Image:
        from PIL import Image, ImageDraw

        image = Image.new("RGB", (SIDE, SIDE), "#fffbe6")
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(self.lines[: (SIDE - 2 * MARGIN) // LINE]):
            pen.text((MARGIN, MARGIN + number * LINE), line, fill="#222222")
        image.thumbnail((short, short))
        return image


class NoteKind(Kind):
    id = "note"

    def recognise(self, head: bytes, name: str) -> Format | None:
        return Format("note", "text/plain", "note") if head.startswith(b"#note\n") else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        try:
            return Note(file.read(LONGEST).decode())
        except UnicodeDecodeError as error:
            raise Refused("This note is not UTF-8 text.") from error


def keep(library: Library, ids: list[int]) -> int:
    """Keep the titles of these notes; how many are new. Harmless to repeat."""

    def work(write: Any) -> int:
        write.execute(
            "insert or ignore into textstills_note(picture_id, title)"
            " select p.id, f.value from picture p join fact f on f.picture_id = p.id and f.name = 'title'"
            " where p.kind = 'note' and p.id in (select value from json_each(?))",
            (str(ids),),
        )
        return int(write.changes())

    return library.derive(work)


def catch_up(library: Library, task: Any) -> None:
    """Keep the titles of all notes the plugin was not told about."""
    known = {row[0] for row in library.read("select picture_id from textstills_note")}
    found = [one.id for one in library.pictures(OWNER, q="kind:note", limit=100_000) if one.id not in known]
    for start in range(0, len(found), 500):
        task.check()
        task.progress(start, len(found))
        keep(library, found[start : start + 500])


class RetitleNote(Struct, frozen=True):
    """Give a note another title."""

    picture: int
    title: str


def titles(library: Library, reader: Reader, begin: str = "", limit: int = 100) -> dict[int, str]:
    """The titles of notes that begin with a text, by picture."""
    seen = set(library.find(reader, "kind:note").ids)
    rows = library.read("select picture_id, title from textstills_note order by picture_id")
    return dict([(id, title) for id, title in rows if id in seen and title.startswith(begin)][:limit])


def retitle(library: Library, reader: Reader, ask: RetitleNote) -> int:
    """Give a note another title; how many notes the picture had."""

    def work(write: Any) -> int:
        write.execute("update textstills_note set title = ? where picture_id = ?", (ask.title, ask.picture))
        return int(write.changes())

    return library.write(reader, f"A note is called {ask.title}", work)


class Notes(Operations, plugin=NAME):
    """Titles of notes."""

    titles = op("GET", "/titles", "read", titles)
    retitle = op("POST", "/retitle", "write", retitle)


@hookimpl
def operations() -> Any:
    yield Notes


@hookimpl
def kinds() -> Any:
    yield NoteKind()


@hookimpl
def startup(library: Library) -> None:
    library.adopt(NAME, (NOTES,), [Table("textstills_note", NAME, 1, "note")])
    library.repeat(NAME, "Listing notes", every=3600, run=partial(catch_up, library))


@hookimpl
def event(library: Library, event: object) -> None:
    if isinstance(event, PicturesAdded):
        keep(library, event.ids)
    elif isinstance(event, Lagged):
        library.queue_job(NAME, "Listing notes that were missed")
