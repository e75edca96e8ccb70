"""Sets: names, looks, members, order, locks, the tree; each change one step of history."""

from __future__ import annotations

import random
from typing import Any

import pytest
from libraries import add, check_derived, fill, invented, truth

from pixlstash_core import OWNER
from pixlstash_core.collections.groups import ICONS
from pixlstash_core.errors import Conflict, Invalid, Locked, NotFound, PixlStashError, QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AcceptTags,
    AddTags,
    ArrangeSet,
    Branch,
    Create,
    DeletePictures,
    EditCaptions,
    EditSet,
    RejectTags,
    RemoveTags,
    RestorePictures,
    ScorePictures,
    Selection,
    SetCaption,
)

pytestmark = pytest.mark.usefixtures("read_as")


def make(library: Library, name: str, ids: list[int] | None = None) -> int:
    made = library.create_set(OWNER, Create(name=name)).id
    if ids:
        library.add_to_set(OWNER, made, Selection(ids=ids))
    return made


def members(library: Library, id: int) -> list[int]:
    return library.set_members(OWNER, id).ids


def test_a_set_and_back(library: Library) -> None:
    ids = fill(library, 5)
    before = truth(library)
    done = library.create_set(OWNER, Create(name="  Harbour ", colour="#AABBCC", icon="anchor", note="boats"))
    assert (done.sentence, done.changed, done.undoable) == ("Set Harbour made", 1, True)
    added = library.add_to_set(OWNER, done.id, Selection(ids=ids[:3]))
    assert (added.sentence, added.changed) == ("3 pictures added to Harbour", 3)
    again = library.add_to_set(OWNER, done.id, Selection(ids=ids[1:4]))
    assert (again.sentence, again.changed) == ("1 picture added to Harbour", 1)
    nothing = library.add_to_set(OWNER, done.id, Selection(ids=ids[:1]))
    assert (nothing.changed, nothing.undoable) == (0, False)
    taken = library.take_from_set(OWNER, done.id, Selection(ids=ids))
    assert taken.sentence == "4 pictures taken out of Harbour" and members(library, done.id) == []
    library.undo(OWNER)
    found = library.find_set(OWNER, done.id)
    assert (found.name, found.colour, found.icon, found.note, found.pictures) == (
        *("Harbour", "#aabbcc", "anchor", "boats", 4),
    )
    assert members(library, done.id) == ids[:4]
    for _ in range(3):
        library.undo(OWNER)
    assert truth(library) == before and library.sets(OWNER) == []
    check_derived(library)
    for _ in range(3):
        library.redo(OWNER)
    assert members(library, done.id) == ids[:4]
    check_derived(library)


def test_a_deleted_set_comes_back_whole(library: Library) -> None:
    ids = fill(library, 6)
    id = make(library, "Harbour", ids[:4])
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    whole = truth(library)
    assert library.delete_set(OWNER, id).sentence == "Set Harbour deleted"
    assert truth(library)["set_member"] == []
    check_derived(library)
    library.undo(OWNER)
    assert truth(library) == whole and library.find_set(OWNER, id).pictures == 3
    check_derived(library)
    library.redo(OWNER)
    assert truth(library)["set_member"] == [] == truth(library)["picture_set"]
    check_derived(library)
    with pytest.raises(NotFound, match="no such set"):
        library.find_set(OWNER, id)


def test_a_new_set_never_has_the_id_of_a_deleted_one(library: Library) -> None:
    x = make(library, "X")
    public_id = library.find_set(OWNER, x).public_id
    library.delete_set(OWNER, x)
    y = make(library, "Y")
    assert y > x and library.find_set(OWNER, y).public_id != public_id
    for act in (library.find_set, library.set_members, library.delete_set):
        with pytest.raises(NotFound):
            act(OWNER, x)


