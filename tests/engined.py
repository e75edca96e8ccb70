"""A library with pictures and engines for tests: making files, taking them in, running an engine, what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from libraries import finish
from msgspec.structs import replace
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.engines.host import ranges
from pixlstash_core.engines.limits import Limits
from pixlstash_core.engines.producers import Payload
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import ImportPaths, Job

RGB = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


class Engined:
    """A library whose engines are those of `odd`, with pictures of plain colours: red, green, blue, red, …"""

    def __init__(self, library: Library, folder: Path, log: Path) -> None:
        self.library, self.folder, self._log = library, folder, log

    def take_in(self, count: int, size: tuple[int, int] = (48, 40), first: int = 0) -> list[int]:
        self.folder.mkdir(exist_ok=True)
        for n in range(first, first + count):
            red, green, blue = RGB[n % 3]
            # No two files have the same bytes.
            Image.new("RGB", size, (red, green, blue + n // 3 % 20)).save(self.folder / f"{n:04}.png", pnginfo=_text(n))
        job = finish(self.library, self.library.import_paths(OWNER, ImportPaths([str(self.folder)], True)))
        assert job.report is not None and job.report.imported == count, job
        names = f"{first:04}.png", f"{first + count - 1:04}.png"
        sql = "select id from picture where name between ? and ? order by name"
        return [id for (id,) in self.library.db.read(sql, names)]

    def put(self, engine: str, params: dict[str, Any] | None = None, ids: Sequence[int] | None = None) -> Job:
        host = self.library.host
        producer = host.catalogue.producer(host.catalogue.offered(engine), params or {})
        run = self.library.outputs.begin(producer)
        chosen = ranges(ids) if ids is not None else None
        payload = Payload(engine, producer, run, params or {}, chosen)
        return self.library.queue.put("engine", f"Running {engine}", payload, lane="cpu", priority=-2)

    def run(self, engine: str, params: dict[str, Any] | None = None, ids: Sequence[int] | None = None) -> Job:
        return finish(self.library, self.put(engine, params, ids))

    def limit(self, **limits: Any) -> None:
        self.library.host.limits = replace(self.library.host.limits, **limits)

    def tags(self) -> dict[int, list[str]]:
        """Raw tags of every producer, by picture."""
        from pixlstash_core.tags.entries import unpack

        names = dict(self.library.db.read("select id, name from tag"))
        rows = self.library.db.read("select picture_id, body from tag_output")
        return {picture: sorted(names[tag] for tag, _ in unpack(body)) for picture, body in rows}

    def errors(self) -> dict[int, str]:
        return dict(self.library.db.read("select picture_id, error from done where error is not null"))

    def done(self) -> set[int]:
        return {id for (id,) in self.library.db.read("select picture_id from done")}

    def notes(self, did: str) -> list[dict[str, Any]]:
        """What engines left behind, oldest first."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [line for line in map(json.loads, lines) if line["did"] == did]


def _text(n: int) -> Any:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("n", str(n))
    return info


def make(
    open_library: Callable[..., Library],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plugins: tuple[str, ...] = ("odd",),
) -> Engined:
    monkeypatch.setenv("ODD_LOG", str(tmp_path / "odd.log"))
    monkeypatch.setenv("PIXLSTASH_MODELS", str(tmp_path / "models"))
    library = open_library(plugins=Plugins.load(extra=plugins))
    library.host.limits = Limits(result=60, load=60, memory=None)
    return Engined(library, tmp_path / "pictures", tmp_path / "odd.log")
