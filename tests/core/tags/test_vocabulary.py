"""The vocabulary: names, aliases, implications, the never-list, booru files, and completion."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from libraries import add, fill, invented, truth
from tagged import check_tags, names, store

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddTags,
    AliasTags,
    CategoriseTags,
    ImplyTags,
    ImportTags,
    MergeTags,
    NeverTags,
    Reader,
    RejectTags,
    RemoveTags,
    RenameTag,
    Scope,
)


def tagger(library: Library) -> int:
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.5)
    return producer


def tag(library: Library, ids: list[int], *tags: str) -> None:
    library.add_tags(OWNER, AddTags(ids=ids, tags=list(tags)))


def completed(library: Library, text: str, limit: int = 10) -> list[str]:
    return [one.name for one in library.complete_tags(OWNER, text, limit)]


def test_renaming(library: Library) -> None:
    ids = fill(library, 2)
    tag(library, ids, "kat", "dog")
    done = library.rename_tag(OWNER, RenameTag("kat", "Cat"))
    assert (done.changed, done.sentence, done.undoable) == (1, "“kat” renamed to “Cat”", True)
    assert names(library, ids[0]) == {"Cat", "dog"} and completed(library, "ca") == ["Cat"]
    assert not completed(library, "ka")
    assert library.rename_tag(OWNER, RenameTag("CAT", "cat")).changed == 1  # only how it is written
    with pytest.raises(Conflict, match="There is a tag “DOG” already: merge"):
        library.rename_tag(OWNER, RenameTag("cat", "DOG"))
    with pytest.raises(NotFound, match="no tag “kat”"):
        library.rename_tag(OWNER, RenameTag("kat", "x"))
    with pytest.raises(Invalid):
        library.rename_tag(OWNER, RenameTag("cat", " "))
    library.undo(OWNER)
    library.undo(OWNER)
    assert completed(library, "ka") == ["kat"]
    check_tags(library)


def test_merging(library: Library) -> None:
    ids = fill(library, 5)
    engine = tagger(library)
    store(library, engine, {ids[0]: [("kitty", 0.9)], ids[1]: [("kitty", 0.6), ("cat", 0.2)]})
    tag(library, ids[2:4], "kitty")
    tag(library, ids[3:4], "cat")
    library.reject_tags(OWNER, RejectTags(ids=ids[4:], tags=["cat"]))
    tag(library, ids[4:], "kitty")  # later than the no
    library.imply_tags(OWNER, ImplyTags("kitty", ["animal"]))
    before = truth(library)
    done = library.merge_tags(OWNER, MergeTags(["Kitty"], "cat"))
    assert (done.changed, done.sentence) == (1, "Kitty merged into cat")
    assert all(names(library, picture) == {"cat", "animal"} for picture in ids)
    check_tags(library)
    store(library, engine, {ids[0]: [("kitty", 0.8)]})  # an engine goes on calling it so
    assert names(library, ids[0]) == {"cat", "animal"}
    shown = library.tag(OWNER, "cat")
    assert (shown.aliases, shown.implies, shown.tag.pictures) == (["kitty"], ["animal"], 5)
    assert library.tag(OWNER, "kitty").tag.alias_of == "cat"
    tag(library, ids[:1], "KITTY")
    assert names(library, ids[0]) == {"cat", "animal"}
    for _ in range(2):
        library.undo(OWNER)
    after = truth(library)
    assert {name: rows for name, rows in after.items() if name not in ("tag_output", "done")} == {
        name: rows for name, rows in before.items() if name not in ("tag_output", "done")
    }
    check_tags(library)
    library.redo(OWNER)
    assert names(library, ids[4]) == {"cat", "animal"}
    check_tags(library)


def test_merging_what_is_merged(library: Library) -> None:
    ids = fill(library, 1)
    tag(library, ids, "a", "b", "c")
    library.merge_tags(OWNER, MergeTags(["a"], "b"))
    with pytest.raises(Conflict, match="“b” stands for “a” already|“a” stands for"):
        library.merge_tags(OWNER, MergeTags(["b"], "a"))
    library.merge_tags(OWNER, MergeTags(["b"], "c"))
    assert library.tag(OWNER, "c").aliases == ["a", "b"]
    assert library.merge_tags(OWNER, MergeTags(["a", "c"], "c")).changed == 0
    library.alias_tags(OWNER, AliasTags(["a", "b"]))
    assert library.tag(OWNER, "a").tag.alias_of is None
    with pytest.raises(NotFound):
        library.merge_tags(OWNER, MergeTags(["nothing"], "c"))
    check_tags(library)


def test_implications(library: Library) -> None:
    ids = fill(library, 4)
    store(library, tagger(library), {ids[0]: [("kitten", 0.9)], ids[1]: [("kitten", 0.4)]})
    tag(library, ids[2:3], "kitten")
    library.imply_tags(OWNER, ImplyTags("kitten", ["cat", "young"]))
    done = library.imply_tags(OWNER, ImplyTags("cat", ["animal"]))
    assert (done.changed, done.sentence) == (1, "cat implying animal")
    whole = {"kitten", "cat", "young", "animal"}
    assert [names(library, picture) for picture in ids] == [whole, set(), whole, set()]
    states = {one.name: (one.state, one.confidence) for one in library.picture_tags(OWNER, ids[0])}
    assert states["animal"] == ("implied", 0.9) and states["kitten"] == ("suggested", 0.9)
    library.reject_tags(OWNER, RejectTags(ids=ids[:1], tags=["cat"]))
    assert names(library, ids[0]) == {"kitten", "young", "animal"}
    library.reject_tags(OWNER, RejectTags(ids=ids[:1], tags=["kitten"]))
    assert names(library, ids[0]) == set()
    library.remove_tags(OWNER, RemoveTags(ids=ids[2:3], tags=["cat"]))
    assert names(library, ids[2]) == {"kitten", "young", "animal"}
    check_tags(library)
    library.imply_tags(OWNER, ImplyTags("kitten", ["young"], yes=False))
    assert names(library, ids[2]) == {"kitten", "animal"}
    check_tags(library)


def test_circles_are_named(library: Library) -> None:
    library.imply_tags(OWNER, ImplyTags("kitten", ["cat"]))
    library.imply_tags(OWNER, ImplyTags("cat", ["animal"]))
    before = truth(library)
    with pytest.raises(Conflict, match="“animal” cannot imply “kitten”.*: “kitten” → “cat” → “animal”"):
        library.imply_tags(OWNER, ImplyTags("animal", ["kitten"]))
    with pytest.raises(Conflict, match="“cat” cannot imply itself"):
        library.imply_tags(OWNER, ImplyTags("cat", ["cat"]))
    with pytest.raises(Conflict, match="cannot imply"):  # through an alias
        library.merge_tags(OWNER, MergeTags(["animal"], "kitten"))
    assert truth(library) == before
    check_tags(library)


def test_the_never_list(library: Library) -> None:
    ids = fill(library, 2)
    store(library, tagger(library), {picture: [("blurry", 0.9), ("cat", 0.9)] for picture in ids})
    tag(library, ids[:1], "blurry")
    library.imply_tags(OWNER, ImplyTags("blurry", ["bad"]))
    assert names(library, ids[1]) == {"blurry", "cat", "bad"}
    library.never_tags(OWNER, NeverTags(["Blurry", "unheard of"]))
    assert names(library, ids[0]) == {"blurry", "cat", "bad"}  # what a person says stays
    assert names(library, ids[1]) == {"cat"}
    assert [one.name for one in library.picture_tags(OWNER, ids[1])] == ["cat"]
    assert {one.name for one in library.tags(OWNER, never=True)} == {"blurry", "unheard of"}
    check_tags(library)
    library.never_tags(OWNER, NeverTags(["bad"]))
    assert names(library, ids[0]) == {"blurry", "cat"}
    library.undo(OWNER)
    library.never_tags(OWNER, NeverTags(["blurry"], yes=False))
    assert names(library, ids[1]) == {"blurry", "cat", "bad"}
    check_tags(library)


def test_categories(library: Library) -> None:
    ids = fill(library, 1)
    tag(library, ids, "ann", "cat")
    assert library.categorise_tags(OWNER, CategoriseTags(["ann"], " character ")).changed == 1
    assert {one.name: one.category for one in library.tags(OWNER)} == {"ann": "character", "cat": ""}
    assert {one.name: one.category for one in library.picture_tags(OWNER, ids[0])}["ann"] == "character"
    with pytest.raises(Invalid, match="printable"):
        library.categorise_tags(OWNER, CategoriseTags(["ann"], "a\u202eb"))
    library.undo(OWNER)
    assert library.tag(OWNER, "ann").tag.category == ""


TAGS = (
    "name,category,count,aliases\n"
    'long_hair,0,4350743,"/lh,longhair"\n'
    'hatsune_miku,4,100000,"miku,初音ミク"\n'
    '"quoted ""tag""",5,10,\n'
)


