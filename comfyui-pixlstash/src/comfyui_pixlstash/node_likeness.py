"""Nodes that compare pictures of the workflow with those of the library."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from . import runtime
from .channel import LibraryError
from .finding import Search, ranked
from .groups import Group, narrowed
from .loading import load
from .node_pictures import LIKENESS, batch_outputs, fit_input, group_inputs, groups_in, limit_input, seed_input
from .operations import Alike, Operations
from .pixels import encode_png
from .schema import CATEGORY, Character, Node, Set, io

KINDS = ("picture_likeness", "face_search")
COMBINE = ("mean", "max", "min", "harmonic", "geometric")
#: Pictures that are compared at most, per run.
MOST = 64


def hold(library: Operations, images: Any) -> list[str]:
    """Send the pictures of a batch for searching; they are not imported. Return a token for each."""
    if len(images) > MOST:
        raise LibraryError(f"At most {MOST} pictures can be compared at once: split the batch.")
    return [library.hold(f"comfyui-{place}.png", encode_png(image)).token for place, image in enumerate(images)]


class LikenessSearch(Node):
    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id="PixlStash_LikenessSearch",
            display_name="PixlStash Likeness Search",
            category=CATEGORY,
            description="Load the pictures most similar to these, or those with the most similar faces.",
            inputs=[
                io.Combo.Input("kind", options=list(KINDS), default=KINDS[0], tooltip="Compare pictures, or faces."),
                io.Combo.Input("combine", options=list(COMBINE), default="mean", tooltip="With several references."),
                io.Float.Input("threshold", default=0.0, min=0.0, max=1.0, step=0.01, tooltip=LIKENESS),
                limit_input(),
                io.Int.Input(
                    "sample_from",
                    default=0,
                    min=0,
                    max=2000,
                    tooltip="Choose randomly among so many of the most similar pictures; 0: take the most similar.",
                ),
                seed_input("Decides the random choice."),
                io.String.Input("query", default="", tooltip="Only search what this query finds."),
                fit_input(),
                io.Image.Input("images", optional=True, tooltip="References. They are not stored in the library."),
                Set.Input("like_set", optional=True, tooltip="A set as a reference (picture_likeness only)."),
                Character.Input("like_character", optional=True, tooltip="A character as a reference."),
                *group_inputs(),
            ],
            outputs=batch_outputs(),
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> Any:
        info = runtime.library().info()  # what is similar may change with anything
        return f"{info.public_id} {info.revision}"

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        library = runtime.library()
        limit, pool = inputs["limit"], inputs["sample_from"]
        wanted = max(limit, pool)
        references = " ".join([*cls.references(library, inputs), f"combine:{inputs['combine']}"])
        among = narrowed(inputs["query"], groups_in(inputs))
        search = Search(ranked(among, references, wanted, inputs["threshold"]), wanted)
        ids = search.find(library)
        if pool:
            chosen = set(random.Random(inputs["seed"]).sample(ids, min(limit, len(ids))))
            ids = [id for id in ids if id in chosen]
        loaded = load(library, ids[:limit], inputs["fit"])
        return io.NodeOutput(loaded.images, loaded.masks, loaded.prompts, loaded.ids, len(loaded.details))

    @classmethod
    def references(cls, library: Operations, inputs: dict[str, Any]) -> list[str]:
        """Return the terms of the query that name what to compare with."""
        name = "face" if inputs["kind"] == "face_search" else "like"
        images, group, character = inputs.get("images"), inputs.get("like_set"), inputs.get("like_character")
        terms = [f"{name}:upload:{token}" for token in hold(library, images)] if images is not None else []
        if group is not None:
            if name == "face":
                raise LibraryError("A set cannot be a reference for faces: use a character, or picture_likeness.")
            terms.append(f"{name}:{group.term}")
        if character is not None:
            terms.append(f"{name}:{character.term}")
        if not terms:
            raise LibraryError("There is nothing to compare with: connect images, a set or a character.")
        return terms


class Gate(Node):
    """What both gates share: each picture of a batch is accepted or rejected by its similarity to a group."""

    TERM = ""

    @classmethod
    def schema(cls, node_id: str, name: str, description: str, group: Any) -> Any:
        return io.Schema(
            node_id=node_id,
            display_name=name,
            category=CATEGORY,
            description=description,
            inputs=[
                io.Image.Input("images"),
                group,
                io.Float.Input("threshold", default=0.6, min=0.0, max=1.0, step=0.01, tooltip=LIKENESS),
                io.Combo.Input(
                    "combine",
                    options=list(COMBINE[:3]),
                    default="max",
                    tooltip="Which similarity counts, of those to each picture: the mean, the highest or the lowest.",
                ),
            ],
            outputs=[
                io.Image.Output("accepted", display_name="accepted"),
                io.Image.Output("rejected", display_name="rejected"),
                io.Int.Output("accepted_count", display_name="accepted count"),
                io.Int.Output("rejected_count", display_name="rejected count"),
                io.String.Output("similarities", display_name="similarities", tooltip="One number per picture."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> Any:
        info = runtime.library().info()
        return f"{info.public_id} {info.revision}"

    @classmethod
    def decide(cls, images: Any, group: Group, threshold: float, combine: str) -> Any:
        library = runtime.library()
        scores = list(cls.scores(library, images, group, combine))
        accepted = [place for place, score in enumerate(scores) if score >= threshold]
        rejected = [place for place, score in enumerate(scores) if score < threshold]
        return io.NodeOutput(
            images[accepted] if accepted else runtime.nothing(),
            images[rejected] if rejected else runtime.nothing(),
            len(accepted),
            len(rejected),
            ", ".join(f"{score:.3f}" for score in scores),
        )

    @classmethod
    def scores(cls, library: Operations, images: Any, group: Group, combine: str) -> Iterator[float]:
        """Yield the similarity of each picture, 0 where there is nothing to compare."""
        members = len(library.pictures(q=group.term, limit=10_000))
        if not members:
            raise LibraryError(f'The {group.kind} "{group.name}" has no pictures to compare with: add some to it.')
        for done, token in enumerate(hold(library, images), 1):
            # `max` of a picture's similarities to the group is the first of the ranking; all are needed for the others.
            ranking = library.alike(q=f"{cls.TERM}:upload:{token} {group.term} top:all", limit=members)
            yield combined([entry for entry in ranking if entry.likeness is not None], combine, members)
            runtime.report_progress(done, len(images))


def combined(ranking: list[Alike], combine: str, members: int) -> float:
    """Combine the similarities of one picture to the members of a group; those without one count as 0."""
    numbers = [entry.likeness or 0.0 for entry in ranking] + [0.0] * (members - len(ranking))
    if not numbers:
        return 0.0
    return {"max": max(numbers), "min": min(numbers)}.get(combine, sum(numbers) / len(numbers))


class PictureLikenessGate(Gate):
    TERM = "like"

    @classmethod
    def define_schema(cls) -> Any:
        return cls.schema(
            "PixlStash_PictureLikenessGate",
            "PixlStash Picture Likeness Gate",
            "Accept the pictures that look like those of a set.",
            Set.Input("set"),
        )

    @classmethod
    def execute(cls, images: Any, set: Group, threshold: float, combine: str) -> Any:
        return cls.decide(images, set, threshold, combine)


class FaceLikenessGate(Gate):
    TERM = "face"

    @classmethod
    def define_schema(cls) -> Any:
        return cls.schema(
            "PixlStash_FaceLikenessGate",
            "PixlStash Face Likeness Gate",
            "Accept the pictures that show a character, by its faces.",
            Character.Input("character"),
        )

    @classmethod
    def execute(cls, images: Any, character: Group, threshold: float, combine: str) -> Any:
        return cls.decide(images, character, threshold, combine)
