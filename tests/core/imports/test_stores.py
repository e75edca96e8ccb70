"""A store that is no folder: taken in, read in part, checked and purged through nothing but its contract."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from libraries import finish
from PIL import Image

from pixlstash_core import OWNER, NotThere, Opened, Params, Stat, Store, StoreUnreachable, hookimpl
from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import DeletePictures, Selection


class Bucket:
    """What lies on the other side of the network."""

    def __init__(self) -> None:
        self.things: dict[str, tuple[bytes, int]] = {}
        self.away = False
        self.delay = 0.0
        self.asked: list[tuple[str, str, int, int | None]] = []

    def keep(self, key: str, data: bytes) -> None:
        self.things[key] = (data, time.time_ns())

    def ask(self, what: str, key: str, start: int = 0, end: int | None = None) -> None:
        self.asked.append((what, key, start, end))
        time.sleep(self.delay)
        if self.away:
            raise StoreUnreachable("The bucket does not answer.")


class BucketParams(Params, frozen=True, kw_only=True):
    path: str = ""
    writable: bool = False


class OpenedBucket(Opened):
    """Has no `local`: every byte goes through `read`."""

    def __init__(self, bucket: Bucket, params: BucketParams) -> None:
        self._bucket, self._prefix, self.writable = bucket, params.path, params.writable

    def _get(self, what: str, key: str, start: int = 0, end: int | None = None) -> tuple[bytes, int]:
        self._bucket.ask(what, key, start, end)
        try:
            return self._bucket.things[self._prefix + key]
        except KeyError:
            raise NotThere(f"{key} is not in the bucket.") from None

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return io.BytesIO(self._get("read", key, start, end)[0][start:end])

    def stat(self, key: str) -> Stat:
        data, mtime = self._get("stat", key)
        return Stat(len(data), mtime)

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        self._bucket.ask("list", prefix)
        for key, (data, mtime) in list(self._bucket.things.items()):
            if key.startswith(self._prefix + prefix):
                yield key.removeprefix(self._prefix), Stat(len(data), mtime)

    def delete(self, key: str) -> None:
        self._bucket.ask("delete", key)
        self._bucket.things.pop(self._prefix + key, None)


class BucketStore(Store):
    scheme = "bucket"
    Params = BucketParams

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def connect(self, params: Any) -> Opened:
        return OpenedBucket(self._bucket, params)


class Plugin:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @hookimpl
    def stores(self) -> Any:
        yield BucketStore(self._bucket)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def open_bucket(open_library: Callable[..., Library], bucket: Bucket) -> Callable[[], Library]:
    def open_one() -> Library:
        plugins = Plugins.load()
        plugins.pm.register(Plugin(bucket), "bucket-plugin")
        return open_library(plugins=plugins)

    return open_one


def png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, 90, 90)).save(file, "PNG")
    return file.getvalue()


def scan(library: Library, store: int) -> Any:
    return finish(library, library.scan(OWNER, store))


def upload(library: Library, data: bytes) -> Path:
    path = library.intake.temporary("upload.png")
    path.write_bytes(data)
    return path


def states(library: Library) -> dict[str, str]:
    return dict(library.db.read("select key, state from location"))


def test_from_scan_to_purge(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    library = open_bucket()
    for number in range(3):
        bucket.keep(f"photos/{number}/a picture.png", png(number))
    bucket.keep("photos/readme.txt", b"hello")
    bucket.keep("elsewhere/9.png", png(9))
    store = library.add_store(OWNER, "bucket", "Bucket", {"path": "photos/", "writable": True})
    assert library.add_store(OWNER, "bucket", "Bucket", {"path": "photos/", "writable": True}) == store
    job = scan(library, store)
    assert (job.state, job.report.imported) == ("done", 3)
    assert [one.path for one in job.report.refused] == ["readme.txt"]
    (found,) = library.pictures(OWNER, q="size:>0", sort="name", limit=1)
    detail = library.picture(OWNER, found.id)
    assert (detail.name, detail.locations[0].store, detail.locations[0].state) == ("a picture.png", "Bucket", "present")
    info = [one for one in library.info(OWNER).stores if one.scheme == "bucket"][0]
    assert (info.state, info.read_only, info.pictures) == ("present", False, 3)

    # Originals are read in part, and never as a whole for it.
    bucket.asked.clear()
    original = library.original(OWNER, found.id)
    assert original.local is None and original.size == detail.size
    with original.open(8, 24) as file:
        assert file.read() == bucket.things["photos/" + detail.locations[0].key][0][8:24]
    assert [one for one in bucket.asked if one[0] == "read"] == [("read", detail.locations[0].key, 8, 24)]

    # A still that is not kept is drawn again.
    library.thumbnails.drop(bytes.fromhex(detail.sha256))
    assert library.thumbnail(OWNER, found.id)[8:12] == b"WEBP"

    # Nothing new: nothing is read.
    bucket.asked.clear()
    assert scan(library, store).report.imported == 0
    assert {what for what, *_ in bucket.asked} == {"list"}
    assert list(library.incoming.iterdir()) == []

    report = library.check(OWNER, verify=True)
    assert (report.problems, report.verified) == ([], 3)
    key = "photos/" + detail.locations[0].key
    data, mtime = bucket.things[key]
    bucket.things[key] = (data[:-1] + bytes([data[-1] ^ 1]), mtime)
    assert library.check(OWNER).problems == []
    assert "have changed" in library.check(OWNER, verify=True).problems[0]
    bucket.things[key] = (data, mtime)

    library.delete(OWNER, DeletePictures(ids=[found.id]))
    assert library.purge(OWNER, Selection(ids=[found.id])) == 1
    assert key not in bucket.things and len(bucket.things) == 4
    assert library.check(OWNER, verify=True).problems == []


def test_out_of_reach_is_not_missing(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    library = open_bucket()
    for number in range(3):
        bucket.keep(f"{number}.png", png(number))
    store = library.add_store(OWNER, "bucket", "Bucket", {})
    scan(library, store)
    (picture, *_) = library.pictures(OWNER)
    bucket.away = True
    job = scan(library, store)
    assert (job.state, job.error) == ("failed", "The bucket does not answer.")
    assert set(states(library).values()) == {"present"} and library.info(OWNER).pictures == 3
    with pytest.raises(StoreUnreachable):
        library.original(OWNER, picture.id)
    assert library.thumbnail(OWNER, picture.id)[8:12] == b"WEBP"  # kept here
    assert [one.state for one in library.info(OWNER).stores if one.scheme == "bucket"] == ["unreachable"]
    report = library.check(OWNER)
    assert report.problems == ["The bucket does not answer."]  # said once, not for every picture
    bucket.away = False
    del bucket.things["0.png"]
    assert scan(library, store).state == "done"
    assert states(library) == {"0.png": "missing", "1.png": "present", "2.png": "present"}
    bucket.keep("moved/0.png", png(0))
    assert scan(library, store).report.imported == 0
    assert states(library)["moved/0.png"] == "present" and library.info(OWNER).pictures == 3


def test_it_goes_away_in_the_middle(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    library = open_bucket()
    for number in range(8):
        bucket.keep(f"{number}.png", png(number))
    store = library.add_store(OWNER, "bucket", "Bucket", {})
    plain = bucket.ask

    def ask(what: str, *rest: Any) -> None:
        if what == "read" and sum(one[0] == "read" for one in bucket.asked) >= 3:
            bucket.away = True
        plain(what, *rest)

    bucket.ask = ask  # type: ignore[method-assign]
    job = scan(library, store)
    assert job.state == "failed" and "does not answer" in job.error
    taken = library.info(OWNER).pictures
    assert taken <= 3
    bucket.ask = plain  # type: ignore[method-assign]
    bucket.away = False
    library.resume_job(OWNER, job.id)
    job = finish(library, job)
    assert (job.state, job.report.imported) == ("done", 8 - taken) and library.info(OWNER).pictures == 8


def test_a_slow_store_is_read_side_by_side(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    library = open_bucket()
    for number in range(12):
        bucket.keep(f"{number}.png", png(number))
    store = library.add_store(OWNER, "bucket", "Bucket", {})
    bucket.delay = 1.0
    begun = time.monotonic()
    assert scan(library, store).report.imported == 12
    assert time.monotonic() - begun < 12 * 1.0


def test_changed_bytes_are_a_successor(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    from pixlstash_core.types import ScorePictures

    library = open_bucket()
    bucket.keep("a.png", png(1))
    store = library.add_store(OWNER, "bucket", "Bucket", {})
    scan(library, store)
    (old,) = library.pictures(OWNER)
    library.score(OWNER, ScorePictures(ids=[old.id], score=4))
    bucket.keep("a.png", png(2))
    assert scan(library, store).report.imported == 1
    (new,) = [one for one in library.pictures(OWNER) if one.id != old.id]
    assert library.picture(OWNER, new.id).predecessor == old.id and new.score == 4
    assert library.picture(OWNER, old.id).locations == []
    bucket.keep("a.png", png(1))
    assert scan(library, store).report.duplicates == 1
    assert [place.key for place in library.picture(OWNER, old.id).locations] == ["a.png"]


def test_without_its_plugin(
    open_bucket: Callable[[], Library], open_library: Callable[..., Library], bucket: Bucket
) -> None:
    bucket.keep("a.png", png(1))
    with open_bucket() as library:
        store = library.add_store(OWNER, "bucket", "Bucket", {})
        scan(library, store)
    library = open_library()
    (picture,) = library.pictures(OWNER)
    with pytest.raises(StoreUnreachable, match="scheme 'bucket'"):
        library.original(OWNER, picture.id)
    assert [one.state for one in library.info(OWNER).stores] == ["present", "unreachable"]
    assert "scheme 'bucket'" in library.check(OWNER).problems[0]


def test_a_purge_is_finished_when_the_store_is_back(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    for number in range(2):
        bucket.keep(f"{number}.png", png(number))
    with open_bucket() as library:
        store = library.add_store(OWNER, "bucket", "Bucket", {"writable": True})
        scan(library, store)
        ids = [one.id for one in library.pictures(OWNER, sort="name")]
        library.delete(OWNER, DeletePictures(ids=ids))
        bucket.away = True
        assert library.purge(OWNER, Selection(ids=ids)) == 2
        assert library.db.value("select count(*) from picture") == 0 and len(bucket.things) == 2
    with open_bucket() as library:  # still away: the library opens all the same
        assert len(bucket.things) == 2
        bucket.away = False
        assert scan(library, store).report.imported == 0  # what was permanently deleted does not come back by itself
        assert library.upload(OWNER, "again.png", upload(library, png(0))).status == "imported"
        assert scan(library, store).report.duplicates == 1  # but by hand: it lies at two places now
    with open_bucket() as library:
        assert list(bucket.things) == ["0.png"]
        assert library.hub.read("select * from intent") == []
        assert library.check(OWNER, verify=True).problems == []


def test_what_cannot_be_added(open_bucket: Callable[[], Library]) -> None:
    library = open_bucket()
    for scheme, params in (("nothing", {}), ("bucket", {"pth": "typo"}), ("bucket", {"path": 3})):
        with pytest.raises(Invalid):
            library.add_store(OWNER, scheme, "x", params)
    job = scan(library, 999)
    assert job.state == "failed" and "no such store" in job.error.lower()


def test_keys_are_any_text(open_bucket: Callable[[], Library], bucket: Bucket) -> None:
    keys = ["sp ace.png", "ünï/çödé.png", "quo'te\".png", "per%cent.png", "a/../b.png", "%:odd.png", "new\nline.png"]
    for number, key in enumerate(keys):
        bucket.keep(key, png(number))
    library = open_bucket()
    assert scan(library, library.add_store(OWNER, "bucket", "Bucket", {})).report.imported == len(keys)
    assert sorted(states(library)) == sorted(keys)
    assert library.check(OWNER, verify=True).verified == len(keys)


def test_a_managed_original_never_leaves_its_folder(library: Library, tmp_path: Path) -> None:
    store, opened = library.stores.own()
    (tmp_path / "outside.png").write_bytes(b"secret")
    os.symlink(tmp_path / "outside.png", library.path / "media" / "link.png")
    for key in ("../../outside.png", "/etc/passwd", "link.png", "", "a\0b", "incoming"):
        with pytest.raises(NotThere):
            opened.read(key)
        with pytest.raises(NotThere):
            opened.stat(key)
    with pytest.raises(NotFound):
        library.connect_store(999)
