"""Byte code is written where the library's own process writes it, and not at all where that writes none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from PIL import Image

import pixlstash_core

DECODE = """
import sys
from pathlib import Path
from pixlstash_core.errors import PixlStashError
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.engines.messages import Load, Results, Start
from pixlstash_core.engines.process import Process
from pixlstash_core.engines.limits import Limits
with DecoderPool(1, plugins=False) as pool:
    pool.read(Path(sys.argv[1]), "picture.png")
process = Process(Start("", "", Results("builtins:list", "builtins:list")), Limits())
try:
    process.load(Load("", None, {}, {}, ()))
except PixlStashError as error:
    assert "no longer offers" in str(error), error
finally:
    process.kill()
"""


@pytest.mark.parametrize("how", ["none", "elsewhere"])
def test_child_processes_write_no_byte_code_beside_the_sources(tmp_path: Path, how: str) -> None:
    source = Path(pixlstash_core.__file__).parent
    copytree(source, tmp_path / "site" / "pixlstash_core", ignore=lambda folder, names: {"__pycache__"} & set(names))
    Image.new("RGB", (8, 8)).save(tmp_path / "picture.png")
    variables = {"none": {"PYTHONDONTWRITEBYTECODE": "1"}, "elsewhere": {"PYTHONPYCACHEPREFIX": str(tmp_path / "else")}}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(
        [sys.executable, "-c", DECODE, str(tmp_path / "picture.png")],
        env={**environment, **variables[how], "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        timeout=120,
    )
    assert list((tmp_path / "site").rglob("*.pyc")) == []
    for module in ("child", "worker"):  # of decoders, and of engines
        assert any((tmp_path / "else").rglob(f"{module}.*.pyc")) == (how == "elsewhere")
