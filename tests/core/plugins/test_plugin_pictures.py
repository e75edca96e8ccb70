"""What a plugin of somebody else's can add and organise by itself: pictures its store knows, tags, and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from libraries import finish, until
from PIL import Image
from sites import Site, forgetting

from pixlstash_core import NOBODY, OWNER, Tag, structs
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library

#: A museum's catalogue: the sizes and titles of all objects are known, and the pictures are elsewhere.
MUSEUM = """
import hashlib, io
from pathlib import Path
from pixlstash_core import (
    NOBODY, OWNER, Fact, Facts, Format, KnownPicture, NotThere, Opened, Params, Stat, Store, Tag, hookimpl, structs,
)

#: Whether a job was known to add pictures when each key was asked for.
IMPORTING = []
JPEG = Format("jpeg", "image/jpeg", "jpg", inline=True)

class Catalogue(Opened):
    verbatim = False

    def __init__(self, folder):
        self.folder = Path(folder)

    def stat(self, key):
        if key == "?":
            raise NotThere("There is no such object.")
        return Stat(None, 1_600_000_000_000_000_000)

    def list(self, prefix=""):
        yield from ((f"objects/{number}", self.stat(str(number))) for number in range(3))

    def name(self, key):
        return f"Object {key.rpartition('/')[2]}.jpg"

    def known(self, key):
        if key.startswith("loans/"):
            return None
        number = int(key.rpartition("/")[2])
        fact = Fact("Museum", "room", "Room", str(number % 10), number % 10)
        return KnownPicture(
            sha256=hashlib.sha256(key.encode()).digest(), format=JPEG, width=300, height=200, size=9000,
            color=(255, 0, 0), facts=Facts((fact,), f"a vase, number {number}", None, 1_500_000_000_000),
        )

    def read(self, key, start=0, end=None):
        return io.BytesIO((self.folder / key.rpartition("/")[2]).read_bytes()[start:end])

class Settings(Params, frozen=True, kw_only=True):
    folder: str

class Museum(Store):
    scheme = "museum"
    Params = Settings

    def connect(self, params):
        return Catalogue(params.folder)

@hookimpl
def stores():
    yield Museum()

@hookimpl
def startup(library):
    def keys(task):
        for key in task.payload["keys"]:
            IMPORTING.append(library.queue.importing)
            yield key

    def visit(task):
        task.progress(0, len(task.payload["keys"]))
        library.add_pictures(task, task.payload["store"], keys(task))

    library.handle("museum", visit)
