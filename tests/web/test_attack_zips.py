"""Zip files bent in every way: read or refused, with a reason, and nothing else happens."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Effort
from web.asking import paint
from web.conftest import OWNER, Served
from web.test_names import fit, outside
from web.test_zips import left
from zips import Entry, deflate, pack

from pixlstash_core.errors import Refused
from pixlstash_core.storage import archive

pytestmark = pytest.mark.attack
SIGNATURES = (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08")
#: Numbers at which programs stumble.
EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Zip files as programs write them, and some that nobody would."""
    folder = tmp_path_factory.mktemp("seeds")
    pngs = [paint(folder / f"{n}.png", n).read_bytes() for n in range(6)]
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for wide in (False, True):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as file:
                for n, png in enumerate(pngs):
                    with file.open(f"folder {n % 2}/{n}ä.png", "w", force_zip64=wide) as member:
                        member.write(png)
                file.comment = b"a comment"
            made.append(out.getvalue())
    kernel = deflate(bytes(100_000))
    shared = Entry(b"0", bytes(100_000), packed=kernel)
    odd = [Entry(b"../a", pngs[0]), Entry(b"l", b"/etc/passwd", external=0o120777 << 16), Entry(b"e", pngs[1], flags=1)]
    made.append(pack(shared, *(shared._replace(name=b"%d" % n, at=0) for n in range(1, 9))))
    made.append(pack(*odd, Entry(b"z", pack(Entry(b"a", pngs[2])), 0), Entry(b"\xff\0\r\n", pngs[3])))
    return made


def bend(body: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """Change some of it: bits, numbers, lengths, signatures, pieces of another file, or where it ends."""
    bent = bytearray(body)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(max(1, len(bent)))
        match rng.randrange(7):
            case 0:
                bent[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                width = rng.choice((2, 4, 8))
                bent[at : at + width] = (rng.choice(EDGES) & ((1 << 8 * width) - 1)).to_bytes(width, "little")
            case 2:  # near a header, where it matters
                found = [i for mark in SIGNATURES if (i := bent.find(mark, at)) >= 0]
                if found:
                    near = min(found) + rng.randrange(46)
                    bent[near : near + 1] = bytes([rng.randrange(256)])
            case 3:
                del bent[at : at + rng.choice((1, 4, 22, 46, 500))]
            case 4:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                bent[at:at] = other[start : start + rng.choice((4, 30, 46, 300))]
            case 5:
                bent[at : at + 4] = rng.choice(SIGNATURES)
            case _:
                if rng.random() < 0.3:
                    del bent[at:]
    return bytes(bent)


def test_bent_zip_files_are_read_or_refused(
    seeds: list[bytes], effort: Effort, rng: random.Random, tmp_path: Path
) -> None:
    path = tmp_path / "bent.zip"
    rounds, refused, spoiled, whole, slowest = effort.of(400, 60_000), 0, 0, 0, 0.0
    for _ in range(rounds):
        body = bend(rng.choice(seeds), rng, seeds)
        path.write_bytes(body)
        began = time.monotonic()
        try:
            found = archive.members(path)
        except Refused as error:
            assert str(error).endswith((".", "again.")), error
            refused += 1
            continue
        unpacked = 0
        with path.open("rb") as file:
            for member in found:
                member.name.encode()
                try:
                    unpacked += sum(len(block) for block in archive.unpack(file, member))
                    whole += 1
                except Refused:
                    spoiled += 1
        # Members may not share bytes, and deflate grows at most so many times.
        assert unpacked <= 1_040 * len(body)
        slowest = max(slowest, time.monotonic() - began)
    print(f"\n{rounds} zip files: {refused} refused whole, {spoiled} members refused, {whole} read, {slowest:.2f} s")
    assert refused and spoiled and whole
    assert slowest < 5


def test_bent_zip_files_are_uploaded(
    empty: Served, seeds: list[bytes], effort: Effort, rng: random.Random, log_errors: Callable[[], list[str]]
) -> None:
    rounds, archives = effort.of(12, 3_000), 0
    for _ in range(rounds):
        answer = empty.local.post("/uploads?name=a.zip", bend(rng.choice(seeds), rng, seeds))
        assert answer.status == 200, answer
        if answer.json["status"] == "archive":
            archives += 1
            one = answer.json["archive"]
            assert one["finished"] and one["files"] == len(one["results"])
            assert one["imported"] + one["duplicates"] + one["refused"] == one["files"]
            assert all(result["id"] or result["reason"] for result in one["results"])
    assert archives
    assert left(empty.library) == []
    assert outside(empty) == []
    assert log_errors() == []
    assert all(fit(picture.name) for picture in empty.library.pictures(OWNER, limit=1000))
    assert empty.library.check(OWNER, verify=True).problems == []


@pytest.fixture
def log_errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged as an error so far."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
