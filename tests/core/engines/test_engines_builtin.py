"""The engines that come with the core."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from engined import Engined, make
from libraries import finish
from PIL import Image, ImageFilter

from pixlstash_core import OWNER
from pixlstash_core import Image as Still
from pixlstash_core.engines.builtin.descriptor import describe
from pixlstash_core.engines.builtin.prompts import parts, plain
from pixlstash_core.engines.builtin.sharpness import sharpness
from pixlstash_core.library import Library
from pixlstash_core.plugins.image import Pictured
from pixlstash_core.search.matrix import unit
from pixlstash_core.types import Fact, Facts, ImportPaths, RunEngine


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return make(open_library, tmp_path, monkeypatch)


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture of shapes, colours and textures of its own."""
    pick = random.Random(seed)
    image = Image.new("RGB", size, tuple(pick.randrange(256) for _ in range(3)))  # type: ignore[arg-type]
    for _ in range(pick.randrange(8, 24)):
        width, height = pick.randrange(20, 160), pick.randrange(20, 160)
        patch = (
            Image.radial_gradient("L").resize((width, height))
            if pick.random() < 0.6
            else Image.new("L", (width, height), 255)
        )
        colour = tuple(pick.randrange(256) for _ in range(3))
        image.paste(colour, (pick.randrange(-60, size[0]), pick.randrange(-60, size[1])), patch)  # type: ignore[arg-type]
    noise = Image.effect_noise(size, pick.uniform(4, 40)).convert("RGB")
    return Image.blend(image, noise, pick.uniform(0, 0.15))


def still(image: Image.Image) -> Still:
    return Still(Pictured(1, "image", image.size), *image.size, image.convert("RGB").tobytes())


def test_sharp_pictures_are_sharper_than_blurred_ones() -> None:
    for seed in range(6):
        image = scene(seed)
        found = [sharpness(still(image.filter(ImageFilter.GaussianBlur(radius)))) for radius in (0, 1, 2, 4)]
        assert found == sorted(found, reverse=True) and len(set(found)) == 4, (seed, found)
        assert all(0 <= one <= 1 for one in found)


@pytest.mark.parametrize("size", [(1, 1), (5, 400), (400, 5), (9, 9), (10, 10)])
def test_small_and_plain_pictures_have_a_sharpness(size: tuple[int, int]) -> None:
    assert sharpness(still(Image.new("RGB", size, "teal"))) == 0.0
    assert 0 <= sharpness(still(scene(1).resize(size))) <= 1


def test_motion_blur_counts_in_its_own_direction() -> None:
    image = scene(3)
    streaked = image.resize((image.width // 12, image.height)).resize(image.size, Image.Resampling.BILINEAR)
    assert sharpness(still(streaked)) < 0.6 * sharpness(still(image))


@pytest.mark.parametrize(
    ("prompt", "said", "tags"),
    [
        (
            "(red hair:1.2), [blue_eyes], <lora:film:0.8>, masterpiece",
            "red hair, blue_eyes, masterpiece",
            "red hair|blue eyes|masterpiece",
        ),
        ("1girl, smile, BREAK, outdoors\nsunset", "1girl, smile, outdoors sunset", "1girl|smile|outdoors|sunset"),
        (r"cat \(animal\), ((very fluffy)), sofa", "cat (animal), very fluffy, sofa", "cat (animal)|very fluffy|sofa"),
        (
            "An old man stands by the river, looking at the far hills.",
            "An old man stands by the river, looking at the far hills.",
            "",
        ),
        ("a: b, c, d", "a: b, c, d", "a: b|c|d"),
        ("", "", ""),
        (",,, ,", "", ""),
        ("ratio 16:9, wide, tall:1.1", "ratio 16:9, wide, tall", "ratio 16:9|wide|tall"),
    ],
)
def test_prompts(prompt: str, said: str, tags: str) -> None:
    got = plain(prompt)
    assert got == said
    assert "|".join(parts(prompt)) == tags


def test_prompts_become_tags_and_captions(desk: Engined, tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    for name, text in (
        ("list", "red dress, harbour, (rain:1.3)"),
        ("prose", "A boat lies in the harbour at night."),
        ("none", ""),
    ):
        info = PngInfo()
        if text:
            info.add_text("parameters", f"{text}\nSteps: 20, Sampler: Euler, Seed: 1")
        Image.new("RGB", (30, 20 + len(name)), "navy").save(tmp_path / f"{name}.png", pnginfo=info)
    given = [str(tmp_path / f"{name}.png") for name in ("list", "prose", "none")]
    library = desk.library
    finish(library, library.import_paths(OWNER, ImportPaths(given)))
    for engine in ("prompt-tags", "prompt-caption"):
        assert finish(library, library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"
    find = lambda query: [library.picture(OWNER, id).name for id in library.find(OWNER, query).ids]  # noqa: E731
    assert (
        find("tag:harbour") == ["list.png"] and find("tag:rain") == ["list.png"] and find("is:tagged") == ["list.png"]
    )
    assert sorted(find("is:captioned")) == ["list.png", "prose.png"]
    assert find('caption:"boat lies"') == ["prose.png"]
    assert len(desk.done()) == 3 and desk.errors() == {}


def test_keywords_are_surer_than_prompts() -> None:
    from pixlstash_core.engines.builtin.prompts import PromptTags

    facts = Facts((Fact("Description", "keyword", "Keyword", "Harbour"),), prompt="harbour, rain, night")
    (found,) = PromptTags().run(None, [Still(Pictured(1, "image", (1, 1)), facts=facts)], None)
    assert {tag.name: tag.confidence for tag in found} == {"Harbour": 1.0, "rain": 0.7, "night": 0.7}


def test_a_copy_is_found_by_its_looks(rng: random.Random) -> None:
    import numpy as np

    scenes = [scene(seed) for seed in range(120)]

    def vector(image: Image.Image) -> object:
        image = image.convert("RGB")
        image.thumbnail((128, 128), Image.Resampling.BICUBIC)
        return np.frombuffer(unit(describe(image), {}), "<f2").astype(np.float32)

    known = np.stack([vector(one) for one in scenes])  # type: ignore[arg-type]
    found = 0
    for _ in range(60):
        number = rng.randrange(len(scenes))
        image = scenes[number]
        width, height = round(image.width * 0.8), round(image.height * 0.8)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        scale = rng.uniform(0.4, 1.6)
        copy = image.crop((left, top, left + width, top + height)).resize((round(width * scale), round(height * scale)))
        packed = io.BytesIO()
        copy.save(packed, "JPEG", quality=rng.randint(30, 90))
        found += int((known @ vector(Image.open(packed))).argmax()) == number
    assert found >= 59, found


def test_looks_of_the_smallest_pictures() -> None:
    for image in (Image.new("RGB", (1, 1), "red"), Image.new("RGB", (4000, 1)), scene(1)):
        assert len(unit(describe(image), {})) == len(unit(describe(scene(2)), {}))
