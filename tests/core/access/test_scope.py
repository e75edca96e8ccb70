"""Scope: a reader of three pictures learns of those three and nothing else, whatever is asked and however."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from core.access.whole_server import SERVER
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import add, invented, truth

from pixlstash_core import OWNER, Fact
from pixlstash_core.api import every
from pixlstash_core.errors import Forbidden, NotFound, PixlStashError, QueryError, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.query.language import BY_HAND, SORTS
from pixlstash_core.types import (
    AcceptScores,
    AddLink,
    AllowHost,
    ArrangeSet,
    ArrangeStack,
    AssignFaces,
    BeginUpload,
    Create,
    CreateLink,
    CreateToken,
    DatePictures,
    DecideFaces,
    DecideTag,
    DeletePictures,
    DrawFace,
    DropOnProject,
    Edit,
    EditQuery,
    EditSet,
    EditSnapshot,
    EmptyScrapheap,
    Faces,
    FetchWeights,
    Grant,
    HideAndBlur,
    ImportFrom,
    ImportPaths,
    MakeBackup,
    MakeExport,
    MergeCharacters,
    NotDuplicates,
    PreviewEmpty,
    PreviewSteps,
    Publish,
    Reader,
    ReferFaces,
    RehearseEngine,
    RejectFaces,
    ResolveDuplicates,
    Resource,
    RestorePictures,
    RestoreResources,
    RestoreSnapshot,
    RunEngine,
    SaveQuery,
    Scope,
    ScorePictures,
    Selection,
    SetEngine,
    SetSnapshots,
    StackByRule,
    StackPictures,
    TakeFromProject,
    TakeSnapshot,
    TrainEngine,
    TurnPictures,
)

COUNT, SEEN = 40, (3, 17, 31)


class House:
    """A library of 40 pictures, three of them in scope. Only picture 5 has a fact called `secret`."""

    def __init__(self, library: Library) -> None:
        self.library = library
        readings = []
        for n in range(COUNT):
            facts = [Fact("Generation", "model", "Model", f"model-{n % 4}"), Fact("Note", "seen", "Seen", "yes")]
            if n == 5:
                facts.append(Fact("Note", "secret", "Secret", "hidden"))
            given = {"facts": tuple(facts), "prompt": f"river stone{n}", "payloads": {"workflow": f"graph {n}"}}
            readings.append(invented(n, **given))
        self.ids = add(library, *readings)
        library.thumbnails.put([(one.sha256, b"still") for one in readings])
        library.score(OWNER, ScorePictures(ids=self.ids[::3], score=4))
        library.delete(OWNER, DeletePictures(ids=[self.ids[17], self.ids[18]]))
        self.scope = frozenset(self.ids[n] for n in SEEN)
        self.reader = Reader("token:scoped", "read", Scope(self.scope))
        self.writer = Reader("token:scoped", "write", Scope(self.scope))
        self.live = sorted(self.scope - {self.ids[17]})
        self.outside = self.ids[5]


@pytest.fixture(scope="module")
def house(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that leave it as it is."""
    with Library.open(copytree(blank, tmp_path_factory.mktemp("scope") / "library"), work=False) as library:
        yield House(library)


def ids_of(house: House, reader: Reader, text: str, sort: str | None = None) -> list[int]:
    """What a view holds, by its blocks."""
    header = house.library.view(reader, text, sort).header
    if header.count == 0:
        return []
    block = house.library.block(reader, header.view, 0)
    assert len(block) == header.count * 8
    return list(memoryview(block[: header.count * 4]).cast("I"))


# -- every method ------------------------------------------------------------------------------------------------------

