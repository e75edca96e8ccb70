"""Sets, characters, projects and saved queries over HTTP: what goes in, what comes out, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from web.asking import API, Peer, bearer
from web.conftest import COUNT, OWNER, Served
from web.test_events import stream

from pixlstash_core.collections.groups import ICONS
from pixlstash_core.errors import Conflict, Invalid, Locked, NotFound
from pixlstash_core.types import (
    AddLink,
    ArrangeSet,
    ArrangeStack,
    Create,
    DatePictures,
    DropOnProject,
    Edit,
    EditQuery,
    EditSet,
    EmptyScrapheap,
    NotDuplicates,
    PicturesChanged,
    PreviewEmpty,
    Reader,
    ResolveDuplicates,
    RestorePictures,
    RowsChanged,
    SaveQuery,
    Scope,
    ScorePictures,
    Selection,
    StackByRule,
    StackPictures,
    TakeFromProject,
    TurnPictures,
)
from pixlstash_web.event_streams import merge, render

#: Every route here that reads.
READS = {
    "/sidebar",
    "/duplicates",
    "/pictures/{id}/stack",
    "/icons",
    "/queries",
    *(f"/{nouns}{path}" for nouns in ("sets", "characters", "projects") for path in ("", "/{id}", "/{id}/members")),
}


class Desk:
    """Two sets, characters and projects of the same pictures, of which a scoped reader is to know the first ones."""

    def __init__(self, served: Served) -> None:
        self.served, client = served, served.client
        every = Selection(ids=list(range(1, COUNT)))
        self.ids: dict[str, list[int]] = {"set": [], "character": [], "project": []}
        for name in ("Shown", "Hidden"):
            one = client.create_set(Create(name=f"{name} set")).id
            client.add_to_set(one, every)
            who = client.create_character(Create(name=f"{name} character")).id
            client.add_to_character(who, every)
            project = client.create_project(Create(name=f"{name} project", note=f"{name} note")).id
            client.add_link(project, AddLink("https://example.org/hidden"))
            for noun, id in (("set", one), ("character", who), ("project", project)):
                self.ids[noun].append(id)
        for project in self.ids["project"]:
            ask = DropOnProject(sets=self.ids["set"], characters=self.ids["character"], add=True)
            client.drop_on_project(project, ask)
        client.save_query(SaveQuery("Hidden query", "canary5"))

    def scoped(self) -> Peer:
        groups = frozenset((noun, ids[0]) for noun, ids in self.ids.items())
        reader = Reader("share:test", "read", Scope(self.served.mine, groups))
        return bearer(self.served.url, self.served.library.access.lend(reader))


@pytest.fixture
def desk(served: Served) -> Desk:
    return Desk(served)


def test_the_client_gives_what_the_library_gives(desk: Desk) -> None:
    client, library = desk.served.client, desk.served.library
    reads: list[tuple[str, tuple[Any, ...]]] = [("sidebar", ()), ("icons", ()), ("queries", ())]
    for noun, ids in desk.ids.items():
        reads += [(f"{noun}s", ()), (f"find_{noun}", (ids[0],)), (f"{noun}_members", (ids[1],))]
    client.sidebar()
    library.follow_ups.catch_up()  # what waits for a decision is counted
    for name, given in reads:
        assert getattr(client, name)(*given) == getattr(library, name)(OWNER, *given), name
    assert client.icons() == list(ICONS)


def test_writes(desk: Desk) -> None:
    client = desk.served.client
    one, who, project = (desk.ids[noun][0] for noun in ("set", "character", "project"))
    assert client.edit_set(one, EditSet(name="Harbour", colour="#112233")).sentence == (
        "Set Shown set: name, colour changed"
    )
    found = client.find_set(one)
    assert (found.name, found.colour, found.icon) == ("Harbour", "#112233", None)
    assert client.edit_set(one, EditSet(colour=None)).changed == 1 and client.find_set(one).colour is None
    assert client.arrange_set(one, ArrangeSet(ids=[8], before=1)).changed == 1
    assert client.set_members(one).ids[0] == 8
    assert client.take_from_set(one, Selection(ids=[8])).sentence == "1 picture taken out of Harbour"
    assert client.take_from_character(who, Selection(ids=[8])).changed == 1
    assert client.edit_character(who, Edit(icon="cat")).changed == 1
    link = client.find_project(project).links[0]
    assert client.remove_link(project, link.id).changed == 1
    assert client.edit_project(project, Edit(note="x")).changed == 1
    assert client.add_to_project(project, Selection(ids=[1])).changed == 1
    assert client.take_from_project(project, TakeFromProject(pictures=[1], sets=[one])).undoable
    query = client.queries()[0]
    assert client.edit_query(query.id, EditQuery(name="y")).changed == 1
    for delete, id in (
        (client.delete_query, query.id),
        (client.delete_set, one),
        (client.delete_character, who),
        (client.delete_project, project),
    ):
        assert delete(id).undoable
        with pytest.raises(NotFound):
            delete(id)
        client.undo()


def test_errors_arrive(desk: Desk) -> None:
    client, one = desk.served.client, desk.ids["set"][0]
    with pytest.raises(Conflict, match="called Shown set already"):
        client.create_set(Create(name="SHOWN SET"))
    with pytest.raises(Invalid, match="#rrggbb"):
        client.edit_set(one, EditSet(colour="red"))
    client.edit_set(one, EditSet(locked=True))
    with pytest.raises(Locked, match="Shown set") as caught:
        client.score(ScorePictures(ids=[1], score=2))
    assert caught.value.more == {"set": "Shown set"} and caught.value.status == 423
    answer = desk.served.local.post(f"/sets/{one}/add", {"ids": [1]})
    assert answer.status == 423 and answer.json["set"] == "Shown set"
    for path, body in (("/sets", {}), ("/sets", {"name": 3}), (f"/sets/{one}/add", {"ids": ["x"]})):
        assert desk.served.local.post(path, body).status == 400
    assert desk.served.local.post("/sets/x/add", {"ids": [1]}).status == 400


def test_a_scoped_reader_learns_of_what_its_scope_names(desk: Desk) -> None:
    peer, mine = desk.scoped(), desk.served.mine
    paths = ["/sidebar", "/icons", "/queries"]
    for noun, (shown, hidden) in desk.ids.items():
        paths += [f"/{noun}s", f"/{noun}s/{shown}", f"/{noun}s/{shown}/members"]
        assert {one["id"] for one in peer.get(f"/{noun}s").json} == {shown}
        assert peer.get(f"/{noun}s/{shown}").json["pictures"] == 3
        assert set(peer.get(f"/{noun}s/{shown}/members").json["ids"]) == mine
        for path in ("", "/members"):
            foreign, absent = peer.get(f"/{noun}s/{hidden}{path}"), peer.get(f"/{noun}s/99999{path}")
            assert (foreign.status, foreign.body) == (absent.status, absent.body) and foreign.status == 404
    for path in paths:
        answer = peer.get(path)
        assert answer.status == 200 and b"idden" not in answer.body, path
    sidebar = peer.get("/sidebar").json
    assert (sidebar["pictures"], sidebar["scrapheap"], sidebar["folders"], sidebar["queries"]) == (3, 0, [], [])
    assert sidebar["projects"][0]["note"] == ""


def test_stacks_dates_and_turns(desk: Desk) -> None:
    client, library = desk.served.client, desk.served.library
    made = client.stack(StackPictures(ids=[1, 2, 5], leader=5))
    found = client.picture_stack(1)
    assert found == library.picture_stack(OWNER, 1) and (found.id, found.rule, found.ids[0]) == (made.id, "hand", 5)
    assert client.arrange_stack(made.id, ArrangeStack([2, 1, 5])).undoable
    scoped = desk.scoped()
    assert scoped.get("/pictures/1/stack").json["ids"] == [2, 1]
    foreign, absent = scoped.get("/pictures/5/stack"), scoped.get("/pictures/99999/stack")
    assert (foreign.status, foreign.body) == (absent.status, absent.body) and foreign.status == 404
    assert client.take_from_stack(Selection(ids=[5])).changed == 1
    assert client.unstack(Selection(ids=[1])).changed == 2
    assert client.preview_stacks(StackByRule(rule="seed")).stacks == 0
    assert client.stack_by_rule(StackByRule(rule="seed")).changed == 0
    assert desk.served.local.post("/stacks/preview", {"rule": "any"}).status == 400
    assert client.date(DatePictures(ids=[1], zone="+02:00")).changed == 1
    assert client.picture(1).created_in_file is not None
    plain = desk.served.local.get("/pictures/1/thumbnail")
    assert client.turn(TurnPictures(ids=[1], quarters=1)).changed == 1
    turned = desk.served.local.get("/pictures/1/thumbnail?turned=1")
    assert turned.body != plain.body and "immutable" in plain.headers["Cache-Control"]
    assert "immutable" not in turned.headers["Cache-Control"]
    assert desk.served.local.post("/pictures/turn", {"ids": [1], "quarters": 5}).status == 400


def test_duplicates_and_the_scrapheap(desk: Desk) -> None:
    client, library = desk.served.client, desk.served.library
    assert client.duplicates("older", 8) == library.duplicates(OWNER, "older", 8)
    assert desk.scoped().get("/duplicates").status == 403
    for query in ("rule=best", "distance=12", "distance=-1", "distance=x"):
        assert desk.served.local.get(f"/duplicates?{query}").status == 400
    chosen = ResolveDuplicates(groups=[[1, 2]])
    assert client.preview_duplicates(chosen).thrown == 1
    assert client.not_duplicates(NotDuplicates([3, 4])).changed == 2
    assert client.resolve_duplicates(chosen).changed == 1
    seen = client.preview_empty(PreviewEmpty())
    assert (seen.pictures, seen.files) == (2, 2)
    client.restore(RestorePictures(ids=[2]))
    with pytest.raises(Conflict, match="preview"):
        client.empty_scrapheap(EmptyScrapheap(seen.token))
    done = client.empty_scrapheap(EmptyScrapheap(client.preview_empty(PreviewEmpty()).token))
    assert (done.changed, done.undoable) == (1, False)
    assert library.info(OWNER).scrapheap == 0


def test_what_concerns_no_picture_is_told_to_those_who_see_all(served: Served) -> None:
    with stream(served.local) as events:
        events.next()
        revision = served.client.create_set(Create(name="Harbour")).revision
        told = events.until("rows_changed")
        assert told.id == revision
        assert told.data == {"type": "rows_changed", "revision": revision, "table": "picture_set", "count": 1}
    batch = merge(
        [
            RowsChanged(1, "picture_set", 1),
            PicturesChanged(2, 1, [7], ["score"]),
            RowsChanged(3, "picture_set", 2),
            RowsChanged(4, "project", 1),
        ]
    )
    assert batch.revision == 4 and batch.events == [
        PicturesChanged(2, 1, [7], ["score"]),
        RowsChanged(3, "picture_set", 3),
        RowsChanged(4, "project", 1),
    ]
    assert b"rows_changed" in render(batch, OWNER)
    assert b"rows" not in render(batch, Reader("share:x", "read", Scope(frozenset([7]))))
    assert render(merge([RowsChanged(1, "project", 1)]), Reader("share:x", "read", Scope(frozenset([7])))) == b""


def test_a_scope_that_names_nothing_is_told_nothing(desk: Desk) -> None:
    peer = desk.served.scoped("write")
    for nouns in ("sets", "characters", "projects"):
        assert peer.get(f"/{nouns}").json == []
    one = desk.ids["set"][0]
    assert peer.post(f"/sets/{one}/add", {"ids": [1]}).status == 403
    assert peer.ask("DELETE", f"{API}/sets/{one}").status == 403
