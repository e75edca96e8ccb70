"""Links: their secrets, what they show, and that nothing that ended comes back."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import add, telling_jpeg

from pixlstash_core import OWNER
from pixlstash_core.backups.restore import restore
from pixlstash_core.database.hub import now
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, PixlStashError, TooMany, Unauthorised
from pixlstash_core.library import Library
from pixlstash_core.sharing import links
from pixlstash_core.sharing.link_keys import KEY_FILE, Link
from pixlstash_core.sharing.link_operations import pictures_of
from pixlstash_core.sharing.links import Links
from pixlstash_core.types import (
    AddTags,
    Create,
    CreateLink,
    CreateToken,
    DeletePictures,
    EmptyScrapheap,
    Grant,
    HideAndBlur,
    LinkInfo,
    MakeBackup,
    PreviewEmpty,
    Reader,
    RestorePictures,
    RestoreSnapshot,
    Selection,
    StepUse,
    TakeSnapshot,
)

pytestmark = pytest.mark.slow

SOON = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def ids(library: Library, tmp_path: Path) -> list[int]:
    return [add(library, telling_jpeg(tmp_path / f"p{n}.jpg", n)) for n in range(4)]


def create(library: Library, **ask: Any) -> LinkInfo:
    return library.create_link(OWNER, CreateLink(**ask))


def parts(info: LinkInfo) -> tuple[str, str]:
    """The public id and the secret of a link."""
    assert info.path is not None and info.path.startswith("/s/")
    public_id, _, secret = info.path.removeprefix("/s/").partition("#")
    return public_id, secret


def enter(library: Library, info: LinkInfo, password: str | None = None) -> tuple[Link, str]:
    return library.part(Links).enter(*parts(info), password, "192.0.2.1")


def shown(library: Library, info: LinkInfo) -> list[int]:
    return list(pictures_of(library, enter(library, info)[0]).values())


def test_a_link_shows_its_pictures_in_their_order(library: Library, ids: list[int]) -> None:
    chosen = [ids[2], ids[0]]
    info = create(library, scope=Grant(pictures=chosen), title=" Trip ")
    assert (info.title, info.live, info.pictures, info.left_out, info.visits) == ("Trip", False, 2, 0, 0)
    assert sorted(shown(library, info)) == sorted(chosen)
    [listed] = library.links(OWNER)
    assert (listed.visits, listed.path) == (1, info.path) and listed.last_visit is not None


def test_names_of_pictures_say_nothing_and_are_of_one_link_only(library: Library, ids: list[int]) -> None:
    one, other = (create(library, scope=Grant(pictures=ids)) for _ in range(2))
    names = [set(pictures_of(library, enter(library, info)[0])) for info in (one, other)]
    assert len(names[0]) == 4 and names[0].isdisjoint(names[1])
    replaced = library.replace_link(OWNER, one.id)
    assert names[0].isdisjoint(pictures_of(library, enter(library, replaced)[0]))


def test_sets_are_live_and_queries_frozen_unless_said_otherwise(library: Library, ids: list[int]) -> None:
    trip = library.create_set(OWNER, Create(name="Trip")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids[:1]))
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["sea"]))
    live, frozen = create(library, scope=Grant(sets=[trip])), create(library, scope=Grant(query="tag:sea"))
    chosen = (
        create(library, scope=Grant(sets=[trip]), live=False),
        create(library, scope=Grant(query="tag:sea"), live=True),
    )
    assert [info.live for info in (live, frozen, *chosen)] == [True, False, False, True]
    library.add_to_set(OWNER, trip, Selection(ids=ids[1:2]))
    library.add_tags(OWNER, AddTags(ids=ids[1:2], tags=["sea"]))
    assert [len(shown(library, info)) for info in (live, frozen, *chosen)] == [2, 1, 1, 2]
    library.take_from_set(OWNER, trip, Selection(ids=ids[:1]))
    assert shown(library, live) == ids[1:2]
    library.delete_set(OWNER, trip)
    assert shown(library, live) == []


def test_a_live_link_lists_what_it_gained(library: Library, ids: list[int]) -> None:
    trip = library.create_set(OWNER, Create(name="Trip")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids[:2]))
    live, frozen = create(library, scope=Grant(sets=[trip])), create(library, scope=Grant(sets=[trip]), live=False)
    assert (live.gained, library.link_gained(OWNER, live.id)) == (0, [])
    library.take_from_set(OWNER, trip, Selection(ids=ids[:1]))
    library.add_to_set(OWNER, trip, Selection(ids=ids[2:]))
    assert [info.gained for info in library.links(OWNER)] == [2, 0]
    assert set(library.link_gained(OWNER, live.id)) == set(ids[2:]) and library.link_gained(OWNER, frozen.id) == []
    library.set_veil(OWNER, HideAndBlur(hide="name:p3"))
    assert library.link_gained(OWNER, live.id) == [ids[2]], "recipients do not see the other one"
    library.hub.write("update link set baseline = null")  # made by an earlier version
    assert [info.gained for info in library.links(OWNER)] == [0, 0]
    with pytest.raises(NotFound):
        library.link_gained(OWNER, 999)


def test_what_is_deleted_or_hidden_leaves_a_link(library: Library, ids: list[int]) -> None:
    info = create(library, scope=Grant(pictures=ids))
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.set_veil(OWNER, HideAndBlur(hide="name:p1", blur="name:p2"))
    assert shown(library, info) == ids[3:]
    assert [(listed.pictures, listed.left_out) for listed in library.links(OWNER)] == [(1, 2)]
    library.restore(OWNER, RestorePictures(ids=ids[:1]))
    library.set_veil(OWNER, HideAndBlur())
    assert set(shown(library, info)) == set(ids)
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.empty_scrapheap(OWNER, EmptyScrapheap(library.preview_empty(OWNER, PreviewEmpty()).token))
    assert set(shown(library, info)) == set(ids[1:])


def test_nothing_is_shown_while_what_is_hidden_cannot_be_determined(library: Library, ids: list[int]) -> None:
    info, whole = create(library, scope=Grant(pictures=ids)), create(library, scope=Grant(pictures=ids), hidden=True)
    from pixlstash_core.database import settings

    settings.set(library.writer, "veil.hide", "(")
    assert shown(library, info) == [] and len(shown(library, whole)) == 4
    assert [listed.pictures for listed in library.links(OWNER)] == [0, 4]


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_is_stored_and_the_key_is_private(library: Library, ids: list[int]) -> None:
    info = create(library, scope=Grant(pictures=ids), password="apple pie")
    _, secret = parts(info)
    _, cookie = enter(library, info, "apple pie")
    key = library.path / KEY_FILE
    assert len(key.read_bytes()) == 32 and key.stat().st_mode & 0o777 == 0o600
    stored = b"".join(path.read_bytes() for path in library.path.rglob("*") if path.is_file())
    assert secret.encode() not in stored and cookie.encode() not in stored and b"apple pie" not in stored
    assert len(secret) == 43 and len({parts(create(library, scope=Grant(pictures=ids)))[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43, "é" * 43, "\x00", "A" * 10_000, "secret of another"])
def test_every_wrong_secret_gets_the_same_answer(wrong: str, library: Library, ids: list[int]) -> None:
    info, other = create(library, scope=Grant(pictures=ids)), create(library, scope=Grant(pictures=ids))
    public_id, secret = parts(info)
    wrong = parts(other)[1] if wrong.startswith("secret") else wrong
    answers = set()
    for each, given in ((public_id, wrong), ("0" * 16, secret), ("nonsense'--", secret), ("", "")):
        with pytest.raises(NotFound) as caught:
            library.part(Links).enter(each, given, None, "")
        answers.add(str(caught.value))
    for cookie in (None, "", wrong, secret, enter(library, other)[1]):
        with pytest.raises(NotFound) as caught:
            library.part(Links).visit(public_id, cookie)
        answers.add(str(caught.value))
    assert len(answers) == 1


def test_revoking_and_replacing_end_cookies_and_secrets_at_once(library: Library, ids: list[int]) -> None:
    info = create(library, scope=Grant(pictures=ids))
    public_id, secret = parts(info)
    _, cookie = enter(library, info)
    assert library.part(Links).visit(public_id, cookie).id == info.id
    replaced = library.replace_link(OWNER, info.id)
    assert parts(replaced)[0] == public_id and parts(replaced)[1] != secret
    for attempt in (
        lambda: library.part(Links).visit(public_id, cookie),
        lambda: library.part(Links).enter(public_id, secret, None, ""),
    ):
        with pytest.raises(NotFound):
            attempt()
    _, cookie = enter(library, replaced)
    library.revoke_link(OWNER, info.id)
    with pytest.raises(NotFound):
        library.part(Links).visit(public_id, cookie)
    with pytest.raises(NotFound):
        enter(library, replaced)
    for act in (library.revoke_link, library.replace_link):
        with pytest.raises(NotFound):
            act(OWNER, info.id)


def test_a_password_is_asked_for_and_guessing_is_slowed_down(library: Library, ids: list[int]) -> None:
    first, second = (create(library, scope=Grant(pictures=ids), password="apple pie") for _ in range(2))
    for password in (None, "", "Apple pie", "x" * 2000):
        with pytest.raises(Unauthorised):
            enter(library, first, password)
    _, cookie = enter(library, first, "apple pie")
    with pytest.raises(NotFound):  # the same password opens no other link
        library.part(Links).visit(parts(second)[0], cookie)
    with pytest.raises(TooMany):
        for _ in range(12):
            try:
                enter(library, first, "wrong")
            except Unauthorised:
                continue
    enter(library, second, "apple pie")  # each link counts by itself
    with pytest.raises(Invalid):
        create(library, scope=Grant(pictures=ids), password="short")


def test_an_expired_link_ends_and_a_clock_set_back_does_not_revive_it(
    library: Library, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    info = create(library, scope=Grant(pictures=ids), expires=SOON)
    _, cookie = enter(library, info)
    monkeypatch.setattr(links, "now", lambda: now() + 2 * 86_400_000)
    [listed] = library.links(OWNER)
    assert (listed.expired, listed.path) == (True, None)
    for _ in range(2):
        with pytest.raises(NotFound):
            library.part(Links).visit(parts(info)[0], cookie)
        with pytest.raises(NotFound):
            enter(library, info)
        with pytest.raises(Invalid, match="expired"):
            library.replace_link(OWNER, info.id)
        monkeypatch.setattr(links, "now", now)


# -- who may, and what makes no sense ----------------------------------------------------------------------------------


def test_only_a_person_manages_links(library: Library, ids: list[int]) -> None:
    info = create(library, scope=Grant(pictures=ids))
    token = library.access.reader_of(library.create_token(OWNER, CreateToken("owner")).token)
    assert isinstance(token, Reader) and token.right == "owner"
    acts: list[Callable[[], object]] = [
        lambda: library.create_link(token, CreateLink(scope=Grant(pictures=ids))),
        lambda: library.links(token),
        lambda: library.replace_link(token, info.id),
        lambda: library.revoke_link(token, info.id),
        lambda: library.visit_link(token, info.id),
        lambda: library.link_gained(token, info.id),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_what_makes_no_sense_is_refused(library: Library, ids: list[int]) -> None:
    empty = library.create_set(OWNER, Create(name="Empty")).id
    bad: list[tuple[type[PixlStashError], dict[str, Any]]] = [
        (Invalid, {"scope": Grant()}),
        (NotFound, {"scope": Grant(pictures=[999_999])}),
        (NotFound, {"scope": Grant(sets=[999_999])}),
        (Invalid, {"scope": Grant(query="like:picture:1")}),
        (Conflict, {"scope": Grant(sets=[empty]), "live": False}),
        (Conflict, {"scope": Grant(query="name:nothing")}),
        (Invalid, {"scope": Grant(pictures=ids), "expires": datetime(2020, 1, 1, tzinfo=UTC)}),
        (Invalid, {"scope": Grant(pictures=ids), "steps": [StepUse("nonsense")]}),
        (Invalid, {"scope": Grant(pictures=ids), "steps": [StepUse("watermark", {"text": ""})]}),
    ]
    for error, ask in bad:
        with pytest.raises(error):
            create(library, **ask)
    assert library.links(OWNER) == []
    library.delete(OWNER, DeletePictures(ids=ids))
    with pytest.raises(NotFound):
        create(library, scope=Grant(pictures=ids))


# -- snapshots, backups, reopening -------------------------------------------------------------------------------------


def test_a_restore_revives_no_link(library: Library, ids: list[int]) -> None:
    kept, revoked = create(library, scope=Grant(pictures=ids)), create(library, scope=Grant(pictures=ids))
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    library.revoke_link(OWNER, revoked.id)
    library.restore_snapshot(OWNER, snapshot.id, RestoreSnapshot())
    with pytest.raises(NotFound):
        enter(library, revoked)
    assert len(shown(library, kept)) == 4


def test_links_survive_reopening(open_library: Callable[..., Library], tmp_path: Path) -> None:
    library = open_library()
    ids = [add(library, telling_jpeg(tmp_path / "a.jpg", 1))]
    info = create(library, scope=Grant(pictures=ids))
    _, cookie = enter(library, info)
    library.close()
    library = open_library(read_only=True)
    assert library.part(Links).visit(parts(info)[0], cookie).id == info.id and shown(library, info) == ids


def test_links_of_a_restored_backup_must_be_replaced(library: Library, ids: list[int], tmp_path: Path) -> None:
    """Also those that were revoked since the backup was made."""
    infos = [create(library, scope=Grant(pictures=ids)) for _ in range(2)]
    library.backup(OWNER, MakeBackup(str(tmp_path / "backup"), access=True))
    assert not list((tmp_path / "backup").rglob(KEY_FILE))
    library.revoke_link(OWNER, infos[1].id)
    restore(tmp_path / "backup", tmp_path / "restored", True, lambda done, total: None)
    with Library.open(tmp_path / "restored", work=False) as restored:
        assert [listed.path for listed in restored.links(OWNER)] == [None, None]
        for info in infos:
            with pytest.raises(NotFound):
                enter(restored, info)
        replaced = restored.replace_link(OWNER, infos[0].id)
        assert set(shown(restored, replaced)) == set(ids)
        assert restored.links(OWNER)[1].path is None
        with pytest.raises(NotFound):
            enter(restored, infos[0])


@pytest.mark.parametrize("body", [b"", b"short", bytes(33)])
def test_a_damaged_key_is_reported_and_opens_nothing(
    body: bytes, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    library = open_library()
    info = create(library, scope=Grant(pictures=[add(library, telling_jpeg(tmp_path / "a.jpg", 1))]))
    library.close()
    (library.path / KEY_FILE).write_bytes(body)
    library = open_library()
    with pytest.raises(PixlStashError, match="damaged"):
        enter(library, info)
    os.unlink(library.path / KEY_FILE)
    assert library.links(OWNER)[0].path is None
