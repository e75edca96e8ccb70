"""Galleries: what is in them, and that nothing of others is written over or deleted."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import CANARIES, add, demand_silent, telling_jpeg, telling_png
from libraries import until

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.plugins.contracts import Rendition, Shared, Sharer
from pixlstash_core.sharing.gallery import Gallery, GalleryParams
from pixlstash_core.testing import check_sharer
from pixlstash_core.types import (
    Create,
    CreateToken,
    DeletePictures,
    Grant,
    HideAndBlur,
    Job,
    Publish,
    Reader,
    Selection,
)

JPEG = b"\xff\xd8\xff\xe0 not really \xff\xd9"


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def some(count: int = 2) -> Iterator[Rendition]:
    for number in range(1, count + 1):
        yield Rendition(f"{number:04}.jpg", 10, 10, JPEG + bytes([number]), JPEG)


def published(library: Library, path: Path, **more: Any) -> Job:
    more.setdefault("scope", Grant(query="kind:image"))
    job = library.publish(OWNER, Publish(sharer="gallery", params={"path": str(path)}, **more))
    until(lambda: library.job(OWNER, job.id).state in ("done", "failed", "cancelled"))
    return library.job(OWNER, job.id)


def test_the_contract(tmp_path: Path) -> None:
    check_sharer(Gallery(), params={"path": str(tmp_path / "gallery")})
    check_sharer(Gallery(), params={"path": str(tmp_path / "gallery.zip")})
    assert list(tmp_path.iterdir()) == []


def test_a_sharer_that_keeps_to_nothing_is_found_out() -> None:
    class Careless(Sharer):
        id = "Care less"

    class Lossy(Sharer):
        id = "lossy"

        def share(self, title: str, renditions: Any, params: Any) -> Any:
            return None

        def revoke(self, state: str) -> None:
            raise ValueError("no")

    with pytest.raises(AssertionError, match="needs an `id`"):
        check_sharer(Careless(), params={})
    with pytest.raises(AssertionError, match="let the exception through"):
        check_sharer(Lossy(), params={})


@pytest.mark.parametrize("name", ["gallery", "gallery.zip"])
def test_a_gallery_tells_nothing_but_pixels(name: str, library: Library, tmp_path: Path) -> None:
    telling = [telling_jpeg(tmp_path / "canary-a.jpg", 1), telling_png(tmp_path / "canary-b.png", 2)]
    ids = [add(library, path) for path in telling]
    trip = library.create_set(OWNER, Create(name="canary set")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids))
    target = tmp_path / "out" / name
    target.parent.mkdir()
    job = published(library, target, scope=Grant(sets=[trip]), title="Our <trip> & more")
    assert job.state == "done", job
    if target.suffix == ".zip":
        with zipfile.ZipFile(target) as archive:
            files = {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert os.stat(target).st_mode & 0o077 == 0
    else:
        files = tree(target)
    pictures = {f"{folder}/000{n}.jpg" for folder in ("images", "previews") for n in (1, 2)}
    assert set(files) == {"index.html", "viewer.css", "viewer.js"} | pictures
    for path in pictures:
        demand_silent(files[path])
    page = files["index.html"].decode()
    assert "Our &lt;trip&gt; &amp; more" in page and "2 pictures" in page and "noindex" in page
    assert not re.search(r"https?://", page + files["viewer.js"].decode() + files["viewer.css"].decode())
    assert not [canary for canary in CANARIES if canary in files["index.html"]]
    [listed] = library.publications(OWNER)
    assert (listed.sharer, listed.where, listed.pictures, listed.left_out) == ("gallery", str(target), 2, 0)
    library.unpublish(OWNER, listed.id)
    assert not target.exists() and library.publications(OWNER) == []
    with pytest.raises(NotFound):
        library.unpublish(OWNER, listed.id)


def test_hidden_and_blurred_pictures_are_left_out_unless_asked_for(library: Library, tmp_path: Path) -> None:
    ids = [add(library, telling_jpeg(tmp_path / f"{name}.jpg", n)) for n, name in enumerate(("plain", "nude", "gore"))]
    library.set_veil(OWNER, HideAndBlur(hide="name:nude", blur="name:gore"))
    assert published(library, tmp_path / "a", scope=Grant(pictures=ids)).state == "done"
    assert published(library, tmp_path / "b", scope=Grant(pictures=ids), hidden=True).state == "done"
    assert [(info.pictures, info.left_out) for info in library.publications(OWNER)] == [(1, 2), (3, 0)]
    assert len(list((tmp_path / "a" / "images").iterdir())) == 1
    with pytest.raises(Conflict, match="hidden or blurred"):
        library.publish(OWNER, Publish(params={"path": "/x"}, scope=Grant(pictures=ids[1:])))


def test_what_makes_no_sense_is_refused_at_once(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    empty = library.create_set(OWNER, Create(name="Empty")).id
    gallery = {"params": {"path": str(tmp_path / "g")}}
    asks: list[tuple[type[PixlStashError], dict[str, Any]]] = [
        (Invalid, {"sharer": "nonsense", "scope": Grant(pictures=[id])}),
        (Invalid, {"params": {}, "scope": Grant(pictures=[id])}),
        (Invalid, {"params": {"path": "/a", "overwrite": True}, "scope": Grant(pictures=[id])}),
        (Invalid, {**gallery, "scope": Grant()}),
        (NotFound, {**gallery, "scope": Grant(pictures=[id + 1])}),
        (Conflict, {**gallery, "scope": Grant(sets=[empty])}),
    ]
    for error, ask in asks:
        with pytest.raises(error):
            library.publish(OWNER, Publish(**ask))
    library.delete(OWNER, DeletePictures(ids=[id]))
    with pytest.raises(NotFound):
        library.publish(OWNER, Publish(**gallery, scope=Grant(pictures=[id])))
    assert not (tmp_path / "g").exists()
    writer = library.access.reader_of(library.create_token(OWNER, CreateToken("write")).token)
    assert isinstance(writer, Reader)
    with pytest.raises(Forbidden):
        library.publish(writer, Publish(**gallery, scope=Grant(pictures=[1])))


# -- files of others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["file in it", "hidden file in it", "file", "link", "broken link", "zip"])
def test_nothing_is_written_beside_or_over_what_is_there(what: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    target = tmp_path / ("g.zip" if what == "zip" else "g")
    if what in ("file", "zip"):
        target.write_text("mine")
    elif what == "link":
        (empty := tmp_path / "empty").mkdir()
        target.symlink_to(empty)
    elif what == "broken link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        (target / (".hidden" if "hidden" in what else "index.html")).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(Conflict):
        Gallery().share("x", some(), GalleryParams(path=str(target)))
    assert tree(tmp_path) == before and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["g", "g.zip"])
@pytest.mark.parametrize("there", [True, False])
def test_a_failure_leaves_nothing_of_ours_and_all_of_others(name: str, there: bool, tmp_path: Path) -> None:
    target = tmp_path / name
    if there and name == "g":
        target.mkdir()

    def failing() -> Iterator[Rendition]:
        yield from some(2)
        if name == "g":
            (target / "images" / "foreign.txt").write_text("mine")
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        Gallery().share("x", failing(), GalleryParams(path=str(target)))
    assert tree(tmp_path) == ({"g/images/foreign.txt": b"mine"} if name == "g" else {})


def test_a_folder_replaced_by_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    target, victim = tmp_path / "g", tmp_path / "victim"
    victim.mkdir()

    def replacing() -> Iterator[Rendition]:
        yield from some(1)
        os.rename(target / "images", target / "moved")
        (target / "images").symlink_to(victim)
        yield Rendition("0002.jpg", 1, 1, JPEG, JPEG)

    with pytest.raises((PixlStashError, OSError)):
        Gallery().share("x", replacing(), GalleryParams(path=str(target)))
    assert list(victim.iterdir()) == []


def test_taking_back_deletes_only_what_is_unchanged(tmp_path: Path) -> None:
    target = tmp_path / "g"
    shared = Gallery().share("x", some(3), GalleryParams(path=str(target)))
    (target / "images" / "0001.jpg").write_bytes(b"mine now")
    (target / "notes.txt").write_text("mine")
    (target / "images" / "0002.jpg").unlink()
    (target / "images" / "0002.jpg").symlink_to(target / "notes.txt")
    with pytest.raises(Conflict, match="was changed"):
        Gallery().revoke(shared.state)
    assert tree(target)["images/0001.jpg"] == b"mine now" and tree(target)["notes.txt"] == b"mine"
    assert not (target / "index.html").exists() and not (target / "images" / "0003.jpg").exists()
    (target / "images" / "0001.jpg").unlink()
    (target / "images" / "0002.jpg").unlink()
    Gallery().revoke(shared.state)
    assert tree(target) == {"notes.txt": b"mine"}


def test_a_state_from_elsewhere_deletes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "victim.txt").write_text("mine")
    (tmp_path / "g").mkdir()
    for name in ("../victim.txt", "/etc/hostname", "a/../../victim.txt"):
        digest = hashlib.sha256(b"mine").hexdigest()
        state = json.dumps({"path": str(tmp_path / "g"), "files": {name: digest}})
        with suppress(PixlStashError):
            Gallery().revoke(state)
    assert (tmp_path / "victim.txt").read_text() == "mine"


def test_a_publication_whose_sharer_fails_stays_listed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(Sharer):
        id = "stubborn"

        def share(self, title: str, renditions: Any, params: Any) -> Shared:
            return Shared(f"{len(list(renditions))} sent")

        def revoke(self, state: str) -> None:
            raise RuntimeError("the other side does not answer")

    sharers = {"stubborn": Stubborn()}
    monkeypatch.setattr(library.plugins, "sharers", lambda: sharers)
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    job = library.publish(OWNER, Publish(sharer="stubborn", scope=Grant(pictures=[id])))
    until(lambda: library.job(OWNER, job.id).state == "done")
    [listed] = library.publications(OWNER)
    assert listed.where == "1 sent"
    with pytest.raises(PixlStashError, match="does not answer"):
        library.unpublish(OWNER, listed.id)
    sharers.clear()
    with pytest.raises(Invalid, match="not installed"):
        library.unpublish(OWNER, listed.id)
    assert library.publications(OWNER) == [listed]
