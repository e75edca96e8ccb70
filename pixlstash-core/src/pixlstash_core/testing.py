"""What an author of an engine calls in one line of a test: `check(MyEngine())`.

It holds the engine against what the host relies on, and raises AssertionError with everything that is wrong. Numbers of
results may differ by a hundredth between a batch and single images, as arithmetic on batches does.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from .engine import Embedder, Engine, Image, Pictured, Weights, fault, form, plain_params, read_params, secrets
from .engine.addresses import read_addresses
from .host.kinds import KINDS
from .host.weights import SUFFIXES
from .nouns import OutputKind
from .plugins import ENGINES
from .types import Fact, Facts

#: What importing a plugin must not load; what it needs is imported in `load` and `run`.
HEAVY = "numpy PIL torch transformers onnxruntime open_clip timm cv2 scipy tensorflow".split()
SIZES = ((1, 1), (640, 3), (3, 640), (320, 240), (240, 320), (4000, 3000))
#: Each byte as it is in a negative.
_NEGATIVE = bytes(range(255, -1, -1))
NEAR = 0.01


def check(
    engine: Engine[Any, Any],
    *,
    params: dict[str, Any] | None = None,
    device: str = "cpu",
    folder: Path | None = None,
    run: bool = True,
) -> None:
    """Hold an engine against what the host relies on.

    `params` are settings other than the defaults, `folder` has the weights of one that needs some. One whose weights
    are not given, or that has to be set up first, is not loaded; `run=False` loads none. Raises AssertionError that
    lists what is wrong.
    """
    wrong: list[str] = []
    if said := fault(engine):
        raise AssertionError(f"{said}.")
    wrong += _pure(engine)
    try:
        given = read_params(engine.Params, params or {})
        if read_params(engine.Params, plain_params(given, reveal=True)) != given:
            wrong.append("its settings are not the same after they were written as JSON and read again")
        msgspec.json.encode(form(engine.Params))
        needed, unset = engine.weights(given), engine.unset(given)
    except Exception as error:
        raise AssertionError("; ".join([*wrong, f"its settings or weights fail: {_told(error)}"])) from error
    wrong += _weights(needed)
    hosts = _hosts(engine, given, wrong) if not unset else ()
    if run and not unset and (needed is None or folder is not None):
        with _offline(hosts) as asked, _watching() as opened:
            wrong += _runs(engine, given, device, folder)
        instead = "does not name it in `sends`" if engine.lane == "net" else "does not say `lane = 'net'`"
        wrong += [f"it asks the network for {host}, and {instead}" for host in sorted(asked)]
        wrong += [f"it writes the file {path}: an engine keeps nothing" for path in opened.others("write")]
        wrong += [
            f"it reads the file {path}, which is none of its weights nor of its package"
            for path in opened.others("read", folder)
        ]
    if wrong:
        raise AssertionError(f"{engine.id}: " + "; ".join(wrong) + ".")


def images(engine: Engine[Any, Any]) -> list[Image]:
    """Images of odd sizes and plain colours, as the host would give them to this engine."""
    facts = Facts((Fact("Description", "keyword", "Keyword", "harbour"),), prompt="a harbour, rain, night")
    given = {"tag": [("harbour", 0.9, "")], "caption": "A harbour at night."}
    made = []
    for number, (width, height) in enumerate(SIZES):
        scale = min(1.0, (engine.image_side or 4096) / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        colour = bytes((40 + 40 * number, 200 - 30 * number, 90 + 10 * number))
        pixels = bytearray(colour * (size[0] * size[1]))
        pixels[: len(pixels) // 2] = pixels[: len(pixels) // 2].translate(_NEGATIVE)
        made.append(
            Image(
                Pictured(number + 1, "image", (width, height)),
                *size,
                bytes(pixels) if engine.pixels else None,
                facts=facts,
                given={name: given[name] for name in engine.needs if name in given},
            )
        )
    return made


def _runs(engine: Engine[Any, Any], params: Any, device: str, folder: Path | None) -> list[str]:
    """What is wrong with how it loads and runs."""
    kind = next(one for one in KINDS if isinstance(engine, ENGINES[one.hook]))
    wrong: list[str] = []
    try:
        model = engine.load(device, folder, params)
        run: Callable[[Sequence[Image]], list[Any]] = lambda some: _results(engine, kind, model, some, params)  # noqa: E731
        given = images(engine)
        whole = run(given)
        if not _alike(whole, run(given)):
            wrong.append("the same images give other results the second time")
        if not _alike(whole[::-1], run(given[::-1])):
            wrong.append("results are not in the order of the images")
        if not _alike(whole, [one for image in given for one in run([image])]):
            wrong.append("an image alone gives another result than among others")
        if list(engine.run(model, [], params)):
            wrong.append("no images give a result")
        wrong += _texts(engine, model, params, whole)
    except Exception as error:
        wrong.append(f"it fails: {_told(error)}")
    return wrong


def _results(engine: Engine[Any, Any], kind: OutputKind, model: Any, some: Sequence[Image], params: Any) -> list[Any]:
    given = engine.run(model, some, params)
    if isinstance(given, list | tuple):
        raise ValueError("`run` gives its results in one piece: yield them, so that people can stop between two")
    found = list(given)
    if len(found) != len(some):
        raise ValueError(f"`run` gave {len(found)} results for {len(some)} images")
    about: dict[str, Any] = {}
    return [kind.check(engine, one, about) for one in found]


def _texts(engine: Engine[Any, Any], model: Any, params: Any, whole: Sequence[Any]) -> list[str]:
    """What is wrong with the vectors of texts, where an embedder has some."""
    if not isinstance(engine, Embedder) or type(engine).text is Embedder.text:
        return []
    from .vectors import unit

    found = [unit(one, {}) for one in engine.text(model, ["a harbour", "a forest"], params)]
    if len(found) != 2 or any(len(one) != len(whole[0]) for one in found):
        return ["vectors of texts are not as many as the texts, or not as long as those of images"]
    return []


def _alike(one: Any, other: Any) -> bool:
    """Whether two plain results are the same, but for a little in their numbers."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, abs_tol=NEAR, rel_tol=NEAR)
    if isinstance(one, bytes) and isinstance(other, bytes):
        import numpy as np

        return len(one) == len(other) and bool(
            np.allclose(np.frombuffer(one, "<f2"), np.frombuffer(other, "<f2"), atol=NEAR)
        )
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def _pure(engine: Engine[Any, Any]) -> list[str]:
    """Heavy libraries that importing the engine's module loads."""
    module = type(engine).__module__
    code = f"import sys, json; sys.path[:] = {sys.path!r}\nimport {module}\nprint(json.dumps(sorted(sys.modules)))"
    if module == "__main__" or not re.fullmatch(r"[\w.]+", module):
        return []
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    if done.returncode:
        return [f"its module cannot be imported by itself: {done.stderr.strip().splitlines()[-1:]}"]
    loaded = set(msgspec.json.decode(done.stdout.splitlines()[-1], type=list[str]))
    return [f"importing {module} loads {name}: import it in `load` or `run`" for name in HEAVY if name in loaded]


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
    """The hosts it says it sends to."""
    if engine.lane != "net":
        return ()
    try:
        sends = engine.sends(params)
    except Exception as error:
        wrong.append(f"`sends` fails: {_told(error)}")
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


