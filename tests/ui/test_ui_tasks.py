"""Twelve everyday tasks, done by keyboard and by mouse in as few steps as docs/ui-tasks.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sources import ROOT
from ui import gallery
from ui.conftest import Close, Sit, close, copied
from ui.hands import Hands
from ui.tasks import PICTURES, TASKS, Task
from web.conftest import Served

from pixlstash_core.library import Library

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DOCUMENT = ROOT / "docs" / "ui-tasks.md"
ROW = re.compile(r"^\| (?P<name>[^|]+?) \| (?P<keys>\d+) \|[^|]+\| (?P<mouse>\d+) \|[^|]+\|$", re.MULTILINE)


def documented() -> dict[str, tuple[int, int]]:
    """The numbers of steps in the document, by keyboard and by mouse."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return {row["name"]: (int(row["keys"]), int(row["mouse"])) for row in ROW.finditer(text)}


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of fifty pictures, to be copied."""
    folder = tmp_path_factory.mktemp("fifty") / "library"
    Library.create(folder, name="Fifty")
    with Library.open(folder) as library:
        gallery.add(library, 0, PICTURES)
    return folder


@pytest.fixture
def furnished(fifty: Path, tmp_path: Path, tabs: list[Close]) -> Iterator[Served]:
    with copied(fifty, tmp_path) as served:
        yield served
        close(tabs)


def test_every_task_is_documented() -> None:
    assert list(documented()) == [task.name for task in TASKS]


@pytest.mark.parametrize("way", ["keyboard", "mouse"])
@pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
def test_a_task_takes_as_many_steps_as_documented(
    sit: Sit, furnished: Served, tmp_path: Path, task: Task, way: str
) -> None:
    desk = sit(furnished, width=1440, height=1000).go()
    hands = Hands(desk, furnished, tmp_path / "photos")
    desk.focus(0)
    task.prepare(hands)
    assert not task.done(hands)
    (task.by_keys if way == "keyboard" else task.by_mouse)(hands)
    desk.until(lambda: task.done(hands))
    assert hands.steps == documented()[task.name][way == "mouse"]