@pytest.mark.parametrize(
    "name",
    [
        "Ann: \"Sea\" / 'Land' (2)",
        "מסיבה",
        "حفلة",
        "👩‍👩‍👧 family",
        "a" * 200,
        "ß",
        "set:3 OR tag:x",
        "naïve",
        "%_\\",
        "0",
    ],
)
def test_names_are_what_people_write(library: Library, name: str) -> None:
    id = make(library, name)
    assert library.find_set(OWNER, id).name == name
    with pytest.raises(Conflict, match="already"):
        library.create_set(OWNER, Create(name=f" {name.swapcase()} "))
    library.edit_set(OWNER, id, EditSet(name=name.upper()))
    assert library.find_set(OWNER, id).name == name.upper()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": " \t "}, "needs a name"),
        ({"name": "\u200d\u200b"}, "needs a name"),
        ({"name": "a\nb"}, "printable"),
        ({"name": "a\x00b"}, "printable"),
        ({"name": "a\u202eb"}, r"U\+202E"),
        ({"name": "a\ud800"}, "printable"),
        ({"name": "a" * 201}, "at most 200"),
        ({"name": "a", "colour": "red"}, "#rrggbb"),
        ({"name": "a", "colour": "#12345"}, "#rrggbb"),
        ({"name": "a", "icon": "no such icon"}, "no icon"),
        ({"name": "a", "note": "x" * 20_001}, "at most 20,000"),
    ],
)
def test_bad_names_and_looks_change_nothing(library: Library, given: dict[str, Any], why: str) -> None:
    id = make(library, "Kept")
    before, revision = truth(library), library.revision
    with pytest.raises(Invalid, match=why):
        library.create_set(OWNER, Create(**given))
    with pytest.raises(Invalid, match=why):
        library.edit_set(OWNER, id, EditSet(**given))
    assert (truth(library), library.revision) == (before, revision)


def test_names_that_differ_in_case_only_are_the_same(library: Library) -> None:
    id, other = make(library, "École"), make(library, "Strand")
    for name in ("école", "ÉCOLE", "E\u0301cole"):
        with pytest.raises(Conflict, match="called École already"):
            make(library, name)
        with pytest.raises(Conflict, match="called École already"):
            library.edit_set(OWNER, other, EditSet(name=name))
    library.edit_set(OWNER, id, EditSet(name="ÉCOLE"))
    assert [one.name for one in library.sets(OWNER)] == ["Strand", "ÉCOLE"]


def test_what_an_edit_says(library: Library) -> None:
    ids = fill(library, 2)
    id = make(library, "Harbour", ids)
    for given, said in (
        ({"name": "Port"}, "Set Harbour renamed to Port"),
        ({"colour": "#000000", "icon": "boat"}, "Set Port: colour, icon changed"),
        ({"cover": ids[0]}, "Set Port: cover changed"),
        ({"locked": True}, "Set Port locked"),
        ({"locked": False}, "Set Port unlocked"),
    ):
        assert library.edit_set(OWNER, id, EditSet(**given)).sentence == said
    assert library.find_set(OWNER, id).cover == ids[0]
    library.edit_set(OWNER, id, EditSet(colour=None, icon=None, cover=None))
    found = library.find_set(OWNER, id)
    assert (found.colour, found.icon, found.cover) == (None, None, None)
    assert not library.edit_set(OWNER, id, EditSet(name="Port")).undoable
    assert not library.edit_set(OWNER, id, EditSet()).undoable


def test_a_cover_that_is_thrown_away_is_not_shown(library: Library) -> None:
    ids = fill(library, 2)
    id = make(library, "Harbour", ids)
    library.edit_set(OWNER, id, EditSet(cover=ids[0]))
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert library.find_set(OWNER, id).cover is None
    with pytest.raises(Conflict, match="scrapheap"):
        library.edit_set(OWNER, id, EditSet(cover=ids[0]))
    with pytest.raises(NotFound):
        library.edit_set(OWNER, id, EditSet(cover=999))
    library.restore(OWNER, RestorePictures(ids=ids[:1]))
    assert library.find_set(OWNER, id).cover == ids[0]
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.purge(OWNER, Selection(ids=ids[:1]))
    assert library.find_set(OWNER, id).cover is None
    for _ in range(3):  # what belonged to the purged picture is passed by
        library.undo(OWNER)
    check_derived(library)


def test_newest_pictures_until_there_is_an_icon(library: Library) -> None:
    ids = fill(library, 6)
    id = make(library, "Harbour", ids)
    library.delete(OWNER, DeletePictures(ids=ids[5:]))
    assert library.find_set(OWNER, id).newest == [ids[4], ids[3], ids[2]]
    library.edit_set(OWNER, id, EditSet(icon=ICONS[0]))
    assert library.find_set(OWNER, id).newest == []


