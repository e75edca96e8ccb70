"""A plugin for tests: engines of our own plugins whose weights are the tiny ones, pinned to what these really are.

Everything else is the plugins' own: the host checks each file against its SHA-256, and their loaders load it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixlstash_core import FaceExtractor, Tagger, WeightFile, Weights, hookimpl
from pixlstash_faces import Pack
from pixlstash_wd_tagger import MODEL, TAGS, WdTagger

#: The detector and the recogniser of a pack, as `tiny.faces` makes them.
PACK = ("scrfd_10g_bnkps.onnx", "glintr100.onnx")


def pin(kind: str, name: str) -> tuple[str, int, str]:
    """A file that a test made: its name, bytes and SHA-256."""
    body = (Path(os.environ["TINY_WEIGHTS"]) / kind / name).read_bytes()
    return name, len(body), hashlib.sha256(body).hexdigest()


class TinyWd(WdTagger):
    """Its list of tags is pinned too, which the plugin's own engines share."""

    def weights(self, params: Any) -> Weights:
        pins = (pin("wd", name) for name in (MODEL, TAGS))
        files = tuple(WeightFile(f"https://example.org/{name}", name, size, sha) for name, size, sha in pins)
        return Weights(files, self.license)


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield TinyWd("tiny", "Tiny WD", "tiny/wd", "1", 0, "")


@hookimpl
def face_extractors() -> Iterator[FaceExtractor[Any]]:
    yield Pack("tiny", "Tiny faces", "MIT", "tiny/faces/", "1", tuple(pin("faces", name) for name in PACK))
