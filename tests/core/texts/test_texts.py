"""Text in pictures: stored by engine, found by its words, also with one wrong letter, and shown with its places."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from libraries import add, fill, invented, truth

from pixlstash_core import OWNER, TextLine
from pixlstash_core.database import nearby
from pixlstash_core.engines import provenance
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Forbidden, NotFound, QueryError
from pixlstash_core.library import Library
from pixlstash_core.library.features import FEATURES
from pixlstash_core.texts import engine_results
from pixlstash_core.types import DeletePictures, Reader, RestoreSnapshot, Scope, Selection, TakeSnapshot, TurnPictures

BOX = (0.1, 0.2, 0.5, 0.3)


def lines(*texts: str, at: float | None = None) -> Any:
    plain = engine_results.check(None, [TextLine(text, BOX, 0.9) for text in texts], {})
    return engine_results.combine([(at, plain)])


def read(library: Library, engine: str, texts: dict[int, Sequence[str]], active: bool = True) -> int:
    """Store these lines as an engine's."""
    producer = library.outputs.register("text", engine, "1", {})
    for stored in library.outputs.store(producer, [Output(id, lines(*text)) for id, text in texts.items()]):
        stored.result(30)
    if active:
        library.outputs.activate(producer)
    return producer


def find(library: Library, query: str, reader: Reader = OWNER) -> list[int]:
    return sorted(library.find(reader, query).ids)


def check_index(library: Library) -> None:
    """Fail unless the index is what its rule makes of the stored text."""
    rule = next(feature for feature in FEATURES if feature.name == "texts").rules[0]
    connection = library.db.connect()
    try:
        connection.execute("begin immediate").fetchall()
        before = connection.execute("select * from derived_text order by picture_id").fetchall()
        indexed = connection.execute("select rowid from derived_text_index order by rowid").fetchall()
        rule.run(connection, [id for (id,) in connection.execute("select id from picture").fetchall()])
        after = connection.execute("select * from derived_text order by picture_id").fetchall()
        connection.execute("insert into derived_text_index(derived_text_index) values ('integrity-check')").fetchall()
        connection.execute("rollback").fetchall()
    finally:
        connection.close()
    assert before == after and [id for (id,) in indexed] == [id for id, _ in before]


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def signs(library: Library) -> tuple[Library, list[int]]:
    ids = fill(library, 6)
    texts = {
        ids[0]: ["STOP", "SIGN ahead"],
        ids[1]: ["Stqp sign"],  # misread
        ids[2]: ["非常出口を確認してください", "EXIT"],
        ids[3]: ["Größe: 42 % off", "a TV set"],
        ids[4]: ["the stopsign", "saturday"],
        ids[5]: ["sign", "stop", "Vacation"],
    }
    read(library, "reader", texts)
    return library, ids


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ('text:"stop sign"', [0, 1, 4]),  # over two lines, misread, and run together; not in another order
        ("text:stop", [0, 1, 4, 5]),
        ("text:STOP", [0, 1, 4, 5]),
        ("text:ahead", [0]),
        ("text:ahaed", []),  # two letters
        ("text:ahesd", [0]),
        ("text:ahed", [0]),
        ("text:aheaad", [0]),
        ("text:satur", [4]),
        ("text:saturdxy", [4]),
        ("text:出口", [2]),
        ("text:非常出口", [2]),
        ("text:口", [2]),
        ("text:grosse", [3]),
        ("text:große", [3]),
        ("text:42", [3]),
        ("text:tv", [3]),
        ("text:a", [3]),
        ("text:st", []),  # two letters are a word, not a part of one
        ("is:text", [0, 1, 2, 3, 4, 5]),
        ("-text:stop", [2, 3]),
        ("ahead", [0]),  # free words
        ("stop sign", [0, 5]),
        ("cat", []),  # not in the middle of a word: "Vacation"
        ("vacatoin", []),
        ("vacatian", [5]),
        ("exit", [2]),
        ("出口", [2]),
        ("!!!", []),
    ],
)
def test_words_find_text(signs: tuple[Library, list[int]], query: str, places: list[int]) -> None:
    library, ids = signs
    assert [ids.index(id) for id in find(library, query)] == places


@pytest.mark.parametrize("query", ["text:!!!", 'text:" "', 'text:"%_*"'])
def test_something_has_to_be_asked_for(library: Library, query: str) -> None:
    with pytest.raises(QueryError, match="a word after text:"):
        library.find(OWNER, query)