def test_unknown_and_trashed_pictures(library: Library) -> None:
    ids = fill(library, 3)
    id = make(library, "Harbour")
    library.delete(OWNER, DeletePictures(ids=ids[2:]))
    before = truth(library)
    for chosen, kind in (([ids[0], 999], NotFound), (ids, Conflict), ([4_000_000_000], NotFound)):
        with pytest.raises(kind):
            library.add_to_set(OWNER, id, Selection(ids=chosen))
    for act in (library.add_to_set, library.take_from_set):
        with pytest.raises(NotFound):
            act(OWNER, 77, Selection(ids=ids[:1]))
    with pytest.raises(Invalid):
        library.add_to_set(OWNER, id, Selection())
    assert truth(library) == before


def test_by_a_view(library: Library) -> None:
    ids = fill(library, 5)
    id = make(library, "Harbour")
    view = library.view(OWNER, sort="created").header
    library.add_to_set(OWNER, id, Selection(view=view.view, ranges=[(0, 2), (4, 5)]))
    assert members(library, id) == [ids[0], ids[1], ids[4]]


# -- order -------------------------------------------------------------------------------------------------------------


def test_order(library: Library) -> None:
    a, b, c, d, e = fill(library, 5)
    id = make(library, "Harbour", [a, b, c, d, e])
    done = library.arrange_set(OWNER, id, ArrangeSet(ids=[d, e], before=b))
    assert done.sentence == "2 pictures moved within Harbour" and members(library, id) == [a, d, e, b, c]
    library.arrange_set(OWNER, id, ArrangeSet(ids=[a]))
    assert members(library, id) == [d, e, b, c, a]
    library.undo(OWNER)
    library.undo(OWNER)
    assert members(library, id) == [a, b, c, d, e]
    outside = fill_more(library, 1)
    for chosen, before in (([a], a), (outside, b), ([a], outside[0]), ([a], 999)):
        with pytest.raises(Invalid, match="Only pictures of Harbour"):
            library.arrange_set(OWNER, id, ArrangeSet(ids=chosen, before=before))


def fill_more(library: Library, count: int) -> list[int]:
    return add(library, *(invented(1000 + number) for number in range(count)))


def test_any_order_can_be_made(library: Library, rng: random.Random) -> None:
    """Far more moves between the same neighbours than there is room for between their positions."""
    ids = fill(library, 8)
    id = make(library, "Harbour", ids)
    model = list(ids)
    for _ in range(60):
        chosen = set(rng.sample(ids, rng.randint(1, 3)))
        rest = [one for one in model if one not in chosen]
        before = rng.choice([None, rest[0], rest[1], rng.choice(rest)])
        library.arrange_set(OWNER, id, ArrangeSet(ids=sorted(chosen), before=before))
        at = rest.index(before) if before is not None else len(rest)
        model = rest[:at] + [one for one in model if one in chosen] + rest[at:]
        assert members(library, id) == model


def test_a_view_in_the_order_by_hand(library: Library) -> None:
    """It follows every move at once, and its undo; a filter leaves the order as it is."""
    ids = fill(library, 6)
    id = make(library, "Harbour/Boats", ids[:4])
    make(library, "Harbour/Cranes", ids[3:])

    def shown(text: str) -> list[int]:
        return library.find(OWNER, f"{text} sort:hand").ids

    assert shown(f"set:{id}") == ids[:4]
    library.arrange_set(OWNER, id, ArrangeSet(ids=ids[2:4], before=ids[0]))
    moved = [ids[2], ids[3], ids[0], ids[1]]
    assert shown(f"set:{id}") == moved == shown('set:"Harbour/Boats"')
    assert library.view(OWNER, f"set:{id}", "hand").header.sort == "hand"
    library.score(OWNER, ScorePictures(ids=[ids[1], ids[2], ids[5]], score=3))
    assert shown(f"score:3 set:{id}") == [ids[2], ids[1]]
    assert shown("set:Harbour/") == [*moved, ids[4], ids[5]], "each once, set after set"
    library.undo(OWNER)
    library.undo(OWNER)
    assert shown(f"set:{id}") == ids[:4]


@pytest.mark.parametrize("text", ["", "score:0", "-set:1", "set:1 set:2", "set:1 OR set:2", "union(set:1, set:2)"])
def test_the_order_by_hand_is_that_of_one_set(library: Library, text: str) -> None:
    ids = fill(library, 2)
    make(library, "One", ids)
    make(library, "Two", ids)
    with pytest.raises(QueryError, match="the order by hand is that of a set"):
        library.view(OWNER, text, "hand")


# -- locks -------------------------------------------------------------------------------------------------------------


