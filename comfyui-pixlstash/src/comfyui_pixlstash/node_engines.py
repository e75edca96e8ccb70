"""Nodes that run engines of the library on pictures of the workflow. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import runtime
from .channel import LibraryError
from .operations import Tried
from .pixels import encode_png
from .schema import CATEGORY, Node, io

#: Pictures of one run, at most.
MOST = 64
#: What Describe writes, and the kind of engine that does it.
WRITES = {"caption": "caption", "text in the picture": "text"}
ENGINE = "The id of an engine, as the Engines page of PixlStash shows it. Empty: the default one of its kind."


def tried(images: Any, kind: str, engine: str) -> Iterator[Tried]:
    """Yield what an engine finds in each picture of a batch."""
    if len(images) > MOST:
        raise LibraryError(f"An engine can be run on at most {MOST} pictures at once: split the batch.")
    with runtime.library_with_engines() as library:
        for place, image in enumerate(images, 1):
            yield library.try_engine(f"comfyui-{place}.png", encode_png(image), kind=kind, engine=engine.strip())
            runtime.report_progress(place, len(images))


class Tag(Node):
    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id="PixlStash_Tag",
            display_name="PixlStash Tag",
            category=CATEGORY,
            description="Tag pictures with a tagger of the library. Nothing is stored.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("engine", default="", tooltip=ENGINE),
                io.Float.Input(
                    "threshold",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Leave out tags below this confidence. The tagger has a threshold of its own, too.",
                ),
                io.Int.Input("limit", default=0, min=0, max=1000, tooltip="The surest tags only; 0: all."),
                io.String.Input("without", default="", tooltip="Tags to leave out, separated by commas."),
                io.Boolean.Input("underscores", default=False, tooltip="long_hair instead of long hair."),
            ],
            outputs=[
                io.String.Output("tags", display_name="tags", is_output_list=True, tooltip="One text per picture."),
                io.String.Output("used_engine", display_name="engine", tooltip="The engine that tagged them."),
            ],
        )

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        without = {folded(name) for name in inputs["without"].split(",")}
        texts, engine = [], ""
        for answer in tried(inputs["images"], "tag", inputs["engine"]):
            names = [tag.name for tag in answer.tags if tag.confidence >= inputs["threshold"]]
            names = [name for name in names if folded(name) not in without][: inputs["limit"] or None]
            texts.append(", ".join(written(name, inputs["underscores"]) for name in names))
            engine = answer.engine
        return io.NodeOutput(texts, engine)


class Describe(Node):
    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id="PixlStash_Describe",
            display_name="PixlStash Describe",
            category=CATEGORY,
            description="Describe pictures with an engine of the library, or read the text in them. Nothing is stored.",
            inputs=[
                io.Image.Input("images"),
                io.Combo.Input("write", options=list(WRITES), default="caption"),
                io.String.Input("engine", default="", tooltip=ENGINE),
            ],
            outputs=[
                io.String.Output("texts", display_name="texts", is_output_list=True, tooltip="One text per picture."),
                io.String.Output("used_engine", display_name="engine", tooltip="The engine that wrote them."),
            ],
        )

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        answers = list(tried(inputs["images"], WRITES[inputs["write"]], inputs["engine"]))
        return io.NodeOutput([answer.text for answer in answers], answers[-1].engine if answers else "")


def folded(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def written(name: str, underscores: bool) -> str:
    """Return a tag with spaces or underscores. Smileys such as ^_^ stay."""
    if underscores:
        return name.replace(" ", "_")
    return name.replace("_", " ") if len(name) > 3 and any(letter.isalpha() for letter in name) else name
