"""What docs/library-format.md says is so: its script gets a snapshot out with nothing but zstandard."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import libraries
import zstandard
from sources import ROOT

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ScorePictures, TakeSnapshot

SCRIPT = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "library-format.md").read_text("utf-8"), re.S)


def run(tmp_path: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """The script, by a Python that has zstandard and nothing else beyond its standard library."""
    bare = tmp_path / "bare"
    if not bare.exists():
        shutil.copytree(Path(zstandard.__file__).parent, bare / "zstandard")
        assert SCRIPT
        (tmp_path / "restore.py").write_text(SCRIPT[1])
    probe = subprocess.run([sys.executable, "-S", "-c", "import msgspec"], env={}, capture_output=True)
    assert probe.returncode != 0, "this environment is not bare"
    return subprocess.run(
        [sys.executable, "-S", str(tmp_path / "restore.py"), *map(str, arguments)],
        env={"PYTHONPATH": str(bare), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )


def test_a_stranger_gets_a_snapshot_out(library: Library, tmp_path: Path) -> None:
    ids = libraries.fill(library, 300)
    library.take_snapshot(OWNER, TakeSnapshot("first"))
    library.score(OWNER, ScorePictures(ids=ids[::3], score=4))
    taken = library.take_snapshot(OWNER, TakeSnapshot())
    library.score(OWNER, ScorePictures(ids=ids, score=1))
    done = run(tmp_path, library.path / "snapshots" / f"{taken.id}.snapshot", tmp_path / "out.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert "300 pictures" in done.stdout
    library.export_snapshot(OWNER, taken.id, tmp_path / "ours.db")
    assert (tmp_path / "out.db").read_bytes() == (tmp_path / "ours.db").read_bytes()
    database = apsw.Connection(str(tmp_path / "out.db"))
    assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert database.execute("select picture_id, score from score order by 1").fetchall() == [(id, 4) for id in ids[::3]]
    database.close()


def test_the_script_notices_damage(library: Library, tmp_path: Path) -> None:
    libraries.fill(library, 50)
    taken = library.take_snapshot(OWNER, TakeSnapshot())
    manifest = library.path / "snapshots" / f"{taken.id}.snapshot"
    body = bytearray(manifest.read_bytes())
    body[-3] ^= 1
    manifest.write_bytes(body)
    done = run(tmp_path, manifest, tmp_path / "out.db")
    assert done.returncode != 0 and "damaged" in done.stderr


def test_a_pack_is_a_zstd_file_named_by_its_hash(library: Library) -> None:
    libraries.fill(library, 50)
    library.take_snapshot(OWNER, TakeSnapshot())
    for path in (library.path / "snapshots" / "packs").iterdir():
        body = path.read_bytes()
        assert path.stem == hashlib.sha256(body).hexdigest()[:32]
        with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as stream:
            pages = stream.read()
        assert len(pages) % 4096 == 0 and pages.startswith(b"SQLite format 3\0")
