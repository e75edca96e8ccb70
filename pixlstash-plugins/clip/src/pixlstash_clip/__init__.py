"""Vectors of pictures and of words in one space, by the CLIP and SigLIP models that open_clip knows.

A model is a repository on Hugging Face in open_clip's format: `open_clip_config.json`, `open_clip_model.safetensors`
and, where the model has a tokenizer of its own, its files. Pictures are prepared as that configuration says. Pickles
are never fetched and never loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pixlstash_core import LOAD, Embedder, Image, Meta, Params, WeightFile, Weights, hookimpl

CONFIG, MODEL = "open_clip_config.json", "open_clip_model.safetensors"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")


EXAMPLE = "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K"


class Model(NamedTuple):
    network: Any
    prepare: Any
    tokenize: Any
    device: str


class Source(NamedTuple):
    """A repository at a commit. `tokenizer`: it has one of its own; size and SHA-256 of its model, where known; or
    about how many bytes it has."""

    repository: str
    commit: str = "main"
    tokenizer: bool = False
    size: int = 0
    sha256: str = ""
    license: str = ""
    acknowledge: bool = False
    about: int = 0

    def weights(self) -> Weights:
        where = f"https://huggingface.co/{self.repository}/resolve/{self.commit}/"
        small = [CONFIG, *(TOKENIZER if self.tokenizer else ())]
        files = [*(WeightFile(where + name, name) for name in small)]
        files.append(WeightFile(where + MODEL, MODEL, self.size, self.sha256))
        folder = f"clip/{self.repository.replace('/', '--')}@{self.commit[:12]}"
        return Weights(tuple(files), self.license, self.acknowledge, folder, self.about)

    @property
    def name(self) -> str:
        return f"{self.repository}@{self.commit[:12]}"


class Clip(Embedder[Model]):
    """What all models have in common; `source` says which one it is."""

    batch_size, image_side, background = 32, 768, "white"

    def source(self, params: Any) -> Source | None:
        raise NotImplementedError

    def space(self, params: Any) -> str:
        source = self.source(params)
        return source.name if source else ""

    def weights(self, params: Any) -> Weights | None:
        source = self.source(params)
        return source.weights() if source else None

    def load(self, device: str, folder: Path | None, params: Any) -> Model:
        if folder is None:
            raise ValueError("no model is chosen")
        import open_clip

        place = f"local-dir:{folder.resolve()}"
        network, _, prepare = open_clip.create_model_and_transforms(place, device=device, require_pretrained=True)
        network.eval()
        return Model(network, prepare, open_clip.get_tokenizer(place), device)

    def run(self, model: Model, images: Sequence[Image], params: Any) -> Iterator[Any]:
        if images:
            import torch

            batch = torch.stack([model.prepare(image.pil) for image in images])
            yield from _vectors(model, model.network.encode_image, batch)

    def text(self, model: Model, words: Sequence[str], params: Any) -> Iterator[Any]:
        if words:
            yield from _vectors(model, model.network.encode_text, model.tokenize(list(words)))


def _vectors(model: Model, encode: Any, batch: Any) -> Any:
    """Float32 vectors of length 1, (n, dimensions)."""
    import torch

    kind = model.device.partition(":")[0]
    with torch.inference_mode(), torch.autocast(kind, enabled=kind == "cuda"):
        found = encode(batch.to(model.device), normalize=True)
    return found.float().cpu().numpy()


class Listed(Clip):
    """A model of the list below."""

    def __init__(self, name: str, label: str, source: Source) -> None:
        self.id, self.label, self.license = f"clip/{name}", label, source.license  # type: ignore[misc]
        self.revision, self._source = source.name, source  # type: ignore[misc]

    def source(self, params: Any) -> Source:
        return self._source


class AnyClip(Clip):
    """Whichever repository its settings name; each is a space and a producer of its own."""

    id, revision, label = "clip/any", "1", "CLIP of your choice"

    class Params(Params, frozen=True):
        repository: Annotated[
            str,
            LOAD,
            Meta(
                pattern=r"^([\w.-]+/[\w.-]+)?$",
                title="Repository",
                description=f"On huggingface.co, with {CONFIG} and {MODEL}",
            ),
        ] = ""
        commit: Annotated[
            str,
            LOAD,
            Meta(pattern=r"^[\w.-]+$", title="Commit", description="A commit never changes; a branch such as main may"),
        ] = "main"
        tokenizer: Annotated[
            bool, LOAD, Meta(title="Own tokenizer", description=f"The repository has a {TOKENIZER[0]}")
        ] = False

    def unset(self, params: Any) -> str:
        return "" if self.source(params) else f"Say which repository has the model, such as {EXAMPLE}."

    def source(self, params: Any) -> Source | None:
        if not params.repository or {".", ".."} & set(re.split("/", params.repository)):
            return None
        return Source(params.repository, params.commit, params.tokenizer, license="as its repository says")


#: The first is a good choice.
LIST = (
    ("siglip2-b-16", "SigLIP2 B/16", Source("timm/ViT-B-16-SigLIP2", tokenizer=True, license="Apache-2.0",
                                           about=1_500_000_000)),
    ("siglip2-b-32", "SigLIP2 B/32 (fast)", Source("timm/ViT-B-32-SigLIP2-256", tokenizer=True, license="Apache-2.0",
                                                  about=1_500_000_000)),
    ("siglip2-so400m", "SigLIP2 SO400M (best)", Source("timm/ViT-SO400M-14-SigLIP2-378", tokenizer=True,
                                                       license="Apache-2.0", about=4_500_000_000)),
    ("vit-b-32", "CLIP B/32 (small)", Source(
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "1a25a446712ba5ee05982a381eed697ef9b435cf", size=605_143_316,
        sha256="ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6", license="MIT")),
    ("vit-l-14", "CLIP L/14", Source("laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", license="MIT", about=1_710_000_000)),
    ("mobileclip2-s2", "MobileCLIP2 S2 (very fast)", Source(
        "timm/MobileCLIP2-S2-OpenCLIP", license="apple-amlr (research only)", acknowledge=True, about=397_000_000)),
)  # fmt: skip


@hookimpl
def embedders() -> Iterator[Embedder[Any]]:
    for name, label, source in LIST:
        yield Listed(name, label, source)
    yield AnyClip()
