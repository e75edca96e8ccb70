"""Imports: from files and folders to pictures, once each, and back again when something was lost."""

from __future__ import annotations

import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pytest
from libraries import finish, until
from PIL import Image

from pixlstash_core import OWNER, Found, Importer, Params, hookimpl, outgoing
from pixlstash_core.errors import Invalid, NotThere
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import DeletePictures, ImportFrom, ImportPaths, Job, ScorePictures, Selection

pytestmark = pytest.mark.slow


def paint(path: Path, shade: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (60, 40), (shade, 120, 40)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        paint(tmp_path / "pictures" / "inner" / f"{number}.png", number)
    return tmp_path / "pictures"


def take(library: Library, *paths: Path, in_place: bool = False) -> Job:
    return finish(library, library.import_paths(OWNER, ImportPaths([str(path) for path in paths], in_place)))


def counts(job: Job) -> tuple[int, int, int]:
    """(imported, duplicates, refused)."""
    assert job.state == "done" and job.report is not None, job.error
    assert job.done == job.total == job.report.imported + job.report.duplicates + len(job.report.refused)
    return job.report.imported, job.report.duplicates, len(job.report.refused)


def stored(library: Library) -> list[str]:
    root = library.path / "media"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def states(library: Library) -> list[str]:
    return [state for (state,) in library.db.read("select state from location order by key")]


def look(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything about a folder that a program could change."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *folder.rglob("*"))
    }


def test_copied_in(library: Library, folder: Path) -> None:
    (folder / "readme.txt").write_text("words")
    (folder / ".hidden.png").write_bytes((folder / "inner/0.png").read_bytes())
    paint(folder / "again.png", 1)
    paint(folder / "photo.jpg", 9)
    before = look(folder)
    job = take(library, folder)
    assert counts(job) == (4, 1, 1)
    assert job.report is not None and job.report.refused[0].path.endswith("readme.txt")
    assert look(folder) == before
    names = stored(library)
    assert sorted(name.rpartition(".")[2] for name in names) == ["jpg", "png", "png", "png"]
    for name in names:
        fold, _, file = name.partition("/")
        stem, dot, _ = file.partition(".")
        assert len(stem) == 64 and stem.startswith(fold) and file.count(".") == 1 and dot
    assert library.check(OWNER, verify=True).problems == []
    assert counts(take(library, folder)) == (0, 5, 1)
    assert library.history(OWNER) == []  # imports are no actions to undo


def test_single_files_and_several_places(library: Library, folder: Path, tmp_path: Path) -> None:
    other = paint(tmp_path / "other" / "x.png", 77)
    assert counts(take(library, folder / "inner" / "0.png", other.parent)) == (2, 0, 0)
    assert library.jobs(OWNER)[0].label == "Importing 2 places"


def test_in_place_touches_nothing(library: Library, folder: Path) -> None:
    before = look(folder)
    assert counts(take(library, folder, in_place=True)) == (3, 0, 0)
    assert look(folder) == before and stored(library) == []
    (one, *_) = library.pictures(OWNER, q="name:1.png")
    original = library.original(OWNER, one.id)
    assert (
        original.local == folder / "inner" / "1.png"
        and original.etag == f'"{library.picture(OWNER, one.id).sha256[:32]}"'
    )
    library.delete(OWNER, DeletePictures(ids=[one.id]))
    library.purge(OWNER, Selection(ids=[one.id]))
    assert look(folder) == before
    assert counts(take(library, folder, in_place=True)) == (0, 0, 1)  # permanently deleted: it does not come back
    assert library.info(OWNER).pictures == 2


def test_same_bytes_are_one_picture(library: Library, folder: Path) -> None:
    paint(folder / "copy of 1.png", 1)
    assert counts(take(library, folder, in_place=True)) == (3, 1, 0)
    (one,) = [p for p in library.pictures(OWNER) if len(library.picture(OWNER, p.id).locations) == 2]
    assert {place.key for place in library.picture(OWNER, one.id).locations} == {"copy of 1.png", "inner/1.png"}
    assert library.picture(OWNER, one.id).width == 60


def test_an_unmounted_folder_loses_nothing(library: Library, folder: Path, tmp_path: Path) -> None:
    """D21."""
    take(library, folder, in_place=True)
    folder.rename(tmp_path / "unplugged")
    store = library.db.value("select id from store where scheme = 'folder'")
    for make_mount_point in (False, True):  # gone altogether, and there but empty
        if make_mount_point:
            folder.mkdir()
        job = finish(library, library.scan(OWNER, store))
        assert job.state == "failed" and str(folder) in str(job.error)
        assert states(library) == ["present"] * 3
    folder.rmdir()
    (tmp_path / "unplugged").rename(folder)
    assert counts(finish(library, library.scan(OWNER, store))) == (0, 0, 0)
    (folder / "inner/1.png").unlink()
    finish(library, library.scan(OWNER, store))
    assert states(library) == ["present", "missing", "present"]
    assert library.block(OWNER, library.view(OWNER, "name:1.png").header.view, 0)[-2] == 64
    paint(folder / "inner/1.png", 1)
    assert counts(finish(library, library.scan(OWNER, store))) == (0, 1, 0)
    assert states(library) == ["present"] * 3


def test_a_file_that_got_new_bytes(library: Library, folder: Path) -> None:
    take(library, folder, in_place=True)
    (old,) = library.pictures(OWNER, q="name:1.png")
    library.score(OWNER, ScorePictures(ids=[old.id], score=4))
    paint(folder / "inner/1.png", 200)
    assert counts(take(library, folder, in_place=True)) == (1, 0, 0)
    (new,) = [one for one in library.pictures(OWNER, q="name:1.png") if one.id != old.id]
    assert library.picture(OWNER, new.id).predecessor == old.id and new.score == 4
    assert library.picture(OWNER, old.id).score == 4


def test_a_lost_original_comes_back_with_its_file(library: Library, folder: Path) -> None:
    take(library, folder)
    before = stored(library)
    (library.path / "media" / before[0]).unlink()
    (library.path / "media" / before[1]).write_bytes(b"short")
    assert len(library.check(OWNER).problems) == 2
    assert counts(take(library, folder)) == (0, 3, 0)
    assert stored(library) == before and library.check(OWNER, verify=True).problems == []


def test_copying_what_is_only_indexed_keeps_it(library: Library, folder: Path, tmp_path: Path) -> None:
    take(library, folder, in_place=True)
    assert counts(take(library, folder)) == (0, 3, 0)
    assert len(stored(library)) == 3
    folder.rename(tmp_path / "gone")
    for one in library.pictures(OWNER):
        assert library.original(OWNER, one.id).local is not None


def test_what_was_thrown_away(library: Library, folder: Path) -> None:
    """D17."""
    take(library, folder)
    (one,) = library.pictures(OWNER, q="name:1.png")
    library.delete(OWNER, DeletePictures(ids=[one.id]))
    assert counts(take(library, folder)) == (0, 3, 0)
    path = library.intake.temporary("1.png")
    path.write_bytes((folder / "inner/1.png").read_bytes())
    answer = library.upload(OWNER, "1.png", path)
    assert (answer.status, answer.id) == ("scrapheaped", one.id) and not path.exists()
    assert library.info(OWNER).scrapheap == 1


def test_uploads(library: Library, folder: Path) -> None:
    def send(data: bytes) -> Any:
        path = library.intake.temporary("x.png")
        path.write_bytes(data)
        answer = library.upload(OWNER, "\N{RIGHT-TO-LEFT OVERRIDE}gnp.x", path)
        assert not path.exists()
        return answer

    data = (folder / "inner/0.png").read_bytes()
    first = send(data)
    assert first.status == "imported" and library.picture(OWNER, first.id).name == "\N{REPLACEMENT CHARACTER}gnp.x"
    again = send(data)
    assert (again.status, again.id) == ("duplicate", first.id)
    refused = send(b"no picture at all")
    assert refused.status == "refused" and refused.id is None and refused.reason
    assert list(library.incoming.iterdir()) == [] and len(stored(library)) == 1


def test_the_same_new_bytes_at_once(library: Library, folder: Path) -> None:
    data = (folder / "inner/0.png").read_bytes()
    answers: list[Any] = []

    def send() -> None:
        path = library.intake.temporary("x.png")
        path.write_bytes(data)
        answers.append(library.upload(OWNER, "x.png", path))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(one.status for one in answers) == ["duplicate"] * 5 + ["imported"]
    assert len({one.id for one in answers}) == 1 and len(stored(library)) == 1
    assert library.hub.read("select * from intent") == [] and library.check(OWNER, verify=True).problems == []


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are a thing of Linux")
@pytest.mark.parametrize("in_place", [False, True])
def test_names_of_any_bytes(library: Library, folder: Path, in_place: bool) -> None:
    data = (folder / "inner/0.png").read_bytes()
    for number, name in enumerate((b"caf\xe9.png", b"new\nline.png", b"%:odd.png", b"-rf.png")):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(data + bytes([number]))
    assert counts(take(library, folder, in_place=in_place)) == (7, 0, 0)
    names = {one.name for one in library.pictures(OWNER)}
    assert {"caf\ufffd.png", "new\ufffdline.png", "-rf.png"} <= names
    assert library.check(OWNER, verify=True).problems == []
    for one in library.pictures(OWNER):
        with library.original(OWNER, one.id).open(0, None) as file:
            assert file.read().startswith(data[:8])


def test_links_are_not_followed(library: Library, folder: Path, tmp_path: Path) -> None:
    outside = paint(tmp_path / "outside" / "secret.png", 5)
    (folder / "link.png").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    assert counts(take(library, folder, in_place=True)) == (3, 0, 0)
    assert counts(take(library, folder)) == (0, 3, 0)


@pytest.mark.parametrize("text", ["relative/path", "/nowhere/at/all", ""])
@pytest.mark.parametrize("in_place", [False, True])
def test_paths_that_make_no_sense(library: Library, text: str, in_place: bool) -> None:
    with pytest.raises(Invalid):
        library.import_paths(OWNER, ImportPaths([text], in_place))
    with pytest.raises(Invalid):
        library.import_paths(OWNER, ImportPaths([], in_place))


def test_only_folders_beside_the_library_are_indexed(library: Library, folder: Path) -> None:
    for path in (library.path, library.path / "media", library.path.parent, folder / "inner" / "0.png"):
        with pytest.raises(Invalid):
            library.import_paths(OWNER, ImportPaths([str(path)], in_place=True))
    assert {job.kind for job in library.jobs(OWNER)} == {"learn", "snapshots", "stills", "tidy", "visits"}


def test_a_file_that_vanished_costs_only_itself(library: Library, folder: Path) -> None:
    with pytest.raises(NotThere):
        library.intake.keep(*library.stores.own(), folder / "vanished.png", "vanished.png")
    assert list(library.incoming.iterdir()) == []


def test_cancelled_half_way(library: Library, folder: Path) -> None:
    for number in range(60):
        paint(folder / f"{number}.png", number)
    job = library.import_paths(OWNER, ImportPaths([str(folder)]))
    until(lambda: library.info(OWNER).pictures > 3)
    library.cancel_job(OWNER, job.id)
    ended = finish(library, job)
    assert ended.state == "cancelled" and ended.report is not None
    taken = library.info(OWNER).pictures
    assert 3 < taken < 63 and taken == len(stored(library))
    assert list(library.incoming.iterdir()) == [] and library.hub.read("select * from intent") == []
    library.resume_job(OWNER, job.id)
    finish(library, job)
    assert library.info(OWNER).pictures == 60 and library.check(OWNER, verify=True).problems == []


class CardParams(Params, frozen=True, kw_only=True):
    folder: str


class Card(Importer):
    id, label, Params = "card", "A camera card", CardParams

    def scan(self, params: Any) -> Iterable[Found]:
        for path in sorted(Path(params.folder).rglob("*.png")):
            yield Found(str(path), path.name, lambda path=path: self.open(path), path.stat().st_size)

    def open(self, path: Path) -> BinaryIO:
        if path.name == "1.png":
            raise OSError(5, "Input/output error")
        return path.open("rb")


class CardPlugin:
    @hookimpl
    def importers(self) -> Any:
        yield Card()


def test_a_plugins_importer(open_library: Callable[..., Library], folder: Path) -> None:
    plugins = Plugins.load()
    plugins.pm.register(CardPlugin(), "card-plugin")
    library = open_library(plugins=plugins)
    job = finish(library, library.import_from(OWNER, ImportFrom("card", {"folder": str(folder)})))
    assert counts(job) == (2, 0, 1)  # what one file does costs the others nothing
    assert job.label == "Importing from A camera card"
    assert job.report is not None and "Input/output error" in job.report.refused[0].reason
    assert len(stored(library)) == 2 and list(library.incoming.iterdir()) == []
    for name, params in (("nothing", {}), ("card", {}), ("card", {"folder": 3}), ("card", {"folder": "/", "typo": 1})):
        with pytest.raises(Invalid):
            library.import_from(OWNER, ImportFrom(name, params))


class FeedParams(Params, frozen=True):
    address: str


class Feed(Importer):
    """Imports what a page of addresses lists, as an importer of a web site does."""

    id, label, Params = "feed", "A feed", FeedParams
    reaches = "the server in `address`"
    #: The rows of `outgoing` that its connections were of.
    rows: ClassVar[set[str | None]] = set()

    def scan(self, params: Any) -> Iterable[Found]:
        with self.open(params.address) as page:
            for line in page.read().decode().split():
                yield Found(line, line.rpartition("/")[2], partial(self.open, line))

    def open(self, address: str) -> BinaryIO:
        self.rows.add(outgoing.current())
        try:
            return urllib.request.urlopen(address, timeout=20)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            with error:
                raise OSError(error.code, error.reason) from None


class FeedPlugin:
    @hookimpl
    def importers(self) -> Any:
        yield Feed()


def test_an_importer_of_addresses_says_what_it_reaches(open_library: Callable[..., Library], tmp_path: Path) -> None:
    paint(tmp_path / "1.png", 1)
    paint(tmp_path / "2.png", 2)
    plugins = Plugins.load()
    plugins.pm.register(FeedPlugin(), "feed-plugin")
    library = open_library(plugins=plugins)
    [kind] = [kind for kind in library.source_kinds(OWNER).importers if kind.id == "feed"]
    assert kind.reaches == "the server in `address`"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "feed.txt").write_text(f"{url}/1.png\n{url}/gone.png\n{url}/2.png\n")
        job = finish(library, library.import_from(OWNER, ImportFrom("feed", {"address": f"{url}/feed.txt"})))
        server.shutdown()
    assert counts(job) == (2, 0, 1)
    assert Feed.rows == {outgoing.IMPORTERS.name}
    job = finish(library, library.import_from(OWNER, ImportFrom("feed", {"address": f"{url}/feed.txt"})))
    assert job.state == "failed" and "refused" in str(job.error)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_progress_while_it_runs(library: Library, folder: Path) -> None:
    for number in range(40):
        paint(folder / f"{number}.png", number)
    job = library.import_paths(OWNER, ImportPaths([str(folder)]))
    seen = set()
    while (now := library.job(OWNER, job.id)).state in ("waiting", "running"):
        seen.add((now.done, now.total))
        time.sleep(0.005)
    assert any(total == 43 for _, total in seen) and now.done == 43
    assert all(total is None or done <= total for done, total in seen)
