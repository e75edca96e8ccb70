"""The part of `comfy_api.v0_0_2.io` that the nodes use, for versions of ComfyUI that only have V1 nodes.

A subclass of `ComfyNode` has the attributes by which ComfyUI finds out about a V1 node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

#: What V1 nodes call the fields of an input.
OPTIONS = {
    "label_on": "label_on",
    "label_off": "label_off",
    "dynamic_prompts": "dynamicPrompts",
    "force_input": "forceInput",
    "control_after_generate": "control_after_generate",
    **{name: name for name in ("default", "min", "max", "step", "round", "multiline", "placeholder", "tooltip")},
}


class Input:
    """An input of a node: its name, whether it may be left out, and its options."""

    def __init__(self, io_type: str, id: str, *, optional: bool = False, **options: Any) -> None:
        self.io_type, self.id, self.optional = io_type, id, optional
        self.choices = options.pop("options", None)
        self.remote = options.pop("remote", None)
        self.options = {
            OPTIONS[name]: value for name, value in options.items() if name in OPTIONS and value is not None
        }

    def describe(self) -> tuple[Any, dict[str, Any]]:
        """What V1's `INPUT_TYPES` has for it."""
        if self.remote is not None:  # a list that only a newer ComfyUI can fill: the name or number is typed
            return "STRING", {"default": "", **self.options}
        return (self.choices if self.io_type == "COMBO" else self.io_type), self.options


class Output:
    """An output of a node."""

    def __init__(
        self, io_type: str, id: str = "", *, display_name: str = "", tooltip: str = "", is_output_list: bool = False
    ) -> None:
        self.io_type, self.id, self.is_output_list = io_type, id, is_output_list
        self.display_name, self.tooltip = display_name or io_type, tooltip


class Custom:
    """A type of inputs and outputs by its name."""

    def __init__(self, io_type: str) -> None:
        self.io_type = io_type

    def Input(self, id: str, **options: Any) -> Input:  # as the newer API has it
        return Input(self.io_type, id, **options)

    def Output(self, id: str = "", **options: Any) -> Output:
        return Output(self.io_type, id, **options)


Boolean, Combo, Float, Image = Custom("BOOLEAN"), Custom("COMBO"), Custom("FLOAT"), Custom("IMAGE")
Int, Mask, String, Video = Custom("INT"), Custom("MASK"), Custom("STRING"), Custom("VIDEO")


class RemoteOptions(SimpleNamespace):
    """Where a list of choices comes from."""


class Hidden(StrEnum):
    """What ComfyUI passes beside the inputs."""

    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"


@dataclass
class Schema:
    """The definition of a node."""

    node_id: str
    display_name: str = ""
    category: str = ""
    description: str = ""
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    is_output_node: bool = False
    not_idempotent: bool = False


class NodeOutput:
    """What a node returns."""

    def __init__(self, *args: Any, ui: dict[str, Any] | None = None) -> None:
        self.args, self.ui = args, ui


class ComfyNode:
    """The base of nodes. The attributes in capitals are V1's."""

    hidden: Any = None

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError

    def __init_subclass__(cls) -> None:
        if "define_schema" not in vars(cls):
            return
        schema = cls.define_schema()
        made: Any = cls
        made.FUNCTION, made.CATEGORY, made.DESCRIPTION = "run_v1", schema.category, schema.description
        made.OUTPUT_NODE = schema.is_output_node
        made.RETURN_TYPES = tuple(output.io_type for output in schema.outputs)
        made.RETURN_NAMES = tuple(output.display_name for output in schema.outputs)
        made.OUTPUT_TOOLTIPS = tuple(output.tooltip for output in schema.outputs)
        made.OUTPUT_IS_LIST = tuple(output.is_output_list for output in schema.outputs)
        if hasattr(cls, "fingerprint_inputs"):
            made.IS_CHANGED = cls.fingerprint_inputs

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # V1's name
        schema = cls.define_schema()
        types: dict[str, Any] = {"required": {}}
        for entry in schema.inputs:
            types.setdefault("optional" if entry.optional else "required", {})[entry.id] = entry.describe()
        if schema.hidden:
            types["hidden"] = {hidden.name: hidden.value for hidden in schema.hidden}
        return types

    def run_v1(self, **inputs: Any) -> Any:
        """Run `execute`, which newer versions call on a class of its own for each run."""
        hidden = SimpleNamespace(prompt=inputs.pop("prompt", None), extra_pnginfo=inputs.pop("extra_pnginfo", None))
        # `type` would run __init_subclass__, which does nothing without a schema of its own.
        clone: Any = type(type(self).__name__, (type(self),), {"hidden": hidden})
        output = clone.execute(**inputs)
        return {"ui": output.ui, "result": output.args} if output.ui else output.args
