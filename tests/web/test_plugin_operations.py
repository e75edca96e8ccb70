"""A plugin's own operations: methods, routes, a client's methods and commands from one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from core.cli.test_cli import say
from libraries import finish, until
from web.asking import bearer
from web.conftest import serving

from pixlstash_core import OWNER, Operations, Reader, op
from pixlstash_core.client import Client
from pixlstash_core.errors import Forbidden
from pixlstash_core.library import Library
from pixlstash_core.session import Session
from pixlstash_core.types import ImportPaths


@pytest.fixture
def notes(textstills: Path, open_library: Callable[..., Library], tmp_path: Path) -> tuple[Library, ModuleType]:
    """A library with two notes, and the test plugin."""
    import pixlstash_textstills  # type: ignore[import-not-found]

    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.note").write_text(f"#note\nList {number}\nbread\n")
    library = open_library()
    finish(library, library.import_paths(OWNER, ImportPaths([str(folder)], True)))
    until(lambda: library.db.value("select count(*) from textstills_note") == 2)
    return library, pixlstash_textstills


def test_in_this_process_and_on_a_server_they_do_the_same(notes: tuple[Library, ModuleType]) -> None:
    library, plugin = notes
    with serving(library) as served:
        for session in (Session(library), served.client):
            table = plugin.Notes(session)
            found = table.titles()
            [one] = table.titles("List 1")
            assert found[one] == "List 1" and sorted(found.values()) == ["List 0", "List 1"]
            assert table.titles(begin="List", limit=1) == dict(list(found.items())[:1])
            assert table.retitle(plugin.RetitleNote(one, "Shopping")) == 1
            assert table.titles() == {**found, one: "Shopping"}
            assert library.undo(OWNER).sentence == "Undone: A note is called Shopping"
            assert table.titles() == found


def test_the_rights_of_a_row_hold_everywhere(notes: tuple[Library, ModuleType]) -> None:
    library, plugin = notes
    ask = plugin.RetitleNote(1, "Mine now")
    with serving(library) as served:
        with Client(served.url, served.token("read")) as client:
            assert len(plugin.Notes(client).titles()) == 2
            with pytest.raises(Forbidden):
                plugin.Notes(client).retitle(ask)
        with pytest.raises(Forbidden):
            plugin.Notes(Session(library, Reader("token:x", "read"))).retitle(ask)
        assert served.peer.get("/x/textstills/titles").status == 401
        assert (
            bearer(served.url, served.token("write"))
            .ask("POST", "/api/v1/x/textstills/retitle", {"picture": "a"})
            .status
            == 400
        )


def test_they_are_described_like_the_librarys_own(notes: tuple[Library, ModuleType]) -> None:
    library, _ = notes
    with serving(library) as served:
        document = served.client.openapi()
        one = document["paths"]["/api/v1/x/textstills/retitle"]["post"]
        assert (one["operationId"], one["x-right"]) == ("retitle", "write")
        assert one["summary"] == "Give a note another title; how many notes the picture had."
        assert set(document["components"]["schemas"]["RetitleNote"]["properties"]) == {"picture", "title"}


@pytest.mark.parametrize("is_served", [False, True])
def test_they_are_commands(notes: tuple[Library, ModuleType], is_served: bool) -> None:
    library, _ = notes
    path = library.path

    def commands() -> None:
        assert "retitle" in say(path, "textstills", "--help").out
        assert "Titles of notes." in say(path, "--help").out
        found = say(path, "textstills", "titles", "--begin", "List 1")
        assert found.code == 0, found.err
        [picture] = json.loads(found.out)
        assert say(path, "textstills", "retitle", picture, "Shopping").out == "1\n"
        assert json.loads(say(path, "textstills", "titles").out)[picture] == "Shopping"
        refused = say(path, "textstills", "retitle", "first", "Shopping")
        assert refused.code == 2 and "'first' is not a valid integer" in refused.err

    if is_served:
        with serving(library) as served:
            library.announce(served.url)
            commands()
    else:
        library.close()
        commands()


def test_a_table_that_would_take_anothers_paths_is_refused(notes: tuple[Library, ModuleType]) -> None:
    library, plugin = notes

    class Thief(Operations, plugin="web"):
        titles = op("GET", "/titles", "read", plugin.titles)

    hook = ModuleType("thief")
    hook.operations = plugin.hookimpl(lambda: [Thief])  # type: ignore[attr-defined]
    library.plugins.pm.register(hook, "thief")
    library.plugins._things.pop("operations", None)
    assert Thief not in library.plugins.operations()
    [problem] = next(one for one in library.plugins.infos() if one.name == "thief").problems
    assert problem == "operations: Thief names the plugin 'web'."


def test_a_row_that_cannot_be_served_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="the path of look must begin with /"):

        class Looks(Operations, plugin="looks"):
            look = op("GET", "look", "read", lambda library, reader: 1)