#: What a scoped reader must not be given at all.
WHOLE: dict[str, tuple[Any, ...]] = {
    "history": (),
    "tagging": (),
    "jobs": (),
    "job": (1,),
    "plugin_list": (),
    "check": (),
    "purge": (Selection(ids=[1]),),
    "undo": (),
    "redo": (),
    "upload": ("name.png", Path("nowhere")),
    "try_engine": ("name.png", Path("nowhere")),
    "import_paths": (ImportPaths(["/"]),),
    "import_from": (ImportFrom("source"),),
    "add_store": ("folder", "name", {"path": "/"}),
    "scan": (1,),
    "cancel_job": (1,),
    "pause_job": (1,),
    "hold_job": (1,),
    "resume_job": (1,),
    "create_token": (CreateToken(),),
    "tokens": (),
    "revoke_token": (1,),
    "sessions": (),
    "end_session": (1,),
    "end_sessions": (),
    "reset_owner": (),
    "veil": (),
    "set_veil": (HideAndBlur(),),
    "create_set": (Create(name="x"),),
    "edit_set": (1, EditSet(name="x")),
    "delete_set": (1,),
    "add_to_set": (1, Selection(ids=[1])),
    "take_from_set": (1, Selection(ids=[1])),
    "arrange_set": (1, ArrangeSet(ids=[1])),
    "create_character": (Create(name="x"),),
    "edit_character": (1, Edit(name="x")),
    "delete_character": (1,),
    "add_to_character": (1, Selection(ids=[1])),
    "take_from_character": (1, Selection(ids=[1])),
    "create_project": (Create(name="x"),),
    "edit_project": (1, Edit(name="x")),
    "delete_project": (1,),
    "add_to_project": (1, Selection(ids=[1])),
    "drop_on_project": (1, DropOnProject(sets=[1])),
    "take_from_project": (1, TakeFromProject(sets=[1])),
    "add_link": (1, AddLink("https://example.org")),
    "remove_link": (1, 1),
    "save_query": (SaveQuery("x", "y"),),
    "edit_query": (1, EditQuery(name="x")),
    "delete_query": (1,),
    "stack": (StackPictures(ids=[1, 2]),),
    "unstack": (Selection(ids=[1]),),
    "take_from_stack": (Selection(ids=[1]),),
    "arrange_stack": (1, ArrangeStack([1])),
    "preview_stacks": (StackByRule(rule="raw"),),
    "stack_by_rule": (StackByRule(rule="raw"),),
    "turn": (TurnPictures(ids=[1], quarters=1),),
    "date": (DatePictures(ids=[1], shift=1),),
    "duplicates": (),
    "preview_duplicates": (ResolveDuplicates(),),
    "resolve_duplicates": (ResolveDuplicates(),),
    "not_duplicates": (NotDuplicates([1, 2]),),
    "preview_empty": (PreviewEmpty(),),
    "empty_scrapheap": (EmptyScrapheap("x"),),
    "begin_upload": (BeginUpload("a.png", 1),),
    "upload_piece": ("x", 0),
    "upload_files": ([],),
    "upload_batch": ("x",),
    "uploads": (),
    "find_upload": ("x",),
    "uploaded_files": ("x",),
    "cancel_upload": ("x",),
    "snapshots": (),
    "snapshot": (1,),
    "snapshot_status": (),
    "set_snapshots": (SetSnapshots(False),),
    "take_snapshot": (TakeSnapshot(),),
    "edit_snapshot": (1, EditSnapshot("x")),
    "delete_snapshot": (1,),
    "verify_snapshot": (1,),
    "verify_snapshots": (),
    "export_snapshot": (1, Path("nowhere")),
    "open_snapshot": (1,),
    "export": (MakeExport(path="/nowhere"),),
    "backup": (MakeBackup("/nowhere"),),
    "diff_snapshot": (1,),
    "picture_history": (1,),
    "preview_restore": (1,),
    "preview_resources": (1, RestoreResources([Resource("picture", 1)])),
    "restore_snapshot": (1, RestoreSnapshot()),
    "restore_resources": (1, RestoreResources([Resource("picture", 1)])),
    "engines": (),
    "engine": ("sharpness",),
    "run_engine": (RunEngine(engine="sharpness"),),
    "set_engine": (SetEngine(engine="sharpness"),),
    "revert_job": (1,),
    "retry_job": (1,),
    "publish": (Publish(scope=Grant(pictures=[1])),),
    "preview_steps": (PreviewSteps(1, []),),
    "publications": (),
    "links": (),
    "create_link": (CreateLink(scope=Grant(pictures=[1])),),
    **dict.fromkeys(("replace_link", "revoke_link", "visit_link", "link_gained", "link_scores", "guest_scores"), (1,)),
    "accept_scores": (1, AcceptScores()),
    "unpublish": (1,),
    "job_errors": (1,),
    "allow_host": (AllowHost("sharpness", "a"),),
    "rehearsal": (1,),
    "rehearse_engine": (RehearseEngine(engine="sharpness"),),
    "uninstalled_engines": (),
    "fetch_weights": (FetchWeights("sharpness"),),
    "train_engine": (TrainEngine("smart-score"),),
    "trained_engine": ("smart-score",),
    "suggest_character": (1,),
    "face_clusters": (),
    "assign_faces": (AssignFaces(faces=[1], name="x"),),
    "reject_faces": (RejectFaces(faces=[1], character=1),),
    "forget_faces": (Faces(faces=[1]),),
    "refer_faces": (ReferFaces(faces=[1]),),
    "draw_face": (DrawFace(picture=1, box=(0, 0, 1, 1), name="x"),),
    "merge_characters": (MergeCharacters([1], 2),),
    "review_tags": (),
    "review_tag": ("x",),
    "decide_tag": (DecideTag(tag="x", yes=[1]),),
    "review_characters": (),
    "review_faces": (),
    "decide_faces": (DecideFaces(character=1, yes=Faces(faces=[1])),),
    **SERVER,
}
#: What the tests below ask within the scope.
WITHIN = set(
    "info view block details pictures find count statistics suggest picture payload thumbnail original score delete"
    " picture_text text_lengths"
    " restore".split()
)
#: What looks alike: `test_likeness.py` asks with a scope.
ALIKE = {"similar", "hold", "why", "alike", "gauge", "liked"}
#: What tells of people and what is to be reviewed: `test_people.py` and `test_review.py` ask with a scope.
PEOPLED = {"picture_faces", "character_faces"}
#: What tells of sets, characters and projects: `test_projects.py` and `test_stacks.py` ask all of it with a scope.
GROUPED = set(
    "sidebar icons sets find_set set_members characters find_character character_members projects find_project"
    " project_members queries picture_stack".split()
)
#: What tells of tags and captions, and says them: their own tests ask with a scope.
TAGGED = set(
    "tags tag picture_tags complete_tags add_tags remove_tags accept_tags reject_tags rename_tag merge_tags alias_tags"
    " categorise_tags imply_tags never_tags import_tags set_tagging caption set_caption preview_captions edit_captions"
    " lint_captions tag_confidences".split()
)
#: What downloads and exports contain: `test_exports_scope.py` asks with a scope.
EXPORTED = {"prepare_download", "download", "preview_export"}


