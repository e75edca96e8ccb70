"""The settings of the engines: what is asked for, and how a text is made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pixlstash_core import LOAD, RUN, Meta, Params, Secret

from . import prompts

Tokens = Annotated[int, Meta(ge=1, le=2048, title="Longest answer", description="In tokens, of about 3/4 word each")]
Temperature = Annotated[
    float, Meta(ge=0, le=2, title="Temperature", description="0: always the same words; more: freer ones")
]
TopP = Annotated[float, Meta(gt=0, le=1, title="Top p", description="Among how much of what is likely is chosen")]
Words = Annotated[int, Meta(ge=0, le=260, title="Words", description="About how many; 0: as the length says")]
Memory = Annotated[
    Literal["auto", "full", "4 bit"],
    LOAD,
    Meta(title="Memory", description="17 GB of a GPU's in full, about 7 GB in 4 bit (needs bitsandbytes)"),
]
Asked = Annotated[str, Meta(max_length=8000, title="Prompt", description="In place of all of the above")]
System = Annotated[str, Meta(max_length=8000, title="System prompt")]


class CaptionSettings(Params, frozen=True):
    """What a caption is to be like."""

    kind: Annotated[prompts.CaptionKind, Meta(title="Kind")] = "Descriptive"
    length: Annotated[prompts.Length, Meta(title="Length")] = "long"
    words: Words = 0
    extras: Annotated[list[prompts.Extra], Meta(title="Also")] = []
    name: Annotated[str, Meta(max_length=200, title="Name", description="What {name} stands for")] = ""
    prompt: Asked = ""
    system: System = prompts.SYSTEM
    tokens: Tokens = 512
    temperature: Temperature = 0.6
    top_p: TopP = 0.9


class LocalSettings(CaptionSettings, frozen=True):
    memory: Memory = "auto"


class TagSettings(Params, frozen=True):
    """What a list of tags is to be like."""

    kind: Annotated[prompts.TagKind, Meta(title="Kind")] = "Danbooru"
    length: Annotated[prompts.Length, Meta(title="Length")] = "any"
    words: Words = 0
    prompt: Asked = ""
    system: System = prompts.SYSTEM
    tokens: Tokens = 512
    temperature: Temperature = 0.0
    top_p: TopP = 0.9
    memory: Memory = "auto"


class EndpointSettings(CaptionSettings, frozen=True):
    """`endpoint` and what follows changes no answers."""

    endpoint: Annotated[
        str,
        RUN,
        Meta(
            pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?$",
            title="Endpoint",
            description="Where it answers, such as http://127.0.0.1:1234/v1",
        ),
    ] = "http://127.0.0.1:1234/v1"
    model: Annotated[str, Meta(max_length=300, title="Model", description="What the endpoint calls it")] = ""
    key: Secret = Secret()
    timeout: Annotated[float, RUN, Meta(ge=0.1, le=3600, title="Patience", description="In seconds")] = 120.0
    concurrency: Annotated[
        int, RUN, Meta(ge=1, le=32, title="At once", description="Pictures that are asked about")
    ] = 4
    side: Annotated[int, Meta(ge=64, le=1536, title="Side", description="Longest, of the picture that is sent")] = 1024


def instruction(params: Any) -> str:
    """Return the instruction to the model, as one sentence."""
    if params.prompt.strip():
        return str(params.prompt.strip())
    forms = prompts.TAGS[params.kind] if params.kind in prompts.TAGS else prompts.CAPTIONS[params.kind]
    extras, name = getattr(params, "extras", []), getattr(params, "name", "")
    return prompts.sentence(forms, params.length, params.words, extras, name)
