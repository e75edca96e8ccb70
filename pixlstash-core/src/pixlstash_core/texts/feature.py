"""What text in pictures contributes to the library: its query term, its index, and reading it.

A text is found by any part of it; a phrase also if words of four letters or more differ by one letter each, because
engines misread letters. The index of every three characters narrows down which pictures can match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import apsw
import msgspec

from ..database.connection import Database, bind_ids, fetch
from ..database.features import COMPUTED, Derivation, FanOut, Feature, Lookup, Sort, Table, Term
from ..database.nearby import FEWEST, UNSPACED, fold, halves, where_near
from ..query import scope
from ..types import PictureText, Reader, TextLineInfo
from . import engine_results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NOUNS = ("pictures", "texts")
_INDEXED = "select rowid from derived_text_index where derived_text_index match"
_NEAR = f"""
    select t.picture_id from derived_text t where t.picture_id in ({_INDEXED} :parts) and has_near(t.words, :phrase)
    """
#: Letters of a free word from which it may differ by one: there are more other places where it may be meant.
FEWEST_FREE = 5
NOTHING = Lookup("select picture_id from derived_text where 0")
#: Characters before and after a match in a snippet.
AROUND = 40


def _text(value: str) -> Lookup:
    phrase = fold(value).strip()
    if not phrase:
        raise ValueError("a word")
    return _lookup(phrase, phrase, FEWEST)


def _free(value: str) -> Lookup:
    """Look up pictures whose text has these words from the beginning of one on."""
    phrase = fold(value).strip()
    if not phrase:
        return NOTHING
    return _lookup(phrase, phrase if UNSPACED.search(phrase) else f" {phrase}", FEWEST_FREE)


def _lookup(phrase: str, part: str, fewest: int) -> Lookup:
    """Look up texts that contain `part`, or the words of a phrase, of which those of so many letters may differ."""
    if len(part) < 3:
        if UNSPACED.search(part):  # such words have often two characters, which the index does not have
            return Lookup("select picture_id from derived_text where instr(words, :part)", {"part": part})
        part = f" {phrase} "
    exact = f'"{part}"'
    if " " in phrase and not UNSPACED.search(phrase):
        exact += f' OR "{phrase.replace(" ", "")}"' if len(phrase) > 3 else ""
    words = phrase.split()
    if not any(len(word) >= fewest for word in words):
        return Lookup(f"{_INDEXED} :exact", {"exact": exact})
    parts = " AND ".join(
        '("{}" OR "{}")'.format(*halves(word)) if len(word) >= FEWEST else f'" {word} "' for word in words
    )
    sql = f"{_INDEXED} :exact union {_NEAR}"
    return Lookup(sql, {"exact": exact, "parts": parts, "phrase": phrase})


TERM = Term("text", "Text in the picture", _text, _NOUNS)
WORDS = Term("text", "", _free, _NOUNS)


def _concerned(connection: apsw.Connection, keys: Mapping[str, set[tuple[object, ...]]]) -> Iterable[int]:
    """Return the pictures of text extractors that were enabled or disabled."""
    producers = [producer for kind, producer in keys["active"] if kind == "text" and isinstance(producer, int)]
    sql = "select picture_id from text_output where producer_id in carray(?)"
    return [row[0] for row in fetch(connection, sql, (bind_ids(producers),))]


def refresh(connection: apsw.Connection, ids: list[int]) -> None:
    """Update the index of the text in these pictures."""
    bound = {"ids": bind_ids(ids)}
    connection.execute("delete from derived_text_index where rowid in carray(:ids)", bound).fetchall()
    connection.execute("delete from derived_text where picture_id in carray(:ids)", bound).fetchall()
    rows = [(picture, words) for picture, text in of_pictures(connection, ids).items() if (words := fold(text))]
    connection.executemany("insert into derived_text values (?, ?)", rows)
    connection.executemany("insert into derived_text_index(rowid, words) values (?, ?)", rows)


def of_pictures(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return the text of each picture that has some, of the first active engine that read any."""
    sql = """
        select o.picture_id, o.text from carray(?) i cross join active a on a.kind = 'text'
          join text_output o on o.picture_id = i.value and o.producer_id = a.producer_id
        order by a.rank desc
        """
    return dict(fetch(connection, sql, (bind_ids(ids),)))


