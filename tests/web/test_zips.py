"""Zip files that are uploaded or imported: what is in them comes in, whatever else is in them, whatever happens."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web.asking import API, paint
from web.conftest import OWNER, Served
from zips import Entry, pack

from pixlstash_core.cli import pixlstash
from pixlstash_core.imports import archives
from pixlstash_core.imports import upload_job as uptake
from pixlstash_core.library import Library
from pixlstash_core.types import Archive, ImportPaths, Job


@pytest.fixture
def png(tmp_path: Path) -> Callable[[int], bytes]:
    return lambda n: paint(tmp_path / "painted.png", n).read_bytes()


def zipped(png: Callable[[int], bytes], count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(count):
            archive.writestr(f"{n % 7}/{n}.png", png(n))
    return out.getvalue()


def left(library: Library) -> list[str]:
    return sorted(path.name for path in library.incoming.rglob("*") if path.is_file())


def finish(library: Library, job: Job) -> Job:
    limit = time.monotonic() + 60
    while (found := library.job(OWNER, job.id)).state in ("waiting", "running"):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return found


def over(library: Library, id: str) -> Archive:
    limit = time.monotonic() + 60
    while (upload := library.find_upload(OWNER, id)).state != "done":
        assert time.monotonic() < limit
        time.sleep(0.02)
    assert upload.result is not None and upload.result.archive is not None
    return upload.result.archive


def put(library: Library, body: bytes, name: str = "a.zip") -> Any:
    path = library.intake.temporary(name)
    path.write_bytes(body)
    return library.upload(OWNER, name, path)


def test_each_file_has_a_result_of_its_own(empty: Served, png: Callable[[int], bytes]) -> None:
    body = pack(
        Entry(b"one.png", png(1)),
        Entry(b"deep/er/two.png", png(2), 0),
        Entry(b"again.png", png(1)),
        Entry(b"notes.txt", b"not a picture"),
        Entry(b"../out.png", png(3)),
        Entry(b"inner.zip", pack(Entry(b"x.png", png(4))), 0),
        Entry(b"lock.png", png(5), flags=1),
        Entry(b"rot.png", png(6), crc=7),
        Entry(b"thumbs/.hidden.png", png(7)),
    )
    answer = empty.local.post("/uploads?name=holiday.jpeg", body)
    assert answer.status == 200, answer
    archive = answer.json["archive"]
    assert (answer.json["status"], archive["finished"], archive["files"]) == ("archive", True, 8)
    assert (archive["imported"], archive["duplicates"], archive["refused"]) == (2, 1, 5)
    results = {one["name"]: one for one in archive["results"]}
    assert [one["name"] for one in archive["results"]][:3] == ["one.png", "deep/er/two.png", "again.png"]
    assert {results["one.png"]["status"], results["again.png"]["status"]} == {"imported", "duplicate"}
    for name, words in (
        ("notes.txt", "text file"),
        ("../out.png", "leads out"),
        ("inner.zip", "zip file inside a zip file"),
        ("lock.png", "encrypted"),
        ("rot.png", "damaged"),
    ):
        assert (results[name]["status"], words in results[name]["reason"]) == ("refused", True)
    names = {picture.name for picture in empty.library.pictures(OWNER)}
    assert names - {"again.png"} <= {"one.png", "two.png"}
    assert left(empty.library) == []


def test_a_picture_has_the_time_of_its_member(library: Library, png: Callable[[int], bytes]) -> None:
    put(library, pack(Entry(b"a.png", png(1))))
    assert abs(library.pictures(OWNER)[0].created.timestamp() - 1_735_732_800) < 86_400


def test_the_same_zip_file_brings_nothing_new(library: Library, png: Callable[[int], bytes]) -> None:
    body = zipped(png, 5)
    assert put(library, body).archive.imported == 5
    again = put(library, body).archive
    assert (again.imported, again.duplicates, len(library.pictures(OWNER))) == (0, 5, 5)


def test_an_upload_is_not_over_before_its_bytes_are_gone(
    empty: Served, png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = uptake.UploadJob.drop

    def slowly(self: uptake.UploadJob, id: str) -> None:
        time.sleep(0.3)
        drop(self, id)

    monkeypatch.setattr(uptake.UploadJob, "drop", slowly)
    assert empty.local.post("/uploads?name=a.zip", zipped(png, 2)).json["archive"]["finished"]
    assert left(empty.library) == []


def test_a_zip_file_that_cannot_be_read_is_refused(empty: Served) -> None:
    for body in (b"PK\3\4" + b"broken" * 20, pack(), pack(Entry(b"only/"))):
        answer = empty.local.post("/uploads?name=a.zip", body).json
        assert (answer["status"], answer["id"], answer["archive"]) == ("refused", None, None)
        assert "zip file" in answer["reason"]
    assert left(empty.library) == []


def test_a_long_one_goes_on_by_itself(
    empty: Served, png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixlstash_core.imports.uploads.Uploads.take.__defaults__", (0.0,))
    body = zipped(png, 30)
    begun = empty.local.post("/uploads/partial", {"name": "a.zip", "size": len(body)}).json
    answer = empty.local.ask("PATCH", f"{API}/uploads/{begun['id']}?offset=0", body).json
    assert (answer["state"], answer["result"]["archive"]["finished"]) == ("taking", False)
    archive = over(empty.library, begun["id"])
    assert (archive.files, archive.imported) == (30, 30)
    pages = [empty.local.get(f"/uploads/{begun['id']}/files?offset={at}&limit=8").json for at in range(0, 40, 8)]
    assert [len(page) for page in pages] == [8, 8, 8, 6, 0]
    assert [one["name"] for page in pages for one in page] == [f"{n % 7}/{n}.png" for n in range(30)]
    assert empty.local.get(f"/uploads/{begun['id']}/files?limit=10001").status == 400


def test_a_restart_in_the_middle_loses_and_repeats_nothing(
    open_library: Callable[..., Library], png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixlstash_core.imports.uploads.Uploads.take.__defaults__", (0.0,))
    with open_library() as library:
        id = put(library, zipped(png, 120)).archive.upload
        while not library.pictures(OWNER):
            time.sleep(0.005)
    with open_library() as library:
        archive = over(library, id)
        assert archive.files == archive.imported + archive.duplicates == 120
        assert len(library.pictures(OWNER, limit=200)) == 120
        assert library.check(OWNER, verify=True).problems == []
        assert left(library) == []


def test_giving_up_stops_it_and_keeps_what_is_in(
    library: Library, png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixlstash_core.imports.uploads.Uploads.take.__defaults__", (0.0,))
    id = put(library, zipped(png, 200)).archive.upload
    while not library.pictures(OWNER):
        time.sleep(0.005)
    library.cancel_upload(OWNER, id)
    (job,) = [job for job in library.jobs(OWNER) if job.kind == "upload"]
    assert finish(library, job).state in ("cancelled", "done")
    assert 0 < len(library.pictures(OWNER, limit=200)) <= 200
    assert left(library) == []


def test_a_disk_that_fills_up_is_said_and_it_can_go_on(
    library: Library, png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "SPARE", 1 << 60)
    result = put(library, zipped(png, 5))
    assert (result.archive.finished, "disk is too full" in result.reason) == (True, True)
    (job,) = [job for job in library.jobs(OWNER) if job.kind == "upload"]
    assert job.state == "failed"
    monkeypatch.undo()
    finish(library, library.resume_job(OWNER, job.id))
    assert over(library, result.archive.upload).imported == 5
    assert left(library) == []


def test_one_large_member_at_a_time_is_unpacked(
    library: Library, png: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[int] = []
    unpacked = archives._unpacked

    def watched(*args: Any) -> Path:
        path = unpacked(*args)
        there.append(len([name for name in left(library) if name.endswith(".png")]))
        return path

    monkeypatch.setattr(archives, "LARGE", 0)
    monkeypatch.setattr(archives, "_unpacked", watched)
    assert put(library, zipped(png, 20)).archive.imported == 20
    assert set(there) == {1}


# -- without a server --------------------------------------------------------------------------------------------------


def test_import_looks_into_a_zip_file_that_is_named(
    library: Library, tmp_path: Path, png: Callable[[int], bytes]
) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "inside.zip").write_bytes(zipped(png, 3))
    (folder / "beside.png").write_bytes(png(50))
    (tmp_path / "named.bin").write_bytes(pack(Entry(b"a/in.png", png(9)), Entry(b"b.txt", b"words")))
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4 broken")
    paths = [str(folder), str(tmp_path / "named.bin"), str(tmp_path / "bad.zip")]
    job = finish(library, library.import_paths(OWNER, ImportPaths(paths)))
    assert (job.state, job.done, job.total) == ("done", 5, 5)
    assert job.report is not None
    assert {picture.name for picture in library.pictures(OWNER)} == {"beside.png", "in.png"}
    refused = {Path(one.path).name: one.reason for one in job.report.refused}
    assert sorted(refused) == ["bad.zip", "inside.zip", "named.bin: b.txt"]
    assert "ZIP archive" in refused["inside.zip"]
    assert "table of contents" in refused["bad.zip"]


def test_the_command_line_imports_a_zip_file(
    tmp_path: Path, blank: Path, png: Callable[[int], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    shutil.copytree(blank, tmp_path / "library")
    (tmp_path / "some.zip").write_bytes(zipped(png, 4))
    pixlstash(["-L", str(tmp_path / "library"), "import", str(tmp_path / "some.zip")], standalone_mode=False)
    assert "4" in capsys.readouterr().out
    with Library.open(tmp_path / "library") as library:
        assert len(library.pictures(OWNER)) == 4


def test_results_outlive_a_sender_for_a_day(library: Library, png: Callable[[int], bytes]) -> None:
    id = put(library, zipped(png, 2)).archive.upload
    assert [one.status for one in library.uploaded_files(OWNER, id)] == ["imported"] * 2
    assert uptake.SHOWN >= 1000
