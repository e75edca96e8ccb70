"""Bringing files to the page, and what it says of them."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator
from ui.desk import Desk


def drop(desk: Desk, *paths: Path, x: float = 300, y: float = 400) -> None:
    """Drag files from the desktop over the page and let go."""
    session = desk.page.context.new_cdp_session(desk.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
    session.detach()


class Wire:
    """What a `fresh` tab sends its bytes through."""

    def __init__(self, desk: Desk) -> None:
        self._session = desk.page.context.new_cdp_session(desk.page)
        self._session.send("Network.enable")

    def slow(self, megabytes: float) -> None:
        """Let so many through in a second."""
        self._set(False, megabytes * 1_000_000)

    def cut(self) -> None:
        self._set(True, -1)

    def mend(self) -> None:
        self._set(False, -1)

    def _set(self, offline: bool, rate: float) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        self._session.send("Network.emulateNetworkConditions", conditions)


def large(folder: Path, megabytes: int, seed: int = 0) -> Path:
    """A picture whose file has so many megabytes, a little more."""
    width, height = 1000, megabytes * 1000 // 3 + 30
    path = folder / (f"large-{megabytes}-{seed}.bmp" if seed else f"large-{megabytes}.bmp")
    noise = random.Random(seed).randbytes(width * height * 3)
    Image.frombytes("RGB", (width, height), noise).save(path)
    return path


def panel(desk: Desk) -> Locator:
    return desk.page.get_by_role("region", name="Uploads")


def row(desk: Desk, name: str) -> Locator:
    """What the panel says of a file."""
    return panel(desk).locator("li", has=desk.page.locator(".what p", has_text=name)).first
