"""JoyCaption beta one on this machine, by transformers: a caption, or a list of tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from pixlstash_core import Captioner, Image, Tag, Tagger, WeightFile, Weights

from .settings import LocalSettings, TagSettings, asked

REPOSITORY = "fancyfeast/llama-joycaption-beta-one-hf-llava"
COMMIT = "ebf414ea497a020da0f82df3913e5b6cb8e9663a"
LICENSE = "Llama 3.1 Community License (built with Llama)"
SHARDS = 4
#: Bytes of all files, roughly.
ABOUT = 17_000_000_000
SMALL = (
    *("config.json", "generation_config.json", "preprocessor_config.json", "chat_template.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "model.safetensors.index.json"),
)
#: Modules that stay in bfloat16 when the model is loaded in 4 bit, as transformers 5 names them: the vision tower, the
#: projector, and the head that chooses each token. transformers compares a name from its start, or as a suffix.
NOT_QUANTIZED = ("model.vision_tower", "model.multi_modal_projector", "lm_head")
#: Bytes of a GPU below which the model is loaded in 4 bit, where it can be.
ROOM = 20 << 30
#: How much one can rely on a tag that comes as a word, without a number.
SURE = 0.7


class Model(NamedTuple):
    network: Any
    processor: Any
    device: str


def weights() -> Weights:
    where = f"https://huggingface.co/{REPOSITORY}/resolve/{COMMIT}/"
    shards = [f"model-{n + 1:05}-of-{SHARDS:05}.safetensors" for n in range(SHARDS)]
    files = tuple(WeightFile(where + name, name) for name in (*SMALL, *shards))
    return Weights(files, LICENSE, acknowledge=True, folder="joycaption/beta-one", about=ABOUT)


def load(device: str, folder: Path, memory: str) -> Model:
    """The model as its author loads it: bfloat16 on a GPU, or in 4 bit except for `NOT_QUANTIZED`; float32 on a CPU."""
    import torch
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    options: dict[str, Any] = {"dtype": torch.bfloat16 if device != "cpu" else torch.float32}
    if memory == "4 bit" or (memory == "auto" and _is_small(device)):
        from transformers import BitsAndBytesConfig

        if find_spec("bitsandbytes") is None or not device.startswith("cuda"):
            raise ValueError('4 bit needs an NVIDIA GPU and bitsandbytes: `pip install "pixlstash-joycaption[4bit]"`')
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
            bnb_4bit_use_double_quant=True,
            llm_int8_skip_modules=list(NOT_QUANTIZED),
        )
        options["device_map"] = {"": device}
    place = str(folder)
    network = LlavaForConditionalGeneration.from_pretrained(
        place, local_files_only=True, use_safetensors=True, **options
    )
    processor = AutoProcessor.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    # What the network takes a picture by; its author's files do not all say so to the processor.
    about = network.config
    processor.patch_size = about.vision_config.patch_size
    processor.vision_feature_select_strategy = about.vision_feature_select_strategy
    processor.image_token_id = about.image_token_index
    processor.image_token = processor.tokenizer.convert_ids_to_tokens(about.image_token_index)
    processor.tokenizer.padding_side = "left"  # else a short prompt would be answered after its padding
    if processor.tokenizer.pad_token is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    if "device_map" not in options:
        network = network.to(device)
    return Model(network.eval(), processor, device)


def _is_small(device: str) -> bool:
    """Whether a GPU has too little memory for all of it, and bitsandbytes is there to make it less."""
    if not device.startswith("cuda") or find_spec("bitsandbytes") is None:
        return False
    import torch

    return bool(torch.cuda.get_device_properties(device).total_memory < ROOM)


def inputs(model: Model, images: Sequence[Any], params: Any) -> Any:
    """What the network is given for Pillow images: pixels, and tokens padded on the left that begin once."""
    talk = [{"role": "system", "content": params.system.strip()}, {"role": "user", "content": asked(params)}]
    text = model.processor.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    made = model.processor(
        text=[text] * len(images),
        images=list(images),
        return_tensors="pt",
        padding=True,
        add_special_tokens=False,  # the template wrote them
    ).to(model.device)
    made["pixel_values"] = made["pixel_values"].to(model.network.dtype)
    return made


def answers(model: Model, images: Sequence[Image], params: Any) -> list[str]:
    """What the model says about each image."""
    if not images:
        return []
    import torch

    given = inputs(model, [image.pil for image in images], params)
    free = params.temperature > 0
    chosen = {"temperature": params.temperature, "top_p": params.top_p, "top_k": None} if free else {}
    torch.manual_seed(images[0].picture.id)  # the same picture in the same company is described the same way
    with torch.inference_mode():
        found = model.network.generate(
            **given, max_new_tokens=params.tokens, do_sample=free, suppress_tokens=None, use_cache=True, **chosen
        )
    said = model.processor.tokenizer.batch_decode(
        found[:, given["input_ids"].shape[1] :], skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return [one.strip() for one in said]


class JoyCaption(Captioner[Model]):
    id, label, license, revision = "joycaption/beta-one", "JoyCaption beta one", LICENSE, f"{REPOSITORY}@{COMMIT[:12]}"
    batch_size, image_side, background = 4, 1024, "white"
    Params = LocalSettings

    def weights(self, params: Any) -> Weights:
        return weights()

    def load(self, device: str, folder: Path | None, params: Any) -> Model:
        assert folder is not None
        return load(device, folder, params.memory)

    def run(self, model: Model, images: Sequence[Image], params: Any) -> Iterator[str]:
        yield from answers(model, images, params)


class JoyTags(Tagger[Model]):
    """The same model, asked for tags."""

    id, label, license, revision = "joycaption/tags", "JoyCaption tags", LICENSE, JoyCaption.revision
    batch_size, image_side, background = 4, 1024, "white"
    Params = TagSettings

    def weights(self, params: Any) -> Weights:
        return weights()

    def load(self, device: str, folder: Path | None, params: Any) -> Model:
        assert folder is not None
        return load(device, folder, params.memory)

    def run(self, model: Model, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for said in answers(model, images, params):
            yield read_tags(said)


def read_tags(said: str) -> list[Tag]:
    """Tags from a list with commas; `artist:name` is a tag of that category."""
    found: dict[str, Tag] = {}
    for part in said.replace("\n", ",").split(","):
        category, colon, name = part.strip().partition(":")
        if not colon or category not in ("artist", "copyright", "character", "species", "meta", "lore"):
            category, name = "", part
        name = " ".join(name.replace("_", " ").split()).strip(" .")
        if name and len(name) <= 100:
            found.setdefault(name.lower(), Tag(name, SURE, category or "general"))
    return list(found.values())