def test_a_file_of_tags(library: Library) -> None:
    ids = fill(library, 1)
    tag(library, ids, "miku", "Long hair")
    done = library.import_tags(OWNER, ImportTags(TAGS))
    assert (done.tags, done.aliases, done.categories, done.skipped) == (5, 3, 3, 1)
    assert done.problems == ["“miku” is in use: merge it by hand."]
    assert names(library, ids[0]) == {"miku", "Long hair"}  # written as it was
    assert library.tag(OWNER, "long_hair").aliases == ["/lh", "longhair"]
    assert library.tag(OWNER, 'QUOTED "tag"').tag.category == "meta"
    again = library.import_tags(OWNER, ImportTags(TAGS))
    assert (again.tags, again.aliases, again.categories) == (0, 0, 0)
    assert [one.sentence for one in library.history(OWNER)][0] == "Tags imported"
    library.undo(OWNER)
    assert library.tag(OWNER, "long_hair").aliases == []
    check_tags(library)


def test_files_of_aliases_and_implications(library: Library) -> None:
    ids = fill(library, 1)
    store(library, tagger(library), {ids[0]: [("kitten", 0.9), ("1boy", 0.9)]})
    text = "antecedent_name,consequent_name\nkitten,cat\ncat,animal\nanimal,kitten\ncat,cat\nlonely\n"
    done = library.import_tags(OWNER, ImportTags(text, "implications"))
    assert (done.implications, done.skipped) == (2, 2)
    assert done.problems[0] == "Line 6: A line needs two names, separated by a comma."
    assert "“animal” cannot imply “kitten”" in done.problems[1]
    done = library.import_tags(OWNER, ImportTags("1boy,male\nboy,male\nmale,man\n", "aliases"))
    assert (done.aliases, done.problems) == (2, ["Other names stand for “male” already."])
    assert names(library, ids[0]) == {"kitten", "cat", "animal", "male"}
    check_tags(library)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 10_000 + ",0", "at most 200 characters"),
        ('"open,0', "unexpected end of data"),
        ("a\x00b,0", "printable"),
        (",0,1", "needs a name"),
        (f"a,{'c' * 51}", "A category has at most 50"),
    ],
)
def test_lines_that_are_none(library: Library, text: str, why: str) -> None:
    done = library.import_tags(OWNER, ImportTags(f"good,0\n{text}\nfine,1\n"))
    assert (done.tags - ("c" * 51 in text), done.skipped) == (2, 1)
    assert done.problems[0].startswith("Line 2: ") and why in done.problems[0]
    check_tags(library)