def test_a_locked_set_stays_as_it_is(library: Library) -> None:
    """D12."""
    ids = fill(library, 4)
    id, other = make(library, "Harbour", ids[:2]), make(library, "Other")
    library.add_tags(OWNER, AddTags(ids=ids[2:], tags=["sea"]))
    library.set_caption(OWNER, SetCaption(ids=ids, text="a boat"))
    library.edit_set(OWNER, id, EditSet(locked=True))
    before, revision = truth(library), library.revision
    refused: list[Any] = [
        lambda: library.add_to_set(OWNER, id, Selection(ids=ids[2:])),
        lambda: library.take_from_set(OWNER, id, Selection(ids=ids[:1])),
        lambda: library.take_from_set(OWNER, id, Selection(ids=ids[:2])),
        lambda: library.arrange_set(OWNER, id, ArrangeSet(ids=ids[:1])),
        lambda: library.edit_set(OWNER, id, EditSet(name="Port")),
        lambda: library.edit_set(OWNER, id, EditSet(locked=True, colour="#000000")),
        lambda: library.delete_set(OWNER, id),
        lambda: library.score(OWNER, ScorePictures(ids=ids, score=3)),
        lambda: library.delete(OWNER, DeletePictures(ids=ids[:1])),
        lambda: library.add_tags(OWNER, AddTags(ids=ids, tags=["sea"])),
        lambda: library.remove_tags(OWNER, RemoveTags(ids=ids, tags=["sea"])),
        lambda: library.accept_tags(OWNER, AcceptTags(ids=ids)),
        lambda: library.reject_tags(OWNER, RejectTags(ids=ids, tags=["sea"])),
        lambda: library.set_caption(OWNER, SetCaption(ids=ids, text="the sea")),
        lambda: library.edit_captions(OWNER, EditCaptions(ids=ids, prefix="sea, ")),
    ]
    for act in refused:
        with pytest.raises(Locked, match="Harbour.*locked") as caught:
            act()
        assert caught.value.status == 423 and caught.value.more == {"set": "Harbour"}
    assert (truth(library), library.revision) == (before, revision)
    assert library.add_to_set(OWNER, other, Selection(ids=ids)).changed == 4  # being elsewhere as well changes nothing
    assert library.score(OWNER, ScorePictures(ids=ids[2:], score=3)).changed == 2
    library.edit_set(OWNER, id, EditSet(locked=False, name="Port"))
    assert library.find_set(OWNER, id).name == "Port"
    library.delete_set(OWNER, id)


# -- the tree ----------------------------------------------------------------------------------------------------------


def test_the_tree(library: Library) -> None:
    names = ["Trips/Rome/Day 1", "Trips", "Trips/rome", "Beach", "/odd/", "trips / Oslo", "Beach/Sunset"]
    ids = {name: make(library, name) for name in names}
    shown = library.sidebar(OWNER).tree

    def flat(branches: list[Branch], depth: int = 0) -> list[tuple[int, str, int | None]]:
        return [row for one in branches for row in [(depth, one.label, one.set), *flat(one.branches, depth + 1)]]

    assert sorted(flat(shown)) == sorted(
        [
            (0, "/odd/", ids["/odd/"]),
            (0, "Beach", ids["Beach"]),
            (1, "Sunset", ids["Beach/Sunset"]),
            (0, "Trips", ids["Trips"]),
            (1, "Oslo", ids["trips / Oslo"]),
            (1, "rome", ids["Trips/rome"]),
            (2, "Day 1", ids["Trips/Rome/Day 1"]),
        ]
    )


def test_a_branch_without_a_set_of_its_own(library: Library) -> None:
    id = make(library, "A/B/C")
    assert library.sidebar(OWNER).tree == [
        Branch("A", "A", None, [Branch("B", "A/B", None, [Branch("C", "A/B/C", id)])])
    ]


def test_history_tells_what_was_done(library: Library) -> None:
    ids = fill(library, 14)
    make(library, "Harbour", ids)
    assert [one.sentence for one in library.history(OWNER)] == ["14 pictures added to Harbour", "Set Harbour made"]
    for id in (-1, 0, 1 << 40):
        with pytest.raises(PixlStashError):
            library.find_set(OWNER, id)


def test_a_successor_is_in_the_same_sets(library: Library) -> None:
    from pixlstash_core.library.features import FEATURES

    old, new = fill(library, 2)
    id = make(library, "Harbour", [old])
    statements = [one for noun in FEATURES for one in noun.inherits if "set_member" in one]
    library.derive(lambda write: [write.execute(one, {"old": old, "new": new}) for one in statements])
    assert members(library, id) == [old, new]
    check_derived(library)
