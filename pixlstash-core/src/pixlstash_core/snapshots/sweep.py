"""Frees space that no snapshot needs: deletes packs, and rewrites those of which few pages are used.

Packs are written before manifests that name them, and dropped after the last that does. Between any two steps every
manifest names packs that are there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import structs

from ..storage.files import fsync_folder, writing_to
from . import manifests, packs
from .manifests import Manifest
from .packs import DIGEST, FRAME, Pack, Packing
from .repository import Progress, Repository, _bases, _used, weights

if TYPE_CHECKING:
    import numpy as np

    from .manifests import Numbers

    Bits = np.ndarray[tuple[int], np.dtype[np.bool_]]

#: A pack of which a smaller share is used is written anew.
WORTH = 0.75


def delete(repository: Repository, id: int) -> None:
    """Delete a snapshot, intact or not. The next sweep frees what only it needed."""
    with repository.lock, writing_to(repository.folder):
        manifests.path_of(repository.folder, id).unlink(missing_ok=True)
        fsync_folder(repository.folder)


def sweep(repository: Repository, *, rewrite: bool = True, progress: Progress = lambda done, total: None) -> int:
    """Delete unused packs after rewriting hardly used ones; returns the freed bytes.

    While a manifest cannot be read nothing is dropped: nobody knows what it needs.
    """
    with repository.lock:
        present, damaged = repository.listed()
        if damaged:
            return 0
        before = _size(repository)
        if rewrite and present:
            with suppress(packs.Damaged):  # what cannot be read is left as it is, and `check` says so
                _rewrite(repository, present, progress)
            present = repository.listed()[0]
        named = {name for manifest in present for name, _ in manifest.packs}
        with writing_to(repository.packs):
            for path in filter(packs.is_pack, repository.packs.glob(f"*{packs.SUFFIX}*")):
                if path.name.partition(".")[0] not in named:
                    path.unlink()
            if before:
                fsync_folder(repository.packs)
        return before - _size(repository)


def _size(repository: Repository) -> int:
    return sum(path.stat().st_size for path in repository.packs.glob(f"*{packs.SUFFIX}*"))


def uses(repository: Repository, present: Sequence[Manifest]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Return by pack the number of snapshots that use each of its pages."""
    import numpy as np

    from ..database.arrays import distinct

    counted: dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]] = {}
    for manifest in present:
        numbers = distinct(np.sort(manifests.read(repository.folder, manifest.id)[1]))
        first = 0
        for name, pages in manifest.packs:
            low, high = np.searchsorted(numbers, [first, first + pages])
            counts = counted.setdefault(name, np.zeros(pages, np.int32))
            if len(counts) != pages:
                raise packs.Damaged(f"Pack {name} of the snapshots has another number of pages.", pack=name)
            counts[numbers[low:high] - first] += 1
            first += pages
    return counted


def freed(repository: Repository, present: Sequence[Manifest]) -> dict[int, int]:
    """Return by snapshot the approximate bytes that deleting it and sweeping would free now."""
    counted = uses(repository, present)
    each = {name: weights(packs.read_index(repository.packs, name)) for name in counted}
    if wrong := [name for name in counted if len(counted[name]) != len(each[name])]:
        raise packs.Damaged(f"Pack {wrong[0]} of the snapshots has another number of pages.", pack=wrong[0])
    return {manifest.id: int(sum(_freed(manifest, repository, counted, each))) for manifest in present}


def _freed(
    manifest: Manifest,
    repository: Repository,
    counted: dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]],
    each: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
) -> Iterator[float]:
    """Return the bytes of each of its packs that would be freed, by rewriting or deleting the pack."""
    import numpy as np

    from ..database.arrays import distinct

    numbers = distinct(np.sort(manifests.read(repository.folder, manifest.id)[1]))
    first = 0
    for name, pages in manifest.packs:
        low, high = np.searchsorted(numbers, [first, first + pages])
        left = counted[name].copy()
        left[numbers[low:high] - first] -= 1
        if (left > 0).mean() < WORTH:
            yield float(each[name][left == 0].sum())
        first += pages


