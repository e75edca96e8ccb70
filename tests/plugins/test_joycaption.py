"""JoyCaption: the talk it is asked with, token by token, batches, and what is made of its answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import tiny
from PIL import Image as pil

from pixlstash_core import Image, Pictured
from pixlstash_core.testing import check
from pixlstash_joycaption import captioners, prompts, taggers
from pixlstash_joycaption.local import NOT_QUANTIZED, inputs, read_tags
from pixlstash_joycaption.settings import CaptionSettings, LocalSettings, TagSettings, instruction

ENGINE, TAGGER = next(iter(captioners())), next(iter(taggers()))
STILL = LocalSettings(temperature=0, tokens=8, system="Sys", prompt="Say it")


@pytest.fixture(scope="module")
def model(torch: Any, made: Callable[[str], Path]) -> Any:
    return ENGINE.load("cpu", made("joycaption"), LocalSettings())


def shown(seed: int, width: int = 50, height: int = 40) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image(Pictured(seed, "image", (width, height)), width, height, pixels.tobytes())


@pytest.mark.parametrize("engine", [ENGINE, TAGGER], ids=lambda one: one.id)
def test_they_are_as_engines_are_to_be(engine: Any, torch: Any, made: Callable[[str], Path]) -> None:
    check(engine, params={"temperature": 0, "tokens": 4, "memory": "full"}, folder=made("joycaption"))


def test_the_talk_is_the_template_s_and_begins_once(model: Any) -> None:
    given = inputs(model, [shown(1).pil], STILL)
    tokenizer = model.processor.tokenizer
    assert tokenizer("x")["input_ids"][0] == tokenizer.bos_token_id  # it would add one, as Llama 3's does
    ids = given["input_ids"][0].tolist()
    assert ids.count(tokenizer.bos_token_id) == 1 and ids[0] == tokenizer.bos_token_id
    places = (tiny.JOY_SIDE // tiny.JOY_PATCH) ** 2
    begin, end = "<|start_header_id|>", "<|end_header_id|>\n\n"
    image = "<|reserved_special_token_70|>" + tiny.IMAGE * places + "<|reserved_special_token_71|>"
    talk = f"{begin}system{end}Sys<|eot_id|>{begin}user{end}{image}Say it<|eot_id|>{begin}assistant{end}"
    assert tokenizer.decode(ids) == tiny.BOS + talk


def test_pixels_are_squashed_and_from_minus_one_to_one(model: Any) -> None:
    image = shown(1).pil
    given = inputs(model, [image], STILL)["pixel_values"][0].numpy()
    kind = pil.Resampling(model.processor.image_processor.resample)
    small = np.asarray(image.resize((tiny.JOY_SIDE, tiny.JOY_SIDE), kind), np.float32)
    # Transformers resizes by torchvision where it is there: half a level apart at most, of 255.
    assert np.abs(given - ((small / 255 - 0.5) / 0.5).transpose(2, 0, 1)).max() <= 2 * 1.01 / 255


def test_a_batch_is_padded_on_the_left(model: Any) -> None:
    tokenizer = model.processor.tokenizer
    texts = ["a", "a much longer question"]
    ids = tokenizer(texts, padding=True, return_tensors="pt", add_special_tokens=False)["input_ids"]
    assert (
        tokenizer.padding_side == "left"
        and ids[0, 0] == tokenizer.pad_token_id
        and ids[0, -1] != tokenizer.pad_token_id
    )


def test_among_others_a_picture_is_described_as_alone(model: Any) -> None:
    images = [shown(1), shown(2), shown(3)]
    together = list(ENGINE.run(model, images, STILL))
    alone = [list(ENGINE.run(model, [image], STILL))[0] for image in images]
    assert together == alone and len(set(together)) > 1
    assert "Say it" not in together[0]  # the question is cut off


def test_free_words_are_the_same_for_the_same_pictures(model: Any) -> None:
    free = LocalSettings(temperature=1.5, tokens=8)
    assert list(ENGINE.run(model, [shown(1)], free)) == list(ENGINE.run(model, [shown(1)], free))
    assert list(ENGINE.run(model, [], free)) == []


def test_no_more_tokens_than_asked_for(model: Any) -> None:
    few, many = (list(ENGINE.run(model, [shown(1)], LocalSettings(temperature=0, tokens=n)))[0] for n in (1, 30))
    assert len(few.encode()) <= 4 < len(many.encode())


def test_four_bits_need_what_they_need(made: Callable[[str], Path], torch: Any) -> None:
    with pytest.raises(ValueError, match="4bit"):
        ENGINE.load("cpu", made("joycaption"), LocalSettings(memory="4 bit"))


def test_4_bit_quantizes_the_language_model_only(model: Any) -> None:
    """Asked of transformers' own rule, with the module names of a model that it loaded."""
    from torch.nn import Linear
    from transformers.quantizers.base import HfQuantizer
    from transformers.quantizers.quantizers_utils import should_convert_module

    network = model.network
    skipped = HfQuantizer.get_modules_to_not_convert(network, list(NOT_QUANTIZED), network._keep_in_fp32_modules)
    linear = {name for name, module in network.named_modules() if isinstance(module, Linear)}
    quantized = {name for name in linear if should_convert_module(name, skipped)}
    spared = ("model.vision_tower.", "model.multi_modal_projector.", "lm_head")
    assert all(any(name.startswith(part) for name in linear) for part in spared)
    assert quantized == {name for name in linear if name.startswith("model.language_model.")}
    assert len(quantized) == 2 * 7  # per layer: query, key, value, output; gate, up, down


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"length": "any"}, "Write a detailed description for this image."),
        ({"length": "very short"}, "Write a very short detailed description for this image."),
        ({"words": 40}, "Write a detailed description for this image in 40 words or less."),
        (
            {"kind": "MidJourney", "length": "any", "extras": [get_args(prompts.Extra)[0]], "name": "Ann"},
            (
                "Write a MidJourney prompt for this image."
                " If there is a person/character in the image you must refer to them as Ann."
            ),
        ),
        ({"prompt": " What is it? ", "words": 40}, "What is it?"),
    ],
)
def test_what_is_asked(settings: dict[str, Any], wanted: str) -> None:
    assert instruction(CaptionSettings(**settings)) == wanted


