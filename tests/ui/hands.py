"""Somebody at the page whose steps are counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect
from ui.desk import Desk
from web.conftest import OWNER, Served


class Hands:
    """Somebody at the page. Each key, click, turn of the wheel and typed text is a step; pointing is not."""

    def __init__(self, desk: Desk, served: Served, folder: Path) -> None:
        self.desk, self.served, self.folder = desk, served, folder
        self.page, self.library = desk.page, served.library
        self.steps = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.desk.press(key)
            self.steps += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.steps += 1

    def click(self, place: Locator, **options: Any) -> None:
        place.click(**options)
        self.steps += 1

    def wheel(self, pixels: int) -> None:
        box = self.desk.frame
        self.page.mouse.move(box["x"] + 200, box["y"] + 200)
        self.page.mouse.wheel(0, pixels)
        self.steps += 1

    # -- looking, which is no step ---------------------------------------------------------------------------------

    def button(self, name: str, within: Locator | None = None, exact: bool = False) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=exact)

    def row(self, name: str) -> Locator:
        return self.page.get_by_role("treeitem", name=re.compile(rf"^{name}\b"))

    def item(self, name: str) -> Locator:
        return self.page.get_by_role("menuitem", name=name).last

    def option(self, name: str) -> Locator:
        option = self.page.get_by_role("option", name=name).first
        option.wait_for()
        return option

    def bar(self) -> Locator:
        return self.page.get_by_role("toolbar", name="Selection")

    def dialog(self, name: str | None = None) -> Locator:
        dialog = self.page.get_by_role("dialog", name=name) if name else self.page.get_by_role("dialog")
        dialog.wait_for()
        return dialog

    def main(self, name: str) -> Locator:
        main = self.page.get_by_role("main", name=name)
        main.wait_for()
        return main

    def command(self, text: str, name: str) -> None:
        """Choose a command of the palette by typing a part of its name."""
        self.press("Control+k")
        self.dialog().get_by_role("combobox").wait_for()
        self.type(text)
        expect(self.page.get_by_role("option").first).to_contain_text(name)
        self.press("Enter")

    def tab_to(self, place: Locator) -> None:
        """Press Tab until it has the focus."""
        while not place.evaluate("one => one === document.activeElement"):
            assert self.steps < 80, "Tab does not come to it"
            self.press("Tab")

    def selected(self, count: int) -> None:
        expect(self.bar().locator("b")).to_contain_text(str(count))

    def ids(self, query: str = "") -> set[int]:
        return set(self.library.find(OWNER, query).ids)
