"""What the tests of engines begin with: a served library whose engines are those of `odd`, and a tab on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish
from ui.conftest import Close, Sit, close
from ui.desk import Desk
from web.conftest import Served, serving

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import RunEngine


class Bench:
    """A library with engines, its server, and the page of it."""

    def __init__(self, engined: Engined, served: Served, sit: Sit) -> None:
        self.engined, self.served, self.sit = engined, served, sit
        self.library = engined.library

    def desk(self, path: str = "/", **options: object) -> Desk:
        return self.sit(self.served, **options).go(path)

    def page(self, about: str = "", **options: object) -> Desk:
        """The page of engines, at one of them."""
        desk = self.sit(self.served, **options)
        desk.page.goto(f"{desk.url}/?page=engines{about and '&about=' + about}")
        desk.page.get_by_role("main", name="Engines").locator("h2").first.wait_for(state="attached")
        return desk

    def run(self, engine: str, **ask: object) -> int:
        """Run an engine to its end; the id of the job."""
        job = self.library.run_engine(OWNER, RunEngine(engine=engine, **ask))  # type: ignore[arg-type]
        return finish(self.library, job).id


@pytest.fixture
def bench(
    open_library: Callable[..., Library],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sit: Sit,
    tabs: list[Close],
) -> Iterator[Bench]:
    desk = engined.make(open_library, tmp_path, monkeypatch, ("odd", "formed"))
    with serving(desk.library) as served:
        yield Bench(desk, served, sit)
        close(tabs)
