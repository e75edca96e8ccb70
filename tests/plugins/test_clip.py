"""CLIP and SigLIP2: pictures and words, prepared to the number, through open_clip's own loader."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from PIL import Image as pil

import pixlstash_clip as clip
from pixlstash_core import OWNER, Image, Pictured, Weights
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.testing import check
from pixlstash_core.types import RunEngine, SetEngine

LISTED = {engine.id: engine for engine in clip.embedders()}
PLAIN, SIGLIP, PE = LISTED["clip/vit-b-32"], LISTED["clip/siglip2-b-16"], LISTED["clip/pe-core-l-14"]


@pytest.fixture(params=["clip", "siglip", "pe_core"])
def both(request: pytest.FixtureRequest, torch: Any, made: Callable[[str], Path]) -> tuple[Any, Any]:
    """An engine and its model."""
    engine = {"clip": PLAIN, "siglip": SIGLIP, "pe_core": PE}[request.param]
    return engine, engine.load("cpu", made(request.param), engine.Params())


def shown(image: pil.Image, picture: int = 1) -> Image:
    return Image(Pictured(picture, "image", image.size), *image.size, image.convert("RGB").tobytes())


def noise(width: int, height: int, seed: int = 1) -> pil.Image:
    return pil.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def test_they_are_as_engines_are_to_be(torch: Any, made: Callable[[str], Path]) -> None:
    for id, engine in LISTED.items():
        needed = engine.weights(engine.Params())
        own = needed is not None and len(needed.files) > 2
        params = {"repository": "some/one"} if id == "clip/any" else {}
        check(engine, params=params, folder=made("siglip" if own else "clip"))


def test_only_safetensors_are_fetched() -> None:
    for engine in LISTED.values():
        for file in getattr(engine.weights(engine.Params()), "files", ()):
            assert file.path.endswith((".safetensors", ".json")) and file.url.startswith("https://huggingface.co/")


def test_every_listed_model_is_pinned() -> None:
    """To a full commit; and by SHA-256, except those of which none is published (the README names the same ones)."""
    without = set()
    for name, _, source in clip.LIST:
        assert re.fullmatch(r"[0-9a-f]{40}", source.commit), name
        needed = source.weights()
        assert all(f"/resolve/{source.commit}/" in file.url for file in needed.files)
        assert all(re.fullmatch(r"([0-9a-f]{64})?", file.sha256) for file in needed.files)
        (model,) = [file for file in needed.files if file.path == clip.MODEL]
        if not model.sha256:
            without.add(name)
        assert needed.size > 300_000_000
    assert without == {"siglip2-so400m", "mobileclip2-s2"}
    readme = Path(clip.__file__).parents[2] / "README.md"
    rows = re.findall(r"^\| `clip/([\w-]+)` \|[^|]*\| commit(, SHA-256)? \|", readme.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == {name: "" if name in without else ", SHA-256" for name, _, _ in clip.LIST}


def test_a_picture_is_prepared_as_its_model_s_settings_say(torch: Any, made: Callable[[str], Path]) -> None:
    """CLIP: the shorter side to 32, bicubic, the middle, mean and deviation of the channels in RGB."""
    model = PLAIN.load("cpu", made("clip"), None)
    image = noise(90, 60)
    small = image.resize((48, 32), pil.Resampling.BICUBIC).crop((8, 0, 40, 32))
    wanted = (np.asarray(small, np.float32) / 255 - tiny.MEAN) / tiny.STD
    assert np.allclose(model.prepare(image).numpy(), wanted.transpose(2, 0, 1), atol=1e-6)


def test_siglip_squashes(torch: Any, made: Callable[[str], Path]) -> None:
    model = SIGLIP.load("cpu", made("siglip"), None)
    image = noise(90, 60)
    wanted = (np.asarray(image.resize((32, 32), pil.Resampling.BICUBIC), np.float32) / 255 - 0.5) / 0.5
    assert np.allclose(model.prepare(image).numpy(), wanted.transpose(2, 0, 1), atol=1e-6)


def test_pe_core_squashes_too_and_reads_32_tokens(torch: Any, made: Callable[[str], Path]) -> None:
    model = PE.load("cpu", made("pe_core"), None)
    image = noise(90, 60)
    wanted = (np.asarray(image.resize((384, 384), pil.Resampling.BILINEAR), np.float32) / 255 - 0.5) / 0.5
    assert np.allclose(model.prepare(image).numpy(), wanted.transpose(2, 0, 1), atol=1e-6)
    assert model.tokenize(["a cat"]).tolist()[0][:4] == [49406, 320, 2368, 49407]
    assert model.tokenize(["a cat " * 50]).shape == (1, 32)


def test_vectors_of_pictures_and_words_share_a_space(both: tuple[Any, Any]) -> None:
    engine, model = both
    images = [shown(noise(50, 40, seed)) for seed in (1, 2, 1)]
    one, other, same = engine.run(model, images, None)
    cat, dog, again = engine.text(model, ["a cat", "a dog in the forest", "a cat"], None)
    for vector in (one, other, cat, dog):
        assert (
            vector.shape == (16,)
            and vector.dtype == np.float32
            and np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        )
    assert np.allclose(one, same, atol=1e-6) and np.allclose(cat, again, atol=1e-6)
    assert not np.allclose(one, other, atol=1e-3) and not np.allclose(cat, dog, atol=1e-3)
    assert list(engine.text(model, [], None)) == []


def test_tokens_are_those_of_the_model(torch: Any, made: Callable[[str], Path]) -> None:
    plain, own = PLAIN.load("cpu", made("clip"), None), SIGLIP.load("cpu", made("siglip"), None)
    begin, end = 49406, 49407
    assert plain.tokenize(["a cat"]).tolist()[0][:5] == [begin, 320, 2368, end, 0]
    tokens = own.tokenize(["A cat, at night!"]).tolist()[0]
    assert len(tokens) == 64 and [tiny.WORDS[n] for n in tokens[:4]] == ["a", "cat", "at", "night"]


def test_each_repository_and_commit_is_a_space_of_its_own() -> None:
    engine = LISTED["clip/any"]
    params = [
        engine.Params(repository="laion/one"),
        engine.Params(repository="laion/two"),
        engine.Params(repository="laion/one", commit="abc", tokenizer=True),
    ]
    assert len({engine.space(one) for one in params}) == 3
    needed = [engine.weights(one) for one in params]
    assert all(isinstance(one, Weights) for one in needed) and len({one.folder for one in needed}) == 3
    assert len(needed[2].files) == 4 and "/laion/one/resolve/abc/" in needed[2].files[0].url
    assert len({one.space(one.Params()) for one in LISTED.values()}) == len(LISTED)


@pytest.mark.parametrize("repository", ["../../etc", "one", "a/b/c", "a/..", "https://a/b"])
def test_a_repository_is_no_path(repository: str) -> None:
    import msgspec

    engine = LISTED["clip/any"]
    try:
        params = msgspec.convert({"repository": repository}, engine.Params)
    except msgspec.ValidationError:
        return
    assert engine.weights(params) is None


def test_without_a_repository_it_says_what_to_do(library: Library) -> None:
    engine = LISTED["clip/any"]
    assert engine.unset(engine.Params(repository="laion/one")) == ""
    (info,) = [one for one in library.engines(OWNER) if one.id == "clip/any"]
    assert info.state == "set" and info.unset.startswith("Say which repository has the model, such as laion/")
    for ask in (
        lambda: library.run_engine(OWNER, RunEngine(engine="clip/any")),
        lambda: library.set_engine(OWNER, SetEngine(engine="clip/any", policy="new")),
    ):
        with pytest.raises(Invalid, match="CLIP of your choice cannot be run yet. Say which repository"):
            ask()
    set_up = library.set_engine(OWNER, SetEngine(engine="clip/any", params={"repository": "laion/one"}))
    assert (set_up.state, set_up.unset) == ("fetch", "")


def test_missing_weights_are_not_made_up(torch: Any, made: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / clip.CONFIG).write_text((made("clip") / clip.CONFIG).read_text())
    with pytest.raises((RuntimeError, OSError)):
        PLAIN.load("cpu", tmp_path, None)


def test_importing_it_loads_nothing_heavy() -> None:
    import subprocess

    code = "import pixlstash_clip, sys; print([n for n in ('torch', 'open_clip', 'numpy', 'PIL') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
