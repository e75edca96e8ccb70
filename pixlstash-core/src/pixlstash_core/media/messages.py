"""What the library and a decoder process say to each other: one length-prefixed msgpack message at a time."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import BinaryIO

import msgspec
from msgspec import Struct

from ..errors import Invalid
from ..types import Reading

#: No answer is longer: a still is some 30 kB, embedded texts are bounded to a few MiB each.
LONGEST = 64 << 20


class Limits(Struct, frozen=True):
    """What one file may cost: `memory` in bytes (address space), `cpu` and `wall` in seconds.

    Pictures of more than `pixels` are kept, but not drawn.
    """

    memory: int = 1536 << 20
    cpu: float = 20.0
    wall: float = 25.0
    pixels: int = 100_000_000

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> Limits:
        """As PIXLSTASH_MEGAPIXELS says (default 100); what more pixels need in memory and time comes with them."""
        text = environment.get("PIXLSTASH_MEGAPIXELS", "").strip()
        if not text:
            return cls()
        if not text.isdecimal() or not 1 <= int(text) <= 100_000:
            raise Invalid(f"PIXLSTASH_MEGAPIXELS={text} is no number from 1 to 100000.")
        pixels = int(text) * 1_000_000
        share = max(1.0, pixels / cls().pixels)
        return cls(int(cls().memory * share), cls().cpu * share, cls().wall * share, pixels)


class Start(Struct, frozen=True):
    """The first message a child gets."""

    limits: Limits
    plugins: bool = True
    disabled: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


class Ready(Struct, frozen=True, tag="ready"):
    """The child can take tasks."""


class Pixels(Struct, frozen=True):
    """Raw RGB for an engine: longest side in pixels (None: as it is), what alpha is laid on, and where it is put.

    Of several frames each has a file of its own: the path, a dot and its number from 0.
    """

    side: int | None
    background: str
    path: bytes
    sha256: bytes


class Task(Struct, frozen=True):
    """One file. Paths and names are `os.fsencode`d: they need not be text. `ask`: wait for a `Decision` once hashed.

    With `root`, a folder, the path is relative to it, and no link below it is followed; `identity` is the root's.

    `still`: draw it and no more; `times` in seconds: draw its frames there, and no more. With `pixels`, what is drawn
    is written raw.
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
    """Still reading or copying a long file: not hung."""


class Hashed(Struct, frozen=True, tag="hashed"):
    sha256: bytes
    size: int


class Skipped(Struct, frozen=True, tag="skipped"):
    """As decided."""


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
    """What a process of ours is started with: nothing from the current folder or PYTHON* variables.

    Where this process writes byte code, if anywhere, is passed on: the variables that say so are not read.
    """
    prefix = ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    return ["-I", *(["-B"] if sys.dont_write_bytecode else []), *prefix]


def send(pipe: BinaryIO, message: Struct) -> None:
    body = _encoder.encode(message)
    rest = memoryview(len(body).to_bytes(4, "little") + body)
    while rest:
        rest = rest[pipe.write(rest) :]  # an unbuffered pipe may take less than all


def receive(pipe: BinaryIO) -> bytes:
    """The next message's body. `EOFError`: the other side is gone; `ValueError`: it does not speak this language."""
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
