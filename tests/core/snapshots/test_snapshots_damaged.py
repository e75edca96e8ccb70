"""Damaged, truncated, foreign, newer snapshot files and zstd bombs: a sentence, and the library stays as it is."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard
from conftest import Effort
from faults import oracle
from libraries import fill

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.snapshots import manifests, packs
from pixlstash_core.types import OWNER, ScorePictures, TakeSnapshot

Way = Callable[[Path, random.Random], None]


def flip(path: Path, rng: random.Random) -> None:
    body = bytearray(path.read_bytes())
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    path.write_bytes(body)


def cut(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def lengthen(path: Path, rng: random.Random) -> None:
    with path.open("ab") as file:
        file.write(rng.randbytes(rng.randrange(1, 5000)))


def empty(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def foreign(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.choice([b"SQLite format 3\0" + bytes(4080), rng.randbytes(9000), b"{}\n", b"\x89PNG\r\n"]))


def remove(path: Path, rng: random.Random) -> None:
    path.unlink()


def bomb(path: Path, rng: random.Random) -> None:
    """Instead of pages, or of their numbers: far more than anything says."""
    huge = zstandard.ZstdCompressor(level=1).compress(bytes(1 << 26))
    if path.suffix == packs.SUFFIX:
        pack = packs.read_index(path.parent, path.stem)
        body = path.read_bytes()[sum(pack.frames) :]
        index = body[8:-4].partition(b"\n")[2]
        head = msgspec.json.encode({"page_size": 4096, "frames": [len(huge), *pack.frames[1:]]})
        length = len(head) + 1 + len(index) + 4
        tail = body[:4] + length.to_bytes(4, "little") + head + b"\n" + index + length.to_bytes(4, "little")
        path.write_bytes(huge + path.read_bytes()[pack.frames[0] : sum(pack.frames)] + tail)
    else:
        first, head, _ = path.read_bytes().split(b"\n", 2)
        rest = head + b"\n" + huge
        path.write_bytes(first[:-64] + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


def lie(path: Path, rng: random.Random) -> None:
    """A manifest that was tampered with by somebody who knows how to hash."""
    if path.suffix == packs.SUFFIX:
        return flip(path, rng)
    manifest, numbers = manifests.read(path.parent, int(path.stem))
    chosen = rng.randrange(6)
    if chosen == 0:
        numbers = rng.choice([numbers[::-1].copy(), np.zeros_like(numbers)])
    elif chosen == 1:
        manifest = msgspec.structs.replace(manifest, packs=[("../../../etc/passwd", 5), *manifest.packs])
    elif chosen == 2:
        manifest = msgspec.structs.replace(manifest, packs=[(name, 1 << 40) for name, _ in manifest.packs])
    elif chosen == 3:
        manifest = msgspec.structs.replace(manifest, rows={**manifest.rows, "picture": 5})
    elif chosen == 4:
        manifest = msgspec.structs.replace(manifest, page_size=512)
    else:
        manifest = msgspec.structs.replace(manifest, pages=1 << 31)
    path.write_bytes(manifests.encode(manifest, numbers))
    return None


def newer(path: Path, rng: random.Random) -> None:
    if path.suffix == packs.SUFFIX:
        return flip(path, rng)
    path.write_bytes(path.read_bytes().replace(b"pixlstash snapshot 1", b"pixlstash snapshot 2", 1))
    return None


WAYS: tuple[Way, ...] = (flip, cut, lengthen, empty, foreign, remove, bomb, lie, newer)


@pytest.mark.attack
def test_damage_is_said_and_hurts_nobody(library: Library, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    ids = fill(library, 300)
    library.take_snapshot(OWNER, TakeSnapshot())
    library.score(OWNER, ScorePictures(ids=ids, score=4))
    taken = library.take_snapshot(OWNER, TakeSnapshot())
    folder = library.path / "snapshots"
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    manifest = whole / f"{taken.id}.snapshot"
    about = manifests.head(whole, taken.id)
    used = [packs.path_of(whole / "packs", name) for name, _ in about.packs]
    before = oracle.databases(library.path)
    missed = []
    for number in range(effort.of(45, 300)):
        way = WAYS[number % len(WAYS)]
        victim = manifest if rng.random() < 0.5 else rng.choice(used)
        shutil.rmtree(folder)
        shutil.copytree(whole, folder)
        way(folder / victim.relative_to(whole), rng)
        out = tmp_path / f"out{number}.db"
        listed = [one.id for one in library.snapshots(OWNER)]
        found = {one.id: one.problem for one in library.verify_snapshots(OWNER)}
        try:
            library.export_snapshot(OWNER, taken.id, out)
        except PixlStashError as error:
            assert str(error).endswith(".") and "Traceback" not in str(error)
        else:
            if way is not lie:  # the rows it claims to have are not looked at when it is written out
                missed.append(f"{way.__name__} of {victim.name}: written out")
        if taken.id in found and found[taken.id] is None:
            missed.append(f"{way.__name__} of {victim.name}: called sound")
        if taken.id not in listed and victim == manifest and way is not remove:
            assert any(str(taken.id) in one for one in library.snapshot_status(OWNER).problems)
        assert not list((folder / "scratch").iterdir())
        out.unlink(missing_ok=True)
    assert missed == []
    assert list(tmp_path.glob("out*")) == []
    assert oracle.databases(library.path) | {"hub.db": "", "hub.db-wal": ""} == before | {
        "hub.db": "",
        "hub.db-wal": "",
    }


@pytest.mark.parametrize("at", [100, -2000])  # among the pages, and in the index
def test_a_damaged_pack_is_not_built_upon(at: int, library: Library) -> None:
    """What it held is stored again for the next snapshot; those it belongs to are said to be damaged until they go."""
    ids = fill(library, 300)
    first = library.take_snapshot(OWNER, TakeSnapshot())
    (pack,) = (library.path / "snapshots" / "packs").iterdir()
    body = bytearray(pack.read_bytes())
    body[at] ^= 4
    pack.write_bytes(body)
    library.score(OWNER, ScorePictures(ids=ids[:3], score=4))
    second = library.take_snapshot(OWNER, TakeSnapshot())
    third = library.take_snapshot(OWNER, TakeSnapshot())
    sound = {one.id: one.problem is None for one in library.verify_snapshots(OWNER)}
    assert sound == {third.id: True, second.id: True, first.id: False}
    assert library.snapshot(OWNER, third.id).byte_size > 10_000
    library.delete_snapshot(OWNER, first.id)
    assert library.snapshot_status(OWNER).problems == []
    assert pack.name not in [path.name.removesuffix(".damaged") for path in pack.parent.iterdir()]
