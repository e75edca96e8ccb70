"""Captions and tags by JoyCaption beta one on this machine; captions by an endpoint that speaks as OpenAI's does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pixlstash_core import Captioner, Tagger, hookimpl

from .endpoint import Endpoint
from .local import JoyCaption, JoyTags


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    yield JoyCaption()
    yield Endpoint()


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield JoyTags()
