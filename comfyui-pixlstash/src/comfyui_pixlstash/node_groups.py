"""Nodes that choose a project, set or character."""

from __future__ import annotations

from typing import Any

from . import runtime
from .groups import Kind, find
from .schema import CATEGORY, Character, Node, Project, Set, io


def chooser(kind: Kind, output: Any) -> list[Any]:
    """The input and the outputs of such a node."""
    remote = io.RemoteOptions(route=f"/pixlstash/{kind}s", refresh_button=True)
    return [
        [io.Combo.Input(kind, remote=remote, tooltip=f"The {kind}, as in the library; a name or a number works too.")],
        [
            output.Output("group", display_name=kind),
            io.String.Output("query", display_name="query", tooltip=f"A query that finds the pictures of this {kind}."),
            io.Int.Output("id", display_name="id"),
        ],
    ]


class GroupLoader(Node):
    """What the three nodes share."""

    KIND: Kind

    @classmethod
    def define(cls, node_id: str, output: Any) -> Any:
        inputs, outputs = chooser(cls.KIND, output)
        return io.Schema(
            node_id=node_id,
            display_name=f"PixlStash {cls.KIND.capitalize()}",
            category=CATEGORY,
            description=f"Choose a {cls.KIND} of the library, to load pictures from it or to save pictures into it.",
            inputs=inputs,
            outputs=outputs,
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> Any:
        text = inputs.get(cls.KIND)
        return list(find(runtime.library(), cls.KIND, text)) if isinstance(text, str) else ""

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        group = find(runtime.library(), cls.KIND, str(inputs[cls.KIND]))
        return io.NodeOutput(group, group.term, group.id)


class ProjectLoader(GroupLoader):
    KIND = "project"

    @classmethod
    def define_schema(cls) -> Any:
        return cls.define("PixlStash_ProjectLoader", Project)


class SetLoader(GroupLoader):
    KIND = "set"

    @classmethod
    def define_schema(cls) -> Any:
        return cls.define("PixlStash_SetLoader", Set)


class CharacterLoader(GroupLoader):
    KIND = "character"

    @classmethod
    def define_schema(cls) -> Any:
        return cls.define("PixlStash_CharacterLoader", Character)
