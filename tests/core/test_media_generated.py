"""Generated pictures and photographs of the world, checked by hand against what is read from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Corpus
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pixlstash_core.media import DecoderPool
from pixlstash_core.types import Facts, Reading

MIKU = "general, masterpiece, best quality, amazing quality, \n1girl, solo, hatsune miku,"
BAD = "bad quality, worst quality, worst detail, sketch, censor,"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, plugins=False) as one:
        yield one


def values(found: Facts | Reading | None) -> dict[str, Any]:
    """Facts by name: the number where there is one; several of a name as a list."""
    assert found is not None
    answer: dict[str, Any] = {}
    for one in found.facts:
        value = one.value if one.number is None or one.name in ("lora", "shutter", "aperture", "focal") else one.number
        answer[one.name] = value if one.name not in answer else [*_listed(answer[one.name]), value]
    return answer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


GENERATED = {
    "gen/ComfyUI_examples/fennec_girl_flowers.png": (
        {
            "tool": "ComfyUI",
            "model": "chroma-unlocked-v47-detail-calibrated",
            "seed": 592194909579488,
            "steps": 30,
            "cfg": 4.0200000000000005,
            "sampler": "dpmpp_2m",
            "scheduler": "simple",
        },
        "aesthetic 11, cute anime girl with massive fennec ears",
        "low quality, bad anatomy, extra digits, missing digits, extra limbs, missing limbs",
        {"prompt", "workflow"},
    ),
    "gen/ComfyUI_examples/flux_depth_lora_example.png": (
        {
            "tool": "ComfyUI",
            "model": "flux1-dev",
            "lora": "flux1-depth-dev-lora",
            "seed": 91050358797301,
            "steps": 20,
            "cfg": 1,
            "sampler": "euler",
            "scheduler": "normal",
        },
        "a photograph of a shark in the sea",
        None,
        {"prompt", "workflow"},
    ),
    # a sampler put together from parts
    "gen/ComfyUI_examples/sdxlturbo_example.png": (
        {
            "tool": "ComfyUI",
            "model": "sd_xl_turbo_1.0_fp16",
            "seed": 0,
            "steps": 1,
            "cfg": 1,
            "sampler": "euler_ancestral",
        },
        "beautiful landscape scenery glass bottle",
        "text, watermark",
        {"prompt", "workflow"},
    ),
    # WebP: both graphs in EXIF
    "gen/ComfyUI_examples/text_to_video_wan.webp": (
        {
            "tool": "ComfyUI",
            "model": "wan2.1_t2v_1.3B_fp16",
            "seed": 82628696717253,
            "steps": 30,
            "cfg": 6,
            "sampler": "uni_pc",
            "scheduler": "simple",
        },
        "a fox moving quickly in a beautiful winter scenery",
        "色调艳丽，过曝，静态",
        {"prompt", "workflow"},
    ),
    "gen/sd-metadata/comfyui-saveimage-plus.jpg": (
        {
            "tool": "ComfyUI",
            "model": "waiIllustriousSDXL_v160",
            "seed": 577723948579568,
            "steps": 20,
            "cfg": 5,
            "sampler": "euler_ancestral",
            "scheduler": "karras",
        },
        MIKU,
        BAD,
        {"prompt"},
    ),
    # nodes whose ids are words; the API graph as the JPEG's user comment
    "gen/sd-metadata/civitai-hires.jpg": (
        {
            "tool": "ComfyUI",
            "model": "urn:air:sdxl:checkpoint:civitai:827184@2514310",
            "seed": 1311178179,
            "steps": 25,
            "cfg": 5,
            "sampler": "euler_ancestral",
            "scheduler": "normal",
        },
        MIKU + " #テスト",
        BAD,
        {"prompt"},
    ),
    "gen/sd-metadata/forge-classic-en.png": (
        {
            "tool": "Forge",
            "model": "waiIllustriousSDXL_v160",
            "seed": 1239240392,
            "steps": 20,
            "cfg": 6,
            "sampler": "DPM++ 2M",
            "scheduler": "Karras",
        },
        MIKU,
        BAD,
        {"parameters"},
    ),
    # big-endian UTF-16 in a JPEG
    "gen/sd-metadata/sd-webui.jpg": (
        {
            "tool": "Stable Diffusion WebUI",
            "model": "waiIllustriousSDXL_v160",
            "seed": 3623174757,
            "steps": 20,
            "cfg": 5.5,
            "sampler": "DPM++ 2M",
            "scheduler": "Karras",
        },
        MIKU + " テスト",
        BAD,
        {"parameters"},
    ),
    "gen/sd-metadata/sd-webui.webp": (
        {
            "tool": "Stable Diffusion WebUI",
            "model": "waiIllustriousSDXL_v160",
            "seed": 1028435836,
            "steps": 20,
            "cfg": 5.5,
            "sampler": "DPM++ 2M",
            "scheduler": "Karras",
        },
        MIKU + " テスト",
        BAD,
        {"parameters"},
    ),
    # little-endian UTF-16, models as a JSON list inside the settings line
    "gen/sd-metadata/civitai.jpeg": (
        {
            "tool": "Civitai",
            "model": "WAI-illustrious-SDXL",
            "seed": 1311178179,
            "steps": 25,
            "cfg": 5,
            "sampler": "Euler a",
        },
        MIKU + " #テスト",
        BAD,
        {"parameters"},
    ),
    "gen/sd-metadata/sd-next-en.png": (
        {"tool": "SD.Next", "model": "waiIllustriousSDXL_v160", "seed": 2251068289, "steps": 20, "cfg": 6},
        MIKU,
        BAD,
        {"parameters"},
    ),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pictures(corpus: Corpus, pool: DecoderPool, name: str) -> None:
    path = next((one.path for one in corpus if one.row["path"] == name), None)
    if path is None:
        pytest.skip(f"the corpus has no {name}")
    facts, prompt, negative, payloads = GENERATED[name]
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert values(reading) == facts
    assert (reading.prompt or "").startswith(prompt)
    assert (reading.negative is None) == (negative is None)
    assert (reading.negative or "").startswith(negative or "")
    assert set(reading.payloads) == payloads
    assert {one.group for one in reading.facts} == {"Generation"}


def test_a_photograph(pool: DecoderPool, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS R5", "Lightroom 13"
    exif.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 250),
            0x829D: IFDRational(28, 10),
            0x8827: 400,
            0x920A: IFDRational(85, 1),
            0x9003: "2024:05:06 12:34:56",
            0x9011: "+02:00",
            0x9291: "25",
            0xA434: "RF85mm F1.2 L USM",
        }
    )
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 24.0), 3: "E", 4: (151.0, 12.5, 0.0)})
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (60, 40)).save(path, exif=exif)
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert values(reading) == {
        "camera": "Canon EOS R5",
        "lens": "RF85mm F1.2 L USM",
        "tool": "Lightroom 13",
        "shutter": "1/250 s",
        "aperture": "f/2.8",
        "iso": 400,
        "focal": "85 mm",
        "place": "-33.85667, 151.20833",
    }
    assert {one.name: one.number for one in reading.facts if one.name in ("shutter", "aperture", "focal")} == {
        "shutter": 0.004,
        "aperture": 2.8,
        "focal": 85,
    }
    assert reading.created == 1_714_991_696_250


def test_places_and_cameras_of_the_corpus(corpus: Corpus, pool: DecoderPool) -> None:
    """Every picture that the manifest says has a place gets one, unless the tag is empty."""
    located = [one for one in corpus if one.decodes and one.row["gps"] == "1" and one.row["format"] in ("JPEG", "PNG")]
    if not located:
        pytest.skip("the corpus has no located pictures")
    found = [pool.read(one.path, one.path.name) for one in located]
    places = [values(one).get("place") for one in found if isinstance(one, Reading)]
    assert sum(place is not None for place in places) >= len(located) // 2
