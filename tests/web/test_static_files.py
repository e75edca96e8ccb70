"""The files of the browser UI."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from web.conftest import Served, serving

from pixlstash_core.library import Library

HTML = {"Accept": "text/html,application/xhtml+xml"}
SCRIPT = b"console.log('hello');" * 100


@pytest.fixture
def ui(library: Library, tmp_path: Path) -> Iterator[Served]:
    root = tmp_path / "static"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_bytes(b"<!doctype html><script src=/assets/app-Ab3_x9Qz.js></script>")
    (root / "assets" / "app-Ab3_x9Qz.js").write_bytes(SCRIPT)
    (root / "assets" / "packed-Ab3_x9Qz.css").write_bytes(b"a{}" * 500)
    (root / "assets" / "packed-Ab3_x9Qz.css.gz").write_bytes(gzip.compress(b"a{}" * 500))
    (root / "icon.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (root / ".sources").write_bytes(b"secret stamp")
    (tmp_path / "outside.txt").write_bytes(b"outside")
    with serving(library, static=root) as served:
        yield served


def test_the_page_is_asked_for_each_time_and_its_assets_never_again(ui: Served) -> None:
    page = ui.peer.ask("GET", "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Cache-Control"] == "no-cache"
    assert "require-trusted-types-for 'script'" in page.headers["Content-Security-Policy"]
    assert ui.peer.ask("GET", "/", None, {"If-None-Match": page.headers["ETag"]}).status == 304
    asset = ui.peer.ask("GET", "/assets/app-Ab3_x9Qz.js")
    assert (asset.body, asset.headers["Content-Type"]) == (SCRIPT, "text/javascript; charset=utf-8")
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ui.peer.ask("GET", "/icon.svg").headers["Cache-Control"] == "no-cache"


def test_assets_are_compressed(ui: Served) -> None:
    for path, plain in (("/assets/app-Ab3_x9Qz.js", SCRIPT), ("/assets/packed-Ab3_x9Qz.css", b"a{}" * 500)):
        answer = ui.peer.ask("GET", path, None, {"Accept-Encoding": "gzip, br"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.body) == plain
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert ui.peer.ask("HEAD", path).headers["Content-Length"] == str(len(plain))


def test_pages_of_the_ui_are_the_page_and_nothing_else_is(ui: Served) -> None:
    page = ui.peer.ask("GET", "/").body
    for path in ("/picture/12", "/search?q=cat", "/a/b/c", "/apiary"):
        assert ui.peer.ask("GET", path, None, HTML).body == page
        assert ui.peer.ask("GET", path, None, {"Accept": "*/*"}).status == 404
    assert ui.peer.ask("GET", "/assets/gone-Ab3_x9Qz.js").status == 404
    assert ui.peer.ask("GET", "/api/v1/nothing", None, HTML).status == 404
    assert ui.peer.ask("POST", "/", None, HTML).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/assets/../../outside.txt",
        "/assets/%2e%2e%2f%2e%2e%2foutside.txt",
        "/..%5coutside.txt",
        "/.sources",
        "//outside.txt",
        "/assets",
        "/assets/",
        "/%00",
        "/index.html%00.js",
        "/INDEX.HTML",
        "/" + "a" * 5000,
    ],
)
def test_only_listed_files_are_served(path: str, ui: Served) -> None:
    answer = ui.peer.ask("GET", path)
    assert answer.status == 404
    assert b"outside" not in answer.body and b"stamp" not in answer.body


def test_a_rebuild_is_noticed(ui: Served, tmp_path: Path) -> None:
    ui.peer.ask("GET", "/")
    root = tmp_path / "static"
    (root / "assets" / "app-Zz3_x9Qz.js").write_bytes(b"new")
    (root / "index.html").write_bytes(b"<!doctype html>new")
    os.utime(root / "index.html", (1, 1))
    assert ui.peer.ask("GET", "/").body == b"<!doctype html>new"
    assert ui.peer.ask("GET", "/assets/app-Zz3_x9Qz.js").body == b"new"


def test_an_unbuilt_ui_says_so(library: Library, tmp_path: Path) -> None:
    with serving(library, static=tmp_path / "none") as served:
        answer = served.peer.ask("GET", "/", None, HTML)
        assert (answer.status, b"make ui" in answer.body) == (503, True)
        assert served.peer.ask("GET", "/version").status == 200
