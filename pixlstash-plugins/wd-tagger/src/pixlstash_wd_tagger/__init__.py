"""Tags by the WD v3 taggers of SmilingWolf: general ones, characters, and the rating, as Danbooru has them.

The input is as in the author's own program: the picture on white, padded to a square with white, resized with BICUBIC
to the model's side, as BGR from 0 to 255 in float32. The outputs are confidences.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pixlstash_core import Image, Meta, Params, Tag, Tagger, WeightFile, Weights, hookimpl

SIDE = 448
MODEL, TAGS = "model.onnx", "selected_tags.csv"
#: The categories by their numbers in `selected_tags.csv`.
CATEGORIES = {0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "meta", 9: "rating"}
#: Emoticons with underscores; in all other names these stand for spaces.
FACES = frozenset("0_0 (o)_(o) +_+ +_- ._. <o>_<o> <|>_<|> =_= >_< 3_3 6_9 >_o @_@ ^_^ o_o u_u x_x |_| ||_||".split())
#: The same file in all five repositories.
TAGS_SIZE, TAGS_SHA256 = 308_468, "298633d94d0031d2081c0893f29c82eab7f0df00b08483ba8f29d1e979441217"


class Settings(Params, frozen=True):
    """The settings of all taggers of the family."""

    least: Annotated[
        float,
        Meta(ge=0, le=1, title="Least confidence", description="What is less sure is not kept at all"),
    ] = 0.1
    character: Annotated[
        float,
        Meta(ge=0, le=1, title="Characters", description="A character is named from this confidence on"),
    ] = 0.85
    rating: Annotated[bool, Meta(title="Rating", description="Add the surest rating, such as rating:general")] = True


class Named(NamedTuple):
    """One output of a model."""

    name: str
    category: str


class Model(NamedTuple):
    session: Any
    tags: list[Named]
    side: int


class WdTagger(Tagger[Model]):
    """A tagger of the family; they differ only in their names and weights."""

    license, batch_size, image_side, background, threshold = "Apache-2.0", 8, SIDE, "white", 0.35
    Params = Settings

    def __init__(self, name: str, label: str, repository: str, commit: str, size: int, sha256: str) -> None:
        self.id, self.label = f"wd-tagger/{name}", label
        self.revision = f"{repository}@{commit[:12]}"
        self._where = f"https://huggingface.co/{repository}/resolve/{commit}/"
        self._size, self._sha256 = size, sha256

    def weights(self, params: Settings) -> Weights:
        files = (
            WeightFile(self._where + MODEL, MODEL, self._size, self._sha256),
            WeightFile(self._where + TAGS, TAGS, TAGS_SIZE, TAGS_SHA256),
        )
        return Weights(files, self.license)

    def load(self, device: str, folder: Path | None, params: Settings) -> Model:
        assert folder is not None
        session = open_session(folder / MODEL, device)
        tags = read_tags(folder / TAGS)
        side, outputs = session.get_inputs()[0].shape[1], session.get_outputs()[0].shape[1]
        if isinstance(outputs, int) and outputs != len(tags):
            raise ValueError(f"{TAGS} names {len(tags)} tags and {MODEL} has {outputs}: they do not belong together")
        return Model(session, tags, side if isinstance(side, int) else SIDE)

    def run(self, model: Model, images: Sequence[Image], params: Settings) -> Iterator[list[Tag]]:
        if not images:
            return
        import numpy as np

        batch = np.stack([prepare(image, model.side) for image in images])
        (confidences,) = model.session.run(None, {model.session.get_inputs()[0].name: batch})
        if confidences.shape != (len(images), len(model.tags)):
            raise ValueError(f"{MODEL} gave {confidences.shape}, and not {len(model.tags)} numbers for each image")
        for row in confidences:
            yield choose(model.tags, row.tolist(), params)


def open_session(path: Path, device: str) -> Any:
    """Open an ONNX file for inference. Raises ImportError that tells what to install."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError('onnxruntime is missing: `pip install "pixlstash-wd-tagger[cpu]"`, or [gpu]') from error
    onnxruntime.set_default_logger_severity(3)
    kind, _, number = device.partition(":")
    wanted: list[Any] = [("CUDAExecutionProvider", {"device_id": int(number or 0)})] if kind == "cuda" else []
    available = onnxruntime.get_available_providers()
    providers = [provider for provider in wanted if provider[0] in available]
    return onnxruntime.InferenceSession(str(path), providers=[*providers, "CPUExecutionProvider"])


