"""Checks an engine step by step: its declarations, `load`, and `run`."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ..database.features import OutputKind
from ..engines.weights import SUFFIXES
from ..library.features import KINDS
from ..plugins.engines import Embedder, Engine, Weights, fault
from ..plugins.image import Image, Pictured
from ..plugins.registry import ENGINES
from ..plugins.settings import form, plain_params, read_addresses, read_params, secrets
from ..types import Fact, Facts
from . import observing as state
from .observing import Observed, observing
from .training import MEASURE, trained, vectors

#: Libraries that importing a plugin must not load; they are imported in `load` and `run`.
HEAVY = "numpy PIL torch transformers onnxruntime open_clip timm cv2 scipy tensorflow".split()
SIZES = ((1, 1), (640, 3), (3, 640), (320, 240), (240, 320), (4000, 3000))
#: A translation of bytes to their complement.
_NEGATIVE = bytes(range(255, -1, -1))
#: The tolerance between a batch and single images, because arithmetic on batches is not exact.
NEAR = 0.01
#: The most seconds for importing an engine's module on its own.
IMPORT = 120.0


class Wrong(Exception):
    """A problem, as a sentence."""


class EngineCheck:
    """The check of an engine with its settings. `tick` is called after each result; each step returns problems."""

    def __init__(
        self,
        engine: Engine[Any, Any],
        params: dict[str, Any] | None = None,
        device: str = "cpu",
        folder: Path | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._settings, self._device, self._folder, self._tick = (
            engine,
            params or {},
            device,
            folder,
            tick,
        )
        self._params: Any = None
        self._model: Any = None
        self._failed = False
        self._hosts: tuple[str, ...] = ()
        self._before: tuple[set[str], dict[str, Any]] = (set(), {})
        self.needed: Weights | None = None
        self.unset = ""

    def declared(self) -> list[str]:
        """Check the declarations: id, revision, settings, weights and hosts."""
        engine, wrong = self._engine, list[str]()
        if problem := fault(engine):
            return [problem]
        try:
            self._params = read_params(engine.Params, self._settings)
            if read_params(engine.Params, plain_params(self._params, reveal=True)) != self._params:
                wrong.append("its settings are not the same after they were written as JSON and read again")
            msgspec.json.encode(form(engine.Params))
            self.needed, self.unset = engine.weights(self._params), engine.unset(self._params)
        except Exception as error:
            return [*wrong, f"its settings or weights fail: {describe(error)}"]
        wrong += _weights(self.needed)
        self._hosts = _hosts(engine, self._params, wrong)
        return wrong

    def loads(self) -> list[str]:
        """Check `load`, which may set up its process, and nothing else, and the training of an engine that learns."""
        self._before = state.loaded(self._engine), state.of_modules(self._engine)
        observed = Observed(self._hosts, self._package)
        wrong: list[str] = []
        with observing(observed):
            try:
                self._model = self._engine.load(self._device, self._folder, self._params)
                if self._engine.learns:
                    self._model, wrong = trained(self._engine, self._model, self._params, self._tick)
                    self._failed = self._model is None
            except (Exception, SystemExit) as error:
                wrong.append(f"`load` fails: {describe(error)}")
                self._failed = True
        return [*wrong, *self._seen(observed), *self._stateful(*self._before)]

    def runs(self) -> list[str]:
        """Check that `run` gives valid, repeatable results and has no side effects."""
        if self._failed:
            return []
        process, plain = state.of_process(), plain_params(self._params, reveal=True)
        before = state.loaded(self._engine), state.of_modules(self._engine)
        observed = Observed(self._hosts, self._package)
        with observing(observed):
            try:
                wrong = self._results_wrong()
            except Wrong as error:
                wrong = [str(error)]
        wrong += self._seen(observed)
        if plain_params(self._params, reveal=True) != plain:
            wrong.append("`run` changes its settings (`params`): they are shared by all batches; copy what you change")
        wrong += [f"it changes {what} of its process: pass it to what needs it" for what in sorted(observed.changed)]
        after = state.of_process()
        wrong += [
            f"it changes {what}, which all code in its process shares" for what in after if after[what] != process[what]
        ]
        return wrong + self._stateful(*before)

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _package(self) -> str:
        module = type(self._engine).__module__
        return module if module.startswith("pixlstash_core") else module.partition(".")[0]

    def _seen(self, observed: Observed) -> list[str]:
        """Return problems with its access to the network, files and standard output."""
        instead = "does not name it in `sends`" if self._engine.lane == "net" else "does not say `lane = 'net'`"
        wrong = [f"it asks the network for {host}, and {instead}" for host in sorted(observed.hosts)]
        wrong += [f"it writes the file {path}: an engine keeps nothing" for path in observed.files("write")]
        wrong += [
            f"it reads the file {path}, which is none of its weights nor of its package"
            for path in observed.files("read", self._folder)
        ]
        return wrong + printed(observed.printed)

    def _stateful(self, loaded: set[str], before: dict[str, Any]) -> list[str]:
        changed = state.changes(before, state.of_modules(self._engine), loaded)
        return [f"it keeps state in `{name}`: keep it in the model that `load` returns" for name in changed[:5]]

    def _results_wrong(self) -> list[str]:
        """Return problems with results. Raises `Wrong` if there are none to compare."""
        kind = next(kind for kind in KINDS if isinstance(self._engine, ENGINES[kind.hook]))
        run = partial(self._results, kind)
        batch, wrong = images(self._engine), list[str]()
        whole = run(batch)
        if not _alike(whole, run(batch)):
            again = "seed what is random by the picture, and keep nothing from one call to the next"
            return [f"the same images give other results the second time: {again}"]
        if not _alike(whole[::-1], run(batch[::-1])):
            wrong.append("results are not in the order of the images")
        if not _alike(whole, [result for image in batch for result in run([image])]):
            wrong.append("an image alone gives another result than among others")
        if run([]):
            wrong.append("no images give a result")
        return wrong + self._texts_wrong(whole)

    def _results(self, kind: OutputKind, batch: Sequence[Image]) -> list[Any]:
        """Return checked results of some images. Raises `Wrong` that names the image at which it fails."""
        results: list[Any] = []
        about: dict[str, Any] = {}
        try:
            output = self._engine.run(self._model, batch, self._params)
            if isinstance(output, list | tuple):
                raise Wrong("`run` gives its results in one piece: yield them, so that people can stop between two")
            for result in output:
                self._tick()
                if len(results) < len(batch):
                    results.append(_checked(self._engine, kind, result, about, batch[len(results)]))
                else:
                    results.append(None)
        except Wrong:
            raise
        except (Exception, SystemExit) as error:
            where = f"after {len(results)} of {len(batch)} results" if batch else "without images"
            raise Wrong(
                f"`run` fails {where}: {describe(error)}. It has to give a result for every image, whatever its size"
            ) from error
        if len(results) != len(batch):
            raise Wrong(
                f"`run` gave {len(results)} results for {len(batch)} images: yield exactly one for each, in their order"
            )
        return results

    def _texts_wrong(self, whole: Sequence[Any]) -> list[str]:
        """Return problems with the vectors of texts, if an embedder has some."""
        engine = self._engine
        if not isinstance(engine, Embedder) or type(engine).text is Embedder.text:
            return []
        from ..search.matrix import unit

        try:
            vectors = [unit(vector, {}) for vector in engine.text(self._model, ["a harbour", "a forest"], self._params)]
        except (Exception, SystemExit) as error:
            return [f"`text` fails: {describe(error)}"]
        if len(vectors) != 2 or any(len(vector) != len(whole[0]) for vector in vectors):
            return ["vectors of texts are not as many as the texts, or not as long as those of images"]
        return []


def images(engine: Engine[Any, Any]) -> list[Image]:
    """Return images of unusual sizes and plain colors, as the host would pass them to this engine."""
    facts = Facts((Fact("Description", "keyword", "Keyword", "harbour"),), prompt="a harbour, rain, night")
    inputs: dict[str, Any] = {"tag": [("harbour", 0.9, "")], "caption": "A harbour at night."}
    learned = vectors(len(SIZES)) if engine.learns else ()
    pictures = []
    for number, (width, height) in enumerate(SIZES):
        scale = min(1.0, (engine.image_side or 4096) / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        color = bytes((40 + 40 * number, 200 - 30 * number, 90 + 10 * number))
        pixels = bytearray(color * (size[0] * size[1]))
        pixels[: len(pixels) // 2] = pixels[: len(pixels) // 2].translate(_NEGATIVE)
        pictures.append(
            Image(
                Pictured(number + 1, "image", (width, height)),
                *size,
                bytes(pixels) if engine.pixels else None,
                facts=facts,
                given={
                    **{name: inputs[name] for name in engine.needs if name in inputs},
                    **({"vector": learned[number], "measures": {MEASURE: 0.5}} if engine.learns else {}),
                },
            )
        )
    return pictures


def heavy(engine: object) -> list[str]:
    """Return problems with importing an engine's module on its own, in a new process."""
    module = type(engine).__module__
    code = f"import sys, json; sys.path[:] = {sys.path!r}\nimport {module}\nprint(json.dumps(sorted(sys.modules)))"
    if module == "__main__" or not re.fullmatch(r"[\w.]+", module):
        return []
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=IMPORT)
    except subprocess.TimeoutExpired:
        return [f"importing {module} takes more than {IMPORT:g} seconds: do what takes long in `load`"]
    if done.returncode:
        return [f"its module cannot be imported by itself: {done.stderr.strip().splitlines()[-1:]}"]
    loaded = set(msgspec.json.decode(done.stdout.splitlines()[-1], type=list[str]))
    return heavy_among(module, loaded)


