"""`pixlstash plugin new` and the names that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pixlstash_core.cli.plugins import plugin
from pixlstash_core.plugins.registry import OWN

FOLDER = Path(__file__).parents[3] / "pixlstash-plugins"


def test_the_list_of_own_plugins_is_complete() -> None:
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} == set(OWN)


@pytest.mark.parametrize("name", ["core", "web", "pixlstash-clip", *OWN])
def test_a_name_of_an_own_package_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixlstash_core.cli.plugins.find_spec", lambda module: None)  # as if it were not installed
    result = CliRunner().invoke(plugin, ["new", name, "--in", str(tmp_path)])
    assert result.exit_code == 1 and "choose another name" in result.output
    assert list(tmp_path.iterdir()) == []
