"""What writing sidecars adds to a tag edit, and how soon they are written.

    python bench/sidecars.py [--pictures 2000] [--edits 200]

A folder of small pictures is indexed in place. One picture after another gets a tag, without a policy for sidecars, and
with one that writes text, XMP and JSON beside each, in turns, while the background job writes what was changed before.
The floor is the median edit without a policy.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from _measure import Figure, ms, percentile, report
from PIL import Image

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, AddFolder, AddTags, SidecarPolicy

#: The most that an edit may take longer, in seconds.
PROMISED = 0.005
ROUNDS = 4
WRITE = SidecarPolicy("write", ["txt", "xmp", "json"])


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=2_000)
    ask.add_argument("--edits", type=int, default=200)
    options = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        for number in range(options.pictures):
            Image.new("RGB", (8, 8), (number & 255, number >> 8, 90)).save(photos / f"{number:05}.png")
        Library.create(Path(folder) / "library")
        with Library.open(Path(folder) / "library") as library:
            return report(_measured(library, photos, options.edits))


def _measured(library: Library, photos: Path, edits: int) -> list[Figure]:
    added = library.add_folder(OWNER, AddFolder(str(photos), watch=False))
    assert added.job is not None, "it is scanned"
    while library.job(OWNER, added.job).state != "done":
        time.sleep(0.05)
    ids = library.find(OWNER, "").ids
    bare: list[float] = []
    times: list[float] = []
    written = 0.0
    library.add_tags(OWNER, AddTags(tags=["measured"], ids=ids[-1:]))  # the tag exists from now on
    for turn in range(ROUNDS):
        chosen = ids[turn * edits : (turn + 1) * edits]
        for writes in (True, False) if turn % 2 else (False, True):
            library.set_sidecars(OWNER, added.id, WRITE if writes else SidecarPolicy())
            _settled(library, added.id)
            (times if writes else bare).extend(_edit(library, chosen[writes::2]))
            written = _settled(library, added.id) if writes else written
    sidecars = len(list(photos.glob("*.txt")))
    more = statistics.median(times) - statistics.median(bare)
    return [
        Figure(
            "a tag edit, what writing its sidecars adds",
            f"< {ms(PROMISED)}",
            f"{ms(more)} (95th percentile {ms(percentile(times, 0.95))} instead of {ms(percentile(bare, 0.95))})",
            f"an edit without sidecars: {ms(statistics.median(bare))}",
            more < PROMISED,
        ),
        Figure(
            "sidecars of edited pictures, until all are written",
            "no figure",
            f"{written:.1f} s after the last of {edits // 2} edits, 3 files each; {sidecars:,} pictures in all",
            "none",
        ),
    ]


def _edit(library: Library, ids: list[int]) -> list[float]:
    times = []
    for id in ids:
        began = time.perf_counter()
        library.add_tags(OWNER, AddTags(tags=["measured"], ids=[id]))
        times.append(time.perf_counter() - began)
        time.sleep(0.01)
    return times


def _settled(library: Library, folder: int) -> float:
    """Wait until nothing is due; return the seconds that took."""
    began = time.perf_counter()
    while next(row for row in library.folders(OWNER) if row.id == folder).sidecar_state.due:
        time.sleep(0.05)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