def heavy_among(what: str, loaded: set[str]) -> list[str]:
    """Return a sentence for each heavy library in `loaded`."""
    return [f"importing {what} loads {name}: import it in `load` or `run`" for name in HEAVY if name in loaded]


def printed(text: str) -> list[str]:
    """Return a problem if anything was printed."""
    if not text.strip():
        return []
    return [f"it prints {text.strip().splitlines()[0][:60]!r}, which nobody sees: use the module `logging`, or nothing"]


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _checked(engine: Any, kind: OutputKind, result: Any, about: dict[str, Any], image: Image) -> Any:
    try:
        return kind.check(engine, result, about)
    except Exception as error:
        text = str(error) if isinstance(error, ValueError) else describe(error)
        size = f"{image.width} × {image.height}"
        raise Wrong(f"`run` gave a wrong result for image {image.picture.id} ({size} pixels): {text}") from error


def _alike(first: Any, second: Any) -> bool:
    """Return whether two plain results are equal, with a tolerance for numbers."""
    if isinstance(first, float | int) and isinstance(second, float | int):
        return math.isclose(first, second, abs_tol=NEAR, rel_tol=NEAR)
    if isinstance(first, bytes) and isinstance(second, bytes):
        import numpy as np

        return len(first) == len(second) and bool(
            np.allclose(np.frombuffer(first, "<f2"), np.frombuffer(second, "<f2"), atol=NEAR)
        )
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(_alike, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_alike(first[key], second[key]) for key in first)
    return bool(first == second)


