"""JoyCaption beta one on this machine, by transformers: a caption, or a list of tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from pixlstash_core import Captioner, Image, Tag, Tagger, WeightFile, Weights

from .settings import LocalSettings, TagSettings, instruction

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
#: The confidence of tags, since the model gives none.
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
    """Load the model as its author does: bfloat16 on a GPU, 4 bit except for `NOT_QUANTIZED`, or float32 on a CPU."""
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
    # The processor needs these values of the network, which the author's files do not all give it.
    about = network.config
    processor.patch_size = about.vision_config.patch_size
    processor.vision_feature_select_strategy = about.vision_feature_select_strategy
    processor.image_token_id = about.image_token_index
    processor.image_token = processor.tokenizer.convert_ids_to_tokens(about.image_token_index)
    processor.tokenizer.padding_side = "left"  # the answer follows the end of the prompt
    if processor.tokenizer.pad_token is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    if "device_map" not in options:
        network = network.to(device)
    return Model(network.eval(), processor, device)


def _is_small(device: str) -> bool:
    """Return whether a GPU has too little memory for the model in bfloat16, and bitsandbytes is installed."""
    if not device.startswith("cuda") or find_spec("bitsandbytes") is None:
        return False
    import torch

    return bool(torch.cuda.get_device_properties(device).total_memory < ROOM)


def inputs(model: Model, images: Sequence[Any], params: Any) -> Any:
    """Return the network's inputs for Pillow images: pixels, and tokens padded on the left."""
    talk = [{"role": "system", "content": params.system.strip()}, {"role": "user", "content": instruction(params)}]
    text = model.processor.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    batch = model.processor(
        text=[text] * len(images),
        images=list(images),
        return_tensors="pt",
        padding=True,
        add_special_tokens=False,  # the template wrote them
    ).to(model.device)
    batch["pixel_values"] = batch["pixel_values"].to(model.network.dtype)
    return batch


def answers(model: Model, images: Sequence[Image], params: Any) -> list[str]:
    """Return the model's answer for each image."""
    if not images:
        return []
    import torch

    batch = inputs(model, [image.pil for image in images], params)
    free = params.temperature > 0
    chosen = {"temperature": params.temperature, "top_p": params.top_p, "top_k": None} if free else {}
    torch.manual_seed(images[0].picture.id)  # the same batch is described in the same way
    with torch.inference_mode():
        tokens = model.network.generate(
            **batch, max_new_tokens=params.tokens, do_sample=free, suppress_tokens=None, use_cache=True, **chosen
        )
    texts = model.processor.tokenizer.batch_decode(
        tokens[:, batch["input_ids"].shape[1] :], skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return [text.strip() for text in texts]


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
    """Tags by the same model."""

    id, label, license, revision = "joycaption/tags", "JoyCaption tags", LICENSE, JoyCaption.revision
    batch_size, image_side, background = 4, 1024, "white"
    Params = TagSettings

    def weights(self, params: Any) -> Weights:
        return weights()

    def load(self, device: str, folder: Path | None, params: Any) -> Model:
        assert folder is not None
        return load(device, folder, params.memory)

    def run(self, model: Model, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for text in answers(model, images, params):
            yield read_tags(text)


def read_tags(text: str) -> list[Tag]:
    """Read a list of tags separated by commas; `artist:name` is a tag of that category."""
    tags: dict[str, Tag] = {}
    for part in text.replace("\n", ",").split(","):
        category, colon, name = part.strip().partition(":")
        if not colon or category not in ("artist", "copyright", "character", "species", "meta", "lore"):
            category, name = "", part
        name = " ".join(name.replace("_", " ").split()).strip(" .")
        if name and len(name) <= 100:
            tags.setdefault(name.lower(), Tag(name, SURE, category or "general"))
    return list(tags.values())
