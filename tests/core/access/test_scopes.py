"""What a token with a scope sees: what its grant contains now, and never more than that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.access import feature
from pixlstash_core.access.feature import DAY, HOUR, MINUTE
from pixlstash_core.database.hub import now
from pixlstash_core.errors import Forbidden, Invalid, NotFound, PixlStashError, Unauthorised
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddTags,
    Create,
    CreateToken,
    DeletePictures,
    DropOnProject,
    EditQuery,
    Grant,
    Reader,
    RestorePictures,
    RestoreSnapshot,
    SaveQuery,
    Selection,
    StackPictures,
    TakeSnapshot,
)

SOON = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def ids(library: Library) -> list[int]:
    """Eight pictures."""
    return add(library, *(invented(n, prompt=f"stone{n}") for n in range(8)))


def token(library: Library, right: str = "read", **grant: Any) -> str:
    ask = CreateToken(right, scope=Grant(**grant))  # type: ignore[arg-type]
    return library.create_token(OWNER, ask).token


def reader(library: Library, secret: str) -> Reader:
    caller = library.access.reader_of(secret)
    assert caller is not None
    return caller


def seen(library: Library, secret: str) -> set[int]:
    """What a token sees, as its scope says; what it finds must be within."""
    caller = reader(library, secret)
    assert caller.scope.ids is not None and set(library.find(caller).ids) <= caller.scope.ids
    return set(caller.scope.ids)


def test_pictures_groups_and_a_query_add_up(library: Library, ids: list[int]) -> None:
    trip = library.create_set(OWNER, Create(name="Trip")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids[1:3]))
    ann = library.create_character(OWNER, Create(name="Ann")).id
    library.add_to_character(OWNER, ann, Selection(ids=[ids[3]]))
    secret = token(library, pictures=[ids[0]], sets=[trip], characters=[ann], query="stone5")
    assert seen(library, secret) == {ids[0], ids[1], ids[2], ids[3], ids[5]}
    caller = reader(library, secret)
    assert caller.scope.groups == {("set", trip), ("character", ann)}
    assert [info.name for info in library.sets(caller)] == ["Trip"]


def test_a_project_is_its_pictures_and_groups_and_no_other(library: Library, ids: list[int]) -> None:
    inside, outside = (library.create_set(OWNER, Create(name=name)).id for name in ("Inside", "Outside"))
    library.add_to_set(OWNER, inside, Selection(ids=ids[:2]))
    library.add_to_set(OWNER, outside, Selection(ids=ids[1:4]))
    client, other = (library.create_project(OWNER, Create(name=name)).id for name in ("Client", "Other"))
    library.drop_on_project(OWNER, client, DropOnProject(sets=[inside]))
    library.drop_on_project(OWNER, other, DropOnProject(sets=[outside]))
    library.add_to_project(OWNER, client, Selection(ids=[ids[7]]))
    secret = token(library, projects=[client])
    assert seen(library, secret) == {ids[0], ids[1], ids[7]}
    caller = reader(library, secret)
    assert [info.name for info in library.projects(caller)] == ["Client"]
    assert [info.name for info in library.sets(caller)] == ["Inside"]
    for id in (outside, 999_999):
        with pytest.raises(NotFound):
            library.set_members(caller, id)


def test_what_changes_counts_at_the_next_request(library: Library, ids: list[int]) -> None:
    trip = library.create_set(OWNER, Create(name="Trip")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids[:2]))
    by_set, by_query = token(library, sets=[trip]), token(library, query="tag:sea")
    assert seen(library, by_set) == set(ids[:2]) and seen(library, by_query) == set()
    library.add_to_set(OWNER, trip, Selection(ids=[ids[4]]))
    library.take_from_set(OWNER, trip, Selection(ids=[ids[0]]))
    library.add_tags(OWNER, AddTags(ids=[ids[6]], tags=["sea"]))
    assert seen(library, by_set) == {ids[1], ids[4]} and seen(library, by_query) == {ids[6]}
    library.delete(OWNER, DeletePictures(ids=[ids[4], ids[6]]))
    assert seen(library, by_set) == {ids[1]} and seen(library, by_query) == set()
    library.restore(OWNER, RestorePictures(ids=[ids[4]]))
    assert seen(library, by_set) == {ids[1], ids[4]}
    library.delete_set(OWNER, trip)
    assert seen(library, by_set) == set() and reader(library, by_set).scope.groups == frozenset()


def test_the_scrapheap_is_in_no_scope(library: Library, ids: list[int]) -> None:
    secrets = [token(library, "write", pictures=ids[:2]), token(library, "write", query="stone0 OR is:scrapheap")]
    library.delete(OWNER, DeletePictures(ids=[ids[0]]))
    for secret in secrets:
        caller = reader(library, secret)
        assert ids[0] not in (caller.scope.ids or ())
        assert library.find(caller, "is:scrapheap").ids == []
        with pytest.raises(NotFound):
            library.picture(caller, ids[0])
        with pytest.raises(NotFound):
            library.restore(caller, RestorePictures(ids=[ids[0]]))


def test_a_stack_is_not_shared_beyond_what_the_query_finds(library: Library, ids: list[int]) -> None:
    library.stack(OWNER, StackPictures(ids=ids[:3]))
    assert seen(library, token(library, query="stone1 OR stone5")) == {ids[1], ids[5]}


def test_an_edited_saved_query_is_followed_and_a_deleted_one_is_nothing(library: Library, ids: list[int]) -> None:
    library.save_query(OWNER, SaveQuery("Mine", "stone1"))
    [saved] = library.queries(OWNER)
    secret = token(library, query="query:Mine")
    assert seen(library, secret) == {ids[1]}
    library.edit_query(OWNER, saved.id, EditQuery(text="stone2"))
    assert seen(library, secret) == {ids[2]}
    library.delete_query(OWNER, saved.id)
    assert seen(library, secret) == set()


def test_a_write_token_changes_only_what_it_sees(library: Library, ids: list[int]) -> None:
    writer = reader(library, token(library, "write", query="tag:mine OR stone0"))
    for some in ([ids[1]], ids[:2]):
        with pytest.raises(NotFound):
            library.add_tags(writer, AddTags(ids=some, tags=["mine"]))
    assert library.find(OWNER, "tag:mine").ids == []
    assert library.add_tags(writer, AddTags(ids=[ids[0]], tags=["mine"])).changed == 1
    acts: list[Callable[[], object]] = [
        lambda: library.add_to_set(writer, 1, Selection(ids=[ids[0]])),
        lambda: library.create_set(writer, Create(name="x")),
        lambda: library.undo(writer),
        lambda: library.create_token(writer, CreateToken()),
        lambda: library.tokens(writer),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


# -- what cannot be created --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        CreateToken("owner", scope=Grant(pictures=[1])),
        CreateToken(scope=Grant()),
        CreateToken(scope=Grant(query="  ")),
        CreateToken(scope=Grant(query="nosuchfield:")),
        CreateToken(scope=Grant(query="like:picture:1")),
        CreateToken(scope=Grant(pictures=[999_999])),
        CreateToken(scope=Grant(sets=[999_999])),
        CreateToken(scope=Grant(characters=[0])),
        CreateToken(scope=Grant(projects=[-1])),
        CreateToken(expires=datetime(2020, 1, 1, tzinfo=UTC)),
        CreateToken(expires=datetime(2090, 1, 1)),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(ask: CreateToken, library: Library, ids: list[int]) -> None:
    with pytest.raises((Invalid, NotFound)):
        library.create_token(OWNER, ask)
    assert library.tokens(OWNER) == []


def test_a_picture_in_the_scrapheap_cannot_be_named(library: Library, ids: list[int]) -> None:
    library.delete(OWNER, DeletePictures(ids=[ids[0]]))
    with pytest.raises(NotFound, match="outside the scrapheap"):
        token(library, pictures=ids)


@pytest.mark.parametrize("stored", ["", "null", "{", "[]", '{"everything":true}', '{"pictures":"all"}', '{"query":7}'])
def test_a_damaged_grant_is_no_pictures(stored: str, library: Library, ids: list[int]) -> None:
    secret = token(library, pictures=ids)
    library.hub.write("update token set scope = ?", (stored,))
    assert seen(library, secret) == set()
    assert library.tokens(OWNER)[0].scope == Grant()


def test_a_scoped_owner_token_in_the_database_is_invalid(library: Library, ids: list[int]) -> None:
    secret = token(library, pictures=ids)
    for right in ("owner", "everything", ""):
        library.hub.write("update token set rights = ?", (right,))
        assert library.access.reader_of(secret) is None
        with pytest.raises(Unauthorised):
            library.access.login(token=secret)


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the clock to so many milliseconds from now."""

    def turn(by: int) -> None:
        monkeypatch.setattr(feature, "now", lambda: now() + by)

    return turn


