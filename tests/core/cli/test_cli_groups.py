"""The verbs that order a library, with and without a server: `set`, `character`, `project`, `stack`, `duplicate`, …"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Said, Server, say
from libraries import add, fill, invented

from pixlstash_core.library import Library

BASE = 0x8C3A_51F0_96E2_4B7D


@pytest.fixture
def alone(open_library: Callable[..., Library], tmp_path: Path) -> Path:
    """A library of five pictures, the last two of which look the same; nobody serves it."""
    with open_library() as library:
        fill(library, 3)
        add(library, invented(3, phash=BASE, aspect=128), invented(4, phash=BASE, aspect=128))
    return tmp_path / "library"


@pytest.fixture(params=["alone", "served"])
def path(request: pytest.FixtureRequest, alone: Path) -> Any:
    """The same, alone and served."""
    server = Server(alone) if request.param == "served" else None
    yield alone
    if server is not None:
        server.stop()


def test_sets_characters_and_projects(path: Path) -> None:
    def told(*words: object) -> str:
        said = say(path, *words)
        assert said.code == 0, said
        return said.out

    assert told("set", "list") == "No sets.\n"
    assert told("set", "create", "Harbour", "--colour", "#112233") == "Set Harbour made.\n"
    assert told("set", "add", "harbour", "size:1000", "OR", "size:1001") == "2 pictures added to Harbour.\n"
    assert told("set", "add", "Harbour", "--id", 1, "--id", 3) == "1 picture added to Harbour.\n"
    assert told("set", "take", "Harbour", "--id", 2) == "1 picture taken out of Harbour.\n"
    assert told("set", "take", "Harbour", "--id", 2) == ("Nothing changed: 0 pictures taken out of Harbour.\n")
    assert told("set", "members", "Harbour") == "1\n3\n"
    assert say(path, "set", "members", "1", "--json").json == {"total": 2, "ids": [1, 3]}
    assert told("set", "edit", "Harbour", "--name", "Port", "--colour", "", "--icon", "boat") == (
        "Set Harbour: name, colour, icon changed.\n"
    )
    assert told("set", "edit", "Port", "--lock") == "Set Port locked.\n"
    locked = say(path, "set", "delete", "Port")
    assert locked.code == 1 and "Port is locked" in locked.err
    assert "locked  Port" in told("set", "list")
    (shown,) = say(path, "set", "list", "--json").json
    assert (shown["name"], shown["colour"], shown["icon"], shown["pictures"]) == ("Port", None, "boat", 2)
    assert told("set", "edit", "Port", "--unlock") == "Set Port unlocked.\n"
    assert told("character", "create", "Ann") == "Character Ann made.\n"
    assert told("character", "add", "Ann", "--id", 2) == "1 picture shows Ann.\n"
    assert told("project", "create", "Trips") == "Project Trips made.\n"
    assert told("project", "drop", "Trips", "--set", "Port", "--character", "Ann") == (
        "Port and Ann moved to Trips: 3 pictures came.\n"
    )
    assert told("project", "members", "Trips") == "1\n2\n3\n"
    assert told("project", "add", "Trips", "--id", 4) == "1 picture added to Trips.\n"
    assert told("project", "take", "Trips", "--id", 4) == "1 picture taken out of Trips.\n"
    assert told("set", "delete", "Port") == "Set Port deleted.\n"
    assert "anchor" in told("icons") and len(say(path, "icons", "--json").json) > 70


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("set", "members", "nothing"), "There is no set called 'nothing'"),
        (("set", "add", "x"), "either a QUERY or --id"),
        (("set", "create", " "), "needs a name"),
        (("set", "create", "x", "--icon", "nothing"), "no icon called"),
        (("stack", "make", "--id", "1"), "at least two pictures"),
        (("stack", "rule", "any"), "raw"),
        (("duplicate", "deny", "1"), "2 to 500"),
        (("scrapheap", "empty", "--token", "x"), "nothing was deleted"),
    ],
)
def test_what_goes_wrong(alone: Path, words: tuple[str, ...], why: str) -> None:
    said = say(alone, *words)
    assert said.code != 0 and why in said.err


def test_what_is_asked_for_by_a_name_of_nothing_is_told(path: Path) -> None:
    """Or a letter left out after a minus would mean the whole library."""
    for words in (("find", "-set:Harbor"), ("score", "1", "-set:Harbor"), ("score", "1", "--", "-set:Harbor")):
        said = say(path, *words)
        assert said.code == 0 and said.err == "There is no set “Harbor”.\n", said


def test_a_query_may_begin_with_a_minus(path: Path) -> None:
    """Which no shell and no list of options makes anything else of."""
    for words, ids in (
        (["-size:1000"], [5, 4, 3, 2]),
        (["-(size:1000 OR size:1001)", "--sort", "-created"], [5, 4, 3]),
        (["-size:1000 -size:1001", '-name:"no such"'], [5, 4, 3]),
        (['-"no such words"', "size:1000"], [1]),
        (["-photo:x"], None),  # not the help that -h is
    ):
        said = say(path, "find", "--json", *words)
        assert said.json["ids"] == ids if ids else said.code == 1 and "a known name instead of 'photo'" in said.err, (
            said
        )
    unknown = say(path, "find", "-created")
    assert unknown.code == 2 and "No such option" in unknown.err


def test_stacks_duplicates_and_the_scrapheap(path: Path) -> None:
    def ask(*words: object) -> Said:
        said = say(path, *words)
        assert said.code == 0, said
        return said

    assert ask("stack", "make", "--id", 1, "--id", 2, "--leader", 2).out == "2 pictures stacked.\n"
    assert ask("find", "--json").json["ids"] == [5, 4, 3, 2]
    assert ask("stack", "dissolve", "--id", 1).out == "1 stack of 2 pictures dissolved.\n"
    assert ask("stack", "rule", "burst").out == "0 pictures would be laid on 0 stacks. Add --yes to do it.\n"
    assert ask("stack", "rule", "burst", "--yes").out.startswith("Nothing changed")
    assert ask("duplicate", "list").out == "5  4\n1 group, 2 pictures.\n"
    assert ask("duplicate", "list", "--keep", "older", "--json").json["groups"] == [[4, 5]]
    assert ask("duplicate", "resolve").out.startswith("1 picture kept, 1 picture moved to the scrapheap (1.0 kB)")
    assert ask("duplicate", "resolve", "--keep", "older", "--yes").out == (
        "1 duplicate of 1 picture moved to the scrapheap.\n"
    )
    assert ask("find", "--json").json["ids"] == [4, 3, 2, 1]
    seen = ask("scrapheap", "empty").out
    assert seen.startswith("1 picture: 1 file deleted, 0 only forgotten (1.0 kB).")
    token = seen.split()[-1]
    assert ask("scrapheap", "empty", "--token", token).out == (
        "1 picture permanently deleted: 1 file deleted, 0 only forgotten.\n"
    )
    assert ask("scrapheap", "empty").out == "There is nothing to remove.\n"
    assert ask("scrapheap", "add", "size:1000", "OR", "size:1001").out == "2 pictures moved to the scrapheap.\n"
    assert ask("find", "--json").json["ids"] == [4, 3]
    assert ask("scrapheap", "take", "size:1001", "OR", "size:1002").out == "1 picture taken out of the scrapheap.\n"
    assert ask("scrapheap", "take", "--id", 1).out == "1 picture taken out of the scrapheap.\n"
    assert ask("find", "--json").json["ids"] == [4, 3, 2, 1]
    none = say(path, "scrapheap", "take")
    assert none.code != 0 and "Say which pictures" in none.err
    assert ask("duplicate", "deny", 1, 2).out == "2 pictures marked as not duplicates of each other.\n"


def test_scores_dates_and_turns_are_said_undone_and_done_again(path: Path) -> None:
    def told(*words: object) -> str:
        said = say(path, *words)
        assert said.code == 0, said
        return said.out

    assert told("history") == "Nothing was done yet.\n"
    assert told("score", 4, "size:1000", "OR", "size:1001") == "2 pictures scored 4.\n"
    assert told("score", 4, "--id", 1) == "Nothing changed: 0 pictures scored 4.\n"
    assert told("turn", "left", "--id", 1) == "1 picture turned to the left.\n"
    assert told("date", "--id", 2, "--set", "2026-05-17T14:30+02:00") == "1 picture dated 2026-05-17 12:30.\n"
    assert say(path, "find", "created:2026-05-17", "--json").json["ids"] == [2]
    assert told("date", "--id", 2, "--shift", "-3600") == "1 picture dated 1:00:00 earlier.\n"
    assert told("date", "--id", 2, "--zone", "+02:00") == "1 picture dated in the time of +02:00.\n"
    assert told("date", "--id", 2, "--reset") == "1 picture dated as their files say.\n"
    for what in ("as their files say", "in the time of +02:00", "1:00:00 earlier", "2026-05-17 12:30"):
        assert told("undo") == f"Undone: 1 picture dated {what}.\n"
    assert told("undo") == "Undone: 1 picture turned to the left.\n"
    assert told("undo") == "Undone: 2 pictures scored 4.\n"
    assert say(path, "find", "score:4", "--json").json["total"] == 0
    assert told("redo") == "2 pictures scored 4.\n"
    assert say(path, "find", "score:4", "--json").json["ids"] == [2, 1]
    lines = told("history").splitlines()
    assert len(lines) == 7 and lines[-1].endswith("done    2 pictures scored 4")
    assert lines[1].endswith("undone  1 picture dated as their files say")
    assert [one["state"] for one in say(path, "history", "--json").json] == ["undone"] * 5 + ["done"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("score", "6", "--id", "1"), "6 is not in the range"),
        (("score", "3"), "either a QUERY or --id"),
        (("score", "3", "--id", "77"), "no picture"),
        (("score", "3", "score:x"), "score"),
        (("date", "--id", "1"), "Give exactly one of set, shift, zone and reset"),
        (("date", "--id", "1", "--set", "tomorrow"), "is no date"),
        (("date", "--id", "1", "--zone", "Nowhere/Here"), "zone"),
        (("turn", "round", "--id", "1"), "right"),
        (("undo",), "nothing to undo"),
        (("redo",), "nothing to redo"),
    ],
)
def test_what_cannot_be_said_changes_nothing(alone: Path, words: tuple[str, ...], why: str) -> None:
    said = say(alone, *words)
    assert said.code != 0 and why.casefold() in said.err.casefold(), said
    assert say(alone, "history").out == "Nothing was done yet.\n"
