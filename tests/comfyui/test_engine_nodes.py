"""Tag and Describe, run as V1 nodes, against a real server with engines."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", exc_type=ImportError)

import numpy as np
import torch
from comfyui.conftest import Furnished
from comfyui.standin import StandIn
from PIL import Image, ImageDraw, ImageFont

from comfyui_pixlstash import node_engines
from comfyui_pixlstash.channel import LibraryError

TAG = {"engine": "odd/colours", "threshold": 0.0, "limit": 0, "without": "", "underscores": False}


def batch(*colors: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(colors).reshape(-1, 1, 1, 3).expand(-1, 40, 48, 3)


def test_tag_gives_a_text_for_each_picture(engined_nodes: StandIn) -> None:
    images = batch((0.8, 0.1, 0.1), (0.1, 0.1, 0.8))
    assert engined_nodes.run("Tag", images=images, **TAG) == (["red", "blue"], "odd/colours")
    assert engined_nodes.run("Tag", images=images, **{**TAG, "without": "Red, noise"})[0] == ["", "blue"]
    assert engined_nodes.run("Tag", images=images, **{**TAG, "threshold": 0.95})[0] == ["", ""]


def test_an_engine_of_another_kind_or_none_is_an_error_that_says_what_to_do(engined_nodes: StandIn) -> None:
    images = batch((0.8, 0.1, 0.1))
    with pytest.raises(LibraryError, match="No engine is the default for tag: name one"):
        engined_nodes.run("Tag", images=images, **{**TAG, "engine": ""})
    with pytest.raises(LibraryError, match="of the kind tag, not caption"):
        engined_nodes.run("Describe", images=images, write="caption", engine="odd/colours")
    with pytest.raises(LibraryError, match="at most 64 pictures"):
        engined_nodes.run("Tag", images=images.expand(65, -1, -1, -1), **TAG)


def test_describe_reads_the_text_in_pictures(nodes: StandIn, furnished: Furnished) -> None:
    pytest.importorskip("rapidocr")
    sign = Image.new("RGB", (300, 120), "navy")
    ImageDraw.Draw(sign).text((40, 30), "BAKERY", "white", ImageFont.load_default(48))
    images = torch.from_numpy(np.asarray(sign, np.float32) / 255)[None]
    before = furnished.library.revision
    assert nodes.run("Describe", images=images, write="text in the picture", engine="ocr/ppocr-v6")[0] == ["BAKERY"]
    assert furnished.library.revision == before


def test_a_token_to_read_is_not_enough(nodes: StandIn, furnished: Furnished) -> None:
    nodes.connect(furnished.url, furnished.token("read"))
    with pytest.raises(LibraryError, match="Use a token with the right that this node needs"):
        nodes.run("Tag", images=batch((1, 0, 0)), **TAG)


def test_smileys_keep_their_underscores() -> None:
    assert [node_engines.written(name, False) for name in ("long_hair", "^_^")] == ["long hair", "^_^"]
    assert node_engines.written("long hair", True) == "long_hair"
