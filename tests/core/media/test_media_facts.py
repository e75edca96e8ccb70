"""What files say about themselves: texts, dates; and hostile versions of each."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixlstash_core import embedded_texts
from pixlstash_core.media.builtin import readers
from pixlstash_core.media.exif import ExifReader
from pixlstash_core.media.tiff import Tags
from pixlstash_core.types import Embedded, Facts, Reading


def values(found: Facts | Reading | None) -> dict[str, Any]:
    """Facts by name: the number where there is one; several of a name as a list."""
    assert found is not None
    answer: dict[str, Any] = {}
    for one in found.facts:
        value = one.value if one.number is None or one.name in ("lora", "exposure", "aperture", "focal") else one.number
        answer[one.name] = value if one.name not in answer else [*_listed(answer[one.name]), value]
    return answer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# -- EXIF --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("code", "body", "text"),
    [
        (b"UNICODE\0", "own order: ab", "own order: ab"),
        (b"UNICODE\0", "other order: ab", "other order: ab"),
        (b"UNICODE\0", "漢字", "漢字"),
        (b"ASCII\0\0\0", "plain é", "plain é"),
        (bytes(8), "unmarked", "unmarked"),
    ],
)
def test_user_comments_in_every_encoding(order: str, code: bytes, body: str, text: str) -> None:
    """The byte order of UTF-16 is that of the block, or not; texts with Latin letters show which."""
    own = "utf-16-le" if order == "<" else "utf-16-be"
    other = "utf-16-be" if order == "<" else "utf-16-le"
    encoding = "utf-8" if code != b"UNICODE\0" else other if body.startswith("other") else own
    data = code + body.encode(encoding)
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    block += struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, 26, 0)
    block += struct.pack(order + "HHHIII", 1, 0x9286, 7, len(data), 44, 0) + data
    assert embedded_texts(Embedded("jpeg", exif=block))["UserComment"] == text


@pytest.mark.parametrize(
    ("date", "zone", "expected"),
    [
        ("2024:01:01 00:00:00", "", 1_704_067_200_000),
        ("2024-01-01T00:00:00", "-05:30", 1_704_087_000_000),
        ("0000:00:00 00:00:00", "", None),
        ("    :  :     :  :  ", "", None),
        ("2024:13:41 99:99:99", "", None),
        ("1700:01:01 00:00:00", "", None),
        ("2024:01:01 00:00:00", "+99:99", None),
    ],
)
def test_dates(date: str, zone: str, expected: int | None) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: date, 0x9011: zone})
    found = ExifReader().read(Embedded("jpeg", exif=exif.tobytes().removeprefix(b"Exif\0\0")))
    created = None if found is None else found.created
    assert created == expected or (zone == "+99:99" and created is not None)


# -- anything at all ---------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["1", "2", "class_type", "inputs", "nodes", "links", "positive", "seed", "lora_1", "mode"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(data=JSON, key=st.sampled_from(["prompt", "workflow", "UserComment", "parameters"]))
def test_no_json_makes_a_reader_raise(data: Any, key: str) -> None:
    for reader in readers():
        reader.read(Embedded("png", text={key: json.dumps(data), "workflow": json.dumps({"nodes": data})}))


@settings(max_examples=150, deadline=None)
@given(tail=st.binary(max_size=200), order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_bytes_make_a_reader_raise(tail: bytes, order: bytes) -> None:
    for reader in readers():
        reader.read(Embedded("jpeg", exif=order + tail, comment=tail))
    assert Tags(order + tail).orientation in range(1, 9)