def test_every_method_is_looked_at() -> None:
    assert set(every()) == set(WHOLE) | WITHIN | ALIKE | PEOPLED | GROUPED | TAGGED | EXPORTED


def test_every_method_takes_the_reader_first() -> None:
    for name in set(WHOLE) | WITHIN | ALIKE | PEOPLED | GROUPED | TAGGED:
        assert list(inspect.signature(every()[name].function).parameters)[1] == "reader", name


@pytest.mark.parametrize("name", WHOLE)
def test_what_concerns_the_whole_library_is_forbidden(house: House, name: str) -> None:
    for right in ("read", "write", "owner"):
        reader = Reader("token:scoped", right, Scope(house.scope))  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            getattr(house.library, name)(reader, *WHOLE[name])


@pytest.mark.parametrize("name", ["score", "delete", "restore"])
def test_reading_is_not_writing(house: House, name: str) -> None:
    asks = {
        "score": ScorePictures(ids=[1], score=1),
        "delete": DeletePictures(ids=[1]),
        "restore": RestorePictures(ids=[1]),
    }
    with pytest.raises(Forbidden):
        getattr(house.library, name)(house.reader, asks[name])


def test_info(house: House) -> None:
    info = house.library.info(house.reader)
    assert (info.pictures, info.scrapheap, info.stores, info.running) == (2, 1, [], [])


def test_one_picture(house: House) -> None:
    library, inside, outside = house.library, house.live[0], house.outside
    detail = library.picture(house.reader, inside)
    assert detail.id == inside and detail.locations == [] and library.picture(OWNER, inside).locations != []
    assert library.payload(house.reader, inside, "workflow") == "graph 3"
    assert library.thumbnail(house.reader, inside) == b"still"
    calls: list[Callable[[int], object]] = [
        lambda id: library.picture(house.reader, id),
        lambda id: library.payload(house.reader, id, "workflow"),
        lambda id: library.thumbnail(house.reader, id),
        lambda id: library.original(house.reader, id),
        lambda id: library.picture_text(house.reader, id),
    ]
    for call in calls:
        said = set()
        for id in (outside, 999_999, 0, -1):
            with pytest.raises(NotFound) as caught:
                call(id)
            said.add(str(caught.value))
        assert len(said) == 1  # absent and not visible are never told apart