def test_completion(library: Library) -> None:
    ids = fill(library, 4)
    tag(library, ids, "red hair")
    tag(library, ids[:3], "hair ornament", "Red dress")
    tag(library, ids[:2], "hat", "blue_hair")
    tag(library, ids[:1], "^_^", "猫耳", "red")
    library.alias_tags(OWNER, AliasTags(["ginger"], "red hair"))
    assert completed(library, "ha") == ["red hair", "hair ornament", "hat", "blue_hair"]
    assert completed(library, "HAIR red") == ["red hair"]
    assert completed(library, "hat_r") == [] and completed(library, "re_h") == ["red hair"]
    assert completed(library, "red") == ["red", "red hair", "Red dress"]  # just this comes first
    assert set(completed(library, "", 3)) == {"red hair", "hair ornament", "Red dress"}
    assert completed(library, "^") == ["^_^"] and completed(library, "猫") == ["猫耳"]
    (found,) = library.complete_tags(OWNER, "gin")
    assert (found.name, found.via, found.pictures) == ("red hair", "ginger", 4)
    assert len(library.complete_tags(OWNER, "", 3)) == 3 and completed(library, "zz") == []
    assert completed(library, "x" * 100_000) == [] and completed(library, "\"'%_*") == []


def test_completion_of_what_many_begin_with(library: Library) -> None:
    ids = fill(library, 3)
    tag(library, ids, "b the most used")
    tag(library, ids[:2], "b next")
    library.import_tags(OWNER, ImportTags("".join(f"b {n:05}\n" for n in range(4000)) + "b\n"))
    assert completed(library, "b", 3) == ["b", "b the most used", "b next"]
    assert completed(library, "b 012", 2) == ["b 01200", "b 01201"]


