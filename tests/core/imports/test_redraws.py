"""A picture that was too large to be drawn gets its still and its facts once the limit is raised."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from libraries import check_derived, finish, until
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, ImportPaths, Job, ScorePictures

LATE = "a fox\nNegative prompt: dog\nSteps: 20, Sampler: Euler, Seed: 7, Size: 1200x1000"
Open = Callable[..., Library]


def large(path: Path) -> Path:
    """1.2 megapixels, and a text behind them, where programs may put it: it is read with the pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((1200, 1000)).convert("RGB").save(path, compress_level=1)
    data, chunk = path.read_bytes(), b"tEXtparameters\0" + LATE.encode()
    end = data[-12:]
    path.write_bytes(
        data[:-12] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end
    )
    return path


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda megapixels: monkeypatch.setenv("PIXLSTASH_MEGAPIXELS", str(megapixels))


def take(library: Library, path: Path, *, in_place: bool = False) -> int:
    """The id of the one picture of a file or folder."""
    job = finish(library, library.import_paths(OWNER, ImportPaths([str(path)], in_place)))
    assert job.report is not None and job.report.imported == 1
    return library.pictures(OWNER)[0].id


def redraws(library: Library) -> list[Job]:
    """The jobs of that kind, all ended."""
    until(lambda: not [job for job in library.queue.running() if job.kind == "redraw"])
    return [job for job in library.jobs(OWNER) if job.kind == "redraw"]


@pytest.mark.parametrize("in_place", [True, False])
def test_a_raised_limit_draws_what_was_too_large(
    open_library: Open, tmp_path: Path, limit: Callable[[int], None], in_place: bool
) -> None:
    path = large(tmp_path / "pictures" / "large.png")
    limit(1)
    library = open_library()
    id = take(library, path.parent, in_place=in_place)
    library.score(OWNER, ScorePictures(ids=[id], score=4))
    before = library.picture(OWNER, id)
    assert before.why is not None and "too large" in before.why and before.prompt is None
    with pytest.raises(NotFound, match="too large"):
        library.thumbnail(OWNER, id)
    library.close()

    limit(2)
    library = open_library()
    assert [job.state for job in redraws(library)] == ["done"]
    after = library.picture(OWNER, id)
    assert (after.why, after.prompt, after.negative, after.score) == (None, "a fox", "dog", 4)
    assert {fact.name: fact.value for fact in after.facts}["seed"] == "7"
    assert library.payload(OWNER, id, "parameters") == LATE
    assert Image.open(io.BytesIO(library.thumbnail(OWNER, id))).size == (461, 384)
    assert [one.id for one in library.pictures(OWNER, q="fox")] == [id]
    assert (after.created, after.imported, after.sha256) == (before.created, before.imported, before.sha256)
    check_derived(library)
    library.undo(OWNER)  # what a person did before is undone as ever
    assert library.picture(OWNER, id).score == 0
    library.close()

    library = open_library()  # nothing is left to do, whatever the limit is now
    assert len(redraws(library)) == 1
    library.close()
    limit(1)
    library = open_library()
    assert len(redraws(library)) == 1 and library.picture(OWNER, id).why is None


def test_a_file_that_is_away_is_drawn_when_it_is_back(
    open_library: Open, tmp_path: Path, limit: Callable[[int], None]
) -> None:
    path = large(tmp_path / "pictures" / "large.png")
    limit(1)
    library = open_library()
    id = take(library, path.parent, in_place=True)
    library.close()
    limit(2)
    hidden = path.rename(tmp_path / "elsewhere.png")
    library = open_library()
    assert [job.state for job in redraws(library)] == ["done"]
    assert library.picture(OWNER, id).why is not None
    library.close()
    hidden.rename(path)
    library = open_library()
    assert [job.state for job in redraws(library)] == ["done", "done"]
    assert library.picture(OWNER, id).why is None


def test_other_bytes_in_its_place_are_left_alone(
    open_library: Open, tmp_path: Path, limit: Callable[[int], None]
) -> None:
    path = large(tmp_path / "pictures" / "large.png")
    limit(1)
    library = open_library()
    id = take(library, path.parent, in_place=True)
    library.close()
    limit(2)
    Image.new("RGB", (60, 40), "red").save(path)
    library = open_library()
    assert [job.state for job in redraws(library)] == ["done"]
    assert (library.picture(OWNER, id).width, library.picture(OWNER, id).prompt) == (1200, None)


def test_one_that_cannot_be_drawn_either_says_so_and_is_not_tried_again(
    open_library: Open, tmp_path: Path, limit: Callable[[int], None]
) -> None:
    path = large(tmp_path / "pictures" / "large.png")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # too large to be looked at, so nobody noticed
    limit(1)
    library = open_library()
    id = take(library, path.parent)
    library.close()
    limit(2)
    library = open_library()
    assert len(redraws(library)) == 1
    why = library.picture(OWNER, id).why
    assert why is not None and "cut short" in why
    library.close()
    library = open_library()
    assert len(redraws(library)) == 1


def test_a_purged_one_is_passed_over(open_library: Open, tmp_path: Path, limit: Callable[[int], None]) -> None:
    limit(1)
    library = open_library()
    id = take(library, large(tmp_path / "pictures" / "large.png"))
    library.delete(OWNER, DeletePictures(ids=[id]))
    library.close()
    limit(2)
    library = open_library(work=False)
    waiting = library.redraws.waiting()
    assert waiting == [id]
    assert library.redraws.redraw(id)  # the scrapheap's pictures are drawn as well
    assert library.redraws.waiting() == []
    with pytest.raises(NotFound):
        library.redraws.redraw(id + 1)