def test_a_token_expires_with_its_sessions(library: Library, ids: list[int], clock: Callable[[int], None]) -> None:
    created = library.create_token(OWNER, CreateToken(scope=Grant(pictures=ids), expires=SOON))
    session, caller = library.access.login(token=created.token)
    assert library.access.reader_of(session) == caller == library.access.reader_of(created.token)
    assert [info.expires for info in library.tokens(OWNER)] == [SOON] == [created.expires]
    clock(2 * DAY)
    assert library.tokens(OWNER) == []
    assert library.access.reader_of(session) is None
    assert library.access.reader_of(created.token) is None
    with pytest.raises(Unauthorised):
        library.access.login(token=created.token)


@pytest.mark.parametrize("use", ["token", "session"])
def test_a_clock_that_is_set_back_revives_nothing(use: str, library: Library, clock: Callable[[int], None]) -> None:
    created = library.create_token(OWNER, CreateToken(expires=SOON))
    session, _ = library.access.login(token=created.token)
    clock(2 * DAY)
    assert library.access.reader_of(created.token if use == "token" else session) is None
    clock(0)
    assert library.access.reader_of(created.token) is None
    assert library.access.reader_of(session) is None


def test_a_clock_long_ago_keeps_nobody_out(library: Library, clock: Callable[[int], None]) -> None:
    created = library.create_token(OWNER, CreateToken(expires=SOON))
    clock(-10 * 365 * DAY)
    assert library.access.reader_of(created.token) is not None


