"""Characters and projects: who is in a picture, and what is in a project by itself, by a set or by a character."""

from __future__ import annotations

import pytest
from libraries import check_derived, fill, truth

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Forbidden, Invalid, Locked, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddLink,
    Create,
    DeletePictures,
    DropOnProject,
    Edit,
    EditQuery,
    EditSet,
    Reader,
    SaveQuery,
    Scope,
    Selection,
    TakeFromProject,
)


class Desk:
    """A library of 12 pictures with a way to make things in one line."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.ids = fill(library, 12)

    def set(self, name: str, first: int, after: int) -> int:
        id = self.library.create_set(OWNER, Create(name=name)).id
        self.library.add_to_set(OWNER, id, Selection(ids=self.ids[first:after]))
        return id

    def character(self, name: str, first: int, after: int) -> int:
        id = self.library.create_character(OWNER, Create(name=name)).id
        self.library.add_to_character(OWNER, id, Selection(ids=self.ids[first:after]))
        return id

    def project(self, name: str) -> int:
        return self.library.create_project(OWNER, Create(name=name)).id

    def of(self, project: int) -> list[int]:
        """The numbers of a project's pictures."""
        found = self.library.project_members(OWNER, project).ids
        assert self.library.find_project(OWNER, project).pictures == len(found)
        check_derived(self.library)
        return [self.ids.index(id) for id in found]


@pytest.fixture
def desk(library: Library) -> Desk:
    return Desk(library)


