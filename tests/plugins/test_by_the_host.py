"""Our plugins as people have them: loaded by the host in a process of its own, from where weights are kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engined
import numpy as np
import pytest
import torchvision_shim
from engined import Engined
from libraries import finish
from PIL import Image as pil
from plugins.test_faces import scene

from pixlstash_clip import AnyClip
from pixlstash_core import OWNER, Image, Pictured
from pixlstash_core.captions import engine_results as caption_outputs
from pixlstash_core.engines.weights import folder_of
from pixlstash_core.library import Library
from pixlstash_core.types import ImportPaths, Job, RunEngine, SetEngine
from pixlstash_joycaption.local import JoyCaption

ANY = {"repository": "tiny/clip"}
SHORT = {"temperature": 0, "tokens": 6, "prompt": "Say it"}


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: Any) -> Engined:
    """A library with the plugins that are installed, and engines' processes in which torchvision can be imported."""
    monkeypatch.syspath_prepend(torchvision_shim.stand_in(tmp_path / "before"))
    return engined.make(open_library, tmp_path, monkeypatch, ())


def put(desk: Engined, engine: Any, params: dict[str, Any], made: Path) -> None:
    """Weights to where the engine looks for them."""
    needed = engine.weights(engine.Params(**params))
    place = folder_of(desk.library.host.catalogue.models, engine.id, needed)
    shutil.copytree(made, place)
    assert {file.path for file in needed.files} <= {path.name for path in place.iterdir()}


def run(desk: Engined, engine: str) -> Job:
    return finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=engine)))


def images(desk: Engined, ids: list[int]) -> list[Image]:
    """The pictures as the host gives them."""
    found = []
    for id, path in zip(ids, sorted(desk.folder.iterdir()), strict=True):
        with pil.open(path) as image:
            found.append(Image(Pictured(id, "image", image.size), *image.size, image.convert("RGB").tobytes()))
    return found


def test_clip_looks_at_pictures_and_finds_them_by_words(desk: Engined, made: Callable[[str], Path]) -> None:
    library, engine = desk.library, AnyClip()
    put(desk, engine, ANY, made("clip"))
    ids = desk.take_in(6, (70, 40))
    library.set_engine(OWNER, SetEngine(engine=engine.id, params=ANY, default=True))
    job = run(desk, engine.id)
    assert job.state == "done", job.error
    assert job.done == 6 and desk.errors() == {}
    model = engine.load("cpu", made("clip"), engine.Params(**ANY))
    wanted = np.stack(list(engine.run(model, images(desk, ids), None)))
    rows = dict(library.db.read("select picture_id, body from vector_output"))
    stored = np.stack([np.frombuffer(rows[id], "<f2") for id in ids]).astype(np.float32)
    assert np.allclose(stored, wanted, atol=2e-3)  # of half precision
    (words,) = engine.text(model, ["a cat at night"], None)
    order = [ids[n] for n in np.argsort(-(stored @ words), kind="stable")]
    found = library.find(OWNER, 'like:"a cat at night" top:all').ids
    assert found == order and len(set(ids)) == 6
    assert library.host.loaded()


def test_joycaption_describes_pictures(desk: Engined, made: Callable[[str], Path]) -> None:
    library, engine = desk.library, JoyCaption()
    put(desk, engine, {}, made("spread"))
    ids = desk.take_in(3, (50, 40))
    library.set_engine(OWNER, SetEngine(engine=engine.id, params=SHORT))
    job = run(desk, engine.id)
    assert job.state == "done", job.error
    assert job.done == 3 and desk.errors() == {}
    params = engine.Params(**SHORT)
    model = engine.load("cpu", made("joycaption"), params)
    said = [one for image in images(desk, ids) for one in engine.run(model, [image], params)]
    shown = [library.caption(OWNER, id).text for id in ids]
    assert shown == [caption_outputs.check(engine, one, {}) for one in said] and all(shown)
    assert set(library.find(OWNER, "is:captioned").ids) == set(ids)


@pytest.fixture
def pinned(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[str], Path]
) -> Engined:
    """A library with the WD tagger and a face pack, which are pinned to the tiny weights that lie where they belong."""
    for kind, engine in (("wd", "wd-tagger/tiny"), ("faces", "faces/tiny")):
        shutil.copytree(made(kind), tmp_path / "tiny" / kind)
        shutil.copytree(made(kind), tmp_path / "models" / engine)
    monkeypatch.setenv("TINY_WEIGHTS", str(tmp_path / "tiny"))
    return engined.make(open_library, tmp_path, monkeypatch, ("pinned",))


def test_a_wd_tagger_tags_pictures(pinned: Engined) -> None:
    ids = pinned.take_in(3, (60, 60))
    job = run(pinned, "wd-tagger/tiny")
    assert (job.state, job.error, job.done, job.failed) == ("done", None, 3, 0)
    tags = pinned.tags()
    assert "red background" in tags[ids[0]] and "blue background" in tags[ids[2]]
    assert "red background" not in tags[ids[2]]
    assert pinned.library.find(OWNER, 'tag:"red background"').ids == [ids[0]]


def test_a_face_pack_finds_faces(pinned: Engined) -> None:
    library = pinned.library
    pinned.folder.mkdir()
    here = [((1, 160, 160),), ((2, 320, 160), (1, 480, 480)), ()]
    for n, seen in enumerate(here):
        pil.fromarray(scene((640, 640), *seen)).save(pinned.folder / f"{n}.png")
    assert finish(library, library.import_paths(OWNER, ImportPaths([str(pinned.folder)], True))).state == "done"
    job = run(pinned, "faces/tiny")
    assert (job.state, job.error, job.done, job.failed) == ("done", None, 3, 0)
    ids = [id for (id,) in library.db.read("select id from picture order by name")]
    found = [library.picture_faces(OWNER, id) for id in ids]
    assert [len(faces) for faces in found] == [1, 2, 0]
    (face,) = found[0]
    assert np.allclose(face.box, np.array([112, 112, 208, 208]) / 640, atol=2e-3)
    rows = library.db.read("select picture_id, box, vector from region order by picture_id, box")
    vectors = {(picture, box): np.frombuffer(vector, "<f2").astype(np.float32) for picture, box, vector in rows}
    (ann,) = (vector for (picture, _), vector in vectors.items() if picture == ids[0])
    likeness = sorted(float(ann @ vector) for (picture, _), vector in vectors.items() if picture == ids[1])
    assert likeness[0] < 0.9 < 0.99 < likeness[1]  # somebody else, and the same one


def test_weights_that_were_changed_are_not_loaded(pinned: Engined, tmp_path: Path) -> None:
    pinned.take_in(1)
    with (tmp_path / "models" / "faces" / "tiny" / "glintr100.onnx").open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    job = run(pinned, "faces/tiny")
    assert job.state == "failed" and "its SHA-256 differs" in (job.error or "")