def test_the_last_use_is_of_this_minute(library: Library, clock: Callable[[int], None]) -> None:
    created = library.create_token(OWNER, CreateToken())
    library.access.reader_of(created.token)
    first = library.tokens(OWNER)[0].last_used
    clock(HOUR)
    library.access.reader_of(created.token)
    later = library.tokens(OWNER)[0].last_used
    assert first is not None and later is not None
    assert (later - first).total_seconds() * 1000 in (HOUR, HOUR + MINUTE)


# -- restoring, reopening ----------------------------------------------------------------------------------------------


def test_a_restore_revives_no_token_and_changes_no_grant(library: Library, ids: list[int]) -> None:
    kept, revoked = token(library, pictures=ids[:1]), library.create_token(OWNER, CreateToken())
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    library.revoke_token(OWNER, revoked.id)
    library.restore_snapshot(OWNER, snapshot.id, RestoreSnapshot())
    assert library.access.reader_of(revoked.token) is None
    assert seen(library, kept) == {ids[0]}


def test_scopes_survive_reopening(open_library: Callable[..., Library]) -> None:
    library = open_library()
    ids = add(library, *(invented(n) for n in range(3)))
    secret = token(library, pictures=ids[:1])
    library.close()
    assert seen(open_library(), secret) == {ids[0]}


def test_scopes_hold_in_a_library_opened_read_only(open_library: Callable[..., Library]) -> None:
    library = open_library()
    ids = add(library, *(invented(n) for n in range(3)))
    secret = token(library, "write", pictures=ids[:1])
    library.close()
    library = open_library(read_only=True)
    assert seen(library, secret) == {ids[0]}
    with pytest.raises(PixlStashError):
        library.add_tags(reader(library, secret), AddTags(ids=ids[:1], tags=["x"]))


def test_a_scope_is_resolved_once_until_something_changes(library: Library, ids: list[int]) -> None:
    secret = token(library, query="stone1")
    first = reader(library, secret).scope
    assert reader(library, secret).scope is first
    library.add_tags(OWNER, AddTags(ids=[ids[0]], tags=["x"]))
    assert reader(library, secret).scope is not first
