"""On CI a skipped test fails, whatever skips it, unless the list of allowed skips names its reason."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import conftest
import pytest
import skips
from sources import ROOT

SKIPPING = {
    "in a test": "import pytest\ndef test_it() -> None: pytest.skip({reason!r})",
    "by a mark": "import pytest\n@pytest.mark.skipif(True, reason={reason!r})\ndef test_it() -> None: ...",
    "in a fixture": (
        "import pytest\n@pytest.fixture\ndef it() -> None: pytest.skip({reason!r})\ndef test_it(it: None) -> None: ..."
    ),
    "while it is collected": "import pytest\npytest.skip({reason!r}, allow_module_level=True)",
    "by what is not installed": "import pytest\npytest.importorskip('no_such_module', reason={reason!r})",
}


def outcome(folder: Path, source: str) -> tuple[int, str]:
    """The exit status and output of pytest with the plugin, for a file with this source."""
    path = folder / "test_skipping.py"
    path.write_text(source)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", "-c", os.devnull, str(path)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout


@pytest.mark.parametrize("way", SKIPPING)
def test_a_skip_is_a_failure(tmp_path: Path, way: str) -> None:
    status, output = outcome(tmp_path, SKIPPING[way].format(reason="no torch here"))
    assert status != 0 and "every test must run: no torch here" in output, output


def test_an_allowed_skip_is_none(tmp_path: Path) -> None:
    allowed = next(iter(skips.ALLOWED))
    status, output = outcome(tmp_path, SKIPPING["in a test"].format(reason=f"{allowed}, and so on"))
    assert status == 0 and "1 skipped" in output, output


def test_the_commit_decides_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "head_commit", lambda: "00c0ffee" + "0" * 32)
    assert conftest.default_seed(torture=False) == 0x00C0FFEE
    monkeypatch.setattr(conftest, "head_commit", lambda: None)
    assert conftest.default_seed(torture=False) == 1
    assert len({conftest.default_seed(torture=True) for _ in range(4)}) > 1


def test_the_commit_is_read_from_git() -> None:
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True)
    assert conftest.head_commit() == (done.stdout.strip() or None)
