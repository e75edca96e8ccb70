"""Fills a library: the first pictures are painted and read like any file, the others painted when they are viewed."""

from __future__ import annotations

from typing import Any

from pixlstash_core import OWNER, Library, structs

from .recipe import MOST, key, recipe
from .showcase import arrange
from .store import PAINTED

PLUGIN = "demo"


def fill(library: Library, pictures: int) -> structs.Job:
    """Make it a demo library of so many pictures: the job that does it."""
    library.keep_setting(PLUGIN, "pictures", str(pictures))
    store = library.add_store(OWNER, PLUGIN, "Demo", {"pictures": MOST})
    payload = {"store": store, "pictures": pictures}
    return library.queue_job(PLUGIN, "Painting the demo library", payload, lane="io")


def run(library: Library, task: Any) -> None:
    """Such a job."""
    store, pictures = task.payload["store"], task.payload["pictures"]
    painted = min(pictures, PAINTED)
    task.progress(0, pictures)
    library.add_pictures(task, store, map(key, map(recipe, range(painted))))
    arrange(library)
    library.add_pictures(task, store, map(key, map(recipe, range(painted, pictures))))