def _lengths(connection: apsw.Connection, ids: list[int]) -> dict[int, int]:
    """Return the number of characters of text in each picture that has some."""
    sql = "select picture_id, length(words) from derived_text where picture_id in carray(?)"
    return dict(fetch(connection, sql, (bind_ids(ids),)))


def _amount(connection: apsw.Connection, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of characters of text in each picture."""
    import numpy as np

    lengths = _lengths(connection, ids.tolist())
    return np.array([lengths.get(id, 0) for id in ids.tolist()], np.int64)


FEATURE = Feature(
    "texts",
    tables=(Table("text_output", "texts", 0, "text", within=COMPUTED, topic="engine_text", says="r.text"),),
    spreads=(FanOut(frozenset({"active"}), "text_output", _concerned),),
    rules=(Derivation(frozenset({"picture", "text_output"}), refresh),),
    terms=(
        TERM,
        Term(
            "is:text",
            "With text in the picture",
            lambda value: Lookup("select picture_id from derived_text"),
            ("pictures", "texts"),
        ),
    ),
    words=(WORDS,),
    sorts=(Sort("text", ("texts",), _amount),),
    outputs=(engine_results.KIND,),
)

_LINES = """
    select p.engine, o.text, o.lines from active a join text_output o on o.producer_id = a.producer_id
    join producer p on p.id = o.producer_id where a.kind = 'text' and o.picture_id = ? order by a.rank limit 1
    """
_READ = """
    select d.picture_id from active a join done d on d.producer_id = a.producer_id
    where a.kind = 'text' and d.error is null and d.picture_id in carray(?)
    """
_Placed = list[tuple[tuple[float, float, float, float], float, list[tuple[float, float]], float | None]]


def of_picture(db: Database, reader: Reader, picture: int) -> PictureText:
    """Return the lines of text in a picture; `NotFound` if the reader may not see it."""
    scope.require(reader, picture)
    with db.reading() as connection:
        if not fetch(connection, "select 1 from picture where id = ?", (picture,)):
            raise scope.absent()
        rows = fetch(connection, _LINES, (picture,))
        turns = fetch(connection, "select turn from correction where picture_id = ?", (picture,))
    turn = turns[0][0] if turns else 0
    if not rows:
        return PictureText([], turn=turn)
    engine, text, placed = rows[0]
    try:
        lines = zip(text.split("\n"), msgspec.json.decode(placed, type=_Placed))
        return PictureText([TextLineInfo(line, *place) for line, place in lines], engine, turn)
    except msgspec.DecodeError:  # the file was edited by another program
        return PictureText([], engine, turn)


def lengths(db: Database, reader: Reader, ids: list[int]) -> dict[int, int]:
    """Return the number of characters of text in pictures by id; none for pictures that no engine has read."""
    visible = [id for id in ids if scope.sees(reader, id)]
    with db.reading() as connection:
        read = dict.fromkeys((row[0] for row in fetch(connection, _READ, (bind_ids(visible),))), 0)
        return read | _lengths(connection, visible)


def snippet(db: Database, picture: int, phrase: str) -> str:
    """Return the part of a picture's text around the words of a phrase; an empty text if it does not have them."""
    with db.reading() as connection:
        text = of_pictures(connection, [picture]).get(picture, "")
    shown, wanted = text.split(), fold(phrase).strip()
    if not shown or not wanted:
        return ""
    # A word as it is written may be several as they are compared: "e-mail".
    origin = [(n, part) for n, word in enumerate(shown) for part in fold(word).split()]
    near = where_near(" ".join(part for _, part in origin), wanted)
    if near is None:
        near = next(((n, n) for n, (_, part) in enumerate(origin) if wanted.split()[0] in part), None)
    if near is None:
        return ""
    return _around(shown, origin[near[0]][0], origin[near[1]][0])


def _around(words: list[str], first: int, last: int) -> str:
    """Return some words with those around them, and dots where others are left out."""
    start, end = first, last + 1
    while start > 0 and sum(map(len, words[start - 1 : first])) < AROUND:
        start -= 1
    while end < len(words) and sum(map(len, words[last + 1 : end + 1])) < AROUND:
        end += 1
    text = " ".join(words[start:end])[: 6 * AROUND]
    return f"{'… ' if start else ''}{text}{' …' if end < len(words) else ''}"
