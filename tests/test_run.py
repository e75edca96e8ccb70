"""`run.py`: what it says when something is missing, what it starts, and how quickly it starts again."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sources import ROOT

SCRIPT = ROOT / "run.py"
# Answers with its own arguments and library, in the place of the installed command.
ECHO = (
    f"#!{sys.executable}\nimport os, sys\nprint('started', *sys.argv[1:])\nprint(os.environ.get('PIXLSTASH_LIBRARY'))\n"
)


@pytest.fixture
def run() -> ModuleType:
    return load(SCRIPT)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(script: Path, *arguments: str, before: str = "pass", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script, as a person would, with only these settings."""
    environ = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PICTURES", "COPY", "PORT", "HOST", "LIBRARY", "PIXLSTASH_LIBRARY")
    }
    code = (
        f"import runpy, sys; {before}; sys.argv[0] = {str(script)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environ | settings,
        cwd=script.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The script in a checkout where nothing was ever installed."""
    return Path(shutil.copy(SCRIPT, tmp_path))


@pytest.fixture
def installed(fresh: Path) -> Path:
    """The script in a checkout that has been started before."""
    module = load(fresh)
    Path(module.BIN).mkdir(parents=True)
    Path(module.PYTHON).symlink_to(sys.executable)
    command = Path(module.BIN, "pixlstash")
    command.write_text(ECHO)
    command.chmod(0o755)
    Path(module.STAMP).write_text(module.digest(False))
    return fresh


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused start prints."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_older_pythons_can_parse_it() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    futures = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert futures == []  # `annotations` is unknown before 3.7


def test_an_older_python_is_told_what_to_do(fresh: Path) -> None:
    done = call(fresh, before="sys.version_info = (3, 9, 1, 'final', 0)")
    assert "needs Python 3.11 or newer" in sentence(done)
    assert "PYTHON=python3.12 make run" in sentence(done)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv(fresh: Path, port: str, module: str) -> None:
    done = call(fresh, PORT=port, before=f"sys.modules[{module!r}] = None")
    assert "apt install python3-venv" in sentence(done)
    assert not (fresh.parent / ".venv").exists()


def test_an_environment_that_cannot_be_made(fresh: Path, port: str) -> None:
    (fresh.parent / ".venv").write_text("in the way")
    assert "could not be made" in sentence(call(fresh, PORT=port))


def test_a_taken_port_is_named_before_anything_is_installed(fresh: Path, taken: int) -> None:
    line = sentence(call(fresh, PORT=str(taken)))
    assert f"Port {taken} is taken" in line
    if os.name != "nt":
        other = line.rsplit("PORT=", 1)[1].split(" ")[0]
        assert int(other) != taken
        assert f"PORT={other} make run" in line
    assert not (fresh.parent / ".venv").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PORT": "eighty"}, "PORT=eighty is no port"),
        ({"PORT": "65536"}, "PORT=65536 is no port"),
        ({"HOST": "203.0.113.1"}, "HOST=203.0.113.1"),
        ({"PICTURES": "nowhere/at/all"}, "nowhere/at/all, and there is no such folder"),
        ({"COPY": "1"}, "PICTURES=folder"),
    ],
)
def test_a_setting_that_cannot_be(fresh: Path, port: str, settings: dict[str, str], words: str) -> None:
    assert words in sentence(call(fresh, **({"PORT": port} | settings)))


def test_a_word_that_is_not_understood(fresh: Path) -> None:
    assert "'instal'" in sentence(call(fresh, "instal"))


def test_what_it_starts(run: ModuleType, port: str, tmp_path: Path) -> None:
    at = ["--port", port, "--host", "127.0.0.1"]
    pictures = str(tmp_path)
    assert run.choose({"PORT": port}) == ["demo", "--serve", *at]
    assert run.choose({"PORT": port, "LIBRARY": "/some/library"}) == ["serve", *at]
    assert run.choose({"PORT": port, "PIXLSTASH_LIBRARY": "/some/library"}) == ["serve", *at]
    assert run.choose({"PORT": port, "PICTURES": pictures}) == ["serve", "--take", pictures, *at]
    assert run.choose({"PORT": port, "PICTURES": pictures, "COPY": "1"}) == ["serve", "--take", pictures, "--copy", *at]
    assert run.choose({"PORT": port, "PICTURES": pictures, "COPY": "0"}) == ["serve", "--take", pictures, *at]


def test_the_name_of_the_machine_is_not_a_choice_to_open_the_library(run: ModuleType, port: str) -> None:
    import platform

    assert run.choose({"PORT": port, "HOST": platform.node()})[-1] == "127.0.0.1"
    assert run.choose({"PORT": port, "HOST": "0.0.0.0"})[-1] == "0.0.0.0"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the installed command is a script with a #! line")
def test_a_second_start_installs_nothing(installed: Path, port: str) -> None:
    began = time.monotonic()
    done = call(installed, f"PORT={port}")
    assert time.monotonic() - began < 15
    assert done.returncode == 0, done.stderr
    *steps, started, library = done.stdout.splitlines()
    assert [step.split(" ")[0] for step in steps] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert started == f"started demo --serve --port {port} --host 127.0.0.1"
    assert library == "None"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the installed command is a script with a #! line")
def test_a_named_library(installed: Path, port: str) -> None:
    done = call(installed, PORT=port, LIBRARY="mine")
    assert done.stdout.splitlines()[-2:] == [
        f"started serve --port {port} --host 127.0.0.1",
        str(installed.parent / "mine"),
    ]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the installed command is a script with a #! line")
def test_a_changed_package_is_installed_again(installed: Path, port: str) -> None:
    (installed.parent / "constraints.txt").write_text("nothing==1\n")
    done = call(installed, PORT=port)
    assert done.returncode == 1  # there is nothing to install in this checkout
    assert "its whole report is in" in done.stderr.splitlines()[-1]
    assert (installed.parent / ".venv" / "run.log").read_text()
    assert not (installed.parent / ".venv" / "run.stamp").exists()


def test_the_stamp_sees_the_browser_interface_but_not_what_is_built_from_it(fresh: Path) -> None:
    web = fresh.parent / "pixlstash-web" / "web"
    (web / "node_modules").mkdir(parents=True)
    module = load(fresh)
    (web / "app.ts").write_text("1")
    first = module.digest(False)
    (web / "node_modules" / "other.js").write_text("1")
    assert module.digest(False) == first
    (web / "app.ts").write_text("2")
    assert module.digest(False) != first
    assert module.digest(True).split()[1] != module.digest(False).split()[1]


def test_every_plugin_decides_whether_pip_runs_again(run: ModuleType) -> None:
    projects = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("pixlstash-plugins/*/pyproject.toml")}
    assert projects <= set(run.INPUTS)
    assert "./pixlstash-plugins/generation" in run.PACKAGES  # without it no picture has a prompt