def _weights(needed: Weights | None) -> list[str]:
    wrong = []
    for file in needed.files if needed is not None else ():
        path = Path(file.path)
        if path.is_absolute() or ".." in path.parts or path.suffix.lower() not in SUFFIXES:
            wrong.append(f"weights: {file.path} is no path of safetensors, ONNX or plain data within the folder")
        pinned = re.fullmatch(r"[0-9a-f]{64}", file.sha256) and file.size >= 0
        if not (pinned or (not file.size and not file.sha256)) or not file.url.startswith("https://"):
            wrong.append(
                f"weights: {file.path} needs an https address, and a SHA-256 in hex (with its size in bytes, where that"
                " is known) or neither"
            )
    if needed is not None and not needed.license:
        wrong.append("weights: under which licence they are is not said")
    return wrong


def _hosts(engine: Engine[Any, Any], params: Any, wrong: list[str]) -> tuple[str, ...]:
    """Return the hosts that it declares to send to; append problems to `wrong`."""
    if engine.lane != "net":
        return ()
    try:
        sends = engine.sends(params)
    except Exception as error:
        wrong.append(f"`sends` fails: {describe(error)}")
        return ()
    if sends is None or not sends.hosts or not all(sends.hosts) or not sends.what:
        wrong.append("it is of the lane `net`, and `sends` does not say to which hosts it sends what")
        return ()
    try:
        addresses = read_addresses(sends.hosts)
    except (ValueError, TypeError, AttributeError) as error:
        wrong.append(f"`sends` must give URLs or names of hosts: {error}")
        return ()
    if secrets(engine.Params) and not all(address.origin for address in addresses):
        wrong.append("it has a secret, so `sends` must give URLs with scheme, host and port: keys are tied to those")
    return tuple(address.host for address in addresses)
