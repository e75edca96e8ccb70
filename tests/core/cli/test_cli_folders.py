"""`pixlstash folder`, with and without a server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Server, say
from faults import sources


@pytest.fixture(params=["alone", "served"])
def path(request: pytest.FixtureRequest, blank: Path, tmp_path: Path) -> Any:
    shutil.copytree(blank, tmp_path / "library")
    server = Server(tmp_path / "library") if request.param == "served" else None
    yield tmp_path / "library"
    if server is not None:
        server.stop()


def test_folders(path: Path, tmp_path: Path) -> None:
    def output(*words: object) -> str:
        result = say(path, "folder", *words)
        assert result.code == 0, result
        return result.out

    photos = tmp_path / "photos"
    sources.paint(photos, 3)
    assert output("list").startswith("No folders are indexed in place.")
    assert output("size", photos).startswith("3 files, ")
    assert output("add", photos, "--no-watch").startswith(f"Added folder photos: {photos}\n3 imported, 0 already there")
    assert output("rename", "photos", "Film") == "The folder is called Film now.\n"
    assert output("watch", "film", "--off") == "Film: scanned by hand only.\n"
    (folder,) = say(path, "folder", "list", "--json").json
    assert (folder["name"], folder["pictures"], folder["state"], folder["watch"]) == ("Film", 3, "ok", False)
    assert output("tree", "Film").split() == ["1", "below", "2", "(directly", "in", "the", "folder)"]
    assert output("tree", photos, "below").split()[0] == "1"
    sources.paint(photos, 1, seed=2)
    assert output("scan", folder["id"]).startswith("1 imported")
    photos.rename(tmp_path / "moved")
    assert output("list").count("missing") == 1
    wrong = say(path, "folder", "relocate", "Film", path)
    assert wrong.code == 1 and "lie within each other" in wrong.err
    assert output("relocate", "Film", tmp_path / "moved").startswith(f"Relocated folder Film to {tmp_path / 'moved'}.")
    assert "4 pictures without another file move to the scrapheap" in output("remove", "Film", "--dry-run")
    assert output("remove", "Film") == "Removed folder Film; 4 pictures moved to the scrapheap.\n"
    assert say(path, "undo").code == 0 and "Film" in output("list")
    assert say(path, "folder", "scan", "nothing").code == 1


def test_import_folders(path: Path, tmp_path: Path) -> None:
    def output(*words: object) -> str:
        result = say(path, "folder", *words)
        assert result.code == 0, result
        return result.out

    inbox = tmp_path / "inbox"
    sources.paint(inbox, 3)
    sources.spoil(inbox)
    assert say(path, "set", "create", "Foxes").code == 0
    assert output("imports").startswith("No import folders.")
    options = ("--no-watch", "--tag", "fox", "--tag", "red", "--set", "foxes", "--ignore", "*.tmp")
    added = output("import", inbox, *options)
    assert added.startswith(f"Added import folder inbox: {inbox}\n3 imported, 0 already there")
    assert len(say(path, "list", "set:Foxes tag:fox tag:red", "--json").json) == 3
    listed = output("imports")
    assert "broken 1.png: " in listed and listed.splitlines()[1].split()[:5] == ["1", "3", "ok", "off", "no"]
    edited = output("import-edit", "INBOX", "--delete", "--below", "below", "--tag", "deep", "--name", "In")
    assert edited.splitlines() == [
        "In: files are deleted after import, scanned by hand only.",
        "  all: tags fox, red set 1",
        "  below: tags deep",
    ]
    sources.paint(inbox, 3, seed=2)
    assert output("import-scan", inbox).startswith("3 imported")
    assert len(say(path, "list", "tag:deep", "--json").json) == 1 and len(list(inbox.rglob("picture*"))) == 3
    assert say(path, "folder", "import", inbox).code == 1
    assert output("import-remove", "In") == "Removed import folder In; its pictures stay.\n"
    assert say(path, "folder", "import-scan", "In").code == 1


def test_captions(path: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for picture in sources.paint(photos, 3):
        picture.with_name(f"{picture.stem}_tags.txt").write_text("fox, snow")
    listed = say(path, "folder", "captions", photos)
    assert listed.code == 0 and listed.out.splitlines()[1].split()[:3] == ["3", "_tags.txt", "tags"]
    options = ("--captions", "_tags.txt=tags")
    assert say(path, "import", photos / "below", *options).code == 0
    assert say(path, "folder", "add", photos, "--no-watch", *options).code == 0
    assert len(say(path, "list", "tag:fox tag:snow", "--json").json) == 3
    assert say(path, "folder", "list", "--json").json[0]["captions"] == [{"suffix": "_tags.txt", "means": "tags"}]
    for wrong in ("_tags.txt", "=tags", "_tags.txt=words"):
        assert say(path, "import", photos, "--captions", wrong).code == 2
    assert say(path, "folder", "import-edit", "nothing", "--captions", ".png=tags").code == 1


def test_a_library_of_an_earlier_version_has_its_folders(path: Path, tmp_path: Path) -> None:
    """Folders that were indexed in place by an import are reference folders."""
    sources.paint(tmp_path / "photos", 1)
    assert say(path, "import", tmp_path / "photos", "--in-place").code == 0
    assert [folder["name"] for folder in say(path, "folder", "list", "--json").json] == ["photos"]