def test_a_predecessor_outside_is_not_named(library: Library) -> None:
    house = House(library)
    new = house.live[0]
    library.derive(
        lambda write: write.execute("update picture set predecessor_id = ? where id = ?", (house.outside, new))
    )
    assert library.picture(OWNER, new).predecessor == house.outside
    assert library.picture(house.reader, new).predecessor is None


def test_views_pages_and_counts(house: House) -> None:
    library, reader = house.library, house.reader
    assert sorted(ids_of(house, reader, "")) == house.live
    assert ids_of(house, reader, "is:scrapheap") == [house.ids[17]]
    assert sorted(one.id for one in library.pictures(reader)) == house.live
    assert sorted(library.find(reader).ids) == house.live and library.count(reader).total == len(house.live)
    header = library.view(reader).header
    assert header.count == 2 and len(library.view(reader).aspects) == 2
    assert sorted(row.id for row in library.details(reader, header.view, 0).rows) == house.live
    assert library.view(reader, at=house.outside).header.at_index is None
    labels = {one.created.strftime("%Y-%m") for one in library.pictures(reader)}
    assert {section.label for section in header.sections} == labels


def test_an_unknown_fact_and_a_hidden_one_are_the_same(house: House) -> None:
    assert house.library.pictures(OWNER, q="secret:hidden")[0].id == house.outside
    for text in ("secret:hidden", "nosuch:hidden"):
        with pytest.raises(QueryError) as caught:
            house.library.view(house.reader, text)
        assert str(caught.value).replace("nosuch", "secret").startswith("expected a known name instead of 'secret'")
    assert len(house.library.pictures(house.reader, q="seen:yes")) == 2


def test_another_scopes_view_is_refused(house: House) -> None:
    library = house.library
    whole, own = library.view(OWNER).header.view, library.view(house.reader).header.view
    other = Reader("token:other", "write", Scope(frozenset(house.ids[:2])))
    assert whole != own
    for reader, view in ((house.reader, whole), (other, own), (other, whole), (OWNER, own)):
        with pytest.raises(ViewGone):
            library.block(reader, view, 0)
        with pytest.raises(ViewGone):
            library.details(reader, view, 0)
    for view in (whole, own):
        with pytest.raises(ViewGone):
            library.score(other, ScorePictures(view=view, ranges=[(0, 1)], score=1))


def test_the_same_scope_shares_its_views(house: House) -> None:
    again = Reader("token:another", "read", Scope(frozenset(list(house.scope))))
    assert house.library.view(again).header.view == house.library.view(house.reader).header.view


def test_no_pictures_at_all(house: House) -> None:
    nobody = Reader("token:empty", "write", Scope(frozenset()))
    assert ids_of(house, nobody, "") == [] == house.library.pictures(nobody)
    assert house.library.info(nobody).pictures == 0 == house.library.info(nobody).scrapheap
    with pytest.raises(NotFound, match="There is no picture"):
        house.library.score(nobody, ScorePictures(ids=house.ids, score=1))


def test_writes_stay_within(library: Library) -> None:
    house = House(library)
    before = truth(library)
    for outside in (house.ids, [max(house.ids) + 1]):  # foreign and absent: they cannot tell one from the other
        for ask in (ScorePictures(ids=outside, score=2), DeletePictures(ids=outside), RestorePictures(ids=outside)):
            verb = getattr(library, type(ask).__name__.removesuffix("Pictures").lower())
            with pytest.raises(NotFound, match=r"There is no picture \d+\. Nothing was changed\."):
                verb(house.writer, ask)
    assert truth(library) == before
    assert library.score(house.writer, ScorePictures(ids=house.live, score=2)).changed == len(house.live)
    scores = dict(library.db.read("select picture_id, score from score"))
    assert scores == dict(before["score"]) | dict.fromkeys(house.live, 2)
    thrown = library.info(OWNER).scrapheap
    assert library.delete(house.writer, DeletePictures(ids=sorted(house.scope))).changed == len(house.live)
    assert library.info(OWNER).scrapheap == thrown + len(house.live)
    assert library.restore(house.writer, RestorePictures(ids=sorted(house.scope))).changed == len(house.scope)
    view = library.view(house.writer).header
    assert library.score(house.writer, ScorePictures(view=view.view, ranges=[(0, view.count)], score=5)).changed == 3