@pytest.mark.parametrize(
    "value", ['a" OR "b', "NEAR(stop sign)", "stop* -sign", "'; drop table picture", "\0", "words:stop"]
)
def test_nothing_in_a_value_is_syntax(signs: tuple[Library, list[int]], value: str) -> None:
    library, ids = signs
    for name in ("text:", ""):
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            assert set(find(library, name + quoted)) <= set(ids)
        except QueryError as error:
            assert "a word" in str(error)


def test_one_letter_is_all_that_may_differ() -> None:
    dice = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyzäßñ"
    for _ in range(3000):
        word = "".join(dice.choices(letters, k=dice.randint(4, 12)))
        at, letter = dice.randrange(len(word)), dice.choice(letters)
        other = dice.choice(
            [word[:at] + letter + word[at + 1 :], word[:at] + word[at + 1 :], word[:at] + letter + word[at:]]
        )
        assert nearby.is_near(word, other) and nearby.is_near(other, word)
        # One of the halves by which the index is asked is in the other word, whatever was changed.
        assert any(half in f" {other} " for half in nearby.halves(word)), (word, other)
    assert not nearby.is_near("sign", "sgin") and not nearby.is_near("stop", "st") and not nearby.is_near("abc", "abd")


def test_the_most_text_first(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    more = add(library, invented(40))
    first = library.find(OWNER, "sort:-text").ids
    lengths = {id: len(words) for id, words in library.db.read("select * from derived_text")}
    assert [lengths.get(id, 0) for id in first] == sorted((lengths.get(id, 0) for id in first), reverse=True)
    assert first[-1] == more[0]


def test_a_name_is_more_relevant_than_text(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    (named,) = add(library, invented(40), names=lambda n: "A sign.png")
    answer = library.find(OWNER, "sign sort:relevance")
    assert answer.ids[0] == named and set(answer.ids) == {named, ids[0], ids[1], ids[5]}


# --- why --------------------------------------------------------------------------------------------------------------


def test_why_shows_the_words_around(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    (reason,) = library.why(OWNER, ids[1], 'text:"stop sign"').reasons
    assert (reason.kind, reason.place, reason.snippet) == ("condition", "text", "Stqp sign")
    assert reason.sentence == 'It meets text:"stop sign": Stqp sign'
    (reason,) = library.why(OWNER, ids[0], "ahead").reasons
    assert (reason.kind, reason.place, reason.snippet) == ("words", "text", "STOP SIGN ahead")
    assert reason.sentence == "“ahead” is in its text: STOP SIGN ahead"


def test_a_snippet_leaves_out_what_is_far_away(library: Library) -> None:
    from pixlstash_core.texts.feature import snippet

    (id,) = fill(library, 1)
    read(library, "reader", {id: [f"before{n} word" for n in range(40)] + ["the e-mail address"] + ["after"] * 60})
    shown = snippet(library.db, id, "e mail")
    assert shown.startswith("… ") and shown.endswith(" …") and "the e-mail address" in shown and len(shown) < 140
    assert snippet(library.db, id, "nowhere") == "" == snippet(library.db, id, "!")


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_the_first_active_engine_that_read_any_counts(library: Library) -> None:
    ids = fill(library, 3)
    first = read(library, "first", {ids[0]: ["harbour"], ids[1]: []})
    second = read(library, "second", {ids[0]: ["marina"], ids[1]: ["bridge"], ids[2]: ["bakery"]}, active=False)
    assert find(library, "text:harbour") == ids[:1] and find(library, "text:marina") == []
    library.outputs.activate(second)
    assert find(library, "text:marina") == [] and find(library, "is:text") == ids
    assert [library.picture_text(OWNER, id).engine for id in ids] == ["first", "second", "second"]
    check_index(library)
    library.outputs.deactivate(first)
    assert find(library, "text:marina") == ids[:1] and find(library, "text:harbour") == []
    check_index(library)
    library.outputs.deactivate(second)
    assert find(library, "is:text") == [] and library.picture_text(OWNER, ids[0]).lines == []
    check_index(library)


def test_lines_are_shown_with_their_places(library: Library) -> None:
    ids = fill(library, 2)
    corners = ((0.1, 0.2), (0.5, 0.25), (0.5, 0.35), (0.1, 0.3))
    plain = engine_results.check(
        None, [TextLine(" two\twords\n ", BOX, 1), TextLine("\u202ex\x00\u200b", (-1, 0, 0.5, 2), 0.25, corners)], {}
    )
    producer = library.outputs.register("text", "reader", "1", {})
    library.outputs.activate(producer)
    for stored in library.outputs.store(
        producer, [Output(ids[0], engine_results.combine([(1.5, plain), (3.0, plain)]))]
    ):
        stored.result(30)
    library.turn(OWNER, TurnPictures(ids=ids[:1], quarters=1))
    text = library.picture_text(OWNER, ids[0])
    assert [line.text for line in text.lines] == ["two words", "x"] * 2
    assert [line.time for line in text.lines] == [1.5, 1.5, 3.0, 3.0]
    assert text.lines[0].box == BOX and text.lines[1].box == (0.0, 0.0, 0.5, 1.0)
    assert text.lines[1].corners == [*corners] and text.lines[1].confidence == 0.25
    assert (text.engine, text.turn) == ("reader", 1)
    assert library.picture_text(OWNER, ids[1]).lines == []
    with pytest.raises(NotFound):
        library.picture_text(OWNER, 99)


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ("text", "a list of TextLine was expected"),
        ([TextLine("a", BOX, 2.0)], "confidence of 2.0"),
        ([TextLine("a", (0.5, 0, 0.5, 1), 1)], "a box that is empty"),
        ([TextLine("a", (0, 0, float("nan"), 1), 1)], "NaN"),
        ([TextLine("a" * 1001, BOX, 1)], "1,000 are the most"),
        ([TextLine("a", BOX, 1, [(0, 0)])], "1 corners"),
        ([TextLine("a", BOX, 1, [(0, 0), (1, 0), (1, float("inf")), (0, 1)])], "a corner with NaN or infinity"),
        ([TextLine(b"a", BOX, 1)], "the text of a line"),  # type: ignore[arg-type]
        ([TextLine("a", BOX, 1)] * 1001, "1000 are the most"),
        ([TextLine("a" * 900, BOX, 1)] * 100, "50,000 are the most"),
    ],
)
def test_a_wrong_result_is_refused(result: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        engine_results.check(None, result, {})


def test_a_video_has_no_more_than_fits() -> None:
    plain = engine_results.check(None, [TextLine("a" * 1000, BOX, 1)] * 40, {})
    assert len(engine_results.combine([(float(n), plain) for n in range(5)])) == 50


# --- what holds for everything in a library ---------------------------------------------------------------------------


def test_a_reader_sees_the_text_of_their_pictures_only(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    guest = Reader("guest", "read", Scope(frozenset(ids[:1])))
    assert find(library, "text:stop", guest) == ids[:1] and find(library, "-text:stop", guest) == []
    assert library.picture_text(guest, ids[0]).lines
    for ask in (lambda: library.picture_text(guest, ids[1]), lambda: library.why(guest, ids[1], "text:stop")):
        with pytest.raises((NotFound, Forbidden)):
            ask()


def test_a_snapshot_brings_text_back(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    before = truth(library)["text_output"]
    id = library.take_snapshot(OWNER, TakeSnapshot()).id
    producer = read(library, "reader", {ids[0]: ["other words"]})
    assert find(library, "text:ahead") == []
    assert next(topic for topic in library.diff_snapshot(OWNER, id).topics if topic.topic == "engine_text").changed == 1
    library.restore_snapshot(OWNER, id, RestoreSnapshot())
    assert truth(library)["text_output"] == before and find(library, "text:ahead") == ids[:1]
    assert library.outputs.producer(producer).engine == "reader"
    check_index(library)


def test_text_goes_with_its_picture(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert find(library, "text:ahead") == [] and find(library, "text:ahead is:scrapheap") == ids[:1]
    library.undo(OWNER)
    assert find(library, "text:ahead") == ids[:1]
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert library.purge(OWNER, Selection(ids=ids[:1])) == 1
    check_index(library)
    for table in ("text_output", "derived_text"):
        assert library.db.value(f"select count(*) from {table} where picture_id = ?", (ids[0],)) == 0


def test_a_run_can_be_reverted(signs: tuple[Library, list[int]]) -> None:
    library, ids = signs
    producer = library.outputs.register("text", "later", "1", {})
    run = library.outputs.begin(producer)
    for stored in library.outputs.store(producer, [Output(ids[0], lines("lighthouse"))], run):
        stored.result(30)
    library.outputs.activate(producer, rank=-1)
    assert find(library, "text:lighthouse") == ids[:1]
    library.write(OWNER, "Reverted", lambda write: provenance.revert(write, run, engine_results.KIND.tables))
    assert find(library, "text:lighthouse") == [] and find(library, "text:ahead") == ids[:1]
    check_index(library)