def _rewrite(repository: Repository, present: list[Manifest], progress: Progress) -> None:
    used = {name: counts > 0 for name, counts in uses(repository, present).items()}
    old = {name: bits for name, bits in used.items() if bits.mean() < WORTH}
    indexes = {name: packs.read_index(repository.packs, name) for name in used}
    if any(len(pack) != len(used[name]) for name, pack in indexes.items()):
        raise packs.Damaged("A pack of the snapshots has another number of pages than a manifest says.")
    by_size: dict[int, list[Pack]] = {}
    for pack in indexes.values():
        by_size.setdefault(pack.page_size, []).append(pack)
    for page_size, of_size in by_size.items():
        if chosen := {pack.name: used[pack.name] for pack in of_size if pack.name in old}:
            _anew(
                repository,
                page_size,
                of_size,
                chosen,
                [manifest for manifest in present if manifest.page_size == page_size],
                progress,
            )


def _anew(
    repository: Repository,
    page_size: int,
    of_size: list[Pack],
    old: dict[str, Bits],
    present: list[Manifest],
    progress: Progress,
) -> None:
    """Store the used pages of old packs again, and update the manifests."""
    import numpy as np

    unchanged = [pack for pack in of_size if pack.name not in old]
    numbers: dict[bytes, int] = {}
    first = 0
    for pack in unchanged:
        numbers.update(zip(pack.digests(), range(first, first + len(pack)), strict=True))
        first += len(pack)
    packing = Packing(repository.packs, page_size, numbers, first)
    moved: dict[str, Numbers] = {}
    try:
        for pack in of_size:
            if pack.name in old:
                moved[pack.name] = _moved(repository, pack, old[pack.name], packing)
                progress(len(moved), len(old))
        packing.finish()
    except BaseException:
        packing.give_up()
        raise
    for new in packing.written:
        packs.verify(repository.packs, new.name)
    with writing_to(repository.packs):
        fsync_folder(repository.packs)
    every = [*unchanged, *packing.written]
    places = {pack.name: base + np.arange(len(pack)) for pack, base in zip(every, _bases(every), strict=True)} | moved
    hashes = np.concatenate([np.frombuffer(pack.hashes, np.uint8).reshape(-1, DIGEST) for pack in every])
    for manifest in present:
        if any(name in old for name, _ in manifest.packs):
            _rename(repository, manifest, every, places, hashes)


def _moved(repository: Repository, pack: Pack, used: Bits, packing: Packing) -> Numbers:
    """Store the used pages of a pack; returns the new number of each, by its place in the pack."""
    import numpy as np

    from ..database.arrays import distinct

    numbers = np.full(len(pack), -1, np.int64)
    digests = pack.digests()
    wanted = distinct(np.sort(np.flatnonzero(used) // FRAME)).tolist()
    for frame, body in packs.frames(repository.packs, pack, wanted):
        view = memoryview(body)
        for slot in range(frame * FRAME, min(len(pack), (frame + 1) * FRAME)):
            if used[slot]:
                at = (slot - frame * FRAME) * pack.page_size
                numbers[slot] = packing.add(digests[slot], view[at : at + pack.page_size])
    return numbers


def _rename(
    repository: Repository,
    manifest: Manifest,
    every: list[Pack],
    places: dict[str, Numbers],
    hashes: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
) -> None:
    """Write a manifest that refers to other packs with the same pages."""
    import numpy as np

    _, numbers = manifests.read(repository.folder, manifest.id)
    through = np.concatenate([places[name] for name, _ in manifest.packs])[numbers]
    if through.min() < 0 or hashlib.sha256(hashes[through].tobytes()).hexdigest() != manifest.sha256:
        raise packs.Damaged(f"Snapshot {manifest.id} would not be the same in other packs, so it was left as it is.")
    used, placed = _used(every, through)
    manifests.write(
        repository.folder, structs.replace(manifest, packs=[(pack.name, len(pack)) for pack in used]), placed
    )