def test_every_kind_length_and_addition_is_a_sentence() -> None:
    assert get_args(prompts.CaptionKind) == tuple(prompts.CAPTIONS) and get_args(prompts.TagKind) == tuple(prompts.TAGS)
    extras = list(get_args(prompts.Extra))
    assert len(extras) == 27
    for kind in prompts.CAPTIONS:
        for length in get_args(prompts.Length):
            said = instruction(CaptionSettings(kind=kind, length=length, extras=extras, name="Ann"))  # type: ignore[arg-type]
            assert not {"{", "}"} & set(said) and (length == "any" or f"{length}" in said)
    for kind in prompts.TAGS:
        assert "{" not in instruction(TagSettings(kind=kind, words=20))  # type: ignore[arg-type]


def test_tags_are_read_from_a_list() -> None:
    found = read_tags("artist:ann_b, character:cat_(story), 1girl, blue_hair,\nBlue Hair, , a:b, " + "x" * 200)
    assert [(tag.name, tag.category) for tag in found] == [
        *(("ann b", "artist"), ("cat (story)", "character"), ("1girl", "general"), ("blue hair", "general")),
        ("a:b", "general"),
    ]


def test_importing_it_loads_nothing_heavy() -> None:
    import subprocess

    code = "import pixlstash_joycaption, sys; print([n for n in ('torch', 'transformers', 'PIL') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_only_safetensors_at_one_commit_once_agreed() -> None:
    one, other = ENGINE.weights(LocalSettings()), TAGGER.weights(TagSettings())
    assert one == other and one is not None and one.acknowledge and one.folder == "joycaption/beta-one"
    assert all(file.path.endswith((".safetensors", ".json")) and "/resolve/main/" not in file.url for file in one.files)
