"""Readers of what programs that generate pictures leave in them: prompts, models, LoRAs, seeds and settings."""

from __future__ import annotations

from collections.abc import Iterable

from pixlstash_core import FactReader, hookimpl


@hookimpl
def readers() -> Iterable[FactReader]:
    """In the order in which they are asked."""
    # Imported here: `pixlstash --help` loads every plugin, and only decoder processes read pictures.
    from .comfyui.reader import ComfyReader
    from .drawthings import DrawThingsReader
    from .fooocus import FooocusReader
    from .hosted import CivitaiReader, StabilityMatrixReader, TensorArtReader
    from .invokeai import InvokeReader
    from .json_parameters import JsonReader
    from .novelai import NovelReader
    from .parameters import ParametersReader
    from .stealth import StealthReader
    from .swarmui import SwarmReader

    yield StealthReader()
    # Tools that drive another one say what was asked for; what they gave it to run comes after.
    yield SwarmReader()
    yield FooocusReader()
    yield InvokeReader()
    yield NovelReader()
    yield CivitaiReader()
    yield TensorArtReader()
    yield StabilityMatrixReader()
    yield DrawThingsReader()
    # The graph that ran says more than the summary that some of its nodes write beside it.
    yield ComfyReader()
    yield ParametersReader()
    yield JsonReader()