def test_a_bulk_selection_is_cut_to_the_scope(house: House) -> None:
    """Ids and ranges of a view alike: what is outside is left out before any action sees it."""
    views, every = house.library.views, sorted({*house.ids, *house.scope})
    assert views.select(house.writer, Selection(ids=every)) == sorted(house.scope)
    assert views.select(OWNER, Selection(ids=every)) == every
    header = house.library.view(house.writer).header
    selected = views.select(house.writer, Selection(view=header.view, ranges=[(0, header.count)]))
    assert selected == sorted(house.live)
    whole = house.library.view(OWNER).header
    with pytest.raises(ViewGone):
        views.select(house.writer, Selection(view=whole.view, ranges=[(0, whole.count)]))


def test_a_view_made_before_a_picture_left_the_scope(library: Library) -> None:
    """A scope is part of the key: a narrower one cannot use what a wider one was given."""
    house = House(library)
    view = library.view(house.reader).header.view
    narrower = Reader("token:scoped", "read", Scope(frozenset(house.live[:1])))
    with pytest.raises(ViewGone):
        library.block(narrower, view, 0)


# -- any query ---------------------------------------------------------------------------------------------------------

ASKS = st.one_of(
    st.builds("{}model:model-{}".format, st.sampled_from(["", "-"]), st.integers(0, 4)),
    st.builds("{}score:{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(["", ">=", "<"]), st.integers(0, 5)),
    st.builds("{}stone{}".format, st.sampled_from(["", "-"]), st.integers(0, COUNT)),
    st.builds("created:{}2023-{:02}".format, st.sampled_from(["", ">=", "<"]), st.integers(1, 12)),
    st.sampled_from(["river", "-river", "is:scrapheap", "seen:yes", "-seen:no", "name:1", "kind:image", "size:>1010"]),
)


TREES = st.recursive(
    ASKS.filter(lambda text: not text.startswith("-")),
    lambda inner: st.one_of(st.builds("({} OR {})".format, inner, inner), st.builds("-({} {})".format, inner, inner)),
    max_leaves=6,
)


def test_scope_and_anything_is_within_the_scope(house: House) -> None:
    @given(
        st.lists(st.one_of(ASKS, TREES), max_size=4).map(" ".join),
        st.sampled_from([one for one in SORTS if one not in (BY_HAND, "likeness", "outlier", "-outlier")]),
    )
    @settings(max_examples=120, deadline=None, database=None)
    def holds(text: str, sort: str) -> None:
        library, reader = house.library, house.reader
        expected = [id for id in ids_of(house, OWNER, text, sort) if id in house.scope]
        if sort == "relevance":  # how rare a word is in the whole library is nobody else's business
            assert sorted(ids_of(house, reader, text, sort)) == sorted(expected)
            expected = ids_of(house, reader, text, sort)
        assert ids_of(house, reader, text, sort) == expected
        assert library.find(reader, text, sort).ids == expected
        assert library.count(reader, text).total == len(expected)
        assert [one.id for one in library.pictures(reader, q=text, sort=sort)] == expected
        header = library.view(reader, text, sort).header
        assert [row.id for row in library.details(reader, header.view, 0).rows] == expected
        whole = Selection(view=header.view, ranges=[(0, header.count)])
        assert library.views.select(reader, whole) == sorted(expected)
        assert header.count == len(expected) == len(library.view(reader, text, sort).aspects)

    holds()


def test_hostile_texts_stay_within(house: House) -> None:
    """Whatever is typed is bound or refused: no `or` reaches beyond the parentheses."""
    for text in (
        '") or 1=1 --',
        "name:x') or (1=1",
        "a OR b",
        "seen:' or '1'='1",
        "score:1) or (1",
        'name:"%"',
        "-name:zz",
    ):
        try:
            assert set(ids_of(house, house.reader, text)) <= house.scope
        except PixlStashError as error:
            assert isinstance(error, QueryError)
