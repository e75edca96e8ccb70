"""Packs that were changed by somebody who knows their format: each check of `packs` finds what the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard
from libraries import fill

from pixlstash_core.library import Library
from pixlstash_core.snapshots import packs
from pixlstash_core.snapshots.packs import DIGEST, FRAME, SKIPPABLE, Damaged, Pack
from pixlstash_core.types import OWNER, ScorePictures, TakeSnapshot


@pytest.fixture
def folder(library: Library) -> Path:
    """The packs of a library with one snapshot."""
    fill(library, 300)
    library.take_snapshot(OWNER, TakeSnapshot())
    return library.path / "snapshots" / "packs"


def forge(folder: Path, change: Callable[[bytes], bytes], *, hashes: bool, rename: bool) -> str:
    """Write the first frame anew with other pages, as a sound zstd frame of the same size; the pack's name.

    `hashes`: also put the hashes of the new pages into the index. `rename`: also name the pack by its new SHA-256.
    """
    (name,) = packs.names(folder)
    path, pack = packs.path_of(folder, name), packs.read_index(folder, name)
    (_, pages), *_ = packs.frames(folder, pack, [0])
    pages = change(pages)
    first = zstandard.ZstdCompressor(level=19).compress(pages)
    rest = path.read_bytes()[pack.frames[0] : sum(pack.frames)]
    size = pack.page_size
    new = b"".join(packs.digest(memoryview(pages)[at : at + size]) for at in range(0, len(pages), size))
    index = new + pack.hashes[FRAME * DIGEST :] if hashes else pack.hashes
    body = first + rest + trailer(pack, [len(first), *pack.frames[1:]], index)
    path.write_bytes(body)
    if rename:
        name = hashlib.sha256(body).hexdigest()[: len(name)]
        path.rename(packs.path_of(folder, name))
    return name


def trailer(pack: Pack, frames: list[int], hashes: bytes) -> bytes:
    """The skippable frame with the index, as `packs.Packing` writes it."""
    head = msgspec.json.encode({"page_size": pack.page_size, "frames": frames})
    length = len(head) + 1 + len(hashes) + 4
    return (
        SKIPPABLE.to_bytes(4, "little")
        + length.to_bytes(4, "little")
        + head
        + b"\n"
        + hashes
        + length.to_bytes(4, "little")
    )


def other(pages: bytes) -> bytes:
    """The same number of pages, one of them with another byte."""
    return pages[:5000] + bytes([pages[5000] ^ 1]) + pages[5001:]


def same(pages: bytes) -> bytes:
    return pages


def test_the_forger_writes_sound_packs(folder: Path) -> None:
    """Else the tests below would find damage for another reason."""
    packs.verify(folder, forge(folder, same, hashes=False, rename=True))
    packs.verify(folder, forge(folder, other, hashes=True, rename=True))


def test_other_pages_are_found_by_their_hashes(folder: Path) -> None:
    """The pack has the name that its bytes deserve: only the hashes of its pages are wrong."""
    name = forge(folder, other, hashes=False, rename=True)
    with pytest.raises(Damaged, match="its pages are not what they were"):
        list(packs.frames(folder, packs.read_index(folder, name)))
    with pytest.raises(Damaged, match="its pages are not what they were"):
        packs.verify(folder, name)


@pytest.mark.parametrize("change", [same, other])
def test_other_bytes_are_found_by_the_name_of_the_pack(folder: Path, change: Callable[[bytes], bytes]) -> None:
    """All pages have the hashes in the index: only the SHA-256 of the file is not its name."""
    name = forge(folder, change, hashes=True, rename=False)
    list(packs.frames(folder, packs.read_index(folder, name)))
    with pytest.raises(Damaged, match=f"Pack {name} of the snapshots is damaged"):
        packs.verify(folder, name)


def test_a_forged_pack_is_not_restored_from(library: Library, folder: Path, tmp_path: Path) -> None:
    taken = library.snapshots(OWNER)[0]
    forge(folder, other, hashes=True, rename=False)
    assert library.verify_snapshot(OWNER, taken.id).problem is not None
    with pytest.raises(Damaged):
        library.export_snapshot(OWNER, taken.id, tmp_path / "out.db")
    assert not (tmp_path / "out.db").exists()


def test_no_pack_goes_while_a_manifest_cannot_be_read(library: Library) -> None:
    """Nobody knows which packs it needs."""
    ids = fill(library, 300)
    library.take_snapshot(OWNER, TakeSnapshot())
    library.score(OWNER, ScorePictures(ids=ids, score=4))
    second = library.take_snapshot(OWNER, TakeSnapshot())  # it alone needs the second pack
    folder = library.path / "snapshots"
    manifest = folder / f"{second.id}.snapshot"
    whole, stored = manifest.read_bytes(), sorted(path.name for path in (folder / "packs").iterdir())
    manifest.write_bytes(whole[:40])
    library.restore_points.prune()
    assert sorted(path.name for path in (folder / "packs").iterdir()) == stored
    manifest.write_bytes(whole)
    assert {check.id: check.problem for check in library.verify_snapshots(OWNER)}[second.id] is None