"""


@pytest.fixture
def museum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_library: Callable[..., Library]) -> Iterator[Library]:
    site = Site(tmp_path / "site")
    site.add("museum", MUSEUM)
    monkeypatch.syspath_prepend(str(site.path))
    with forgetting(tmp_path):
        yield open_library()


def store(library: Library, folder: Path) -> int:
    return library.add_store(OWNER, "museum", "Museum", {"folder": str(folder)})


def visit(library: Library, store: int, keys: list[str]) -> structs.Job:
    return finish(library, library.queue_job("museum", "Visiting", {"store": store, "keys": keys}))


def test_a_job_adds_what_its_store_knows_without_reading_it(museum: Library, tmp_path: Path) -> None:
    keys = [f"objects/{number}" for number in range(1_201)]
    job = visit(museum, store(museum, tmp_path / "nowhere"), keys)
    assert (job.state, job.done, job.total) == ("done", 1_201, 1_201)
    assert job.report is not None and (job.report.imported, job.report.refused) == (1_201, [])
    [picture] = museum.pictures(OWNER, 'room:3 "number 1103"')
    detail = museum.picture(OWNER, picture.id)
    assert (picture.name, picture.width, picture.height) == ("Object 1103.jpg", 300, 200)
    assert detail.prompt == "a vase, number 1103" and [(fact.label, fact.value) for fact in detail.facts] == [
        ("Room", "3")
    ]
    row = museum.read("select created, colour, mime from picture where id = ?", (picture.id,))
    assert row == [(1_500_000_000_000, 31 << 11, "image/jpeg")]


def test_what_is_there_already_is_left_alone(museum: Library, tmp_path: Path) -> None:
    place = store(museum, tmp_path)
    visit(museum, place, ["objects/1", "objects/2"])
    again = visit(museum, place, ["objects/1", "objects/2", "objects/3"])
    assert again.report is not None and (again.report.imported, again.report.duplicates) == (1, 0)
    assert (again.done, again.total, museum.info(OWNER).pictures) == (3, 3, 3)


def test_what_the_store_does_not_know_is_read(museum: Library, tmp_path: Path) -> None:
    Image.new("RGB", (70, 50), "teal").save(tmp_path / "7.jpg")
    job = visit(museum, store(museum, tmp_path), ["objects/1", "loans/7.jpg"])
    assert job.report is not None and (job.report.imported, job.done) == (2, 2)
    [picture] = [one for one in museum.pictures(OWNER) if one.width == 70]
    assert picture.name == "Object 7.jpg.jpg" and museum.thumbnail(OWNER, picture.id)[:4] == b"RIFF"


def test_what_was_purged_is_refused_by_name(museum: Library, tmp_path: Path) -> None:
    place = store(museum, tmp_path)
    visit(museum, place, ["objects/1", "objects/2"])
    [picture] = museum.pictures(OWNER, "room:1")
    museum.delete(OWNER, structs.DeletePictures(ids=[picture.id]))
    assert museum.purge(OWNER, structs.Selection(ids=[picture.id])) == 1
    job = visit(museum, place, ["objects/1", "objects/3"])
    assert job.report is not None and job.report.imported == 1
    assert [refusal.path for refusal in job.report.refused] == ["objects/1"]


def test_a_scan_asks_the_store_too(museum: Library, tmp_path: Path) -> None:
    job = finish(museum, museum.scan(OWNER, store(museum, tmp_path / "nowhere")))
    assert job.report is not None and job.report.imported == 3
    assert {one.name for one in museum.pictures(OWNER)} == {f"Object {number}.jpg" for number in range(3)}


def test_tags_that_were_found_elsewhere_count(museum: Library, tmp_path: Path) -> None:
    visit(museum, store(museum, tmp_path), ["objects/1", "objects/2"])
    first, second = sorted(one.id for one in museum.pictures(OWNER))
    found = {first: [Tag("vase", 0.9), Tag("blue", 0.3)], second: [Tag("vase", 0.5)]}
    museum.keep_tags("museum", "2026", found, threshold=0.4)
    assert {one.name for one in museum.picture_tags(OWNER, first) if one.state == "suggested"} == {"vase"}
    assert museum.count(OWNER, "tag:vase").total == 2 and museum.count(OWNER, "tag:blue").total == 0
    assert museum.history(OWNER) == []
    with pytest.raises(Invalid, match="confidence"):
        museum.keep_tags("museum", "2026", {first: [Tag("vase", 7.0)]})


def test_what_nobody_did_is_in_no_history(museum: Library, tmp_path: Path) -> None:
    visit(museum, store(museum, tmp_path), ["objects/1"])
    [picture] = museum.pictures(OWNER)
    made = museum.create_set(NOBODY, structs.Create(name="Vases"))
    museum.add_to_set(NOBODY, made.id, structs.Selection(ids=[picture.id]))
    assert museum.history(OWNER) == [] and museum.count(OWNER, "set:Vases").total == 1
    museum.score(OWNER, structs.ScorePictures(ids=[picture.id], score=4))
    assert len(museum.history(OWNER)) == 1


def test_a_plugin_keeps_settings_of_its_own(museum: Library, open_library: Callable[..., Library]) -> None:
    assert museum.setting("museum", "visited") is None
    museum.keep_setting("museum", "visited", "2026-11-20")
    museum.keep_setting("museum", "visited", "2026-11-21")
    museum.close()
    assert open_library().setting("museum", "visited") == "2026-11-21"
    with pytest.raises(Invalid, match="veil"):
        open_library("other").keep_setting("veil", "hide", "tag:x")


def test_a_job_that_adds_pictures_is_known_while_it_runs(museum: Library, tmp_path: Path) -> None:
    """Engines that run automatically wait for more as long as there is one."""
    assert not museum.queue.importing
    visit(museum, store(museum, tmp_path), ["objects/1", "objects/2"])
    assert import_module("museum").IMPORTING == [True, True]
    until(lambda: not museum.queue.importing)
