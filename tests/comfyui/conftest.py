"""The nodes of ComfyUI, in its real runtime and without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engined
import pytest
from comfyui.real import ComfyUI, find_comfyui
from comfyui.standin import StandIn
from libraries import until
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from web.conftest import Served, serving

from comfyui_pixlstash import runtime
from pixlstash_core.library import Library
from pixlstash_core.types import Reader

OWNER = Reader("owner", "owner")
COLORS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40)]


def picture(path: Path, number: int, size: tuple[int, int] = (64, 48), **texts: str) -> Path:
    """Write a PNG whose pixels depend on the number."""
    image = Image.new("RGB", size, COLORS[number % 4])
    image.paste((number * 37 % 256, 90, 160), (0, 0, size[0] // 2, size[1] // 3))
    information = PngInfo()
    for name, text in texts.items():
        information.add_text(name, text)
    image.save(path, pnginfo=information)
    return path


def bring(library: Library, path: Path) -> int:
    """Import a file; its id."""
    target = library.incoming / path.name
    target.write_bytes(path.read_bytes())
    answer = library.upload(OWNER, path.name, target)
    assert answer.id is not None, answer
    return answer.id


def furnish(library: Library, folder: Path) -> list[int]:
    """Import four pictures of two sizes, with prompts; their ids."""
    sizes = [(64, 48), (64, 48), (64, 48), (40, 80)]
    texts = [f"canary {n} by the sea\nSteps: {n + 1}, Sampler: Euler, Seed: {n}" for n in range(4)]
    return [
        bring(library, picture(folder / f"shore-{n}.png", n, size, parameters=text))
        for n, (size, text) in enumerate(zip(sizes, texts, strict=True))
    ]


class Furnished:
    """A served library of four pictures."""

    def __init__(self, served: Served, ids: list[int]) -> None:
        self.served, self.ids = served, ids
        self.library, self.client, self.url = served.library, served.client, served.url

    def token(self, right: str) -> str:
        return self.served.token(right)

    def look(self) -> None:
        """Run the built-in engine that compares pictures, and wait for it."""
        from pixlstash_core.types import RunEngine

        job = self.library.run_engine(OWNER, RunEngine(engine="visual-descriptor"))
        until(lambda: self.library.queue.get(job.id).state in ("done", "failed"))


@pytest.fixture
def furnished(library: Library, tmp_path: Path) -> Iterator[Furnished]:
    ids = furnish(library, tmp_path)
    with serving(library) as served:
        yield Furnished(served, ids)


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The nodes without ComfyUI, not connected to a library yet."""
    yield StandIn(tmp_path / "user", monkeypatch)
    runtime.disconnect()


@pytest.fixture
def nodes(standin: StandIn, furnished: Furnished) -> StandIn:
    """The nodes without ComfyUI, connected to `furnished` with the right to write."""
    standin.connect(furnished.url, furnished.token("write"))
    return standin


@pytest.fixture
def engined_nodes(
    standin: StandIn, open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StandIn]:
    """The nodes without ComfyUI, connected to a library with the engines of `odd`."""
    with serving(engined.make(open_library, tmp_path, monkeypatch).library) as served:
        standin.connect(served.url, served.token("write"))
        yield standin


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyUI]:
    """A running ComfyUI, for all tests."""
    if find_comfyui() is None:
        pytest.skip("no ComfyUI: set COMFYUI_DIR to a folder with its main.py")
    running = ComfyUI(tmp_path_factory.mktemp("comfyui") / "base")
    yield running
    running.stop()


@pytest.fixture
def connected(comfyui: ComfyUI, furnished: Furnished) -> Any:
    """ComfyUI with the right to write in `furnished`."""
    comfyui.connect(furnished.url, furnished.token("write"))
    return comfyui
