"""Exports: files, captions, layouts, and the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import Corpus
from core.exports.conftest import Export, tree, upload
from core.texts import test_texts as texts
from PIL import Image

from pixlstash_core.errors import Conflict, Invalid, NotFound
from pixlstash_core.exports import manifest
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    DrawFace,
    ExportOptions,
    MakeExport,
    PreviewExport,
    SetCaption,
    TurnPictures,
)

pytestmark = pytest.mark.slow


def test_originals_and_captions(library: Library, pictures: list[int], export: Export, tmp_path: Path) -> None:
    report = export(tmp_path / "out", template="{trigger}, {caption}, {tags:1}", trigger="mira")
    assert (report.pictures, report.files, report.written, report.left_out) == (3, 6, 6, 0)
    files = tree(tmp_path / "out")
    assert sorted(files) == sorted(
        ["wide sea.png", "wide sea.txt", "tall.jpg", "tall.txt", "small.png", "small.txt", "manifest.jsonl"]
    )
    assert files["wide sea.txt"] == b"mira, a lighthouse, long hair"
    assert files["tall.txt"] == b"mira, long hair"
    assert files["small.txt"] == b"mira"
    for id, name in zip(pictures, ["wide sea.png", "tall.jpg", "small.png"], strict=True):
        assert hashlib.sha256(files[name]).hexdigest() == library.picture(OWNER, id).sha256
    with manifest.opened(tmp_path / "out") as book:
        lines = {line.name: line for line in book.lines()}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name in lines} == {
        name: line.sha256 for name, line in lines.items()
    }
    assert lines["wide sea.png"].text == "mira, a lighthouse, long hair"


def test_text_that_an_engine_read(library: Library, pictures: list[int], export: Export, tmp_path: Path) -> None:
    texts.read(library, "reader", {pictures[0]: ["NO ENTRY", "Keep left"], pictures[1]: ["../up"]})
    report = export(tmp_path / "out", template="a sign that says {text}", name="{text:1}/{name}")
    assert report.pictures == 3
    files = tree(tmp_path / "out")
    assert files["NO ENTRY/wide sea.txt"] == b"a sign that says NO ENTRY Keep left"
    assert {name for name in files if name.endswith(("tall.jpg", "small.png"))} == {"_up/tall.jpg", "small.png"}


def test_whose_captions_and_tags(library: Library, pictures: list[int], export: Export, tmp_path: Path) -> None:
    export(tmp_path / "a", pictures[:1], template="{tags}", underscores=True, without=["SEA"])
    assert tree(tmp_path / "a")["wide sea.txt"] == b"long_hair"
    export(tmp_path / "b", pictures[:1], template="{tags}", tags_by="engines")
    assert "wide sea.txt" not in tree(tmp_path / "b")
    export(tmp_path / "c", pictures[:1], template="{character}: {name}, {score}", text=True)
    assert tree(tmp_path / "c")["wide sea.txt"] == b"Ann: wide sea, 0"
    export(tmp_path / "d", pictures[:1], text=False)
    assert sorted(tree(tmp_path / "d")) == ["manifest.jsonl", "wide sea.png"]


def sizes_in(folder: Path) -> dict[str, tuple[int, int]]:
    """The sizes in pixels of the pictures in a folder."""
    sizes = {}
    for path in folder.glob("*.[jp]*g"):
        with Image.open(path) as image:
            sizes[path.name] = image.size
    return sizes


def test_resized_cropped_and_turned(library: Library, pictures: list[int], export: Export, tmp_path: Path) -> None:
    library.turn(OWNER, TurnPictures(ids=pictures[:1], quarters=1))
    assert export(tmp_path / "a", side=50, format="jpeg").left_out == 0
    assert sizes_in(tmp_path / "a") == {"wide sea.jpg": (25, 50), "tall.jpg": (25, 50), "small.jpg": (50, 50)}
    export(tmp_path / "b", bucket=256)
    assert sizes_in(tmp_path / "b") == {"wide sea.png": (192, 320), "tall.jpg": (192, 320), "small.png": (256, 256)}
    with Image.open(tmp_path / "b" / "wide sea.png") as image:
        assert image.getpixel((90, 90)) == (255, 0, 0)


def test_only_the_middle_of_a_picture_is_in_its_bucket(library: Library, export: Export, tmp_path: Path) -> None:
    image = Image.new("RGB", (900, 100), "black")
    image.paste("white", (0, 0, 100, 100))
    image.save(tmp_path / "long.png")
    id = library.upload(OWNER, "long.png", tmp_path / "long.png").id
    assert id is not None
    export(tmp_path / "out", [id], bucket=256)
    with Image.open(tmp_path / "out" / "long.png") as cropped:
        assert cropped.size == (512, 128)
        assert cropped.convert("L").getextrema() == (0, 0)


def test_crops_of_faces(library: Library, pictures: list[int], export: Export, tmp_path: Path) -> None:
    image = Image.new("RGB", (400, 200), "black")
    image.paste("white", (200, 50, 300, 150))
    image.save(tmp_path / "face.png")
    id = library.upload(OWNER, "face.png", tmp_path / "face.png").id
    assert id is not None
    library.draw_face(OWNER, DrawFace(picture=id, box=(0.5, 0.25, 0.75, 0.75), name="Ann"))
    report = export(tmp_path / "a", [id, *pictures], faces=True, margin=0)
    assert report.pictures == 1
    with Image.open(tmp_path / "a" / "face-face1.png") as crop:
        assert (crop.size, crop.convert("L").getextrema()) == ((100, 100), (255, 255))
    library.turn(OWNER, TurnPictures(ids=[id], quarters=1))
    export(tmp_path / "b", [id], faces=True, margin=0.5)
    with Image.open(tmp_path / "b" / "face-face1.png") as crop:
        assert crop.size == (200, 200)
        assert crop.getpixel((100, 100)) == (255, 255, 255)
        assert crop.getpixel((5, 5)) == (0, 0, 0)


def test_metadata_is_stripped(library: Library, export: Export, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret"
    ids = [
        upload(library, tmp_path, "a.jpg", (40, 30), "red", exif=exif),
        upload(library, tmp_path, "b.webp", (40, 30), "red", exif=exif, lossless=True),
    ]
    export(tmp_path / "kept", ids)
    export(tmp_path / "out", ids, strip=True)
    assert all(b"secret" in data for name, data in tree(tmp_path / "kept").items() if "manifest" not in name)
    files = tree(tmp_path / "out")
    assert {"a.jpg", "b.webp"} < set(files)
    assert all(b"secret" not in data for data in files.values())


def test_names_by_template(pictures: list[int], export: Export, tmp_path: Path) -> None:
    export(tmp_path / "out", name="{character}/{number:3}-{sha256:8}", text=False)
    names = sorted(tree(tmp_path / "out"))
    assert len(names) == 4 and sum(name.startswith("Ann/00") for name in names) == 1
    with pytest.raises(Invalid, match="field"):
        export(tmp_path / "other", name="{caption}")
    export(tmp_path / "up", pictures[:1], name="../../{name}/..", text=False)
    assert sorted(tree(tmp_path / "up")) == ["manifest.jsonl", "wide sea.png"]


def test_kohyas_layout(pictures: list[int], export: Export, tmp_path: Path) -> None:
    export(tmp_path / "out", layout="kohya", trigger='mi"ra/x', class_word="woman", repeats=7, bucket=512)
    names = sorted(tree(tmp_path / "out"))
    folder = "7_mi_ra_x woman"
    assert f"{folder}/wide sea.png" in names and f"{folder}/wide sea.txt" in names
    settings = tomllib.loads((tmp_path / "out" / "dataset.toml").read_text(encoding="utf-8"))
    [dataset] = settings["datasets"]
    [subset] = dataset["subsets"]
    assert (subset["image_dir"], subset["num_repeats"], subset["class_tokens"]) == (folder, 7, 'mi"ra/x woman')
    assert (dataset["resolution"], dataset["enable_bucket"]) == (512, True)
    assert settings["general"]["caption_extension"] == ".txt"


def test_other_layouts_and_metadata_jsonl(pictures: list[int], export: Export, tmp_path: Path) -> None:
    export(tmp_path / "a", layout="ai-toolkit", trigger="mira", jsonl=True)
    text = (tmp_path / "a" / "ai-toolkit.yaml").read_text(encoding="utf-8")
    assert 'trigger_word: "mira"\ndatasets:\n  - folder_path: "."\n    caption_ext: txt\n' in text
    rows = [json.loads(line) for line in (tmp_path / "a" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [set(row) for row in rows] == [{"file_name", "text"}] * 3
    assert all((tmp_path / "a" / row["file_name"]).is_file() for row in rows)
    assert {"file_name": "wide sea.png", "text": "a lighthouse"} in rows
    export(tmp_path / "b", layout="onetrainer", trigger="mira")
    [concept] = json.loads((tmp_path / "b" / "concepts.json").read_text(encoding="utf-8"))
    assert (concept["name"], concept["text"]) == ("mira", {"prompt_source": "sample"})


@pytest.mark.parametrize("end", ["", ".zip"])
def test_the_same_manifest_gives_the_same_bytes(
    end: str, library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    options = {"template": "{caption}, {tags}", "side": 80, "layout": "kohya", "jsonl": True, "format": "webp"}
    first, second, third = (tmp_path / f"{name}{end}" for name in "abc")
    export(first, **options)
    export(second, **options)
    library.set_caption(OWNER, SetCaption(ids=pictures, text="something else"))
    library.add_tags(OWNER, AddTags(ids=pictures, tags=["new"]))
    report = export(third, again=first)
    assert (report.left_out, report.differs) == (0, [])
    if end:
        assert first.read_bytes() == second.read_bytes() == third.read_bytes()
        with zipfile.ZipFile(first) as archive:
            assert archive.testzip() is None
    else:
        assert tree(first) == tree(second) == tree(third)
    assert manifest.diff(first, third).same == report.files
    changed = export(tmp_path / f"d{end}", **options)
    compared = manifest.diff(first, tmp_path / f"d{end}")
    assert (compared.added, compared.removed, compared.same) == (1, 0, changed.files - 1 - compared.changed)
    assert compared.names["changed"] and compared.settings == []


def test_a_repeated_export_says_what_is_not_the_same(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    export(tmp_path / "a", side=50)
    library.turn(OWNER, TurnPictures(ids=pictures[:1], quarters=1))
    report = export(tmp_path / "b", again=tmp_path / "a")
    assert report.differs == ["wide sea.png"]


def test_an_export_to_the_same_folder_updates_it(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(out, side=90, template="{tags}")
    drawn = {name: (out / name).stat().st_mtime_ns for name in ("wide sea.png", "tall.jpg", "small.png")}
    again = export(out, side=90, template="{tags}")
    assert (again.written, again.deleted) == (0, 0)
    library.add_tags(OWNER, AddTags(ids=pictures[1:2], tags=["tree"]))
    changed = export(out, pictures[1:], side=90, template="{tags}")
    assert (changed.written, changed.deleted) == (1, 2)
    assert sorted(tree(out)) == ["manifest.jsonl", "small.png", "tall.jpg", "tall.txt"]
    assert (out / "tall.jpg").stat().st_mtime_ns == drawn["tall.jpg"]
    assert not [name for name in tree(out) if "new" in name]


def test_a_damaged_or_missing_original_is_left_out(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    _, own = library.stores.own()
    paths = [own.root / key for (key,) in library.db.read("select key from location order by picture_id")]
    paths[0].write_bytes(b"x" * paths[0].stat().st_size)
    paths[1].unlink()
    for name in ("out", "out.zip"):
        report = export(tmp_path / name)
        assert (report.pictures, report.left_out, len(report.problems)) == (1, 2, 2)
        assert any("damaged" in problem for problem in report.problems)
    assert sorted(tree(tmp_path / "out")) == ["manifest.jsonl", "small.png"]


def test_videos_are_left_out_where_pictures_are_drawn(
    library: Library, export: Export, corpus: Corpus, tmp_path: Path
) -> None:
    video = next(one for one in corpus.kind("video") if one.decodes)
    copy = tmp_path / video.path.name
    copy.write_bytes(video.path.read_bytes())
    id = library.upload(OWNER, copy.name, copy).id
    assert id is not None
    assert export(tmp_path / "a", [id]).pictures == 1
    report = export(tmp_path / "b", [id], side=100)
    assert (report.pictures, report.left_out) == (0, 1)


def test_a_preview_counts_what_is_exported(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    options = ExportOptions(template="{caption}, {tags:1}", bucket=256, layout="kohya")
    preview = library.preview_export(OWNER, PreviewExport(q="", options=options))
    assert (preview.pictures, preview.empty, preview.left_out) == (3, 1, 0)
    assert [(tag.name, tag.pictures) for tag in preview.tags] == [("long hair", 2), ("sea", 2)]
    assert {(bucket.width, bucket.height): bucket.pictures for bucket in preview.buckets} == {
        (192, 320): 1,
        (320, 192): 1,
        (256, 256): 1,
    }
    export(tmp_path / "out", template="{caption}, {tags:1}", bucket=256, layout="kohya")
    files = tree(tmp_path / "out")
    for sample in preview.samples:
        with Image.open(io.BytesIO(files[sample.name])) as image:
            assert image.size == (sample.width, sample.height)
        assert files.get(f"{sample.name.rpartition('.')[0]}.txt", b"").decode() == (sample.text or "")


def test_what_cannot_be_exported_says_why(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="whole path"):
        library.export(OWNER, MakeExport(path="relative", q=""))
    with pytest.raises(Invalid, match="library's folder"):
        export(library.path / "inside")
    with pytest.raises(Invalid, match="library's folder"):
        export(library.path.parent)
    with pytest.raises(Conflict, match="exists already"):
        (tmp_path / "there.zip").write_bytes(b"mine")
        export(tmp_path / "there.zip")
    with pytest.raises(NotFound, match="no folder"):
        export(tmp_path / "nowhere" / "x.zip")
    with pytest.raises(Conflict, match="is a file"):
        (tmp_path / "file").write_bytes(b"")
        export(tmp_path / "file")
    with pytest.raises(Invalid, match="either"):
        library.export(OWNER, MakeExport(path=str(tmp_path / "x"), q="", ids=[1]))
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
