"""kill -9 and full disks while exports are made: what looks complete is, and the next run completes the rest."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest
from conftest import Effort
from core.backups.test_kill_backups import begin, begin_again
from core.database.test_kill import Lab, report
from core.exports.conftest import Export, tree
from core.imports.test_intake import paint
from core.snapshots.test_snapshots_full import KIB, refused
from faults import mounts
from faults.worker import beside, exports
from PIL import Image

from pixlstash_core.errors import Conflict, PixlStashError
from pixlstash_core.exports import manifest
from pixlstash_core.exports.folder import JOURNAL, TEMPORARY
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ExportOptions, MakeExport, SetCaption

pytestmark = pytest.mark.attack


def incomplete(path: Path) -> list[str]:
    """What is wrong with an export that looks complete: a folder with a manifest, or a zip file."""
    if path.is_dir() and not (path / manifest.NAME).exists():
        return []
    if not path.exists():
        return []
    try:
        with manifest.opened(path) as book:
            lines = {line.name: line.sha256 for line in book.lines()}
    except PixlStashError as error:
        return [f"{path.name}: {error}"]
    if not path.is_dir():
        return []
    files = tree(path)
    wrong = [
        f"{path.name}: {name} is not what the manifest says"
        for name, sha256 in lines.items()
        if hashlib.sha256(files.get(name, b"")).hexdigest() != sha256
    ]
    extra = [name for name in set(files) - {*lines, manifest.NAME, JOURNAL} if not TEMPORARY.fullmatch(name)]
    # Between a new manifest and the deletion of its journal, nothing else is left to do.
    return wrong + [f"{path.name}: {name} is not in the manifest" for name in extra]


def finished(path: Path) -> list[str]:
    """What is wrong once the same is done again and let finish, over what was left."""
    for turn in (1, 2):
        beside(path, f"out{turn}.zip").unlink(missing_ok=True)
    exports(path, lambda **receipt: None)
    out = beside(path, "out")
    wrong = incomplete(out) + incomplete(beside(path, "out2.zip"))
    left = [name for name in tree(out) if name == JOURNAL or TEMPORARY.fullmatch(name)]
    left += [name.name for name in path.parent.glob(".*.new")]
    return wrong + [f"{name} is left" for name in left]


def test_a_kill_before_a_file_is_replaced_leaves_a_file_of_ours(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    """The journal names the new file then, and the folder holds the one of the run before."""
    out = tmp_path / "out"
    export(out)
    lines = (out / manifest.NAME).read_bytes().splitlines(keepends=True)[:-1]
    (out / manifest.NAME).unlink()
    name = "wide sea.txt"
    lines += [manifest.encoded(manifest.Line(name, hashlib.sha256(text).hexdigest(), 1)) for text in (b"one", b"two")]
    (out / JOURNAL).write_bytes(b"".join(lines))
    library.set_caption(OWNER, SetCaption(ids=pictures[:1], text="another"))
    (out / name).rename(tmp_path / "first")
    (out / name).write_bytes(b"three")
    with pytest.raises(Conflict, match="changed since"):
        export(out)
    assert (out / name).read_bytes() == b"three"
    (tmp_path / "first").replace(out / name)  # ours still: the run that failed has copied the lines
    export(out)
    assert b"another" in (out / name).read_bytes() and incomplete(out) == []


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_exports_survive_kill(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    template = tmp_path / "template"
    Library.create(template)
    with Library.open(template, work=False) as library:
        library.restore_points.set_automatic(False)
        for n in range(8):
            source = paint(tmp_path / "up" / f"{n}.png", n)
            assert library.upload(OWNER, source.name, source).status == "imported"
    lab = Lab(tmp_path, 1)
    attack, whole = lab.attack("exports", lambda path: begin(template, path))
    expected = tree(beside(whole, "out"))
    assert incomplete(beside(whole, "out")) == [] and manifest.NAME in expected
    kills = attack.kills(effort.of(5, 150), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        foreign = beside(path, "foreign")
        foreign.write_bytes(b"mine")
        names = ("out", "out1.zip", "out2.zip")
        found_wrong = [problem for name in names for problem in incomplete(beside(path, name))]
        for receipt in ran.receipts:
            if receipt.get("exported") and not beside(path, f"out{receipt['exported']}.zip").exists():
                found_wrong.append("an acknowledged zip file is missing")
        found_wrong += finished(path)
        if tree(beside(path, "out")) != expected:
            found_wrong.append("the export that was continued has other bytes")
        if foreign.read_bytes() != b"mine":
            found_wrong.append("a foreign file was changed")
        if found_wrong:
            wrong[f"exports {kill}"] = found_wrong
        begin_again(path)
    report("exports", kills, hit, wrong)


def test_a_disk_that_fills_up(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    Library.create(tmp_path / "library")
    count, full = effort.of(5, 40), 0
    wrong: dict[str, list[str]] = {}
    with Library.open(tmp_path / "library", work=False) as library:
        library.restore_points.set_automatic(False)
        for n in range(6):
            path = tmp_path / f"noise {n}.png"
            Image.frombytes("RGB", (180, 180), rng.randbytes(180 * 180 * 3)).save(path)
            assert library.upload(OWNER, path.name, path).id is not None
        for n in range(count):
            left = rng.randrange(700 * n // count, 700 * (n + 1) // count) * KIB
            for name in ("out", "out.zip"):
                disk = tmp_path / f"disk{n}{name}"
                with mounts.small(disk, 8 << 20):
                    hit, problems = trial(library, disk / name, left)
                full += hit
                if problems:
                    wrong[f"{name}, {left // KIB} KiB left"] = problems
                shutil.rmtree(disk)
    print(f"\n{2 * count} disks, {full} filled up, {len(wrong)} with problems")
    assert wrong == {} and full


def trial(library: Library, path: Path, left: int) -> tuple[bool, list[str]]:
    """Export to a disk with so many bytes left, then again with enough."""
    wrong: list[str] = []
    foreign, ballast = path.with_name("foreign"), path.with_name("ballast")
    foreign.write_bytes(b"mine")
    ask = MakeExport(path=str(path), q="", options=ExportOptions(template="{name}"))
    mounts.fill(ballast, left)
    hit = refused(lambda: library.export(OWNER, ask), wrong)
    if hit:
        wrong += incomplete(path)
        if path.suffix and path.exists():
            wrong.append("half a zip file is there")
        ballast.unlink()
        library.export(OWNER, ask)
    wrong += incomplete(path)
    if path.is_dir() and len(tree(path)) != 13:
        wrong.append(f"{sorted(tree(path))}")
    expected = {path.name, "foreign"} | ({"ballast"} if not hit else set())
    if {entry.name for entry in path.parent.iterdir()} != expected or foreign.read_bytes() != b"mine":
        wrong.append("something else was changed, or is left")
    return hit, wrong
