"""The tutorials work: their files are written, their plugins installed, their commands run, and say what they show."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import libraries
import pytest
from sources import ROOT

#: Their files, and how many commands they show.
TUTORIALS: dict[str, tuple[set[str], int]] = {
    "tutorial-first-plugin.md": ({"paint.py", "pixlstash_trap.py", "pyproject.toml"}, 8),
    "tutorial-first-engine.md": ({"check_colors.py", "paint.py", "pixlstash_colors.py", "pyproject.toml"}, 11),
    "tutorial-trainable-engine.md": ({"check_taste.py", "paint.py", "pixlstash_taste.py", "pyproject.toml"}, 10),
    "tutorial-first-panel.md": ({"palette.js", "pixlstash_palette.py", "pyproject.toml"}, 3),
}


@pytest.mark.parametrize("name", TUTORIALS)
def test_files_and_commands(name: str, tmp_path: Path) -> None:
    text, (files, commands) = (ROOT / "docs" / name).read_text(encoding="utf-8"), TUTORIALS[name]
    here, site = tmp_path / "here", tmp_path / "site"
    here.mkdir()
    for file, code in re.findall(r"^(?:[^\n]* )?`([\w.]+)`:\n\n```\w+\n(.*?)^```", text, re.M | re.S):
        (here / file).write_text(code, encoding="utf-8")
    assert {path.name for path in here.iterdir()} == files
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path]), "COLUMNS": "200"}
    ran = 0
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
            ran += 1
            if command == "pip install -e .":  # as pip would, without asking the network for a build tool
                libraries.install(site, here)
                continue
            words = [sys.executable if word == "python" else word for word in shlex.split(command)]
            if words[0] == "pixlstash":
                words[:1] = [sys.executable, "-c", "from pixlstash_core.cli import main; main()"]
            done = subprocess.run(words, cwd=here, env=environment, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            pattern = re.escape(shown.strip("\n")).replace("…", "(?s:.*)")
            assert re.search(pattern, done.stdout), f"{command} says\n{done.stdout}"
    assert ran == commands
