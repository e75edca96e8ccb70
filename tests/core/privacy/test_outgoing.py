"""What Settings → Privacy lists is all there is: each connection and cookie comes from a row of its table."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import connecting
import pytest
from core.updates.releases import release_server
from sources import ROOT, modules
from test_layers import imports

from pixlstash_core import cookies, outgoing
from pixlstash_core.cli.serving import _reachable
from pixlstash_core.client import Client
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.privacy import policy
from pixlstash_core.sharing.stranger import Stranger
from pixlstash_core.sharing.taking import Share
from pixlstash_core.types import OWNER, SetUpdates
from pixlstash_core.updates.feature import UpdateCheck
from pixlstash_web.server import bind

#: Modules with which a program can reach another one, and our modules that use them, with the row of each.
NETWORK = {"socket", "ssl", "http.client", "urllib.request", "ftplib", "smtplib", "telnetlib", "xmlrpc.client"}
NETWORK |= {"requests", "httpx", "aiohttp", "urllib3", "websockets", "huggingface_hub"}
USERS = {
    "pixlstash_core.updates.request": outgoing.UPDATES,
    "pixlstash_core.engines.fetching": outgoing.WEIGHTS,
    "pixlstash_core.engines.network_guard": outgoing.ENGINES,
    "pixlstash_joycaption.endpoint": outgoing.ENGINES,
    "pixlstash_core.client.channel": outgoing.CLIENT,
    "pixlstash_core.client.files": outgoing.CLIENT,
    "pixlstash_core.cli.serving": outgoing.ADDRESS,
    "pixlstash_web.server": outgoing.ADDRESS,
    "pixlstash_core.sharing.stranger": outgoing.VISITS,
}
#: These only accept connections.
LISTENING = {"pixlstash_web.tls"}
#: For tests of plugins; and the nodes, which run in ComfyUI and ask the server that is set there.
OTHERS = ("pixlstash_core.testing", "comfyui_pixlstash")


def test_modules_that_use_the_network_have_a_row() -> None:
    users = set()
    for module, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if NETWORK & set(imports(tree, module, path.name == "__init__.py")) and not module.startswith(OTHERS):
            users.add(module)
    assert users == set(USERS) | LISTENING
    # `sharing.taking` uses the connections of `sharing.stranger`; importers are plugins.
    by_way_of_another = {outgoing.TAKING.name, outgoing.IMPORTERS.name}
    assert {row.name for row in USERS.values()} | by_way_of_another == {row.name for row in outgoing.ROWS}


def test_each_row_is_used_by_the_code_that_connects(library: Library) -> None:
    """Rows of engines are in other processes; those of weights are used in `engines/test_fetching.py`."""
    connecting.used.clear()
    with release_server() as server:
        library.part(UpdateCheck).serving = True
        library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
        library.part(UpdateCheck).run()
        with Client(server.url) as client, pytest.raises(PixlStashError):
            client.info()
        Stranger(server.url, "0" * 16).ask("GET", "/")
        with pytest.raises(PixlStashError):
            Share.of(f"{server.url}/s/{'0' * 16}#{'A' * 43}").enter()
    _reachable("0.0.0.0", "http://127.0.0.1:1")
    bind("127.0.0.1", 0).close()
    assert connecting.used == {"updates", "client", "address", "visits", "taking"}


def test_a_connection_without_a_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()):  # a test's own is no business of this
            assert connecting.unlisted == []
        code = compile(
            "import socket; socket.create_connection(there).close()", connecting._SOURCES[0] + "/x.py", "exec"
        )
        exec(code, {"there": listening.getsockname()})
    assert any("socket.connect to 127.0.0.1 by" in text for text in connecting.unlisted)
    connecting.unlisted.clear()
    with outgoing.WEIGHTS.opening(), socket.socket(type=socket.SOCK_DGRAM) as other:
        exec(compile("other.connect(('198.51.100.1', 9))", connecting._SOURCES[0] + "/x.py", "exec"), {"other": other})
    assert any("another machine" in text for text in connecting.unlisted)
    connecting.unlisted.clear()


def test_cookies_are_set_in_one_place() -> None:
    setting = [module for module, path in modules() if re.search(r"Max-Age=|\bset_cookie\(", path.read_text("utf-8"))]
    assert setting == ["pixlstash_web.authorization"]
    pages = [*(ROOT / "pixlstash-web/web/src").rglob("*.ts"), *(ROOT / "pixlstash-web/web/src").rglob("*.svelte")]
    pages += list((ROOT / "pixlstash-core/src").rglob("*.js"))
    assert pages and not any("document.cookie" in path.read_text(encoding="utf-8") for path in pages)


def test_the_operation_lists_both_tables_and_the_policy(library: Library) -> None:
    answer = library.privacy(OWNER)
    assert [row.name for row in answer.connections] == [row.name for row in outgoing.ROWS]
    assert [cookie.prefix for cookie in answer.cookies] == [row.prefix for row in cookies.ROWS]
    states = {row.name: (row.state, row.hosts) for row in answer.connections}
    assert states["updates"] == ("off", ["pixlstash.dev"]) and states["engines"] == ("off", [])
    library.set_updates(OWNER, SetUpdates(enabled=True, endpoint="https://updates.example.org:8443/x"))
    [updates] = [row for row in library.privacy(OWNER).connections if row.name == "updates"]
    assert (updates.state, updates.hosts) == ("on", ["updates.example.org:8443"])
    assert answer.updated == policy.read()[0] and all(part.paragraphs for part in answer.policy)


def test_the_document_has_the_same_tables() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    for row in outgoing.ROWS:
        assert f"| {row.title} | {row.when} | {row.who} | {row.where} | {row.why} | {row.sends} |" in text
    for cookie in cookies.ROWS:
        assert f"| `{cookie.prefix}…` | {cookie.when} | {cookie.who} | {cookie.why} |" in text


def test_the_policy_promises_what_the_code_does() -> None:
    text = Path(policy.PATH).read_text(encoding="utf-8")
    assert "at most once in 24 hours" in text and "https://pixlstash.dev" in text
