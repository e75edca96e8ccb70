"""CLIP and JoyCaption as people have them: loaded by the host in a process of its own, from where weights are kept."""

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

from pixlstash_clip import AnyClip
from pixlstash_core import OWNER, Image, Pictured
from pixlstash_core.features import caption_outputs
from pixlstash_core.host.weights import folder_of
from pixlstash_core.library import Library
from pixlstash_core.types import Job, RunEngine, SetEngine
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
