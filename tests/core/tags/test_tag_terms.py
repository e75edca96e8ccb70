"""The words of the query language that are about tags and captions."""

from __future__ import annotations

import pytest
from libraries import fill
from tagged import store

from pixlstash_core import OWNER
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, AliasTags, DeletePictures, ImplyTags, Reader, RejectTags, Scope, SetCaption


@pytest.fixture
def ids(library: Library) -> list[int]:
    """Six pictures: 1 and 2 of an engine's cat (0.9, 0.6), 3 of one below its threshold (0.3), 4 of one's own."""
    ids = fill(library, 6)
    engine = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(engine, 0.5)
    sure = {ids[0]: 0.9, ids[1]: 0.6, ids[2]: 0.3}
    store(library, engine, {one: [("cat", confidence), ("red hair", 0.7)] for one, confidence in sure.items()})
    library.add_tags(OWNER, AddTags(ids=ids[3:4], tags=["cat", "Red_dress", "saber (fate)"]))
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["cat"]))
    library.reject_tags(OWNER, RejectTags(ids=ids[1:2], tags=["red hair"]))
    library.alias_tags(OWNER, AliasTags(["kitty"], "cat"))
    library.set_caption(OWNER, SetCaption(ids=ids[4:5], text="a harbour at night"))
    return ids


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("tag:cat", {1, 2, 4}),
        ("tag:=CAT", {1, 2, 4}),
        ("tag:Kitty", {1, 2, 4}),
        ("-tag:cat", {3, 5, 6}),
        ("tag:red_hair", {1, 3}),
        ('tag:"red hair"', {1, 3}),
        ("tag:red*", {1, 3, 4}),
        ("tag:*hair", {1, 3}),
        ("tag:*e*d*s*", {4}),
        ("tag:k*", {1, 2, 4}),
        ("tag:saber_(fate)", {4}),
        ("tag:nothing", set()),
        ("tag:%", set()),
        ("tag:cat>0.7", {1}),
        ("tag:cat>=60%", {1, 2}),
        ("tag:cat<0.5", {3}),
        ("tag:cat<=0.3", {3}),
        ("tag:cat>0.2 -tag:cat", {3}),
        ("tag:=cat>0.7", set()),
        ("suggested:cat", {2}),
        ("suggested:*hair", {1, 3}),
        ("accepted:cat", {1}),
        ("said:cat", {1, 4}),
        ("rejected:red_hair", {2}),
        ("rejected:cat", set()),
        ("tags:0", {5, 6}),
        ("tags:<1", {5, 6}),
        ("tags:1", {2, 3}),
        ("tags:>=2", {1, 4}),
        ("tags:1..2", {1, 2, 3}),
        ("tags:<=1", {2, 3, 5, 6}),
        ("tags:0..9", {1, 2, 3, 4, 5, 6}),
        ("tags:>3", set()),
        ("is:tagged", {1, 2, 3, 4}),
        ("-is:tagged", {5, 6}),
        ("caption:harbour", {5}),
        ("caption:harb", {5}),
        ("is:captioned", {5}),
        ("harbour", {5}),
        ("hair", {1, 3}),
        ('"red hair"', {1, 3}),
        ("kitty", {1, 2, 4}),
        ("tag:cat OR caption:night", {1, 2, 4, 5}),
    ],
)
def test_what_is_found(library: Library, ids: list[int], q: str, wanted: set[int]) -> None:
    assert set(library.find(OWNER, q).ids) == {ids[n - 1] for n in wanted}


@pytest.mark.parametrize("q", ["tag:>=cat", "tag:*", "tag:_", "tags:many", "suggested:<x", "tag:cat>7", "caption:!!"])
def test_what_cannot_be_read(library: Library, ids: list[int], q: str) -> None:
    with pytest.raises(QueryError, match="expected"):
        library.find(OWNER, q)


def test_a_view_follows(library: Library, ids: list[int]) -> None:
    assert library.find(OWNER, "tag:animal").ids == []
    library.imply_tags(OWNER, ImplyTags("cat", ["animal"]))
    assert set(library.find(OWNER, "tag:animal").ids) == {ids[0], ids[1], ids[3]}
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert set(library.find(OWNER, "tag:animal").ids) == {ids[1], ids[3]}
    library.undo(OWNER)
    library.undo(OWNER)
    assert library.find(OWNER, "tag:animal").ids == []


def test_a_scope_holds(library: Library, ids: list[int]) -> None:
    reader = Reader("token:r", "read", Scope(frozenset(ids[:2])))
    assert set(library.find(reader, "tag:cat").ids) == set(ids[:2])
    assert set(library.find(reader, "tags:0").ids) == set()
    assert library.find(reader, "harbour").ids == []


def test_completion_of_values(library: Library, ids: list[int]) -> None:
    assert [one.text for one in library.suggest(OWNER, "tag:red")][:2] == ['tag:"red hair"', "tag:Red_dress"]