def test_characters(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    ann = library.create_character(OWNER, Create(name="Ann", icon="person")).id
    assert library.add_to_character(OWNER, ann, Selection(ids=ids[:2])).sentence == "2 pictures show Ann"
    assert library.add_to_character(OWNER, ann, Selection(ids=ids[1:3])).sentence == "1 picture shows Ann"
    assert library.character_members(OWNER, ann).ids == ids[:3]
    assert library.take_from_character(OWNER, ann, Selection(ids=ids[2:])).sentence == "1 picture no longer shows Ann"
    assert library.find_character(OWNER, ann).pictures == 2
    with pytest.raises(Conflict, match="character called Ann"):
        library.create_character(OWNER, Create(name="ann"))
    library.create_set(OWNER, Create(name="Ann"))  # another noun has names of its own
    assert library.edit_character(OWNER, ann, Edit(name="Anna", cover=ids[0])).sentence == (
        "Character Ann: name, cover changed"
    )
    whole = truth(library)
    library.delete_character(OWNER, ann)
    assert truth(library)["said_who"] == []
    library.undo(OWNER)
    assert truth(library) == whole
    library.redo(OWNER)
    library.undo(OWNER)
    assert library.characters(OWNER)[0].name == "Anna"
    check_derived(library)


def test_a_no_becomes_a_yes(desk: Desk) -> None:
    """An engine's guess that was rejected may be accepted later."""
    library, ids = desk.library, desk.ids
    ann = library.create_character(OWNER, Create(name="Ann")).id
    library.derive(
        lambda write: write.execute(
            "insert into said_who(picture_id, character_id, yes, box) values (?1, ?2, 0, null), (?1, ?2, 0, '0,0,1,1')",
            (ids[0], ann),
        )
    )
    assert library.find_character(OWNER, ann).pictures == 0
    assert library.add_to_character(OWNER, ann, Selection(ids=ids[:1])).changed == 1
    assert library.find_character(OWNER, ann).pictures == 1
    check_derived(library)
    library.undo(OWNER)
    assert library.find_character(OWNER, ann).pictures == 0
    check_derived(library)


def test_who_is_in_locked_pictures_stays(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    ann = desk.character("Ann", 0, 2)
    locked = desk.set("Harbour", 1, 3)
    library.edit_set(OWNER, locked, EditSet(locked=True))
    for act in (library.add_to_character, library.take_from_character):
        with pytest.raises(Locked, match="Harbour"):
            act(OWNER, ann, Selection(ids=ids[:3]))
    with pytest.raises(Locked, match="Harbour"):
        library.delete_character(OWNER, ann)
    assert library.add_to_character(OWNER, ann, Selection(ids=ids[5:6])).changed == 1


def test_a_project_is_what_is_in_it(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    beach, ann, trips = desk.set("Beach", 0, 4), desk.character("Ann", 3, 6), desk.project("Trips")
    dropped = library.drop_on_project(OWNER, trips, DropOnProject(sets=[beach], characters=[ann]))
    assert (dropped.came, dropped.left, dropped.stayed, dropped.why) == (6, 0, 0, None)
    assert dropped.sentence == "Beach and Ann moved to Trips: 6 pictures came"
    assert library.add_to_project(OWNER, trips, Selection(ids=ids[5:7])).sentence == "2 pictures added to Trips"
    assert desk.of(trips) == [0, 1, 2, 3, 4, 5, 6]
    library.add_to_set(OWNER, beach, Selection(ids=ids[10:11]))
    assert desk.of(trips) == [0, 1, 2, 3, 4, 5, 6, 10]
    library.take_from_set(OWNER, beach, Selection(ids=ids[2:4]))
    assert desk.of(trips) == [0, 1, 3, 4, 5, 6, 10]
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert desk.of(trips) == [1, 3, 4, 5, 6, 10]
    library.delete_character(OWNER, ann)
    assert desk.of(trips) == [1, 5, 6, 10]
    taken = library.take_from_project(OWNER, trips, TakeFromProject(sets=[beach], pictures=ids[5:6]))
    assert taken.sentence == "3 pictures taken out of Trips" and desk.of(trips) == [6]
    for expected in ([1, 5, 6, 10], [1, 3, 4, 5, 6, 10], [0, 1, 3, 4, 5, 6, 10], [0, 1, 2, 3, 4, 5, 6, 10]):
        library.undo(OWNER)
        assert desk.of(trips) == expected
    library.delete_project(OWNER, trips)
    check_derived(library)
    library.undo(OWNER)
    assert desk.of(trips) == [0, 1, 2, 3, 4, 5, 6, 10]
    found = library.find_project(OWNER, trips)
    assert (found.sets, found.characters) == ([beach], [ann])


def test_dropping_leaves_what_belongs_elsewhere(desk: Desk) -> None:
    """D20."""
    library, ids = desk.library, desk.ids
    beach, ann = desk.set("Beach", 0, 5), desk.character("Ann", 4, 8)
    old, new = desk.project("Old"), desk.project("New")
    library.drop_on_project(OWNER, old, DropOnProject(sets=[beach], characters=[ann], pictures=ids[:1]))
    before = truth(library)
    dropped = library.drop_on_project(OWNER, new, DropOnProject(sets=[beach]))
    assert (dropped.came, dropped.left, dropped.stayed) == (5, 3, 2)
    assert dropped.why == "in Old by Ann and themselves"
    assert dropped.sentence == (
        "Beach moved to New: 5 pictures came, 3 left elsewhere,"
        " 2 stayed elsewhere as well (in Old by Ann and themselves)"
    )
    assert desk.of(new) == [0, 1, 2, 3, 4] and desk.of(old) == [0, 4, 5, 6, 7]
    library.undo(OWNER)
    assert truth(library) == before
    check_derived(library)
    added = library.drop_on_project(OWNER, new, DropOnProject(sets=[beach], add=True))
    assert (added.came, added.left, added.stayed) == (5, 0, 0) and added.sentence.startswith("Beach added to New")
    assert desk.of(new) == [0, 1, 2, 3, 4] and desk.of(old) == list(range(8))
    again = library.drop_on_project(OWNER, new, DropOnProject(sets=[beach], add=True))
    assert (again.came, again.undoable) == (0, False)


def test_pictures_move_too(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    old, new = desk.project("Old"), desk.project("New")
    library.add_to_project(OWNER, old, Selection(ids=ids[:3]))
    dropped = library.drop_on_project(OWNER, new, DropOnProject(pictures=ids[:2]))
    assert dropped.sentence == "2 pictures moved to New: 2 pictures came, 2 left elsewhere"
    assert desk.of(old) == [2] and desk.of(new) == [0, 1]


def test_pictures_of_a_view_move_and_leave(desk: Desk) -> None:
    """A hundred thousand are as few words as one; what was thrown away meanwhile keeps none of them."""
    library, ids = desk.library, desk.ids
    project = desk.project("New")
    view = library.view(OWNER, sort="created").header
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    dropped = library.drop_on_project(OWNER, project, DropOnProject(view=view.view, ranges=[(0, 3)]))
    assert dropped.came == 2 and desk.of(project) == [1, 2]
    taken = library.take_from_project(OWNER, project, TakeFromProject(view=view.view, ranges=[(2, 4)]))
    assert taken.changed == 1 and desk.of(project) == [1]
    before = truth(library)
    for wrong in ({"view": view.view, "ids": ids}, {"view": view.view}, {"view": view.view, "ranges": [(0, 999)]}):
        with pytest.raises(Invalid):
            library.drop_on_project(OWNER, project, DropOnProject(**wrong))  # type: ignore[arg-type]
    assert truth(library) == before


def test_bad_drops_change_nothing(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    beach, project = desk.set("Beach", 0, 2), desk.project("Trips")
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    before = truth(library)
    for given, kind in (
        (DropOnProject(), Invalid),
        (DropOnProject(sets=[beach, 99]), NotFound),
        (DropOnProject(sets=[beach], characters=[99]), NotFound),
        (DropOnProject(sets=[beach], pictures=[99]), NotFound),
        (DropOnProject(sets=[beach], pictures=ids[:1]), Conflict),
    ):
        with pytest.raises(kind):
            library.drop_on_project(OWNER, project, given)
    with pytest.raises(NotFound, match="no such project"):
        library.drop_on_project(OWNER, 99, DropOnProject(sets=[beach]))
    assert truth(library) == before


def test_ids_are_never_used_twice(desk: Desk) -> None:
    library = desk.library
    for make, remove, find in (
        (library.create_character, library.delete_character, library.find_character),
        (library.create_project, library.delete_project, library.find_project),
    ):
        x = make(OWNER, Create(name="X")).id
        public_id = find(OWNER, x).public_id
        remove(OWNER, x)
        y = make(OWNER, Create(name="Y")).id
        assert y > x and find(OWNER, y).public_id != public_id
        with pytest.raises(NotFound):
            find(OWNER, x)


def test_links(desk: Desk) -> None:
    library = desk.library
    trips = desk.project("Trips")
    made = library.add_link(OWNER, trips, AddLink(" https://example.org/map ", "The map"))
    assert made.sentence == "Link The map added to Trips"
    library.add_link(OWNER, trips, AddLink("http://example.org"))
    assert [(one.label, one.url) for one in library.find_project(OWNER, trips).links] == [
        ("The map", "https://example.org/map"),
        ("example.org", "http://example.org"),
    ]
    too_long = "https://x/" + "y" * 2000
    for url in ("javascript:alert(1)", "file:///etc/passwd", "example.org", "https://", "https://[", too_long):
        for label in ("", "A label"):
            with pytest.raises(Invalid, match="A link begins with"):
                library.add_link(OWNER, trips, AddLink(url, label))
    library.remove_link(OWNER, trips, made.id)
    with pytest.raises(NotFound):
        library.remove_link(OWNER, trips, made.id)
    other = desk.project("Other")
    with pytest.raises(NotFound):
        library.remove_link(OWNER, other, library.find_project(OWNER, trips).links[0].id)


def test_saved_queries(desk: Desk) -> None:
    library = desk.library
    first = library.save_query(OWNER, SaveQuery("Best", "score:>=4   kind:image"))
    second = library.save_query(OWNER, SaveQuery("Rest", "-score:>=4"))
    third = library.save_query(OWNER, SaveQuery("Third", "river"))
    shown = library.queries(OWNER)
    assert [(one.name, one.text) for one in shown[:1]] == [("Best", "score:>=4 kind:image")]
    library.edit_query(OWNER, third.id, EditQuery(before=first.id, name="Water"))
    assert [one.name for one in library.queries(OWNER)] == ["Water", "Best", "Rest"]
    library.edit_query(OWNER, third.id, EditQuery(before=0, text="water"))
    assert [one.name for one in library.queries(OWNER)] == ["Best", "Rest", "Water"]
    library.undo(OWNER)
    assert [one.name for one in library.queries(OWNER)] == ["Water", "Best", "Rest"]
    assert library.delete_query(OWNER, second.id).sentence == "Query Rest deleted"
    for ask in (SaveQuery("best", "x"), SaveQuery("", "x"), SaveQuery("x", " "), SaveQuery("x", '"open')):
        with pytest.raises((Conflict, Invalid)):
            library.save_query(OWNER, ask)
    with pytest.raises(NotFound):
        library.edit_query(OWNER, second.id, EditQuery(name="y"))
    with pytest.raises(NotFound):
        library.edit_query(OWNER, third.id, EditQuery(before=99))


def test_the_sidebar(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    desk.set("Beach", 0, 3)
    desk.character("Ann", 0, 2)
    desk.project("Trips")
    library.save_query(OWNER, SaveQuery("Best", "score:5"))
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    shown = library.sidebar(OWNER)
    assert (shown.pictures, shown.scrapheap, shown.revision) == (11, 1, library.revision)
    assert [(one.name, one.pictures) for one in (*shown.sets, *shown.characters, *shown.projects, *shown.folders)] == [
        ("Beach", 2),
        ("Ann", 1),
        ("Trips", 0),
        ("Library files", 11),
    ]
    assert [one.name for one in shown.queries] == ["Best"]


def test_a_reader_of_a_scope_is_told_of_what_it_names_only(desk: Desk) -> None:
    library, ids = desk.library, desk.ids
    beach, hidden = desk.set("Beach", 0, 5), desk.set("Secret", 0, 5)
    ann, bob = desk.character("Ann", 0, 6), desk.character("Bob", 0, 6)
    trips, other = desk.project("Trips"), desk.project("Other")
    for project in (trips, other):
        ask = DropOnProject(sets=[beach, hidden], characters=[ann, bob], add=True)
        library.drop_on_project(OWNER, project, ask)
    library.add_link(OWNER, trips, AddLink("https://example.org/private"))
    library.edit_project(OWNER, trips, Edit(note="private"))
    library.edit_set(OWNER, beach, EditSet(cover=ids[4]))
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    groups = frozenset({("set", beach), ("character", ann), ("project", trips)})
    reader = Reader("share:x", "read", Scope(frozenset(ids[:3]), groups))
    shown = library.sidebar(reader)
    assert (shown.pictures, shown.scrapheap, shown.folders, shown.queries) == (2, 1, [], [])
    assert [(one.name, one.pictures, one.cover, one.newest) for one in shown.sets] == [
        ("Beach", 2, None, [ids[2], ids[1]])
    ]
    assert [(one.name, one.pictures) for one in shown.characters] == [("Ann", 2)]
    project = shown.projects[0]
    assert (project.name, project.pictures, project.sets, project.characters) == ("Trips", 2, [beach], [ann])
    assert project.links == [] and project.note == ""
    assert library.set_members(reader, beach).ids == library.project_members(reader, trips).ids == ids[1:3]
    for act, id in (
        (library.find_set, hidden),
        (library.set_members, hidden),
        (library.find_character, bob),
        (library.character_members, bob),
        (library.find_project, other),
        (library.project_members, other),
    ):
        said = set()
        for one in (id, 999):
            with pytest.raises(NotFound) as caught:
                act(reader, one)
            said.add(str(caught.value))
        assert len(said) == 1
    nobody = Reader("share:y", "write", Scope(frozenset(ids[:3])))
    assert library.sets(nobody) == [] == library.characters(nobody) == library.projects(nobody)
    with pytest.raises(Forbidden):
        library.add_to_set(nobody, beach, Selection(ids=ids[:1]))
