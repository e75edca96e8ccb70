"""The thread that follows an import folder: nothing ends it, and nothing is lost."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from conftest import Effort
from core.folders.test_watching import quick as quick
from faults import sources
from libraries import until
from raising import ERRORS, Raiser

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import AddImportFolder, EditImportFolder


@pytest.mark.attack
@pytest.mark.usefixtures("quick")
def test_it_survives_what_any_function_it_calls_raises(
    library: Library, tmp_path: Path, effort: Effort, rng: random.Random
) -> None:
    inbox = tmp_path / "inbox"
    sources.paint(inbox, 1)
    raiser = Raiser("folder-import-1")
    threading.setprofile(raiser)  # of threads that are started from here on
    try:
        library.add_import_folder(OWNER, AddImportFolder(str(inbox), delete=True))
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]  # "no function" is what it is reset by
    until(lambda: library.import_folders(OWNER)[0].watching == "live")
    count = 0

    def change() -> None:
        nonlocal count
        count += 1
        sources.paint(inbox, 1, seed=100 + count, side=8)
        until(lambda: library.find(OWNER).total == count + 1 and not any(inbox.iterdir()))

    change()
    change()
    places = [place for place in raiser.places if place[0] == "call"]
    assert len(places) > 20, places
    trials = [(place, error) for place in places for error in ERRORS]
    for place, error in rng.sample(trials, effort.of(8, len(trials))):
        raiser.arm(place, ERRORS[error]())
        change()
        raiser.disarm()
        watcher = library.importing.watcher(1)
        assert watcher.is_alive(), (place, error)
        # Python takes the function away from a thread in which it raised.
        library.edit_import_folder(OWNER, 1, EditImportFolder(watch=False))
        watcher.join(30)
        threading.setprofile(raiser)
        try:
            library.edit_import_folder(OWNER, 1, EditImportFolder(watch=True))
        finally:
            threading.setprofile(None)  # type: ignore[arg-type]
