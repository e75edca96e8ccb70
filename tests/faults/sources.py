"""Folders of real pictures to attack with: small PNG files that say how they were made, the same for the same seed."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import zlib
from pathlib import Path

#: 2026-01-01 UTC, in seconds: every file gets a time of its own after it.
START = 1_767_225_600


def paint(folder: Path, count: int, seed: int = 1, side: int = 48) -> list[Path]:
    """`count` pictures of side x side noise (about 3 bytes a pixel), some in a folder below; oldest first."""
    rng = random.Random(seed)
    paths = []
    for number in range(count):
        inside = folder / "below" if number % 3 == 2 else folder
        inside.mkdir(parents=True, exist_ok=True)
        path = inside / f"picture {seed}-{number:03}.png"
        path.write_bytes(png(rng, number, side))
        date(path, number)
        paths.append(path)
    return paths


def spoil(folder: Path, seed: int = 1) -> Path:
    """A file that no import will take."""
    path = folder / f"broken {seed}.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(300))
    date(path, 999)
    return path


def date(path: Path, number: int) -> None:
    os.utime(path, (START + 60 * number, START + 60 * number))


def png(rng: random.Random, number: int, side: int) -> bytes:
    """A PNG with the parameters that a well-known generator writes into its text chunk."""
    said = (
        f"a red fox number{number} in the snow\nNegative prompt: blurred\n"
        f"Steps: {20 + number}, Sampler: Euler a, CFG scale: 7, Seed: {number}, Size: {side}x{side},"
        f" Model: fox{number % 3}"
    )
    rows = b"".join(b"\0" + rng.randbytes(side * 3) for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body)
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
            (b"tEXt", b"parameters\0" + said.encode("latin-1")),
            (b"IDAT", zlib.compress(rows, 1)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and modification time (ns) of every file below a folder."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
