"""Captions: one's own before an engine's, changed many at once as previewed, and found by their words."""

from __future__ import annotations

from typing import Any

import pytest
from libraries import check_derived, fill, truth

from pixlstash_core import OWNER
from pixlstash_core.captions import tokens
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Forbidden, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, EditCaptions, LintCaptions, Reader, RejectTags, Scope, SetCaption


def captioner(library: Library, engine: str, texts: dict[int, str]) -> int:
    producer = library.outputs.register("caption", engine, "1", {})
    for future in library.outputs.store(producer, [Output(one, text) for one, text in texts.items()]):
        future.result(10)
    return producer


def caption(library: Library, picture: int) -> str | None:
    return library.caption(OWNER, picture).text


def write(library: Library, picture: int, text: str) -> Any:
    return library.set_caption(OWNER, SetCaption(ids=[picture], text=text))


def found(library: Library, word: str) -> list[int]:
    return [row[0] for row in library.db.read("select rowid from derived_words where derived_words match ?", (word,))]


def test_ones_own_comes_first(library: Library) -> None:
    ids = fill(library, 3)
    first = captioner(library, "first", {ids[0]: "an engine's harbour", ids[1]: "a pier"})
    second = captioner(library, "second", {ids[0]: "another", ids[2]: "a boat"})
    assert [caption(library, picture) for picture in ids] == [None, None, None]
    library.outputs.activate(first)
    library.outputs.activate(second)
    assert [caption(library, picture) for picture in ids] == ["an engine's harbour", "a pier", "a boat"]
    done = write(library, ids[0], "  My own\r\nwords ")
    assert (done.sentence, done.changed) == ("1 picture captioned", 1)
    shown = library.caption(OWNER, ids[0])
    assert (shown.text, shown.own) == ("My own\nwords", "My own\nwords")
    assert [(one.engine, one.text, one.active) for one in shown.engines] == [
        ("first", "an engine's harbour", True),
        ("second", "another", True),
    ]
    assert found(library, "words") == ids[:1] and found(library, "harbour") == []
    check_derived(library)
    write(library, ids[0], "")
    assert caption(library, ids[0]) == "an engine's harbour" and found(library, "harbour") == ids[:1]
    library.undo(OWNER)
    assert found(library, "words") == ids[:1]
    library.outputs.deactivate(first)
    assert [caption(library, picture) for picture in ids] == ["My own\nwords", None, "a boat"]
    assert found(library, "pier") == [] and found(library, "boat") == ids[2:]
    check_derived(library)


def test_an_engine_never_overwrites_a_person(library: Library) -> None:
    (picture,) = fill(library, 1)
    write(library, picture, "mine")
    engine = captioner(library, "one", {picture: "its"})
    library.outputs.activate(engine)
    captioner(library, "one", {picture: "its newer one"})
    assert caption(library, picture) == "mine" and found(library, "newer") == []
    library.undo(OWNER)  # also what an engine wrote meanwhile stays
    assert caption(library, picture) == "its newer one" and found(library, "newer") == [picture]
    check_derived(library)


@pytest.mark.parametrize(
    ("ask", "before", "after"),
    [
        ({"find": "a+b", "replace": r"\1$&"}, "x A+B y", r"x \1$& y"),
        ({"find": "cat", "replace": "dog"}, "Cat, concatenate", "dog, condogenate"),
        ({"find": "cat", "replace": "dog", "words": True}, "cat, concatenate, cat.", "dog, concatenate, dog."),
        ({"find": "cat", "replace": "dog", "case": True}, "Cat cat", "Cat dog"),
        ({"find": "(", "words": True}, "a ( b", "a  b"),
        ({"prefix": "ohwx"}, "a cat", "ohwx, a cat"),
        ({"prefix": "ohwx"}, "ohwx, a cat", "ohwx, a cat"),
        ({"prefix": "oh"}, "ohwx, a cat", "oh, ohwx, a cat"),
        ({"prefix": "ohwx"}, "", "ohwx"),
        ({"drop": ["long_hair", "Cat"]}, "cat, dog ,Long Hair,a cat", "dog, a cat"),
        ({"first": ["b", "a"]}, "x, a, y, b", "b, a, x, y"),
        ({"first": ["z"], "drop": ["q"]}, "x,y ,  z q", "x,y ,  z q"),
        ({"drop": ["only"]}, "only", ""),
        ({"find": "x", "replace": "cat", "drop": ["cat"], "first": ["b"], "prefix": "t"}, "x, a, b", "t, b, a"),
    ],
)
def test_changing(library: Library, ask: dict[str, Any], before: str, after: str) -> None:
    ids = fill(library, 2)
    write(library, ids[0], before)
    whole = truth(library)
    preview = library.preview_captions(OWNER, EditCaptions(ids=ids[:1], **ask))
    assert truth(library) == whole
    assert [(one.before, one.after) for one in preview.samples] == ([(before, after)] if before != after else [])
    assert preview.changed == (before != after)
    done = library.edit_captions(OWNER, EditCaptions(ids=ids[:1], **ask))
    assert done.changed == preview.changed and (caption(library, ids[0]) or "") == after
    if done.undoable:
        library.undo(OWNER)
        assert truth(library) == whole
    check_derived(library)


