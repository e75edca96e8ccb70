"""Rehearsals: an engine on a few pictures, of which nothing is kept. And engines that are not installed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engined
import pytest
from engined import Engined
from libraries import finish

from pixlstash_core import OWNER
from pixlstash_core.engines import installable
from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import (
    AddTags,
    Agreement,
    AssignFaces,
    DrawFace,
    Rehearsal,
    RehearseEngine,
    RejectFaces,
    RejectTags,
    RunEngine,
    SetCaption,
)


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def rehearse(desk: Engined, engine: str = "odd/colours", **given: Any) -> Rehearsal:
    job = finish(desk.library, desk.library.rehearse_engine(OWNER, RehearseEngine(engine=engine, **given)))
    assert job.state == "done", job.error
    return desk.library.rehearsal(OWNER, job.id)


def everything(desk: Engined) -> dict[str, Any]:
    """Every row that a run of an engine could leave."""
    tables = "producer run active succession done tag tag_output caption_output vector_output region measure_output"
    return {name: desk.library.db.read(f"select * from {name} order by 1, 2") for name in tables.split()}


def test_nothing_is_kept(desk: Engined) -> None:
    ids = desk.take_in(9)
    before = everything(desk)
    found = rehearse(desk, count=3, params={"slow": 0.02})
    assert everything(desk) == before
    assert (found.engine, found.tried, found.total) == ("odd/colours", 3, 9)
    assert [one.picture for one in found.pictures] == sorted(ids)[::3]
    assert {one.text for one in found.pictures} <= {"red 90%", "green 90%", "blue 90%"}  # noise is below the threshold
    assert found.seconds >= 0.06 and found.whole == pytest.approx(found.seconds * 3, abs=0.06)
    assert found.size == 9 * 2 * 6 and found.errors == []


def test_what_is_left_to_do_is_what_it_would_take(desk: Engined) -> None:
    ids = desk.take_in(6)
    finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine="odd/colours", ids=ids[:4])))
    assert rehearse(desk).total == 2
    assert rehearse(desk, params={"prefix": "x"}).total == 6
    assert rehearse(desk, ids=ids[:5]).total == 1


def test_how_it_agrees_with_what_people_said(desk: Engined) -> None:
    ids = desk.take_in(6)  # red, green, blue, red, green, blue
    library = desk.library
    library.add_tags(OWNER, AddTags(tags=["Red"], ids=[ids[0], ids[3], ids[1]]))
    finish(library, library.run_engine(OWNER, RunEngine(engine="odd/colours", ids=[ids[2]])))
    library.reject_tags(OWNER, RejectTags(tags=["blue"], ids=[ids[2]]))
    agreement = rehearse(desk).agreement
    assert agreement is not None
    assert (agreement.accepted, agreement.found, agreement.rejected, agreement.again) == (3, 2, 1, 1)
    assert agreement.of == "tags"


@pytest.mark.parametrize("engine", ["odd/redness", "odd/vectors", "odd/boxes"])
def test_of_some_kinds_people_say_nothing(desk: Engined, engine: str) -> None:
    desk.take_in(2)
    assert rehearse(desk, engine).agreement is None


def test_how_faces_agree_with_those_that_people_drew_or_named(desk: Engined) -> None:
    ids = desk.take_in(4)
    library = desk.library
    assert rehearse(desk, "odd/faces").agreement == Agreement(0, 0, of="faces")
    run = library.run_engine(OWNER, RunEngine(engine="odd/faces", ids=ids[:2]))
    assert finish(library, run).state == "done"
    (one,), (other,) = (library.picture_faces(OWNER, id) for id in ids[:2])
    library.assign_faces(OWNER, AssignFaces(faces=[one.id or 0], name="Ann"))
    library.reject_faces(OWNER, RejectFaces(faces=[other.id or 0], character=1))  # a face of nobody, or none at all
    left, top, right, bottom = one.box
    near = (left, top, right - (right - left) / 5, bottom)
    library.draw_face(OWNER, DrawFace(picture=ids[2], box=near, name="Bo"))
    apart = (right, bottom, right + (1 - right) / 2, bottom + (1 - bottom) / 2)
    library.draw_face(OWNER, DrawFace(picture=ids[2], box=apart, name="Cy"))
    assert rehearse(desk, "odd/faces").agreement == Agreement(3, 2, of="faces")


def test_how_captions_agree_with_peoples_own(desk: Engined) -> None:
    ids = desk.take_in(3)
    assert rehearse(desk, "odd/words").agreement == Agreement(0, 0, of="words")
    (said,) = [one.text for one in rehearse(desk, "odd/words", ids=ids[:1]).pictures]
    word = max(re.findall(r"[a-z]{3,}", said.lower()), key=len)
    desk.library.set_caption(OWNER, SetCaption(ids=ids[:1], text=f"An {word.upper()} of it: 夜"))
    assert rehearse(desk, "odd/words").agreement == Agreement(2, 1, of="words")


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("odd/words", "image at still, no prompt"),
        ("odd/vectors", "3 numbers"),
        ("odd/boxes", "thing 70%, other 60%"),
        ("odd/faces", "face 80%"),
        ("odd/redness", "0.784"),
    ],
)
def test_every_kind_can_be_rehearsed(desk: Engined, engine: str, said: str) -> None:
    desk.take_in(2)
    before = everything(desk)
    found = rehearse(desk, engine)
    assert said in [one.text for one in found.pictures]
    assert found.tried == 2 and len(found.pictures) == 2 and found.size > 0 and everything(desk) == before
    assert desk.run(engine).state == "done"


def test_what_fails_is_told(desk: Engined) -> None:
    ids = desk.take_in(3)
    found = rehearse(desk, "odd/trouble", params={"what": "raise", "on": [ids[1]]})
    assert [(one.picture, one.error) for one in found.errors] == [(ids[1], "KeyError: 'no such thing'")]
    assert len(found.pictures) == 2 and desk.errors() == {}


def test_what_cannot_be_rehearsed(desk: Engined) -> None:
    with pytest.raises(Invalid, match="for none of these"):
        desk.library.rehearse_engine(OWNER, RehearseEngine(engine="odd/colours"))
    with pytest.raises(NotFound):
        desk.library.rehearse_engine(OWNER, RehearseEngine(engine="none/such"))
    with pytest.raises(NotFound, match="no such trial run"):
        desk.library.rehearsal(OWNER, 1)


def test_an_engine_that_is_not_installed_is_listed_with_the_way_to_it(
    open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = open_library("one")
    assert mine.uninstalled_engines(OWNER) == [
        one for one in installable.ENGINES if one.id not in {there.id for there in mine.engines(OWNER)}
    ]
    installed = {"clip", "faces", "joycaption", "learned", "ocr", "wd-tagger"}
    bare = open_library("two", plugins=Plugins.load(disabled=installed))
    assert {one.id for one in bare.uninstalled_engines(OWNER)} == {one.id for one in installable.ENGINES}
    assert not {one.id for one in bare.engines(OWNER)} & {one.id for one in installable.ENGINES}


def test_the_list_says_what_the_plugins_say(open_library: Callable[..., Library]) -> None:
    library = open_library()
    there = {one.id: one for one in library.engines(OWNER)}
    packages = {one.package for one in installable.ENGINES}
    (asked,) = [one for one in installable.ENGINES if one.lane == "net"]
    assert asked.pip == "pip install pixlstash-joycaption"  # an endpoint needs no torch
    ours = {id: one for id, one in there.items() if one.package in packages}
    missing = packages - {one.package for one in ours.values()}
    assert set(ours) == {one.id for one in installable.ENGINES if one.package not in missing}
    for one in installable.ENGINES:
        if one.id in ours:
            info = ours[one.id]
            said = (info.kind, info.label, info.license, info.lane, info.package)
            assert said == (one.kind, one.label, one.license, one.lane, one.package)
            detail = library.engine(OWNER, one.id).weights
            expected = "allow" if info.lane == "net" else "set" if one.id == "clip/any" else "fetch"
            assert info.state == (expected if detail is not None or expected != "fetch" else "ready")
            if detail is not None:
                assert info.size == detail.size == one.size


def test_what_has_to_be_fetched_first_is_marked(desk: Engined, tmp_path: Path) -> None:
    def state() -> Any:
        (info,) = [one for one in desk.library.engines(OWNER) if one.id == "odd/weighed"]
        return info.state, info.size

    assert state() == ("fetch", 1)
    (tmp_path / "models" / "odd" / "weighed").mkdir(parents=True)
    (tmp_path / "models" / "odd" / "weighed" / "model.onnx").write_bytes(b"a")
    assert state() == ("ready", 1)
