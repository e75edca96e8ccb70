"""The four plugins with tiny models in the real formats: built, loaded by the real loaders, and run on 4 pictures.

    python bench/plugins.py

One Python for all four, as in a test. `imports` is what it takes to import torch and the libraries of the plugins, and
is most of it. Needs what `make install` installs for the tests; without torch, `clip` and `joycaption` are left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from _measure import ROOT, Figure, python, report

PICTURES, SIDE, MOST = 4, 448, 6.0


class Plugin(NamedTuple):
    """A plugin's module, the hook with the engine, its tiny model, what its libraries are imported by, settings."""

    module: str
    hook: str
    model: str
    imports: tuple[str, ...]
    params: dict[str, Any]


PLUGINS = {
    "wd-tagger": Plugin("pixlstash_wd_tagger", "taggers", "wd", ("numpy", "PIL.Image", "onnxruntime"), {}),
    "faces": Plugin("pixlstash_faces", "face_extractors", "faces", ("numpy", "PIL.Image", "onnxruntime"), {}),
    "clip": Plugin("pixlstash_clip", "embedders", "siglip", ("open_clip",), {}),
    "joycaption": Plugin("pixlstash_joycaption", "captioners", "joycaption", ("transformers",), {"tokens": 16}),
}


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    if ask.parse_args().child:
        print(json.dumps(everything()))
        return 0
    found: dict[str, dict[str, float]] = json.loads(python(__file__, "--child").stdout.splitlines()[-1])
    torch = found.pop("torch")["imports"]
    whole = torch + sum(sum(parts.values()) for parts in found.values())
    imports = torch + sum(parts["imports"] for parts in found.values())
    for name, parts in found.items():
        each = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in parts.items())
        print(f"        {name}: {sum(parts.values()):.2f} s ({each})")
    only = "" if len(found) == len(PLUGINS) else f"only {' and '.join(found)}: "
    figure = Figure(
        f"the four plugins with tiny models, {PICTURES} pictures each",
        f"all four < {MOST:g} s with their libraries' imports",
        f"{only}{whole:.1f} s, of which imports {imports:.1f} s (torch alone {torch:.1f} s)",
        "imports of the same libraries, in the same run",
        len(found) == len(PLUGINS) and whole < MOST,
    )
    return report([figure])


def everything() -> dict[str, dict[str, float]]:
    """Seconds by plugin and by what was done; `torch`: importing it."""
    sys.path.insert(0, str(ROOT / "tests"))
    found: dict[str, dict[str, float]] = {"torch": {"imports": 0.0}}
    names = list(PLUGINS)
    if find_spec("torch") is None:
        names = names[:2]
    else:
        found["torch"]["imports"] = _seconds(lambda: importlib.import_module("torch"))
        importlib.import_module("torchvision_shim").ensure()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            found[name] = measured(PLUGINS[name], Path(folder) / name)
    return found


def measured(plugin: Plugin, folder: Path) -> dict[str, float]:
    """Seconds to import, build, load and run one."""
    engine = next(iter(getattr(importlib.import_module(plugin.module), plugin.hook)()))
    tiny: Any = importlib.import_module("tiny")
    params = engine.Params(**plugin.params)
    kept: list[Any] = []
    return {
        "imports": _seconds(lambda: [importlib.import_module(name) for name in plugin.imports]),
        "building": _seconds(lambda: getattr(tiny, plugin.model)(folder)),
        "loading": _seconds(lambda: kept.append(engine.load("cpu", folder, params))),
        "running": _seconds(lambda: _run(engine, kept[0], params)),
    }


def _run(engine: Any, model: Any, params: Any) -> None:
    from pixlstash_core import Image, Pictured

    colours = [bytes((n * 15, 255 - n * 15, 128)) for n in range(PICTURES)]
    images = [
        Image(Pictured(n + 1, "image", (SIDE, SIDE)), SIDE, SIDE, colour * SIDE * SIDE)
        for n, colour in enumerate(colours)
    ]
    for at in range(0, len(images), engine.batch_size):
        part = images[at : at + engine.batch_size]
        assert len(list(engine.run(model, part, params))) == len(part)


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    sys.exit(main())
