"""Which engines count, and when: settings, defaults, pictures that come in, what is outdated, and taking it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish, truth, until
from tagged import check_tags, names

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddTags,
    DeletePictures,
    EngineInfo,
    Job,
    Reader,
    RejectTags,
    RunEngine,
    Scope,
    SetEngine,
)


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def run(desk: Engined, engine: str = "odd/colours", **ask: object) -> Job:
    job = desk.library.run_engine(OWNER, RunEngine(engine=engine, **ask))  # type: ignore[arg-type]
    ended = finish(desk.library, job)
    assert ended.state == "done", ended.error
    settled(desk)
    return ended


def settled(desk: Engined) -> None:
    """Tags of all pictures have been weighed."""
    until(lambda: not desk.library.db.value("select max(phase) from derived_tagging"))


def info(desk: Engined, id: str = "odd/colours") -> EngineInfo:
    return next(one for one in desk.library.engines(OWNER) if one.id == id)


def shown(desk: Engined, ids: list[int]) -> list[set[str]]:
    return [names(desk.library, picture) for picture in ids]


def put(desk: Engined, engine: str = "odd/colours", **what: object) -> EngineInfo:
    return desk.library.set_engine(OWNER, SetEngine(engine=engine, **what))  # type: ignore[arg-type]


def test_what_there_is(desk: Engined) -> None:
    found = desk.library.engines(OWNER)
    assert {"odd/colours", "odd/words", "odd/vectors", "odd/faces", "odd/boxes", "odd/redness"} <= {
        one.id for one in found
    }
    one = info(desk)
    assert (one.kind, one.label, one.plugin, one.lane, one.policy) == ("tag", "Colours", "odd", "cpu", "asked")
    assert not (one.default or one.active or one.loaded) and (one.done, one.errors, one.outdated) == (0, 0, 0)
    detail = desk.library.engine(OWNER, "odd/colours")
    assert detail.params == {"prefix": "", "slow": 0.0, "model": "small"} and detail.secrets == []
    assert set(detail.form["properties"]) == {"prefix", "slow", "model", "key"} and detail.weights is None
    assert desk.library.db.read("select 1 from producer") == []  # looking writes nothing


def test_weights_that_are_needed_are_told(desk: Engined, tmp_path: Path) -> None:
    weights = desk.library.engine(OWNER, "odd/weighed").weights
    assert weights is not None and weights.missing == ["model.onnx"] and weights.license == "Apache-2.0"
    assert weights.folder == str(tmp_path / "models" / "odd" / "weighed") and weights.size == 1


def test_a_first_run_counts_at_once(desk: Engined) -> None:
    ids = desk.take_in(3)
    job = run(desk)
    assert job.label == "Tagging all pictures with Colours" and job.kind == "engine"
    assert shown(desk, ids) == [{"red"}, {"green"}, {"blue"}]  # "noise" lies below the threshold
    one = info(desk)
    assert one.active and one.loaded and (one.done, one.errors, one.outdated) == (3, 0, 0)
    check_tags(desk.library)


def test_a_selection_by_view_and_by_ids(desk: Engined) -> None:
    ids = desk.take_in(4)
    view = desk.library.view(OWNER, "", "name").header.view
    assert run(desk, view=view, ranges=[(0, 2)]).label == "Tagging 2 pictures with Colours"
    assert len(desk.done()) == 2
    run(desk, ids=ids[:1])
    assert run(desk).total == 4 - len(desk.done()) or desk.done() == set(ids)
    assert desk.done() == set(ids)


def test_other_settings_take_the_place_of_those_before_when_all_is_done(desk: Engined) -> None:
    ids = desk.take_in(6)
    run(desk)
    desk.library.outputs.activate(desk.library.host.producers.present(_offered(desk)), 0.05)
    settled(desk)
    before = shown(desk, ids)
    assert before[0] == {"red", "noise"}
    put(desk, params={"prefix": "new "})
    assert shown(desk, ids) == before and info(desk).outdated == 6 and info(desk).active
    gate = threading.Event()
    desk.library.queue.handle("gate", lambda task: gate.wait(30))
    hold = desk.library.queue.put("gate", "Waiting", {}, lane="cpu")
    job = desk.library.run_engine(OWNER, RunEngine(engine="odd/colours"))
    assert shown(desk, ids) == before
    gate.set()
    finish(desk.library, hold)
    until(lambda: desk.library.queue.get(job.id).state == "done")
    settled(desk)
    assert shown(desk, ids)[0] == {"new red", "noise"}  # from the threshold that was chosen before
    assert (info(desk).outdated, info(desk).done) == (0, 6)
    assert desk.library.db.read("select 1 from succession") == []
    check_tags(desk.library)


def test_a_threshold_is_moved_by_people(desk: Engined) -> None:
    ids = desk.take_in(3)
    with pytest.raises(Invalid, match="No tags"):
        put(desk, threshold=0.05)
    run(desk)
    assert desk.library.engine(OWNER, "odd/colours").threshold == 0.35
    put(desk, threshold=0.05)
    settled(desk)
    assert shown(desk, ids)[0] == {"red", "noise"}
    assert desk.library.engine(OWNER, "odd/colours").threshold == 0.05
    assert desk.library.engine(OWNER, "visual-descriptor").threshold is None
    desk.library.undo(OWNER)
    settled(desk)
    assert shown(desk, ids)[0] == {"red"}


def test_while_the_new_one_is_at_it_the_old_one_counts(desk: Engined) -> None:
    ids = desk.take_in(24)
    run(desk)
    before = shown(desk, ids)
    put(desk, params={"prefix": "new ", "slow": 0.1})
    job = desk.library.run_engine(OWNER, RunEngine(engine="odd/colours"))
    producer = desk.library.host.producers.present(_offered(desk))
    sql = "select count(*) from done where producer_id = ?"
    until(lambda: desk.library.db.value(sql, (producer,)))
    desk.library.cancel_job(OWNER, job.id)
    finish(desk.library, job)
    assert 0 < desk.library.db.value(sql, (producer,)) < 24
    assert shown(desk, ids) == before
    assert run(desk, outdated=True).state == "done"
    assert shown(desk, ids)[0] == {"new red"}


def test_part_of_the_pictures_with_other_settings_shows_both(desk: Engined) -> None:
    ids = desk.take_in(4)
    run(desk)
    put(desk, params={"prefix": "new "})
    run(desk, ids=ids[:1])
    assert shown(desk, ids)[:2] == [{"red", "new red"}, {"green"}] and info(desk).outdated == 3
    run(desk, outdated=True)
    assert shown(desk, ids)[:2] == [{"new red"}, {"new green"}] and info(desk).outdated == 0


def test_settings_for_once_stand_beside_the_others_for_good(desk: Engined) -> None:
    ids = desk.take_in(2)
    run(desk)
    run(desk, params={"prefix": "once "}, ids=ids[:1])
    assert shown(desk, ids) == [{"red", "once red"}, {"green"}]
    assert desk.library.engine(OWNER, "odd/colours").params["prefix"] == ""
    first = desk.library.db.value(
        "select params from producer where id = (select producer_id from active order by rank)"
    )
    assert "once" in first


def test_only_what_is_not_the_default_is_kept(desk: Engined) -> None:
    from pixlstash_core.engines import settings as engines

    ids = desk.take_in(2)
    put(desk, params={"prefix": "a ", "slow": 0.0, "model": "small"})
    assert engines.settings(desk.library.db, "odd/colours").params == {"prefix": "a "}
    run(desk)
    assert run(desk, params={"prefix": "a ", "slow": 0.01, "model": "small"}).total == 0  # its own, said in full
    assert desk.library.db.value("select count(*) from active") == 1 and desk.done() == set(ids)


def test_another_revision_is_outdated(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = desk.take_in(3)
    run(desk)
    monkeypatch.setattr(type(_offered(desk).engine), "revision", "2")
    assert (info(desk).outdated, info(desk).done, info(desk).revision) == (3, 0, "2")
    desk.library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert info(desk).outdated == 2


def test_a_default_is_meant_where_none_is_named(desk: Engined) -> None:
    ids = desk.take_in(2)
    with pytest.raises(Invalid, match="No engine is the default for tag"):
        desk.library.run_engine(OWNER, RunEngine(kind="tag"))
    assert put(desk, default=True).default
    run(desk, engine="", kind="tag")
    assert desk.done() == set(ids)
    assert not put(desk, default=False).default
    with pytest.raises(Invalid, match="Say which engine"):
        desk.library.run_engine(OWNER, RunEngine())
    with pytest.raises(Invalid, match="'smell'"):
        desk.library.run_engine(OWNER, RunEngine(kind="smell"))


def test_another_default_takes_over_when_it_is_done(desk: Engined) -> None:
    ids = desk.take_in(4)
    put(desk, default=True)
    run(desk)
    put(desk, "odd/trouble", default=True)
    assert info(desk).active and info(desk, "odd/trouble").outdated == 4
    assert shown(desk, ids)[0] == {"red"}
    run(desk, "odd/trouble")
    assert shown(desk, ids) == [{"fine"}] * 4 and not info(desk).active
    assert desk.library.db.value("select count(*) from tag_output") == 8  # what it found is kept


def test_people_s_words_stay(desk: Engined) -> None:
    ids = desk.take_in(2)
    run(desk)
    desk.library.reject_tags(OWNER, RejectTags(ids=ids[:1], tags=["new red"]))
    desk.library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["mine"]))
    put(desk, params={"prefix": "new "})
    run(desk)
    assert shown(desk, ids) == [{"mine"}, {"new green"}]


def test_pictures_that_come_in(desk: Engined) -> None:
    old = desk.take_in(2)
    assert put(desk, policy="new").policy == "new"
    new = desk.take_in(5, first=10)
    until(lambda: desk.done() == set(new))
    assert set(old) & desk.done() == set()
    put(desk, policy="asked")
    desk.take_in(1, first=30)
    assert not [job for job in desk.library.queue.running() if job.kind == "engine" and job.state == "waiting"]


def test_all_pictures_by_policy(desk: Engined) -> None:
    old = desk.take_in(3)
    put(desk, policy="all")
    until(lambda: desk.done() == set(old))
    new = desk.take_in(2, first=10)
    until(lambda: desk.done() == {*old, *new})


def test_what_comes_in_is_not_forgotten_by_a_crash(desk: Engined, open_library: Callable[..., Library]) -> None:
    from pixlstash_core.plugins.registry import Plugins

    put(desk, policy="new")
    desk.library.queue.handle("engine", lambda task: None)  # as if it had been killed before
    ids = desk.take_in(2)
    until(lambda: not [job for job in desk.library.queue.running() if job.kind in ("engine", "scan")])
    assert desk.done() == set()
    desk.library.close()
    desk.library = open_library(plugins=Plugins.load(extra=("odd",)))
    until(lambda: desk.done() == set(ids))


def test_settings_an_update_no_longer_knows_keep_nothing_closed(
    desk: Engined, open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixlstash_core import Params
    from pixlstash_core.plugins.registry import Plugins

    put(desk, policy="new", params={"prefix": "a "})
    desk.take_in(1)
    until(lambda: desk.done())
    desk.library.close()
    monkeypatch.setattr(type(_offered(desk).engine), "Params", Params)
    library = desk.library = open_library(plugins=Plugins.load(extra=("odd",)))
    ids = desk.take_in(1, first=5)
    assert library.picture(OWNER, ids[0]) and (info(desk).done, info(desk).outdated) == (0, 1)
    with pytest.raises(Invalid, match="prefix"):
        library.run_engine(OWNER, RunEngine(engine="odd/colours"))


def test_who_needs_others_comes_after_them(desk: Engined) -> None:
    put(desk, "odd/told", policy="new")
    put(desk, policy="new")
    ids = desk.take_in(2)
    until(lambda: desk.library.db.value("select count(*) from caption_output") == 2)
    assert desk.library.caption(OWNER, ids[0]).text.startswith("red; ")  # type: ignore[union-attr]


def test_a_run_can_be_taken_back(desk: Engined) -> None:
    ids = desk.take_in(4)
    first = run(desk, ids=ids[:2])
    run(desk)
    before = truth(desk.library)
    done = desk.library.revert_job(OWNER, first.id)
    assert (done.changed, done.sentence) == (2, "What odd/colours found in 2 pictures was taken back") and done.undoable
    assert shown(desk, ids) == [set(), set(), {"blue"}, {"red"}]
    assert desk.done() == set(ids[2:])
    desk.library.undo(OWNER)
    assert truth(desk.library) == before and shown(desk, ids)[0] == {"red"}
    desk.library.redo(OWNER)
    run(desk)
    assert shown(desk, ids)[0] == {"red"}
    check_tags(desk.library)


def test_a_job_says_where_it_failed_and_tries_again_there(desk: Engined) -> None:
    ids = desk.take_in(4)
    params = {"what": "raise", "on": [ids[1], ids[2]]}
    job = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine="odd/trouble", params=params)))
    assert (job.state, job.error, job.failed, job.reason) == ("done", None, 2, "KeyError: 'no such thing'")
    errors = [(one.picture, one.error) for one in desk.library.job_errors(OWNER, job.id)]
    assert errors == [(id, job.reason) for id in sorted(ids[1:3], reverse=True)]
    assert desk.library.engine(OWNER, "odd/trouble").errors == []  # they are of other settings
    other = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine="odd/trouble")))
    assert (other.failed, other.reason, desk.library.job_errors(OWNER, other.id)) == (0, None, [])
    before = len(desk.notes("run"))
    again = finish(desk.library, desk.library.retry_job(OWNER, job.id))
    assert (again.id, again.done, again.total, again.failed) == (job.id, 2, 2, 2)
    assert {picture for one in desk.notes("run")[before:] for picture in one["images"]} == set(ids[1:3])
    with pytest.raises(Conflict, match="failed nowhere"):
        desk.library.retry_job(OWNER, other.id)


def test_what_cannot_be_taken_back(desk: Engined) -> None:
    desk.take_in(4)
    scan = next(job for job in desk.library.jobs(OWNER) if job.kind == "scan")
    with pytest.raises(Invalid, match="no engine"):
        desk.library.revert_job(OWNER, scan.id)
    with pytest.raises(NotFound):
        desk.library.revert_job(OWNER, 4_000_000)
    job = desk.library.run_engine(OWNER, RunEngine(engine="odd/colours", params={"slow": 0.3}))
    until(lambda: desk.library.queue.get(job.id).state == "running")
    with pytest.raises(Conflict, match="not over"):
        desk.library.revert_job(OWNER, job.id)
    desk.library.cancel_job(OWNER, job.id)
    finish(desk.library, job)


def test_failures_are_told_and_tried_again(desk: Engined) -> None:
    ids = desk.take_in(3)
    put(desk, "odd/trouble", params={"what": "raise", "on": ids[:1]})
    run(desk, "odd/trouble")
    (error,) = desk.library.engine(OWNER, "odd/trouble").errors
    assert (error.picture, error.error) == (ids[0], "KeyError: 'no such thing'") and error.name.endswith(".png")
    assert info(desk, "odd/trouble").errors == 1
    assert run(desk, "odd/trouble").total == 0
    assert run(desk, "odd/trouble", retry=True).total == 1


def test_all_that_failed_is_tried_again_and_nothing_else(desk: Engined) -> None:
    ids = desk.take_in(125)
    host, outputs = desk.library.host, desk.library.outputs
    producer = host.catalogue.producer(_offered(desk, "odd/trouble"), {})
    for future in outputs.store(producer, [Output(id, error="no such thing") for id in ids[:120]]):
        future.result(30)
    assert len(desk.library.engine(OWNER, "odd/trouble").errors) == 100 < info(desk, "odd/trouble").errors
    assert run(desk, "odd/trouble", failed=True).total == 120
    assert info(desk, "odd/trouble").errors == 0 and desk.done() == set(ids[:120])
    assert run(desk, "odd/trouble", failed=True).total == 0
    for more in ({"ids": ids}, {"params": {"what": ""}}, {"outdated": True}):
        with pytest.raises(Invalid, match="selection by itself"):
            desk.library.run_engine(OWNER, RunEngine(engine="odd/trouble", failed=True, **more))  # type: ignore[arg-type]


def test_what_is_not_here_is_not_run_by_itself(desk: Engined) -> None:
    with pytest.raises(Invalid, match="before its weights are fetched"):
        put(desk, "odd/weighed", policy="new")
    assert put(desk, "odd/weighed", policy="asked").state == "fetch"


def test_what_is_wrong_is_said_and_changes_nothing(desk: Engined) -> None:
    desk.take_in(1)
    before = truth(desk.library)
    library = desk.library
    for ask, error, said in (
        (RunEngine(engine="nobody/knows"), NotFound, "'nobody/knows'"),
        (RunEngine(engine="odd/colours", params={"prefix": 7}), Invalid, "Expected `str`"),
        (RunEngine(engine="odd/colours", params={"nonsense": 7}), Invalid, "nonsense"),
        (RunEngine(engine="odd/colours", params={"key": "k"}), Invalid, "secret"),
        (RunEngine(engine="odd/colours", view="gone", ranges=[(0, 1)]), ViewGone, "view"),
        (RunEngine(engine="odd/colours", outdated=True, params={}), Invalid, "own settings"),
    ):
        with pytest.raises(error, match=said):
            library.run_engine(OWNER, ask)
    for put_, said in (
        (SetEngine(engine="odd/colours", params={"slow": "x"}), "Expected `float`"),
        (SetEngine(engine="odd/colours", secrets={"prefix": "x"}), "no secret called prefix"),
    ):
        with pytest.raises(Invalid, match=said):
            library.set_engine(OWNER, put_)
    assert truth(library) == before
    stranger = Reader("token:1", "write", Scope(ids=frozenset({1})))
    for act in (
        lambda: library.engines(stranger),
        lambda: library.run_engine(stranger, RunEngine(engine="odd/colours")),
    ):
        with pytest.raises(Forbidden):
            act()


def test_secrets_are_kept_apart(desk: Engined) -> None:
    desk.take_in(1)
    put(desk, secrets={"key": "hush-4711"}, params={"prefix": "a "})
    detail = desk.library.engine(OWNER, "odd/colours")
    assert detail.secrets == ["key"] and "hush" not in repr(detail)
    job = run(desk)
    assert [one["key"] for one in desk.notes("load")] == ["hush-4711"]
    assert "hush" not in repr(truth(desk.library)) + repr(job) + repr(desk.library.queue.payload(job.id))
    put(desk, secrets={"key": ""})
    assert desk.library.engine(OWNER, "odd/colours").secrets == []


def test_setting_up_is_in_history(desk: Engined) -> None:
    put(desk, params={"prefix": "a "}, default=True)
    assert desk.library.history(OWNER)[0].sentence == "Colours was set up"
    desk.library.undo(OWNER)
    assert desk.library.engine(OWNER, "odd/colours").params["prefix"] == "" and not info(desk).default


def test_measures_are_found(desk: Engined) -> None:
    ids = desk.take_in(3)
    run(desk, "odd/redness")
    find = lambda q: set(desk.library.find(OWNER, q).ids)  # noqa: E731
    assert find("measure:redness") == set(ids) and find("measure:redness>0.6") == {ids[0]}
    assert find("measure:redness<=0.2") == set(ids[1:]) and find("measure:Redness:0.5..0.9") == {ids[0]}
    assert find("-measure:redness>0.6") == set(ids[1:]) and find("measure:none") == set()
    assert [one.text for one in desk.library.suggest(OWNER, "measure:re")][:1]


def _offered(desk: Engined, id: str = "odd/colours"):  # type: ignore[no-untyped-def]
    return desk.library.host.catalogue.offered(id)


def test_dropped_tags_are_counted_in_the_report_of_the_job(desk: Engined) -> None:
    """A name of 1 MB, one with control characters, and an empty one: two pictures, three tags each."""
    ids = desk.take_in(3)
    job = run(desk, "odd/trouble", ids=ids, params={"what": "names", "on": ids[:2]})
    assert (job.state, job.failed, job.dropped) == ("done", 0, 6)
    assert job.dropped_reason == "A tag needs a name."
    assert desk.tags() == {ids[0]: ["good"], ids[1]: ["good"], ids[2]: ["fine"]}
    again = run(desk, "odd/trouble", params={"what": "", "on": []})
    assert (again.dropped, again.dropped_reason) == (0, None)
    (listed,) = [one for one in desk.library.jobs(OWNER) if one.id == job.id]
    assert listed.dropped == 6
