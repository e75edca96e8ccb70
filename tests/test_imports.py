"""Importing the core, or asking the CLI for help, loads nothing heavy: not even if it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = "PIL apsw numpy torch transformers onnxruntime starlette uvicorn pillow_heif av rawpy"
# Notices an attempt, so that a library that is not installed here, or an import that is caught, cannot hide it.
WATCH = f"""
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY.split()!r}:
            import traceback
            traceback.print_stack()
            print(f"{{name}} was imported", file=sys.stderr, flush=True)
            os._exit(1)  # not an exception, which could be caught as the fault of a plugin
sys.meta_path.insert(0, Watch())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WATCH + code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", ["pixlstash_core", "pixlstash_core.cli", "pixlstash_core.client"])
def test_light(module: str) -> None:
    done = run(f"import {module}")
    assert done.returncode == 0, done.stderr


def test_the_watch_notices() -> None:
    assert "PIL was imported" in run("import PIL").stderr


def test_help_is_light() -> None:
    done = run("sys.argv = ['pixlstash', '--help']; from pixlstash_core.cli import main; main()")
    assert done.returncode == 0, done.stderr
    assert "Usage: pixlstash" in done.stdout


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).with_name("pixlstash.exe" if sys.platform == "win32" else "pixlstash")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: pixlstash" in done.stdout
