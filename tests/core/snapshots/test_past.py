"""The library as of a snapshot: it answers what it would have answered then, for ever, and nothing in it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.database.test_connections import is_open, opened
from core.imports.test_intake import paint
from core.snapshots.test_restores import organize, take, with_older
from libraries import add, fill, invented, truth

from pixlstash_core.api import every
from pixlstash_core.errors import Conflict, Forbidden, NotFound, NotThere, PixlStashError, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.session import Session
from pixlstash_core.snapshots import as_of as past
from pixlstash_core.snapshots import packs
from pixlstash_core.types import (
    OWNER,
    AddTags,
    DeletePictures,
    EditSet,
    HideAndBlur,
    ImportPaths,
    Reader,
    RestoreSnapshot,
    Scope,
    ScorePictures,
    Selection,
    SetCaption,
)

QUERIES = (
    "",
    "score:>=1",
    "river",
    "tag:river",
    "is:scrapheap",
    "set:Best",
    "caption:river",
    "sort:name",
    "-tag:river",
)


def looked(library: Any) -> dict[str, Any]:
    """What can be seen of a library, but for what names the epoch."""
    ids = library.find(OWNER).ids + library.find(OWNER, "is:scrapheap").ids
    found: dict[str, Any] = {text: library.find(OWNER, text).ids for text in QUERIES}
    for text in QUERIES:
        answer = library.view(OWNER, text)
        found[f"view {text}"] = (answer.header.count, answer.aspects, answer.block, answer.header.sections)
        if answer.header.count:
            found[f"details {text}"] = library.details(OWNER, answer.header.view, 0)
        found[f"statistics {text}"] = library.statistics(OWNER, text)
    found["pictures"] = [library.picture(OWNER, id) for id in ids]
    found["tags"] = [library.picture_tags(OWNER, id) for id in ids]
    found["captions"] = [library.caption(OWNER, id) for id in ids]
    found["stacks"] = [library.picture_stack(OWNER, id) for id in library.find(OWNER, "is:stacked").ids]
    bar = library.sidebar(OWNER)
    found["sidebar"] = [getattr(bar, name) for name in bar.__struct_fields__ if name != "waiting"]
    found["sets"] = [(one, library.set_members(OWNER, one.id)) for one in library.sets(OWNER)]
    found["vocabulary"] = library.tags(OWNER)
    found["suggest"] = library.suggest(OWNER, "tag:")
    return found


def disturb(library: Library, made: dict[str, Any]) -> None:
    ids = made["ids"]
    library.score(OWNER, ScorePictures(ids=ids[:9], score=1))
    library.add_tags(OWNER, AddTags(ids=ids[2:12], tags=["stone", "river"]))
    library.edit_set(OWNER, made["best"], EditSet(name="Worst"))
    library.delete_project(OWNER, made["trip"])
    library.set_caption(OWNER, SetCaption(ids=ids[:3], text="no water at all"))
    library.delete(OWNER, DeletePictures(ids=ids[4:6]))
    add(library, *(invented(n) for n in range(90, 95)))


def test_it_answers_what_it_answered_then(library: Library) -> None:
    made = organize(library)
    before = looked(library)
    id = take(library)
    disturb(library, made)
    now, state = looked(library), truth(library)
    assert now != before
    with library.as_of(OWNER, id) as then:
        assert looked(then) == before
        assert then.info(OWNER).pictures == then.sidebar(OWNER).pictures == 18 and then.info(OWNER).read_only
    assert looked(library) == now and truth(library) == state


def test_two_pasts_and_the_present_keep_apart(library: Library) -> None:
    """No view of one is a view of another, and no key is the same, although all is the same."""
    organize(library)
    first, second = take(library), take(library)
    with library.as_of(OWNER, first) as one, library.as_of(OWNER, second) as two:
        views = [each.view(OWNER).header for each in (library, one, two)]
        assert len({each.view for each in views}) == len({each.thumbnails for each in views}) == 3
        for each in (library, one, two):
            for header in views:
                if each.view(OWNER).header.view != header.view:
                    with pytest.raises(ViewGone):
                        each.block(OWNER, header.view, 0)


def test_nothing_in_it_can_be_changed(library: Library) -> None:
    """Whatever is not looking is refused with a sentence, by its name, before it looks at what it is given."""
    organize(library)
    id = take(library)
    state = truth(library)
    with library.as_of(OWNER, id) as then:
        for name in [name for name, row in every().items() if not row.past]:
            with pytest.raises(Conflict, match=f"as of snapshot {id}"):
                getattr(then, name)(OWNER)
    assert truth(library) == state


def test_it_is_the_owners_alone(library: Library) -> None:
    fill(library, 3)
    id = take(library)
    for reader in (
        Reader("token:x", "read"),
        Reader("token:x", "write"),
        Reader("token:x", "owner", Scope(frozenset([1]))),
    ):
        with pytest.raises(Forbidden), library.as_of(reader, id):
            pass


def test_no_such_snapshot_and_one_that_was_deleted(library: Library) -> None:
    fill(library, 3)
    id = take(library)
    with library.as_of(OWNER, id) as then:
        assert then.info(OWNER).pictures == 3
    library.delete_snapshot(OWNER, id)
    for wrong in (id, 99):
        with pytest.raises(NotFound), library.as_of(OWNER, wrong):
            pass


def test_packs_that_are_rewritten_are_found_again(library: Library) -> None:
    """Deleting another snapshot moves pages to other packs; the past goes on."""
    made = organize(library)
    first = take(library)
    disturb(library, made)
    second = take(library)
    with opened() as found:
        with library.as_of(OWNER, second) as then:
            before = looked(then)
            library.delete_snapshot(OWNER, first)
            with library.as_of(OWNER, second) as again:
                assert again is not then and looked(again) == before
            assert looked(then) == before, "whoever looked at it goes on"
        library.open_snapshots.close()
        assert [one.filename for one in found if is_open(one) and one.filename == str(then.db.path)] == []


def test_a_damaged_page_is_told(library: Library) -> None:
    fill(library, 30)
    id = take(library)
    shelf = library.restore_points.repository
    for name in packs.names(shelf.packs):
        path = packs.path_of(shelf.packs, name)
        body = bytearray(path.read_bytes())
        for at in range(200, packs.read_index(shelf.packs, name).frames[0], 97):
            body[at] ^= 0xFF
        path.chmod(0o600)
        path.write_bytes(body)
    with pytest.raises(PixlStashError, match="damaged"), library.as_of(OWNER, id) as then:
        looked(then)


def test_one_of_an_older_schema(library: Library) -> None:
    """It is brought to the present schema aside, with what is derived from it; one of a newer schema is refused."""
    ids = fill(library, 6)
    library.score(OWNER, ScorePictures(ids=ids[:3], score=4))
    before = [library.picture(OWNER, one) for one in ids]
    with with_older(library) as anew:
        anew.score(OWNER, ScorePictures(ids=ids, score=1))
        state = truth(anew)
        with anew.as_of(OWNER, 1) as then:
            assert [then.picture(OWNER, one) for one in ids] == before
            assert then.find(OWNER, "score:4", "created").total == 3 and then.sidebar(OWNER).pictures == 6
        assert truth(anew) == state
        with pytest.raises(Conflict, match="newer PixlStash"), anew.as_of(OWNER, 2):
            pass
        anew.open_snapshots.close()
        assert not list((anew.path / "snapshots" / "scratch").iterdir())


def test_few_are_kept_open(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(library, 3)
    taken = [take(library) for _ in range(past.MOST + 2)]
    for id in taken:
        with library.as_of(OWNER, id) as then:
            assert then.info(OWNER).pictures == 3
    assert set(library.open_snapshots._cached) == set(taken[-past.MOST :])
    library.open_snapshots.drop_idle()
    assert set(library.open_snapshots._cached) == set(taken[-past.MOST :])
    monkeypatch.setattr(past, "IDLE", -1.0)
    with library.as_of(OWNER, taken[-1]) as then:
        library.open_snapshots.drop_idle()  # not while somebody looks
        assert then.info(OWNER).pictures == 3
    library.open_snapshots.drop_idle()
    assert library.open_snapshots._cached == {}


def test_many_look_at_once(library: Library) -> None:
    made = organize(library)
    taken = [take(library)]
    for n in range(4):
        library.score(OWNER, ScorePictures(ids=made["ids"][:5], score=n + 1))
        taken.append(take(library))
    wrong: list[object] = []

    def look(turn: int) -> None:
        for n in range(10):
            at = (turn * 3 + n) % len(taken)
            try:
                with library.as_of(OWNER, taken[at]) as then:
                    scores = {then.picture(OWNER, one).score for one in made["ids"][:5]}
                if at and scores != {at}:
                    wrong.append((at, scores))
            except Exception as error:  # told below
                wrong.append(error)

    threads = [threading.Thread(target=look, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_hidden_now_is_hidden_then(library: Library) -> None:
    ids = fill(library, 6)
    library.score(OWNER, ScorePictures(ids=ids[:2], score=5))
    id = take(library)
    library.set_veil(OWNER, HideAndBlur("score:5", ""))
    with library.as_of(OWNER, id) as then:
        assert then.count(OWNER, veil=True).total == 4 and then.count(OWNER).total == 6
        assert then.veil(OWNER) == library.veil(OWNER)


def test_originals_and_stills_are_those_of_the_same_bytes(library: Library, tmp_path: Path) -> None:
    paths = [paint(tmp_path / f"{name}.png", shade) for shade, name in enumerate("ab")]
    body = paths[0].read_bytes()
    first, second = (library.upload(OWNER, path.name, path).id for path in paths)
    assert first and second
    id = take(library)
    library.delete(OWNER, DeletePictures(ids=[second]))
    library.purge(OWNER, Selection(ids=[second]))
    with library.as_of(OWNER, id) as then:
        with then.original(OWNER, first).open(0, None) as file:
            assert file.read() == body
        assert then.thumbnail(OWNER, first)[:4] == b"RIFF"
        assert then.picture(OWNER, second).name == "b.png"
        looks: list[Callable[..., object]] = [then.original, then.thumbnail]
        for look in looks:
            with pytest.raises(NotThere, match="no longer in the library"):
                look(OWNER, second)


def test_other_bytes_under_the_same_name_are_not_shown(open_library: Callable[..., Library], tmp_path: Path) -> None:
    """What a reference folder's file was then is not what lies there now."""
    file = paint(tmp_path / "pictures" / "a.png", 1)
    with open_library() as library:
        _index(library, file.parent)
        (old,) = library.find(OWNER).ids
        id = take(library)
        paint(file, 2)
        _index(library, file.parent)
        with library.as_of(OWNER, id) as then:
            assert then.find(OWNER).ids == [old]
            with pytest.raises(NotThere):
                then.original(OWNER, old).open(0, None)


