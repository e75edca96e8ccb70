"""Tiny models in the formats of the real ones, for the real loaders: made in a moment, and alike each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RATINGS = ("general", "sensitive", "questionable", "explicit")
#: name, category, and how strongly red, green and blue speak for it (of the mean of an image, 0 to 255).
WD_TAGS: tuple[tuple[str, int, tuple[float, float, float]], ...] = (
    *((name, 9, (0.0, 0.0, 0.0)) for name in RATINGS),
    ("red_background", 0, (1.0, -1.0, -1.0)),
    ("green_background", 0, (-1.0, 1.0, -1.0)),
    ("blue_background", 0, (-1.0, -1.0, 1.0)),
    ("^_^", 0, (0.0, 0.0, 0.0)),
    ("ann_(story)", 4, (1.0, -1.0, -1.0)),
    ("ben_(story)", 4, (0.0, 0.0, 0.0)),
)
#: The sigmoid's argument where colours say nothing: 0.80 for the second rating and ^_^, a trifle for the rest.
WD_BASE = {"sensitive": 1.386, "^_^": 1.386, "ben_(story)": 1.386}
WD_SIDE = 448


def wd(folder: Path, *, extra: int = 0) -> Path:
    """A WD tagger: NHWC, BGR, 0 to 255; mean colour, one layer, sigmoid. `extra`: outputs that have no tag."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    count = len(WD_TAGS) + extra
    layer = np.zeros((3, count), np.float32)
    base = np.full(count, -4.0, np.float32)
    for n, (name, _, rgb) in enumerate(WD_TAGS):
        layer[:, n] = np.array(rgb[::-1], np.float32) / 20  # the model's channels are blue, green, red
        base[n] = WD_BASE.get(name, -4.0)
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=0),
        helper.make_node("Gemm", ["mean", "layer", "base"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["output"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
        numpy_helper.from_array(layer, "layer"),
        numpy_helper.from_array(base, "base"),
    ]
    graph = helper.make_graph(
        nodes,
        "wd",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", WD_SIDE, WD_SIDE, 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", count])],
        constants,
    )
    _save(onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), folder / "model.onnx")
    lines = ["tag_id,name,category,count", *(f"{n},{name},{kind},1" for n, (name, kind, _) in enumerate(WD_TAGS))]
    (folder / "selected_tags.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _save(model: Any, path: Path) -> None:
    import onnx

    model.ir_version = 10
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


# --- faces ------------------------------------------------------------------------------------------------------------

#: A patch of so many pixels that is full of red is a face for the tiny detector; its points lie so in the patch.
PATCH = 96
POINTS = ((0.35, 0.40), (0.65, 0.40), (0.50, 0.57), (0.37, 0.75), (0.63, 0.75))


def faces(folder: Path, detector: str = "scrfd_10g_bnkps.onnx", recogniser: str = "glintr100.onnx") -> Path:
    """A pack: a detector with SCRFD's nine outputs, which finds patches of red, and a recogniser with ArcFace's one."""
    folder.mkdir(parents=True, exist_ok=True)
    _detector(folder / detector)
    _recogniser(folder / recogniser)
    return folder


def _detector(path: Path) -> None:
    """At stride 32 a cell is the middle of a face where a patch around it is redder than all its neighbours' are.

    The two finer strides find nothing. Two anchors a cell; the second never speaks.
    """
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, outputs = [], [], []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    def node(kind: str, *inputs: str, to: str, **more: Any) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [to], **more))
        return to

    red = node(
        "Gather", "input", constant("first", np.array([0], np.int64)), to="red", axis=1
    )  # the recipe's channels are red, green, blue
    for stride in (8, 16, 32):
        half = PATCH // 2
        # The mean of the patch around each cell's corner, of which a face's middle is one.
        padded = {"pads": [half] * 4, "kernel_shape": [PATCH, PATCH], "strides": [stride, stride]}
        mean = node("AveragePool", red, to=f"mean{stride}", count_include_pad=1, **padded)
        mean = node(
            "Slice",
            mean,
            constant(f"from{stride}", np.array([0, 0], np.int64)),
            constant(f"to{stride}", np.array([-1, -1], np.int64)),
            constant(f"axes{stride}", np.array([2, 3], np.int64)),
            to=f"cells{stride}",
        )
        sharp = np.array(40.0 if stride == 32 else 0.0, np.float32)
        shift = np.array(-38.5 if stride == 32 else -20.0, np.float32)
        scaled = node("Mul", mean, constant(f"sharp{stride}", sharp), to=f"scaled{stride}")
        score = node(
            "Sigmoid", node("Add", scaled, constant(f"shift{stride}", shift), to=f"sum{stride}"), to=f"s{stride}"
        )
        flat = node("Reshape", score, constant(f"one{stride}", np.array([-1, 1], np.int64)), to=f"flat{stride}")
        none = node("Mul", flat, constant(f"zero{stride}", np.array(0.0, np.float32)), to=f"none{stride}")
        pair = node("Concat", flat, none, to=f"pair{stride}", axis=1)
        node("Reshape", pair, f"one{stride}", to=f"score{stride}")
        edge = np.full((1, 4), half / stride, np.float32)
        point = np.array(POINTS, np.float32).reshape(1, 10) * (PATCH / stride) - half / stride
        for name, value in (("bbox", edge), ("kps", point)):
            zero = node("Mul", f"score{stride}", f"zero{stride}", to=f"nil-{name}{stride}")
            node("Add", zero, constant(f"{name}-of{stride}", value), to=f"{name}{stride}")
    for name, width in (("score", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16, 32):
            outputs.append(helper.make_tensor_value_info(f"{name}{stride}", TensorProto.FLOAT, [None, width]))
    shape = [1, 3, None, None]
    graph = helper.make_graph(
        nodes, "scrfd", [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)], outputs, constants
    )
    _save(onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)


