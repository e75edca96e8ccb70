"""`pixlstash store` and `import --from`, in this process and through a server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import depot_plugin
import pytest
from core.cli.test_cli import Server, say
from faults import sources

SECRET = "s3cr3t-of-the-depot"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DEPOT_TOKEN", SECRET)
    with depot_plugin.installed(tmp_path, monkeypatch):
        assert say(tmp_path / "library", "init").code == 0
        sources.paint(tmp_path / "goods", 3)
        yield tmp_path / "library"


@pytest.mark.parametrize("served", [False, True])
def test_stores(path: Path, tmp_path: Path, served: bool) -> None:
    goods = tmp_path / "goods"
    server = Server(path) if served else None

    def output(*words: object) -> str:
        result = say(path, "store", *words)
        assert result.code == 0, result
        return result.out

    try:
        assert output("list").startswith("No stores.")
        kinds = output("kinds")
        assert "  depot  A depot\n      folder (string, required): Where its files are." in kinds
        assert "token (env:NAME or file:/path)\n" in kinds and "crates  Crates of the depot" in kinds
        added = output("add", "depot", "Goods", "--set", f"folder={goods}", "--set", "token=env:DEPOT_TOKEN")
        assert added.startswith("Added store Goods.\n3 imported, 0 already there, 0 refused")
        assert output("list").splitlines()[1].split()[1:5] == ["3", "0", "present", "depot"]
        sources.paint(goods, 1, seed=2)
        assert output("scan", "goods").startswith("1 imported")
        [store] = json.loads(output("list", "--json"))
        assert store["settings"]["token"] == "env:DEPOT_TOKEN"
        assert "4 pictures without another file move to the scrapheap" in output("remove", "Goods", "--dry-run")
        assert output("remove", "Goods", "--keep") == "Removed store Goods.\n"
        assert output("list").startswith("No stores.")
        for words in (
            ("scan", "Goods"),
            ("add", "nothing", "x"),
            ("add", "depot", "x"),
            ("add", "depot", "x", "--set", "fodler=y"),
            ("add", "depot", "x", "--set", f"folder={goods}", "--set", f"token={SECRET}"),
        ):
            wrong = say(path, "store", *words)
            assert wrong.code != 0 and SECRET not in wrong.err + wrong.out, words
    finally:
        if server is not None:
            server.stop()


def test_import_from_an_importer(path: Path, tmp_path: Path) -> None:
    done = say(path, "import", "--from", "crates", "--set", f"folder={tmp_path / 'goods'}", "--set", "most=3")
    assert done.code == 0 and done.out.startswith("3 imported, 0 already there"), done
    again = say(path, "import", "--from", "crates", "--set", f"folder={tmp_path / 'goods'}", "--json")
    assert again.json["duplicates"] == 3
    os.remove(next((tmp_path / "goods").glob("*.*")))
    for words in (
        (),
        ("--from", "nobody"),
        ("--from", "crates"),
        ("--from", "crates", "--set", "most"),
        ("--from", "crates", tmp_path),
        ("--set", "folder=x", tmp_path),
    ):
        assert say(path, "import", *words).code != 0, words