def _index(library: Library, folder: Path) -> None:
    job = library.import_paths(OWNER, ImportPaths([str(folder)], True))
    limit = time.monotonic() + 20
    while library.job(OWNER, job.id).state not in ("done", "failed") and time.monotonic() < limit:
        time.sleep(0.02)
    assert library.job(OWNER, job.id).state == "done"


def test_the_past_outlives_a_restore(library: Library) -> None:
    made = organize(library)
    before = looked(library)
    id = take(library)
    disturb(library, made)
    with library.as_of(OWNER, id) as then:
        view = then.view(OWNER).header.view
        library.restore_snapshot(OWNER, id, RestoreSnapshot(allow_missing_files=True))
        assert then.block(OWNER, view, 0) and looked(then) == before
        with pytest.raises(ViewGone):
            library.block(OWNER, view, 0)


def test_bound_and_read_only(library: Library, tmp_path: Path) -> None:
    fill(library, 3)
    id = take(library)
    path = library.path
    library.close()
    with Library.open(path, read_only=True, work=False) as still:
        bound = Session(still)
        then = bound.as_of(id)
        assert then.count().total == 3 and len(then.block(then.view().header.view, 0)) == 24
        then.close()
        assert not list((path / "snapshots" / "scratch").iterdir())


def test_what_does_not_fit_in_memory_is_sorted(library: Library) -> None:
    """SQLite asks the same file system for its temporary files."""
    ids = fill(library, 60)
    id = take(library)
    sql = "select p.id from picture p, picture q, picture r order by r.name || p.name || q.name || hex(q.sha256) desc"
    with library.as_of(OWNER, id) as then, then.db.reading() as connection:
        connection.pragma("temp_store", "file")
        connection.pragma("cache_size", 10)
        rows = connection.execute(sql).fetchall()
    assert len(rows) == len(ids) ** 3 and rows == library.db.read(sql)
