"""Stores and importers of plugins, as people add, scan and remove them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import depot_plugin
import pytest
from faults import sources
from libraries import finish

from pixlstash_core import OWNER, NotFound
from pixlstash_core.errors import Conflict, Invalid, Locked
from pixlstash_core.library import Library
from pixlstash_core.types import AddFolder, AddStore, Create, EditSet, ImportFrom, ImportPaths, Selection

SECRET = "s3cr3t-of-the-depot"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_library: Callable[..., Library]) -> Iterator[Library]:
    monkeypatch.setenv("DEPOT_TOKEN", SECRET)
    with depot_plugin.installed(tmp_path, monkeypatch):
        yield open_library()


@pytest.fixture
def goods(tmp_path: Path) -> Path:
    sources.paint(tmp_path / "goods", 4)
    return tmp_path / "goods"


def add(library: Library, folder: Path, name: str = "Goods", **more: object) -> int:
    return library.create_store(OWNER, AddStore("depot", name, {"folder": str(folder), **more})).id


def test_kinds_have_forms(library: Library) -> None:
    kinds = library.source_kinds(OWNER)
    assert [(kind.id, kind.label) for kind in kinds.stores] == [("depot", "A depot")]
    assert [(kind.id, kind.label) for kind in kinds.importers] == [("crates", "Crates of the depot")]
    form = kinds.stores[0].form
    assert form["required"] == ["folder"] and form["properties"]["most"] == {"type": "integer", "default": 1000}
    token = form["properties"]["token"]
    assert token["x-secret"] and token["pattern"].startswith("^(env:") and "writeOnly" not in token


def test_a_store_is_added_scanned_and_removed(library: Library, goods: Path) -> None:
    id = add(library, goods)
    job = finish(library, library.scan_store(OWNER, id))
    assert job.report is not None and (job.state, job.report.imported) == ("done", 4)
    [store] = library.store_list(OWNER)
    assert (store.name, store.state, store.problem, store.read_only) == ("Goods", "present", "", True)
    assert (store.pictures, store.missing, store.job) == (4, 0, None)
    assert store.settings == {"folder": str(goods), "order": "name", "most": 1000, "writable": False, "token": ""}
    assert library.count(OWNER, "folder:Goods").total == 4
    before = {path: path.read_bytes() for path in goods.rglob("*") if path.is_file()}
    first = next(iter(before))
    first.unlink()
    assert finish(library, library.scan_store(OWNER, id)).state == "done"
    assert library.store_list(OWNER)[0].missing == 1

    library.import_paths(OWNER, ImportPaths([str(next(path for path in before if path != first))]))
    finish(library, library.jobs(OWNER)[0])
    preview = library.preview_remove_store(OWNER, id)
    assert (preview.pictures, preview.only_here, preview.locked) == (3, 3, 0)
    assert preview.sentence == "3 pictures without another file move to the scrapheap. No file is deleted."
    done = library.remove_store(OWNER, id)
    assert done.sentence == "Removed store Goods; 3 pictures moved to the scrapheap"
    assert library.store_list(OWNER) == [] and library.info(OWNER).pictures == 1
    assert {path: path.read_bytes() for path in goods.rglob("*") if path.is_file()} == {
        path: data for path, data in before.items() if path != first
    }
    library.undo(OWNER)
    assert library.info(OWNER).pictures == 4 and library.store_list(OWNER)[0].pictures == 3
    library.remove_store(OWNER, id, keep=True)
    assert library.info(OWNER).pictures == 4


def test_locked_pictures_prevent_removal(library: Library, goods: Path) -> None:
    id = add(library, goods)
    finish(library, library.scan_store(OWNER, id))
    made = library.create_set(OWNER, Create(name="Held"))
    library.add_to_set(OWNER, made.id, Selection(ids=[library.pictures(OWNER)[0].id]))
    library.edit_set(OWNER, made.id, EditSet(locked=True))
    assert "1 picture in locked sets prevent it" in library.preview_remove_store(OWNER, id).sentence
    with pytest.raises(Locked):
        library.remove_store(OWNER, id)
    assert library.store_list(OWNER)[0].pictures == 4


def test_settings_are_checked_by_field(library: Library, goods: Path) -> None:
    for settings, said in (
        ({}, "required field `folder`"),
        ({"folder": 3}, r"Expected `str`, got `int` - at `\$.folder`"),
        ({"folder": "x", "fodler": "y"}, "unknown field `fodler`"),
        ({"folder": "x", "order": "size"}, r"at `\$.order`"),
        ({"folder": "x", "token": SECRET}, "token: write env:NAME"),
        ({"folder": "x", "token": "env:NOT_THERE"}, "token: the server has no environment variable NOT_THERE"),
        ({"folder": "x", "token": "file:/nowhere/at/all"}, "token: /nowhere/at/all cannot be read"),
        ({"folder": "x", "token": "file:/dev"}, "token: /dev"),
    ):
        with pytest.raises(Invalid, match=said) as raised:
            library.create_store(OWNER, AddStore("depot", "Goods", settings))  # type: ignore[arg-type]
        assert SECRET not in str(raised.value)
        with pytest.raises(Invalid, match=said):
            library.import_from(OWNER, ImportFrom("crates", settings))  # type: ignore[arg-type]
    for scheme in ("nothing", "file", "folder"):
        with pytest.raises(Invalid):
            library.create_store(OWNER, AddStore(scheme, "x", {"path": str(goods)}))
    with pytest.raises(Invalid, match="without /"):
        add(library, goods, "a/b")
    add(library, goods)
    with pytest.raises(Conflict, match="store Goods has these settings"):
        add(library, goods, "Other")
    with pytest.raises(Conflict, match="called goods"):
        add(library, goods, "goods", most=3)


def test_others_stores_are_no_stores_of_plugins(library: Library, goods: Path) -> None:
    folder = library.add_folder(OWNER, AddFolder(path=str(goods), watch=False))
    finish(library, library.scan_folder(OWNER, folder.id))
    assert library.store_list(OWNER) == []
    for id in (folder.id, library.stores.own()[0], 999):
        for use in (library.preview_remove_store, library.remove_store, library.scan_store):
            with pytest.raises(NotFound):
                use(OWNER, id)
    assert library.info(OWNER).pictures == 4


def test_a_secret_is_stored_and_shown_nowhere(library: Library, goods: Path, tmp_path: Path) -> None:
    id = add(library, goods, token="env:DEPOT_TOKEN")
    (goods / "CLOSED").touch()
    [store] = library.store_list(OWNER)
    assert (store.state, store.problem) == ("unreachable", "The depot refuses the token ….")
    assert store.settings["token"] == "env:DEPOT_TOKEN"
    job = finish(library, library.scan_store(OWNER, id))
    assert (job.state, job.error) == ("failed", "The depot refuses the token ….")
    (tmp_path / "token").write_text(f"{SECRET}\n")
    settings = {"folder": str(goods), "token": f"file:{tmp_path / 'token'}"}
    job = finish(library, library.import_from(OWNER, ImportFrom("crates", settings)))
    assert (job.state, job.error) == ("failed", "The depot refuses the token ….")
    (goods / "CLOSED").unlink()
    assert finish(library, library.import_from(OWNER, ImportFrom("crates", settings))).report.imported == 4  # type: ignore[union-attr]
    (tmp_path / "token").unlink()
    job = finish(library, library.import_from(OWNER, ImportFrom("crates", {"folder": str(goods)})))
    assert job.state == "done" and job.report is not None and job.report.duplicates == 4
    path = library.path
    library.close()
    for file in path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_variable_that_is_gone_makes_the_store_unreachable(
    library: Library, goods: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(library, goods, token="env:DEPOT_TOKEN")
    monkeypatch.delenv("DEPOT_TOKEN")
    library.stores.forget()
    [store] = library.store_list(OWNER)
    assert store.state == "unreachable" and "no environment variable DEPOT_TOKEN" in store.problem


def test_a_slow_store_holds_nobody_up(library: Library, goods: Path) -> None:
    add(library, goods)
    (goods / "SLOW").touch()
    begun = time.monotonic()
    assert library.store_list(OWNER)[0].problem == ""  # what it was when it last answered
    assert library.store_list(OWNER)[0].problem == "It does not answer."
    assert [store.state for store in library.info(OWNER).stores][0] == "present"
    assert time.monotonic() - begun < 6
    (goods / "SLOW").unlink()
    time.sleep(3)
    assert library.store_list(OWNER)[0].state == "present"