def _recogniser(path: Path) -> None:
    """512 numbers of the 112 × 112 it is given: the green and blue of cells of 7 × 7, and zeros."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("AveragePool", ["data"], ["cells"], kernel_shape=[7, 7], strides=[7, 7]),
        helper.make_node("Slice", ["cells", "from", "to", "axes"], ["two"]),
        helper.make_node("Flatten", ["two"], ["embedding"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1], np.int64), "from"),
        numpy_helper.from_array(np.array([3], np.int64), "to"),
        numpy_helper.from_array(np.array([1], np.int64), "axes"),
    ]
    graph = helper.make_graph(
        nodes,
        "arcface",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [None, 512])],
        constants,
    )
    _save(onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)


# --- clip -------------------------------------------------------------------------------------------------------------

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def clip(folder: Path) -> Path:
    """A CLIP in open_clip's format: the shorter side to 32, the middle cut out, the tokenizer of the package."""
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    return _open_clip(folder, text, {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"})


def siglip(folder: Path) -> Path:
    """A SigLIP2-like one: squashed to a square, a tokenizer of its own, 64 tokens."""
    tokens = _word_tokenizer(folder)
    text = {
        "context_length": 64,
        "vocab_size": tokens,
        "width": 16,
        "heads": 2,
        "layers": 1,
        "hf_tokenizer_name": "tiny/siglip",
    }
    text |= {
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "tokenizer_kwargs": {"clean": "canonicalize"},
    }
    half = (0.5, 0.5, 0.5)
    more = {"mean": half, "std": half, "interpolation": "bicubic", "resize_mode": "squash"}
    return _open_clip(folder, text, more, custom_text=True, init_logit_bias=-10)


def pe_core(folder: Path) -> Path:
    """A Perception Encoder: timm's smallest tower for pictures, squashed to a square; 32 tokens of the package."""
    vision = {
        "image_size": 384,
        "timm_model_name": "vit_pe_core_tiny_patch16_384",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": None,
    }
    text = {"context_length": 32, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    half = (0.5, 0.5, 0.5)
    more = {"mean": half, "std": half, "interpolation": "bilinear", "resize_mode": "squash"}
    return _open_clip(folder, text, more, custom_text=True, vision_cfg=vision)


def _open_clip(folder: Path, text: dict[str, Any], preprocess: dict[str, Any], **more: Any) -> Path:
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    vision = {"image_size": 32, "layers": 1, "width": 16, "patch_size": 8, "head_width": 8}
    about = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text, **more}
    config = {"model_cfg": about, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    torch.manual_seed(1)
    plain = {name: value for name, value in about.items() if name != "custom_text"}
    made = open_clip.CustomTextCLIP(**plain) if more.get("custom_text") else open_clip.CLIP(**plain)
    with torch.no_grad():  # as they come, all pictures of a fresh network are nearly alike
        first = made.visual.conv1 if "vision_cfg" not in more else made.visual.trunk.patch_embed.proj
        first.weight.normal_(0, 1.0)
    save_file({k: v.contiguous() for k, v in made.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


WORDS = "a an at cat dog forest harbour in night of on photo picture red green blue the <pad> <eos> <unk>".split()


def _word_tokenizer(folder: Path) -> int:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    folder.mkdir(parents=True, exist_ok=True)
    fast.save_pretrained(folder)
    return len(WORDS)


# --- JoyCaption -------------------------------------------------------------------------------------------------------

BOS, EOT, PAD, IMAGE = "<|begin_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>", "<|reserved_special_token_69|>"
HEAD, TAIL = "<|start_header_id|>", "<|end_header_id|>"
SPECIAL = (BOS, EOT, PAD, HEAD, TAIL, IMAGE, "<|reserved_special_token_70|>", "<|reserved_special_token_71|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{% if message['role'] == 'user' %}<|reserved_special_token_70|><|reserved_special_token_69|>"
    "<|reserved_special_token_71|>{% endif %}{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
JOY_SIDE, JOY_PATCH = 28, 14
SQUARE = {"height": JOY_SIDE, "width": JOY_SIDE}
HALF = [0.5, 0.5, 0.5]


def joycaption(folder: Path) -> Path:
    """A Llava with SigLIP's eye and Llama's mouth; its tokenizer adds a BOS, and its template one as well."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import (
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
        SiglipImageProcessor,
        SiglipVisionConfig,
    )

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    first = made.token_to_id(BOS)
    made.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, first)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token=BOS, eos_token=EOT, pad_token=PAD)
    processor = LlavaProcessor(
        SiglipImageProcessor(size=SQUARE, image_mean=HALF, image_std=HALF),
        tokenizer,
        patch_size=JOY_PATCH,
        vision_feature_select_strategy="full",
        image_token=IMAGE,
        chat_template=TEMPLATE,
    )
    vocabulary = len(letters) + len(SPECIAL)
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=JOY_SIDE,
            patch_size=JOY_PATCH,
        ),
        text_config=LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            bos_token_id=first,
            eos_token_id=made.token_to_id(EOT),
            pad_token_id=made.token_to_id(PAD),
        ),
        image_token_index=made.token_to_id(IMAGE),
        vision_feature_select_strategy="full",
        vision_feature_layer=-2,
    )
    torch.manual_seed(1)
    network = LlavaForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.3)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def spread(folder: Path, shards: int = 4) -> Path:
    """The same as its author's repository has it: weights in several files with an index, older names of the rest."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    joycaption(folder)
    whole = folder / "model.safetensors"
    with safe_open(whole, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    where = {
        name: f"model-{n * shards // len(tensors) + 1:05}-of-{shards:05}.safetensors" for n, name in enumerate(tensors)
    }
    for shard in sorted(set(where.values())):
        part = {name: tensor for name, tensor in tensors.items() if where[name] == shard}
        save_file(part, folder / shard, metadata={"format": "pt"})
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    _json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": where})
    about = {"processor_class": "LlavaProcessor", "image_processor_type": "SiglipImageProcessor", "size": SQUARE}
    _json(folder / "preprocessor_config.json", about | {"image_mean": HALF, "image_std": HALF})
    _json(folder / "chat_template.json", {"chat_template": TEMPLATE})
    _json(folder / "special_tokens_map.json", {"bos_token": BOS, "eos_token": EOT, "pad_token": PAD})
    for name in ("model.safetensors", "processor_config.json", "chat_template.jinja"):
        (folder / name).unlink()
    return folder


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