#: Who looks which files are opened: the last one. A hook stays for good, and does nothing while nobody looks.
_looking: list[_Opened] = []
_hooks: list[Callable[..., None]] = []
#: Where a system has its own files.
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib/", "/lib64/", "/System/", "/Library/")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib")


class _Opened:
    """The files that were opened meanwhile, by how. What native code opens by itself is not seen."""

    def __init__(self) -> None:
        self._paths: set[tuple[str, str]] = set()

    def note(self, path: str, how: str) -> None:
        self._paths.add((path, how))

    def others(self, how: str, folder: Path | None = None) -> list[str]:
        """Those that are no temporary ones, nor of Python, of its packages, or of the system; nor in `folder`."""
        spared = [tempfile.gettempdir(), *([str(folder)] if folder else [])]
        if how == "read":
            spared += [*_installed(), os.environ.get("SystemRoot", "")]
        within = tuple(os.path.abspath(one) + os.sep for one in spared if one)
        found = {os.path.abspath(path) for path, one in self._paths if one == how}
        found = {path for path in found if not (path + os.sep).startswith(("/dev/", "/proc/", *within))}
        if how == "read":  # what is not there was only looked for
            found = {path for path in found if not path.startswith(_SYSTEM) and not path.endswith(_CODE)}
            found = {path for path in found if os.path.isfile(path)}
        return sorted(path for path in found if "__pycache__" not in path)


def _installed() -> Iterator[str]:
    """Folders of Python, and of every package that is loaded."""
    yield from (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
    for module in list(sys.modules.values()):
        if isinstance(file := getattr(module, "__file__", None), str) and os.path.basename(file) == "__init__.py":
            yield os.path.dirname(file)


def _look(event: str, given: tuple[Any, ...]) -> None:
    if _looking and event == "open" and isinstance(given[0], str | bytes | os.PathLike):
        mode, flags = str(given[1] or ""), given[2] or 0
        writes = bool(set(mode) & set("wax+")) if given[1] else bool(flags & (os.O_WRONLY | os.O_RDWR))
        _looking[-1].note(os.fsdecode(given[0]), "write" if writes else "read")


@contextlib.contextmanager
def _watching() -> Iterator[_Opened]:
    """Yields the files that are opened."""
    if not _hooks:
        _hooks.append(_look)
        sys.addaudithook(_look)
    _looking.append(_Opened())
    try:
        yield _looking[-1]
    finally:
        _looking.pop()


@contextlib.contextmanager
def _offline(hosts: Sequence[str]) -> Iterator[set[str]]:
    """No connections to other machines than these; yields those that were tried."""
    asked: set[str] = set()
    allowed = {*hosts}
    for host in hosts:
        with contextlib.suppress(OSError):
            allowed |= {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if str(address[0]) not in allowed and self.family in (socket.AF_INET, socket.AF_INET6):
            asked.add(str(address[0]))
            raise OSError("Engines reach no hosts but those they name in `sends`, on the lane `net`.")
        real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    try:
        yield asked
    finally:
        socket.socket.connect = real  # type: ignore[method-assign]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


__all__ = ["check", "images"]
