"""Dates and turns as people say them: grid, views and stills follow, the bytes stay, and each is one step back."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from libraries import DAY, add, check_derived, fill, invented, truth
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.errors import Invalid, Locked
from pixlstash_core.library import Library
from pixlstash_core.query.grid import TURNED
from pixlstash_core.types import Create, DatePictures, EditSet, Selection, TurnPictures

START = datetime.fromtimestamp(1_700_000_000, UTC)


def dates(library: Library, ids: list[int]) -> list[datetime]:
    return [library.picture(OWNER, id).created for id in ids]


def test_a_date_is_set_and_taken_back(library: Library) -> None:
    ids = fill(library, 3)
    before = truth(library)
    done = library.date(OWNER, DatePictures(ids=ids[:2], set=datetime(1999, 12, 31, 23, 59, tzinfo=UTC)))
    assert (done.sentence, done.changed, done.undoable) == ("2 pictures dated 1999-12-31 23:59", 2, True)
    assert library.find(OWNER, "created:1999").ids == [ids[1], ids[0]]
    assert library.find(OWNER, "", "created").ids == ids
    assert library.picture(OWNER, ids[0]).created_in_file == START
    check_derived(library)
    assert truth(library)["picture"] == before["picture"]
    assert library.date(OWNER, DatePictures(ids=ids, reset=True)).sentence == "2 pictures dated as their files say"
    assert truth(library) == before
    library.undo(OWNER)
    library.undo(OWNER)
    assert truth(library) == before and library.picture(OWNER, ids[0]).created_in_file is None
    library.redo(OWNER)
    assert library.find(OWNER, "created:1999").total == 2
    check_derived(library)


def test_shifts_add_up(library: Library) -> None:
    ids = fill(library, 2)
    assert library.date(OWNER, DatePictures(ids=ids, shift=3600)).sentence == "2 pictures dated 1:00:00 later"
    assert library.date(OWNER, DatePictures(ids=ids, shift=-7200)).sentence == "2 pictures dated 2:00:00 earlier"
    assert dates(library, ids) == [START - timedelta(hours=1), START + timedelta(days=1, hours=-1)]
    library.date(OWNER, DatePictures(ids=ids, shift=3600))
    assert truth(library)["correction"] == []  # as the files say


@pytest.mark.parametrize(
    ("zone", "hours"), [("+02:00", -2), ("-0330", 3.5), ("+5", -5), ("Europe/Berlin", -1), ("Asia/Kolkata", -5.5)]
)
def test_the_zone_of_their_clocks(library: Library, zone: str, hours: float) -> None:
    ids = fill(library, 1)  # in November: Berlin is one hour ahead
    library.date(OWNER, DatePictures(ids=ids, zone=zone))
    assert dates(library, ids) == [START + timedelta(hours=hours)]


def test_summer_time_is_of_the_day(library: Library) -> None:
    ids = add(library, invented(1, created=1_720_000_000_000), invented(2, created=1_730_000_000_000 + 60 * DAY))
    was = dates(library, ids)
    library.date(OWNER, DatePictures(ids=ids, zone="Europe/Berlin"))
    assert dates(library, ids) == [was[0] - timedelta(hours=2), was[1] - timedelta(hours=1)]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"shift": 1, "reset": True},
        {"zone": "Mars/Olympus"},
        {"zone": "+25:00"},
        {"zone": "+02:75"},
        {"zone": "../../etc/passwd"},
        {"zone": ""},
        {"zone": "\ud800"},
        {"shift": 10**30},
        {"shift": -70_000_000_000},
        {"set": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))},
    ],
)
def test_bad_dates_change_nothing(library: Library, given: dict[str, Any]) -> None:
    ids = fill(library, 2)
    before, revision = truth(library), library.revision
    with pytest.raises(Invalid):
        library.date(OWNER, DatePictures(ids=ids, **given))
    assert (truth(library), library.revision) == (before, revision)


def test_turning(library: Library) -> None:
    ids = add(library, invented(1, width=400, height=300, aspect=148), invented(2, aspect=0), invented(3))
    before = truth(library)
    assert library.turn(OWNER, TurnPictures(ids=ids, quarters=1)).sentence == "3 pictures turned to the right"
    one = library.picture(OWNER, ids[0])
    assert (one.width, one.height, one.turn) == (300, 400, 1)
    row = library.db.read("select aspect, width, height, flags from derived_grid where id = ?", (ids[0],))[0]
    assert row == (108, 300, 400, TURNED)
    header = library.view(OWNER, sort="created")
    assert sorted(header.aspects) == sorted([108, 255, 256 - invented(3).aspect])
    check_derived(library)
    library.turn(OWNER, TurnPictures(ids=ids[:1], quarters=1))
    assert (library.picture(OWNER, ids[0]).width, library.picture(OWNER, ids[0]).turn) == (400, 2)
    assert library.turn(OWNER, TurnPictures(ids=ids[:1], quarters=2)).sentence == "1 picture turned upside down"
    assert library.turn(OWNER, TurnPictures(ids=ids[1:], quarters=-1)).sentence == "2 pictures turned to the left"
    assert truth(library) == before
    for _ in range(4):
        library.undo(OWNER)
    assert truth(library) == before
    check_derived(library)


def test_a_date_and_a_turn_keep_each_other(library: Library) -> None:
    ids = fill(library, 1)
    library.turn(OWNER, TurnPictures(ids=ids, quarters=1))
    library.date(OWNER, DatePictures(ids=ids, shift=60))
    library.turn(OWNER, TurnPictures(ids=ids, quarters=-1))
    assert dates(library, ids) == [START + timedelta(seconds=60)] and library.picture(OWNER, ids[0]).turn == 0
    library.turn(OWNER, TurnPictures(ids=ids, quarters=2))
    library.date(OWNER, DatePictures(ids=ids, reset=True))
    assert library.picture(OWNER, ids[0]).turn == 2
    check_derived(library)


def test_stills_are_turned(library: Library) -> None:
    (id,) = fill(library, 1)
    image = Image.new("RGB", (40, 20), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 20, 20))  # red to the left
    kept = io.BytesIO()
    image.save(kept, "WEBP", lossless=True)
    library.thumbnails.put([(invented(0).sha256, kept.getvalue())])

    def red() -> tuple[tuple[int, int], str]:
        with Image.open(io.BytesIO(library.thumbnail(OWNER, id))) as shown:
            size = shown.size
            sides = {"left": (3, size[1] // 2), "right": (size[0] - 4, size[1] // 2)}
            sides |= {"top": (size[0] // 2, 3), "bottom": (size[0] // 2, size[1] - 4)}
            pixels = {side: shown.convert("RGB").getpixel(at) for side, at in sides.items()}
        found = [side for side, (r, _, b) in pixels.items() if r > 200 and b < 60]  # type: ignore[misc]
        return size, found[0] if len(found) == 1 else "".join(sorted(found))

    assert red() == ((40, 20), "left")
    for size, side in (((20, 40), "top"), ((40, 20), "right"), ((20, 40), "bottom"), ((40, 20), "left")):
        library.turn(OWNER, TurnPictures(ids=[id], quarters=1))
        assert red() == (size, side)


def test_locked_pictures_keep_their_dates(library: Library) -> None:
    ids = fill(library, 2)
    one = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, one, Selection(ids=ids[:1]))
    library.edit_set(OWNER, one, EditSet(locked=True))
    for act in (
        lambda: library.turn(OWNER, TurnPictures(ids=ids, quarters=1)),
        lambda: library.date(OWNER, DatePictures(ids=ids, shift=1)),
    ):
        with pytest.raises(Locked, match="Harbour"):
            act()


@pytest.mark.attack
def test_random_corrections(library: Library, effort: Any, rng: random.Random) -> None:
    ids = fill(library, 4)
    state = {id: (1_700_000_000_000 + number * DAY, 0) for number, id in enumerate(ids)}
    done: list[dict[int, tuple[int, int]]] = []
    for _ in range(effort.of(60, 1000)):
        chosen = rng.sample(ids, rng.randint(1, 3))
        before = dict(state)
        act = rng.choice(["turn", "shift", "reset", "undo"])
        if act == "undo":
            if done:
                state = done.pop()
                library.undo(OWNER)
        else:
            if act == "turn":
                quarters = rng.choice([-1, 1, 2])
                answer = library.turn(OWNER, TurnPictures(ids=chosen, quarters=quarters))  # type: ignore[arg-type]
                state = state | {id: (state[id][0], (state[id][1] + quarters) % 4) for id in chosen}
            elif act == "shift":
                by = rng.choice([-3600, 3600])
                answer = library.date(OWNER, DatePictures(ids=chosen, shift=by))
                state = state | {id: (state[id][0] + by * 1000, state[id][1]) for id in chosen}
            else:
                answer = library.date(OWNER, DatePictures(ids=chosen, reset=True))
                state = state | {id: (1_700_000_000_000 + ids.index(id) * DAY, state[id][1]) for id in chosen}
            assert answer.undoable == (state != before) and answer.changed == sum(
                state[id] != before[id] for id in chosen
            )
            if answer.undoable:
                done.append(before)
        found = library.db.read(
            "select g.id, g.created, coalesce(c.turn, 0) from derived_grid g"
            " left join correction c on c.picture_id = g.id"
        )
        assert {id: (created, turn) for id, created, turn in found} == state
        check_derived(library)