def test_what_an_engine_wrote_becomes_ones_own_when_changed(library: Library) -> None:
    ids = fill(library, 25)
    library.outputs.activate(captioner(library, "one", {picture: f"a cat, number {picture}" for picture in ids}))
    preview = library.preview_captions(OWNER, EditCaptions(ids=ids, find="cat", replace="dog"))
    assert preview.changed == 25 and len(preview.samples) == 20
    assert library.edit_captions(OWNER, EditCaptions(ids=ids, find="cat", replace="dog")).changed == 25
    assert library.caption(OWNER, ids[3]).own == f"a dog, number {ids[3]}"
    library.undo(OWNER)
    assert library.caption(OWNER, ids[3]).own is None and found(library, "dog") == []
    check_derived(library)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800"])
def test_what_is_no_caption(library: Library, text: str) -> None:
    ids = fill(library, 1)
    before = truth(library)
    with pytest.raises(Invalid, match="printable"):
        write(library, ids[0], text)
    with pytest.raises(Invalid, match="printable"):
        library.edit_captions(OWNER, EditCaptions(ids=ids, prefix=text))
    assert truth(library) == before


def test_proof_reading(library: Library) -> None:
    ids = fill(library, 6)
    texts = ("", "a cat", "ohwx with no Red_hair", "ohwx, a dog", "ohwx " + "word " * 80, "OHWX is fine")
    for picture, text in zip(ids, texts, strict=True):
        write(library, picture, text)
    library.add_tags(OWNER, AddTags(ids=ids, tags=["red hair"]))
    library.reject_tags(OWNER, RejectTags(ids=ids, tags=["dog"]))
    report = library.lint_captions(OWNER, LintCaptions(ids=ids, trigger="ohwx"))
    assert (report.pictures, report.missing, report.trigger, report.contradiction, report.tokens) == (6, 1, 1, 2, 1)
    assert [(one.id, one.kind, one.detail) for one in report.problems] == [
        (ids[0], "missing", "There is no caption."),
        (ids[1], "trigger", "“ohwx” is missing."),
        (ids[2], "contradiction", "It denies “red hair”, which the picture is tagged."),
        (ids[3], "contradiction", "It says “dog”, which is rejected."),
        (ids[4], "tokens", f"It has {'' if tokens.counter().exact else 'about '}81 tokens, more than 75."),
    ]
    assert library.lint_captions(OWNER, LintCaptions(ids=ids[5:])).problems == []


@pytest.mark.parametrize(
    ("text", "low", "high"),  # what CLIP makes of it lies between
    [
        ("a photo of a cat", 5, 5),
        ("1girl, solo, long hair", 7, 8),
        ("it's 2026!", 7, 7),
        ("", 0, 0),
        ("猫", 2, 3),
        ("photorealistic masterpiece", 3, 5),
    ],
)
def test_tokens_are_estimated(text: str, low: int, high: int) -> None:
    assert low <= tokens.estimate(text) <= high


def test_who_may(library: Library) -> None:
    ids = fill(library, 2)
    library.outputs.activate(captioner(library, "one", dict.fromkeys(ids, "its")))
    reader = Reader("token:r", "read", Scope(frozenset(ids[:1])))
    shown = library.caption(reader, ids[0])
    assert (shown.text, shown.engines) == ("its", [])
    with pytest.raises(NotFound):
        library.caption(reader, ids[1])
    assert library.preview_captions(reader, EditCaptions(ids=ids, find="its")).changed == 1
    assert library.lint_captions(reader, LintCaptions(ids=ids)).pictures == 1
    for act in (
        lambda: library.set_caption(reader, SetCaption(ids=ids, text="x")),
        lambda: library.edit_captions(reader, EditCaptions(ids=ids, find="its")),
    ):
        with pytest.raises(Forbidden):
            act()
