"""Captions of pictures: people's own and those of the chosen engine, which never replaces people's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import apsw

from ..database.connection import Database, bind_ids, fetch
from ..database.features import CAPTIONS, COMPUTED, FanOut, Feature, Lookup, Table, Term
from ..database.writer import Write
from ..errors import Invalid
from ..query import scope
from ..query.terms import said_in
from ..tags.entries import EFFECTIVE, NO, of_pictures
from ..types import (
    CaptionDetail,
    CaptionPreview,
    CaptionProblem,
    CaptionReport,
    CaptionSample,
    EditCaptions,
    EngineCaption,
    LintCaptions,
    Reader,
)
from . import engine_results, tokens
from . import lint as texts

SAMPLES, PROBLEMS = 20, 200
#: Pictures whose captions are read at once.
PAGE = 5000


def _concerned(connection: apsw.Connection, keys: Mapping[str, set[tuple[object, ...]]]) -> Iterable[int]:
    """Return the pictures of captioners that were enabled or disabled."""
    producers = [producer for kind, producer in keys["active"] if kind == "caption" and isinstance(producer, int)]
    sql = "select picture_id from done where producer_id in carray(?)"
    return [row[0] for row in fetch(connection, sql, (bind_ids(producers),))]


_CAPTIONED = """
    select picture_id from said_caption where text != ''
    union all
    select o.picture_id from active a join caption_output o on o.producer_id = a.producer_id
    where a.kind = 'caption' and o.text != ''
      and not exists (select 1 from said_caption s where s.picture_id = o.picture_id)
    """

FEATURE = Feature(
    "captions",
    tables=(
        Table(
            *("caption_output", "captions", 0, "caption"),
            within=COMPUTED,
            kinds=CAPTIONS,
            topic="engine_captions",
            says="r.text",
        ),
        Table("said_caption", "captions", 0, "caption", kinds=CAPTIONS, says="r.text"),
    ),
    spreads=(FanOut(frozenset({"active"}), "caption_output", _concerned),),
    terms=(
        Term("caption", "Caption", said_in("caption"), ("pictures", "captions")),
        Term("is:captioned", "Captioned", lambda value: Lookup(_CAPTIONED), ("pictures", "captions")),
    ),
    inherits=("insert or ignore into said_caption select :new, text from said_caption where picture_id = :old",),
    outputs=(engine_results.KIND,),
)


def fit(text: str) -> str:
    """Return a caption as it is stored; `Invalid` if it has unprintable characters."""
    caption = "\n".join(line.rstrip() for line in unicodedata.normalize("NFC", text).strip().splitlines())
    if bad := next((c for c in caption if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), None):
        raise Invalid(f"A caption must consist of printable characters, and this one contains U+{ord(bad):04X}.")
    return caption


def detail(db: Database, reader: Reader, picture: int) -> CaptionDetail:
    scope.require(reader, picture)
    with db.reading() as connection:
        shown = fetch(connection, "select text from captions where picture_id = ?", (picture,))
        if not shown:
            raise scope.absent()
        own = fetch(connection, "select text from said_caption where picture_id = ?", (picture,))
        engines = fetch(
            connection,
            """
            select p.engine, o.text, a.producer_id is not null from caption_output o
            join producer p on p.id = o.producer_id left join active a on a.producer_id = o.producer_id
            where o.picture_id = ? order by a.rank is null, a.rank, p.id
            """,
            (picture,),
        )
    captions = [EngineCaption(engine, text, bool(active)) for engine, text, active in engines]
    return CaptionDetail(shown[0][0], own[0][0] if own else None, captions if reader.may("write") else [])


def put(write: Write, ids: list[int], text: str) -> int:
    """Set the caption of pictures, or remove it if `text` is empty; return how many changed."""
    bound = {"ids": bind_ids(ids), "text": text}
    if not text:
        write.execute("delete from said_caption where picture_id in carray(:ids)", bound)
        return write.changes()
    write.execute(
        """
        insert into said_caption select id, :text from picture where id in carray(:ids)
        on conflict(picture_id) do update set text = excluded.text where text != excluded.text
        """,
        bound,
    )
    return write.changes()


def put_each(write: Write, captions: Iterable[tuple[int, str]]) -> int:
    """Set the caption of each picture; return how many. Pictures that no longer exist are left out."""
    rows = list(captions)
    present = {
        row[0]
        for row in write.execute(
            "select id from picture where id in carray(?)", (bind_ids(picture for picture, _ in rows),)
        )
    }
    existing_rows = [row for row in rows if row[0] in present]
    write.many("insert into said_caption values (?, ?) on conflict do update set text = excluded.text", existing_rows)
    return len(existing_rows)


def edited(db: Database, ids: list[int], ask: EditCaptions) -> Iterator[CaptionSample]:
    """Yield the captions that an edit would change."""
    change = texts.edit(
        find=ask.find,
        replace=ask.replace,
        words=ask.words,
        case=ask.case,
        drop=ask.drop,
        first=ask.first,
        prefix=fit(ask.prefix),
    )
    for picture, name, text in _read(db, ids):
        before = text or ""
        after = change(before)
        if after != before:
            yield CaptionSample(picture, name, before, after)


def preview(changes: Iterable[CaptionSample]) -> CaptionPreview:
    changed = 0
    samples: list[CaptionSample] = []
    for sample in changes:
        changed += 1
        if len(samples) < SAMPLES:
            samples.append(sample)
    return CaptionPreview(changed, samples)


def lint(db: Database, ids: list[int], ask: LintCaptions) -> CaptionReport:
    """Check captions for training a model; return the problems and their counts."""
    counts = dict.fromkeys(("missing", "trigger", "contradiction", "tokens"), 0)
    problems: list[CaptionProblem] = []
    seen = 0
    counter = tokens.counter(ask.tokenizer)
    for page in range(0, len(ids), PAGE):
        part = ids[page : page + PAGE]
        has, rejected = _tags(db, part)
        for picture, name, text in _read(db, part):
            seen += 1
            caption_problems = texts.problems(
                text, ask.trigger, ask.tokens, has.get(picture, []), rejected.get(picture, []), counter
            )
            for kind, what in caption_problems:
                counts[kind] += 1
                if len(problems) < PROBLEMS:
                    problems.append(CaptionProblem(picture, name, kind, what))
    return CaptionReport(
        seen, counts["missing"], counts["trigger"], counts["contradiction"], counts["tokens"], problems
    )


def _read(db: Database, ids: list[int]) -> Iterator[tuple[int, str, str | None]]:
    sql = (
        "select p.id, p.name, c.text from picture p join captions c on c.picture_id = p.id"
        " where p.id in carray(?) order by p.id"
    )
    for page in range(0, len(ids), PAGE):
        yield from db.read(sql, (bind_ids(ids[page : page + PAGE]),))


def _tags(db: Database, ids: list[int]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return (names of effective tags, names of rejected tags), each by picture."""
    has: dict[int, list[str]] = {}
    rejected: dict[int, list[str]] = {}
    with db.reading() as connection:
        pictures = of_pictures(connection, ids)
        used = {tag for values in pictures.values() for tag in values}
        sql = "select id, name from tag where id in carray(?)"
        names: dict[int, str] = dict(fetch(connection, sql, (bind_ids(used),)))
    for picture, values in pictures.items():
        for tag, value in values.items():
            if value & EFFECTIVE:
                has.setdefault(picture, []).append(names[tag])
            elif value & NO:
                rejected.setdefault(picture, []).append(names[tag])
    return has, rejected
