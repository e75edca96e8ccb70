"""Vectors of pictures and of words in one space, by the CLIP and SigLIP models that open_clip knows.

A model is a repository on Hugging Face in open_clip's format: `open_clip_config.json`, `open_clip_model.safetensors`
and, where the model has a tokenizer of its own, its files. Pictures are prepared as that configuration says. Pickles
are never fetched and never loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pixlstash_core import LOAD, Embedder, Image, Meta, Params, WeightFile, Weights, hookimpl

CONFIG, MODEL = "open_clip_config.json", "open_clip_model.safetensors"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
EXAMPLE = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"


class Model(NamedTuple):
    network: Any
    prepare: Any
    tokenize: Any
    device: str


class Pin(NamedTuple):
    """What is known of a file at a commit: its SHA-256 in hex, and its size in bytes (0: not known)."""

    sha256: str
    size: int = 0


class Source(NamedTuple):
    """A repository on Hugging Face at a commit.

    `tokenizer`: it has a tokenizer of its own. `pins`: what is known of its files, by their local names; a file without
    a pin is checked against what the server says when it is first fetched. `remote`: what the repository calls its
    model, where that is not `MODEL`. `about`: bytes of all files, roughly, where their sizes are not known.
    """

    repository: str
    commit: str = "main"
    tokenizer: bool = False
    pins: Mapping[str, Pin] = MappingProxyType({})
    remote: str = MODEL
    license: str = ""
    acknowledge: bool = False
    about: int = 0

    def weights(self) -> Weights:
        where = f"https://huggingface.co/{self.repository}/resolve/{self.commit}/"
        files = []
        for name in (CONFIG, *(TOKENIZER if self.tokenizer else ()), MODEL):
            pin = self.pins.get(name, Pin(""))
            files.append(WeightFile(where + (self.remote if name == MODEL else name), name, pin.size, pin.sha256))
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
        vectors = encode(batch.to(model.device), normalize=True)
    return vectors.float().cpu().numpy()


class Listed(Clip):
    """A model of the list below."""

    def __init__(self, name: str, label: str, source: Source) -> None:
        self.id, self.label, self.license = f"clip/{name}", label, source.license
        self.revision, self._source = source.name, source

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


#: SigLIP2's tokenizer: the same file in the repositories where it is pinned.
_GEMMA = Pin("220c63d496e0c14e63eb656c91e0215e926202e4c74b1f089e09f1920d779b04", 34_362_885)

#: The first is the recommended one. Every model is pinned to a commit. Files are pinned by SHA-256 where it has been
#: published: no SHA-256 of the model files of `siglip2-so400m` and `mobileclip2-s2` was found, nor the size of those of
#: `siglip2-b-32` and `pe-core-l-14`. `vit-l-14` is LAION's: the DataComp model of that size is published as a pickle
#: only.
LIST = (
    ("siglip2-b-16", "SigLIP2 B/16", Source(
        "timm/ViT-B-16-SigLIP2", "eee10eff6dd8cabae2d7f379d4e8cfcd352030aa", tokenizer=True, license="Apache-2.0",
        pins={
            CONFIG: Pin("d0b2ac6d4524cb95287138b9e5fa345211be7242e5da7eb55be894614be33987", 944),
            "tokenizer.json": _GEMMA,
            "tokenizer_config.json": Pin("513e778583a9ac0b74ae47784216f9d654d5132eee62d777597f5e842701323c", 46_382),
            MODEL: Pin("d0a51069d2fa6c95b371b3bffd2a2c765c1815004798ee99f075290dbca73041", 1_500_786_832),
        })),
    ("siglip2-b-32", "SigLIP2 B/32 (fast)", Source(
        "timm/ViT-B-32-SigLIP2-256", "cd1efb47643f2794413dd79ef24397c175032780", tokenizer=True, license="Apache-2.0",
        pins={
            "tokenizer.json": _GEMMA,
            MODEL: Pin("7cdccf256ee0e4a9908c365f8e1c88d5db171980a3350c214f5221d50f8d9927"),
        },
        about=1_550_000_000)),
    ("siglip2-so400m", "SigLIP2 SO400M (best)", Source(
        "timm/ViT-SO400M-14-SigLIP2-378", "93e0e6ad1063507a7777d0b570292a29a3d94c5f", tokenizer=True,
        license="Apache-2.0", about=4_570_000_000)),
    ("vit-b-32", "CLIP B/32 (small)", Source(
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "1a25a446712ba5ee05982a381eed697ef9b435cf", license="MIT",
        pins={MODEL: Pin("ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6", 605_143_316)})),
    ("vit-l-14", "CLIP L/14", Source(
        "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", "1627032197142fbe2a7cfec626f4ced3ae60d07a", license="MIT",
        remote="open_clip_pytorch_model.safetensors",
        pins={MODEL: Pin("7d129ed747e0ed53e82dfcc140382b51be66b56e6a9bdc3258afd2846e3bb019", 1_710_517_748)})),
    ("pe-core-l-14", "PE-Core L/14 (accurate)", Source(
        "timm/PE-Core-L-14-336", "8eff41b3f687e50a323662c2dda5eb3588c6dd35", license="Apache-2.0",
        pins={MODEL: Pin("b1fff7093c32a01d98a2d82098f9adf788b30f0efee639916520b3e4302f786b")}, about=2_690_000_000)),
    ("mobileclip2-s2", "MobileCLIP2 S2 (very fast)", Source(
        "timm/MobileCLIP2-S2-OpenCLIP", "ac6b37c8fc40b62b623d09ed228a6f0c9bc29fe6",
        license="apple-amlr (research only)", acknowledge=True, about=398_000_000)),
)  # fmt: skip


@hookimpl
def embedders() -> Iterator[Embedder[Any]]:
    for name, label, source in LIST:
        yield Listed(name, label, source)
    yield AnyClip()
