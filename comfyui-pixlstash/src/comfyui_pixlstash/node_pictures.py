"""Nodes that load pictures: chosen ones, by query, videos, and datasets."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from . import freshness, runtime
from .captions import CAPTIONS, captions_of, with_trigger
from .channel import LibraryError
from .finding import Search, chosen, quoted, ranked
from .groups import Group, narrowed
from .loading import MOST_PICTURES, Loaded, load, parse_ids
from .operations import Operations
from .pixels import FITS
from .schema import CATEGORY, Character, Node, Project, Set, io

SORTS = (
    *("as in the query", "-created", "created", "-imported", "imported", "-score", "score", "name", "-name"),
    *("-pixels", "pixels", "relevance", "likeness", "hand", "random"),
)
QUERY = "A query, as in PixlStash's search box; empty for all pictures. Videos are left out."
LIKENESS = "The least similarity: 0 is as similar as any two pictures, from 0.6 on a match is rarely due to chance."


def group_inputs() -> list[Any]:
    """Optional inputs that narrow a search."""
    tooltip = "Only pictures in this {}."
    return [
        Project.Input("project", optional=True, tooltip=tooltip.format("project")),
        Set.Input("set", optional=True, tooltip=tooltip.format("set")),
        Character.Input("character", optional=True, tooltip=tooltip.format("character")),
    ]


def limit_input(default: int = 16) -> Any:
    tooltip = f"The number of pictures to load at most, up to {MOST_PICTURES}."
    return io.Int.Input("limit", default=default, min=1, max=MOST_PICTURES, tooltip=tooltip)


def fit_input() -> Any:
    return io.Combo.Input(
        "fit",
        options=list(FITS),
        default=FITS[0],
        tooltip="A batch has one size. Crop: scale and crop to the size of the first picture. Pad: scale into the "
        "largest width and height; the mask covers the padding.",
    )


def batch_outputs() -> list[Any]:
    return [
        io.Image.Output("loaded_images", display_name="images"),
        io.Mask.Output("loaded_masks", display_name="masks", tooltip="1 where a picture is transparent or padded."),
        io.String.Output("loaded_prompt", display_name="prompt", tooltip="The prompt; of several, one per line."),
        io.String.Output("loaded_ids", display_name="ids", tooltip="The numbers of the pictures in the library."),
        io.Int.Output("loaded_count", display_name="count"),
    ]


def seed_input(tooltip: str) -> Any:
    return io.Int.Input("seed", default=0, min=0, max=(1 << 53) - 1, control_after_generate=True, tooltip=tooltip)


def order(sort: str | None, seed: int | None) -> str:
    if sort == "random":
        return f"random.{seed or 0}"
    return "" if sort in (None, SORTS[0]) else str(sort)


class SearchNode(Node):
    """A node that loads what `search` finds, and runs again when that changes."""

    @classmethod
    def search(cls, inputs: dict[str, Any]) -> Search:
        """Return what to load for these inputs; groups that are not connected are missing."""
        raise NotImplementedError

    @classmethod
    def output(cls, library: Operations, loaded: Loaded) -> Any:
        return io.NodeOutput(loaded.images, loaded.masks, loaded.prompts, loaded.ids, len(loaded.details))

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> Any:
        if None in inputs.values():  # from other nodes
            return freshness.changes(cls.items(inputs))
        return cls.search(inputs).state(runtime.library())

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        library = runtime.library()
        search = cls.search(inputs)
        ids = search.find(library)
        freshness.note(cls.items(inputs), search, lambda: search.state(runtime.library()), search.state(library))
        return cls.output(library, load(library, ids, inputs.get("fit", FITS[0])))

    @classmethod
    def items(cls, inputs: dict[str, Any]) -> freshness.Items:
        """The inputs that may be widgets, with their values."""
        plain = ((name, value) for name, value in inputs.items() if isinstance(value, (str, int, float)))
        return frozenset([("node", cls.SCHEMA_ID), *plain])

    SCHEMA_ID = ""


def groups_in(inputs: dict[str, Any]) -> tuple[Group | None, ...]:
    return inputs.get("project"), inputs.get("set"), inputs.get("character")


class PictureLoader(SearchNode):
    SCHEMA_ID = "PixlStash_PictureLoader"

    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id=cls.SCHEMA_ID,
            display_name="PixlStash Load Pictures",
            category=CATEGORY,
            description="Load chosen pictures of the library, or the first ones that a query finds.",
            inputs=[
                io.String.Input(
                    "pictures", default="", tooltip="Numbers of pictures, as 12, 15. Empty: use the query."
                ),
                io.String.Input("query", default="", tooltip=QUERY),
                limit_input(1),
                fit_input(),
                *group_inputs(),
            ],
            outputs=batch_outputs(),
        )

    @classmethod
    def search(cls, inputs: dict[str, Any]) -> Search:
        return chosen(inputs["query"], inputs["limit"], "", inputs["pictures"], *groups_in(inputs))


class Query(SearchNode):
    SCHEMA_ID = "PixlStash_Query"

    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id=cls.SCHEMA_ID,
            display_name="PixlStash Query",
            category=CATEGORY,
            description="Load what a query finds as a batch, which is up to date whenever the workflow runs.",
            inputs=[
                io.String.Input("query", multiline=True, default="score:>=4", tooltip=QUERY),
                io.Combo.Input("sort", options=list(SORTS), default=SORTS[0], tooltip="The order; - is descending."),
                limit_input(),
                seed_input("Decides the order where that is random."),
                fit_input(),
                *group_inputs(),
            ],
            outputs=batch_outputs(),
        )

    @classmethod
    def search(cls, inputs: dict[str, Any]) -> Search:
        sort = order(inputs["sort"], inputs["seed"])
        return chosen(inputs["query"], inputs["limit"], sort, "", *groups_in(inputs))


class SemanticSearch(SearchNode):
    SCHEMA_ID = "PixlStash_SemanticSearch"

    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id=cls.SCHEMA_ID,
            display_name="PixlStash Semantic Search",
            category=CATEGORY,
            description="Load the pictures that match a description best, the best one first.",
            inputs=[
                io.String.Input("text", multiline=True, default="", tooltip="What the pictures show, in plain words."),
                io.Float.Input("threshold", default=0.0, min=0.0, max=1.0, step=0.01, tooltip=LIKENESS),
                limit_input(),
                io.String.Input("query", default="", tooltip="Only search what this query finds."),
                fit_input(),
                *group_inputs(),
            ],
            outputs=batch_outputs(),
        )

    @classmethod
    def search(cls, inputs: dict[str, Any]) -> Search:
        text = " ".join(str(inputs["text"]).split())
        if not text:
            raise LibraryError("There is no text to search for: describe what the pictures show.")
        limit, threshold = inputs["limit"], inputs["threshold"]
        words = quoted(f"words:{text}")
        among = narrowed(inputs["query"], groups_in(inputs))
        return Search(ranked(among, f"like:{words}", limit, threshold), limit)


class Dataset(SearchNode):
    SCHEMA_ID = "PixlStash_Dataset"

    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id=cls.SCHEMA_ID,
            display_name="PixlStash Dataset",
            category=CATEGORY,
            description="Load what a query finds as lists of pictures in their own sizes and captions, for training.",
            inputs=[
                io.String.Input("query", multiline=True, default="is:captioned", tooltip=QUERY),
                io.Combo.Input("captions", options=list(CAPTIONS), default=CAPTIONS[0], tooltip="What a caption is."),
                io.String.Input("trigger", default="", tooltip="Text in front of every caption, as a trigger word."),
                limit_input(64),
                *group_inputs(),
            ],
            outputs=[
                io.Image.Output("images", display_name="images", is_output_list=True),
                io.Mask.Output("masks", display_name="masks", is_output_list=True),
                io.String.Output("texts", display_name="captions", is_output_list=True),
                io.String.Output("ids", display_name="ids"),
                io.Int.Output("count", display_name="count"),
            ],
        )

    @classmethod
    def search(cls, inputs: dict[str, Any]) -> Search:
        query = narrowed(inputs["query"], groups_in(inputs))
        return Search(query, inputs["limit"], captions=inputs["captions"])

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        library = runtime.library()
        search = cls.search(inputs)
        ids = search.find(library)
        texts = [with_trigger(inputs["trigger"], text) for text in captions_of(library, ids, inputs["captions"])]
        freshness.note(cls.items(inputs), search, lambda: search.state(runtime.library()), search.state(library))
        loaded = [load(library, [id], FITS[0]) for id in ids]
        images, masks = [entry.images for entry in loaded], [entry.masks for entry in loaded]
        return io.NodeOutput(images, masks, texts, ", ".join(map(str, ids)), len(ids))


class VideoLoader(Node):
    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id="PixlStash_VideoLoader",
            display_name="PixlStash Load Video",
            category=CATEGORY,
            description="Load one video of the library.",
            inputs=[io.String.Input("video", default="", tooltip="The number of the video in the library.")],
            outputs=[io.Video.Output("clip", display_name="video")],
        )

    @classmethod
    def execute(cls, video: str) -> Any:
        from comfy_api.v0_0_2 import InputImpl

        library, ids = runtime.library(), parse_ids(video)
        if len(ids) != 1:
            raise LibraryError("Enter the number of one video.")
        detail = library.picture(ids[0])
        if detail.kind != "video":
            raise LibraryError(
                f"Picture {detail.id} ({detail.name}) is not a video: load it with PixlStash Load Pictures."
            )
        return io.NodeOutput(InputImpl.VideoFromFile(BytesIO(library.original(detail.id))))