def test_a_scope_hides_the_words_of_others(library: Library) -> None:
    ids = fill(library, 2)
    tag(library, ids[:1], "seen")
    tag(library, ids[1:], "seldom", "secret")
    reader = Reader("token:r", "read", Scope(frozenset(ids[:1])))
    assert [one.name for one in library.complete_tags(reader, "se")] == ["seen"]
    assert [(one.name, one.pictures) for one in library.tags(reader)] == [("seen", 1)]
    with pytest.raises(Forbidden):
        library.tag(reader, "secret")
    writer = Reader("token:w", "write", Scope(frozenset(ids[:1])))
    for act in (
        lambda: library.rename_tag(writer, RenameTag("seen", "x")),
        lambda: library.merge_tags(writer, MergeTags(["seen"], "secret")),
        lambda: library.never_tags(writer, NeverTags(["seen"])),
        lambda: library.import_tags(writer, ImportTags("x\n")),
        lambda: library.set_tagging(writer, "vote"),
    ):
        with pytest.raises(Forbidden):
            act()


@pytest.mark.attack
def test_random_vocabularies(open_library: Callable[..., Library], effort: Any, rng: random.Random) -> None:
    """Whatever is done to the vocabulary, and undone and redone, what is derived is what it should be."""
    for turn in range(effort.of(3, 150)):
        with open_library(f"words-{turn}") as library:
            ids = add(library, *map(invented, range(5)))
            engine = tagger(library)
            tag(library, ids[:1], *TAGGED)
            for _ in range(effort.of(30, 80)):
                try:
                    rng.choice(acts(library, ids, engine, rng))()
                except PixlStashError as error:
                    assert isinstance(error, Conflict)
                check_tags(library)


TAGGED = list("abcdefg")


def acts(library: Library, ids: list[int], engine: int, rng: random.Random) -> list[Callable[[], Any]]:
    def some() -> list[str]:
        return rng.sample(TAGGED, rng.randint(1, 2))

    def find() -> None:
        store(library, engine, {one: [(name, rng.random()) for name in some()] for one in rng.sample(ids, 2)})

    return [
        find,
        lambda: tag(library, rng.sample(ids, 2), *some()),
        lambda: library.remove_tags(OWNER, RemoveTags(ids=rng.sample(ids, 3), tags=some())),
        lambda: library.reject_tags(OWNER, RejectTags(ids=rng.sample(ids, 2), tags=some())),
        lambda: library.imply_tags(OWNER, ImplyTags(rng.choice(TAGGED), some(), rng.random() < 0.8)),
        lambda: library.merge_tags(OWNER, MergeTags(some(), rng.choice(TAGGED))),
        lambda: library.alias_tags(OWNER, AliasTags(some())),
        lambda: library.never_tags(OWNER, NeverTags(some(), rng.random() < 0.6)),
        lambda: library.outputs.activate(engine, rng.random()),
        lambda: library.undo(OWNER),
        lambda: library.undo(OWNER),
        lambda: library.redo(OWNER),
    ]
