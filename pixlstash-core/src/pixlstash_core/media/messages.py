"""The messages between the library and a decoder process: length-prefixed msgpack, one at a time."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import BinaryIO

import msgspec
from msgspec import Struct

from ..errors import Invalid
from ..types import Reading

#: The most bytes of a message: a thumbnail has some 30 kB, and embedded texts are limited to a few MiB each.
LONGEST = 64 << 20


class Limits(Struct, frozen=True):
    """The limits for one file: `memory` in bytes of address space, `cpu` and `wall` in seconds.

    Pictures of more than `pixels` are imported, but not drawn.
    """

    memory: int = 1536 << 20
    cpu: float = 20.0
    wall: float = 25.0
    pixels: int = 100_000_000

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> Limits:
        """Return the limits for PIXLSTASH_MEGAPIXELS (default 100); memory and time grow with it."""
        text = environment.get("PIXLSTASH_MEGAPIXELS", "").strip()
        if not text:
            return cls()
        if not text.isdecimal() or not 1 <= int(text) <= 100_000:
            raise Invalid(f"PIXLSTASH_MEGAPIXELS={text} is not a number from 1 to 100000.")
        pixels = int(text) * 1_000_000
        share = max(1.0, pixels / cls().pixels)
        return cls(int(cls().memory * share), cls().cpu * share, cls().wall * share, pixels)


class Start(Struct, frozen=True):
    """The first message to a child."""

    limits: Limits
    plugins: bool = True
    disabled: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


class Ready(Struct, frozen=True, tag="ready"):
    """The child can take tasks."""


class Pixels(Struct, frozen=True):
    """A request for raw RGB: the longest side in pixels (None: unchanged), the color behind alpha, and the target.

    Each frame has its own file: the path, a dot and the frame's number from 0.
    """

    side: int | None
    background: str
    path: bytes
    sha256: bytes


class Task(Struct, frozen=True):
    """A file to read. Paths and names are `os.fsencode`d. `ask`: wait for a `Decision` after hashing.

    With `root`, a folder, the path is relative to it, and links below it are not followed; `identity` is the root's.

    `still`: only draw a thumbnail. `times`, in seconds: only draw these frames. With `pixels`, the images are written
    as raw RGB.
    """

    path: bytes
    name: bytes
    ask: bool = False
    copy_to: bytes | None = None
    still: bool = False
    times: tuple[float, ...] = ()
    pixels: Pixels | None = None
    root: bytes | None = None
    identity: str | None = None


class Decision(Struct, frozen=True):
    go: bool


class Beat(Struct, frozen=True, tag="beat"):
    """A sign of life while a large file is read or copied."""


class Hashed(Struct, frozen=True, tag="hashed"):
    sha256: bytes
    size: int


class Skipped(Struct, frozen=True, tag="skipped"):
    """The file was not read any further, because of a `Decision`."""


class Drawn(Struct, frozen=True, tag="drawn"):
    reading: Reading


class Still(Struct, frozen=True, tag="still"):
    webp: bytes


class Frames(Struct, frozen=True, tag="frames"):
    webps: list[bytes]


class Decoded(Struct, frozen=True, tag="decoded"):
    """(width, height) of each frame that was written."""

    sizes: list[tuple[int, int]]


class Failed(Struct, frozen=True, tag="failed"):
    """`cause` is a word for programs, `reason` a sentence for people. `leaving`: the child ends after this."""

    cause: str
    reason: str
    leaving: bool = False


Answer = Ready | Beat | Hashed | Skipped | Drawn | Still | Frames | Decoded | Failed

_encoder = msgspec.msgpack.Encoder()


def python_options() -> list[str]:
    """Return Python's options for a child process, which ignores the current folder and PYTHON* variables.

    The setting where to write byte code is passed on as an option instead.
    """
    prefix = ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    return ["-I", *(["-B"] if sys.dont_write_bytecode else []), *prefix]


def send(pipe: BinaryIO, message: Struct) -> None:
    body = _encoder.encode(message)
    rest = memoryview(len(body).to_bytes(4, "little") + body)
    while rest:
        rest = rest[pipe.write(rest) :]  # an unbuffered pipe may take less than all


def receive(pipe: BinaryIO) -> bytes:
    """Return the body of the next message. `EOFError`: the other side is gone; `ValueError`: not a message."""
    length = int.from_bytes(_exactly(pipe, 4), "little")
    if length > LONGEST:
        raise ValueError(f"a message of {length} bytes")
    return _exactly(pipe, length)


def _exactly(pipe: BinaryIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = pipe.read(count)
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
