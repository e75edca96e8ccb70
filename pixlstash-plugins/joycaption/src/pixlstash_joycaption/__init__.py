"""Captions and tags by JoyCaption beta one on this machine; captions by an endpoint that speaks as OpenAI's does.

The modules are imported only when engines are asked for, so that `pixlstash --help` does not wait for `http.client`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pixlstash_core import Captioner, Tagger, hookimpl


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    from .endpoint import Endpoint
    from .local import JoyCaption

    yield JoyCaption()
    yield Endpoint()


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    from .local import JoyTags

    yield JoyTags()