def read_tags(path: Path) -> list[Named]:
    """The tags of a model, in the order of its outputs."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"name", "category"} <= rows[0].keys():
        raise ValueError(f"{path.name} is no list of tags: it needs the columns name and category")
    return [Named(written(row["name"]), CATEGORIES.get(int(row["category"]), "")) for row in rows]


def written(name: str) -> str:
    """Return a tag with spaces instead of underscores."""
    return name if name in FACES else name.replace("_", " ")


def prepare(image: Image, side: int) -> Any:
    """Return the model's input for an image: (side, side, 3), BGR, float32 from 0 to 255."""
    import numpy as np
    from PIL import Image as pil

    longest = max(image.width, image.height)
    square = pil.new("RGB", (longest, longest), (255, 255, 255))
    square.paste(image.pil, ((longest - image.width) // 2, (longest - image.height) // 2))
    if longest != side:
        square = square.resize((side, side), pil.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(square, np.float32)[:, :, ::-1])


def choose(tags: Sequence[Named], confidences: Sequence[float], params: Settings) -> list[Tag]:
    """Return the tags of one image, and its most likely rating."""
    chosen, ratings = [], []
    for (name, category), output in zip(tags, confidences, strict=True):
        confidence = min(max(output, 0.0), 1.0)  # arithmetic in float32 goes over by a hair
        if category == "rating":
            ratings.append(Tag(f"rating:{name}", confidence, category))
        elif confidence >= (params.character if category == "character" else params.least):
            chosen.append(Tag(name, confidence, category))
    if params.rating and ratings:
        chosen.append(max(ratings, key=lambda tag: tag.confidence))
    return chosen


#: name, label, repository, commit, size and SHA-256 of its model.onnx
FAMILY = (
    ("swinv2-v3", "WD SwinV2 v3", "SmilingWolf/wd-swinv2-tagger-v3", "627aef95638667ddcaa3ac8ae625e88ea5b02f51",
     467_460_978, "e6774bff34d43bd49f75a47db4ef217dce701c9847b546523eb85ff6dbba1db1"),
    ("vit-v3", "WD ViT v3 (small)", "SmilingWolf/wd-vit-tagger-v3", "7f6b584d0bd3f55c4531f14ba3d4761b2bccdc0f",
     378_536_310, "35f23693620b668f4d53fd3c62bf65e40af739bc52c7eb0fbc49258b58d065b6"),
    ("convnext-v3", "WD ConvNeXt v3", "SmilingWolf/wd-convnext-tagger-v3", "d39e46de298d27340111b64965e20b8185c407e6",
     394_990_732, "1b8a7abf13d9b8368267df47501d523789c4aeae66b2296ad98483239dfa32eb"),
    ("vit-large-v3", "WD ViT Large v3", "SmilingWolf/wd-vit-large-tagger-v3",
     "ae469aa2e4706a3af08d3673cf73a11d1add314c",
     1_260_645_673, "e4c8001b000a6c98f2db10794f7c406daa79873d071d6ca924330fa053fa1845"),
    ("eva02-large-v3", "WD EVA02 Large v3 (best)", "SmilingWolf/wd-eva02-large-tagger-v3",
     "b25b82a03f7282e41aa2f257a52c7583b710bd1c",
     1_260_435_999, "9e768793060c7939b277ccb382783e8670e8a042d29d77aa736be0c8cc898bfc"),
)  # fmt: skip


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    for about in FAMILY:
        yield WdTagger(*about)
