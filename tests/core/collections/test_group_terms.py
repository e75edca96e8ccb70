"""Asking for sets, characters, projects, folders and saved queries, by name or number, and set algebra over them."""

from __future__ import annotations

import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    Create,
    DropOnProject,
    EditSet,
    Reader,
    SaveQuery,
    Scope,
    ScorePictures,
    Selection,
    TurnPictures,
)


class Repository:
    """Ten pictures; what a query finds is said by their numbers."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.ids = add(library, *(invented(number, aspect=128) for number in range(10)))

    def set(self, name: str, *numbers: int) -> int:
        id = self.library.create_set(OWNER, Create(name=name)).id
        if numbers:
            self.library.add_to_set(OWNER, id, Selection(ids=[self.ids[one] for one in numbers]))
        return id

    def character(self, name: str, *numbers: int) -> int:
        id = self.library.create_character(OWNER, Create(name=name)).id
        self.library.add_to_character(OWNER, id, Selection(ids=[self.ids[one] for one in numbers]))
        return id

    def find(self, q: str, reader: Reader = OWNER) -> list[int]:
        return sorted(self.ids.index(id) for id in self.library.find(reader, q).ids)


@pytest.fixture
def shelf(library: Library) -> Repository:
    return Repository(library)


def test_by_name_and_by_number(shelf: Repository) -> None:
    harbour = shelf.set('Harbour: "Old" Town', 1, 2, 3)
    ann = shelf.character("Ann", 3, 4)
    project = shelf.library.create_project(OWNER, Create(name="Trips")).id
    shelf.library.drop_on_project(
        OWNER, project, DropOnProject(sets=[harbour], characters=[ann], pictures=[shelf.ids[9]])
    )
    for q, expected in (
        ('set:"Harbour: \\"Old\\" Town"', [1, 2, 3]),
        ('set:="harbour: \\"old\\" town"', [1, 2, 3]),
        (f"set:{harbour}", [1, 2, 3]),
        ("set:nothing", []),
        ("character:ann", [3, 4]),
        (f"character:{ann}", [3, 4]),
        ("project:TRIPS", [1, 2, 3, 4, 9]),
        (f"project:{project} -character:Ann", [1, 2, 9]),
        (f"set:{harbour} character:{ann}", [3]),
        ("in:any", [1, 2, 3, 4, 9]),
        ("in:none", [0, 5, 6, 7, 8]),
        ("-in:none", [1, 2, 3, 4, 9]),
    ):
        assert shelf.find(q) == expected, q


def test_names_that_are_nothings_are_told(shelf: Repository) -> None:
    """Above all where a minus before one finds everything."""
    shelf.set("Trips", 1)
    shelf.library.save_query(OWNER, SaveQuery("Old", "-set:Gone"))
    for q, told in (
        ("set:Trips", []),
        ("-set:Trip", ["There is no set “Trip”."]),
        ("set:=trips character:Ann", ["There is no character “Ann”."]),
        ("union(set:99, project:X) OR set:99", ["There is no set “99”.", "There is no project “X”."]),
        ("query:Old", ["There is no set “Gone”."]),
    ):
        assert shelf.library.find(OWNER, q).notes == shelf.library.view(OWNER, q).header.notes == told, q
    shelf.set("Trip", 2)
    assert shelf.library.find(OWNER, "-set:Trip").notes == []


def test_the_last_name_of_a_tree_is_enough(shelf: Repository) -> None:
    shelf.set("Trips / Rome", 1)
    shelf.set("Old_trips/rome", 2)
    shelf.set("Old/aRome", 3)
    assert shelf.find("set:ROME") == [1, 2] and shelf.find("difference(set:rome, set:Old_trips/rome)") == [1]
    assert shelf.find("set:=Rome") == shelf.find("set:_ome") == shelf.find("set:trips/ome") == []
    shelf.set("Rome", 4)
    assert shelf.find("set:Rome") == [4]  # just that goes first


def test_a_name_may_be_a_number(shelf: Repository) -> None:
    first = shelf.set("7", 1)
    assert first != 7 and shelf.find("set:7") == [1]
    other = shelf.set(str(first), 2)
    assert shelf.find(f"set:{first}") == [1]  # the number goes first
    assert shelf.find(f"set:{other}") == [2]


def test_a_branch_with_all_below_it(shelf: Repository) -> None:
    shelf.set("Trips", 1)
    shelf.set("trips / Rome", 2)
    shelf.set("Trips/Rome/Day 1", 3)
    shelf.set("Tripstick", 4)
    shelf.set("100%/a", 5)
    shelf.set("100x/a", 6)
    for q, expected in (
        ("set:Trips", [1]),
        ("set:Trips/", [1, 2, 3]),
        ("set:Trips/Rome/", [3]),
        ("set:100%/", [5]),
    ):
        assert shelf.find(q) == expected, q


def test_algebra_over_all_of_them(shelf: Repository) -> None:
    a, b, c = shelf.set("A", 1, 2, 3), shelf.set("B", 3, 4), shelf.character("C", 3, 4, 5)
    shelf.library.score(OWNER, ScorePictures(ids=[shelf.ids[5], shelf.ids[6]], score=5))
    saved = shelf.library.save_query(OWNER, SaveQuery("Best", "score:5")).id
    for q, expected in (
        (f"union(set:{a}, character:{c})", [1, 2, 3, 4, 5]),
        ("overlap(set:B, character:C)", [3, 4]),
        ("difference(set:A, set:B, character:C)", [1, 2]),
        ("unique(set:A, set:B, character:C)", [1, 2, 5]),  # 3 is in all, 4 in two
        (f"unique(set:{b}, character:C, query:Best)", [6]),
        (f"union(query:{saved}, set:A)", [1, 2, 3, 5, 6]),
    ):
        assert shelf.find(q) == expected, q


def test_locked(shelf: Repository) -> None:
    id = shelf.set("A", 1, 2)
    shelf.set("B", 3)
    assert shelf.find("is:locked") == []
    shelf.library.edit_set(OWNER, id, EditSet(locked=True))
    assert shelf.find("is:locked") == [1, 2] and len(shelf.find("-is:locked")) == 8


def test_folders(shelf: Repository) -> None:
    library = shelf.library
    keys = {0: "a.jpg", 1: "2024/b.jpg", 2: "2024/May/c.jpg", 3: "2024x/d.jpg", 4: "2025/e.jpg"}

    def work(write: object) -> None:
        store = write.value(  # type: ignore[attr-defined]
            "insert into store(public_id, scheme, name, params)"
            " values ('x', 'folder', 'Photos', '{\"path\":\"/home/ann/Photos\"}') returning id"
        )
        for number, key in keys.items():
            write.execute(  # type: ignore[attr-defined]
                "update location set store_id = ?, key = ? where picture_id = ?", (store, key, shelf.ids[number])
            )

    library.derive(work)
    for q, expected in (
        ("folder:photos", [0, 1, 2, 3, 4]),
        ("folder:Photos/2024", [1, 2]),
        ("folder:Photos/2024/", [1, 2]),
        ("folder:photos/2024/May", [2]),
        ("folder:/home/ann/Photos", [0, 1, 2, 3, 4]),
        ("folder:/home/ann/Photos/2024", [1, 2]),
        ("folder:/home/ann", [0, 1, 2, 3, 4]),
        ("folder:/home/an", []),
        ('folder:"Library files"', [5, 6, 7, 8, 9]),
        ("folder:nowhere", []),
        ('folder:"%"', []),
        ("overlap(folder:Photos/2024, folder:Photos)", [1, 2]),
    ):
        assert shelf.find(q) == expected, q


@pytest.mark.parametrize("q", ["set:>3", 'set:""', 'character:" "', "project:<x", "folder:/", "stack:x", "stack:-1"])
def test_values_that_mean_nothing(shelf: Repository, q: str) -> None:
    with pytest.raises(QueryError, match="expected"):
        shelf.find(q)


def test_views_follow(shelf: Repository) -> None:
    library, id = shelf.library, shelf.set("A", 1, 2)
    ann = shelf.character("Ann", 5)
    project = library.create_project(OWNER, Create(name="P")).id
    assert shelf.find("project:P") == []
    library.drop_on_project(OWNER, project, DropOnProject(sets=[id], characters=[ann]))
    assert shelf.find("project:P") == [1, 2, 5]
    library.add_to_set(OWNER, id, Selection(ids=[shelf.ids[7]]))
    assert shelf.find("project:P") == [1, 2, 5, 7] and shelf.find("set:A") == [1, 2, 7]
    library.take_from_character(OWNER, ann, Selection(ids=[shelf.ids[5]]))
    assert shelf.find("project:P") == [1, 2, 7]
    library.edit_set(OWNER, id, EditSet(name="B"))
    assert shelf.find("set:A") == [] and shelf.find("set:B") == [1, 2, 7]
    library.undo(OWNER)
    assert shelf.find("set:A") == [1, 2, 7]
    before = library.view(OWNER, "set:A").header.view
    library.turn(OWNER, TurnPictures(ids=[shelf.ids[1]], quarters=1))
    assert library.view(OWNER, "set:A").header.view != before  # it has another shape now


def test_a_scoped_reader_has_no_such_terms(shelf: Repository) -> None:
    """Not even a guessed name tells what the owner gathered."""
    shelf.set("Secret", 1, 2)
    shelf.library.save_query(OWNER, SaveQuery("Best", "score:5"))
    reader = Reader("share:x", "read", Scope(frozenset(shelf.ids[:3]), frozenset({("set", 1)})))
    for q in (
        "set:Secret",
        "-set:Secret",
        "character:x",
        "project:x",
        'folder:"Library files"',
        "is:locked",
        "in:none",
    ):
        with pytest.raises(QueryError) as caught:
            shelf.find(q, reader)
        absent = q.replace("set:Secret", "set:Nothing")
        with pytest.raises(QueryError) as other:
            shelf.find(absent, reader)
        assert str(caught.value) == str(other.value)
    with pytest.raises(QueryError):
        shelf.find("query:Best", reader)
    assert shelf.find("union(set:Secret)") == [1, 2]
    with pytest.raises(QueryError):
        shelf.find("union(set:Secret)", reader)


def test_names_complete(shelf: Repository) -> None:
    shelf.set("Harbour", 1, 2)
    shelf.set("Old Harbour")
    shelf.character("Hannah", 3)
    library = shelf.library
    assert [(one.text, one.count) for one in library.suggest(OWNER, "set:har")] == [
        ("set:Harbour", 2),
        ('set:"Old Harbour"', 0),
    ]
    assert [one.text for one in library.suggest(OWNER, "character:h")] == ["character:Hannah"]
    assert [one.text for one in library.suggest(OWNER, "folder:l")] == ['folder:"Library files"']
    reader = Reader("share:x", "read", Scope(frozenset(shelf.ids)))
    assert library.suggest(reader, "set:har") == [] and not any(
        one.text.startswith("set:") for one in library.suggest(reader, "se")
    )
