"""The tutorial works: its files are written, its plugin installed, its commands run, and they say what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import libraries
from sources import ROOT

TEXT = (ROOT / "docs" / "tutorial-first-plugin.md").read_text(encoding="utf-8")


def test_files_and_commands(tmp_path: Path) -> None:
    here, site = tmp_path / "here", tmp_path / "site"
    here.mkdir()
    for name, code in re.findall(r"^(?:[^\n]* )?`([\w.]+)`:\n\n```\w+\n(.*?)^```", TEXT, re.M | re.S):
        (here / name).write_text(code, encoding="utf-8")
    assert sorted(path.name for path in here.iterdir()) == ["paint.py", "pixlstash_trap.py", "pyproject.toml"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path]), "COLUMNS": "200"}
    ran = 0
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.M | re.S):
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
    assert ran == 8
