"""A real ComfyUI on the CPU, with the nodes of this checkout, for integration tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from sources import ROOT

PACKAGE = ROOT / "comfyui-pixlstash"
ADDRESS, TOKEN = "PixlStashNodes.Address", "PixlStashNodes.Token"
#: Seconds until it must have started, and until a workflow must have ended.
START, RUN = 240, 120


def find_comfyui() -> tuple[Path, Path] | None:
    """Return (the folder with main.py, its Python): from $COMFYUI_DIR, or installed into a cache folder."""
    named = os.environ.get("COMFYUI_DIR")
    if named:
        folder = Path(named)
    else:
        setups = [ROOT / "shared" / "comfyui" / "setup.py", ROOT.parent / "shared" / "comfyui" / "setup.py"]
        setup = next((path for path in setups if path.is_file()), None)
        if setup is None:
            return None
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixlstash-tests" / "comfyui"
        if not (cache / "complete").is_file():
            shutil.rmtree(cache, ignore_errors=True)
            if subprocess.run([sys.executable, setup, cache], timeout=1500).returncode:
                return None  # what it printed says why; perhaps there is no network
            (cache / "complete").touch()
        folder = cache / "ComfyUI"
    pythons = [os.environ.get("COMFYUI_PYTHON"), folder.parent / "v/bin/python", folder / ".venv/bin/python"]
    python = next((Path(path) for path in pythons if path and Path(path).exists()), Path(sys.executable))
    return (folder, python) if (folder / "main.py").is_file() else None


def blocking(site: Path, module: str) -> Path:
    """Make a folder for PYTHONPATH in which `import_module`, as the nodes use it, does not find a module."""
    site.mkdir()
    code = f"""
import importlib

real = importlib.import_module

def import_module(name, package=None):
    if name == {module!r}:
        raise ImportError(name)
    return real(name, package)

importlib.import_module = import_module
"""
    (site / "sitecustomize.py").write_text(code, encoding="utf-8")
    return site


class ComfyUI:
    """A running ComfyUI with folders of its own below `base`."""

    def __init__(self, base: Path, *options: str, blocked: str = "") -> None:
        where = find_comfyui()
        assert where is not None
        self.base, (folder, python) = base, where
        (base / "custom_nodes").mkdir(parents=True)
        (base / "custom_nodes" / "comfyui-pixlstash").symlink_to(PACKAGE, target_is_directory=True)
        paths = []
        if subprocess.run([python, "-c", "import msgspec"], capture_output=True, timeout=60).returncode:
            pip = [python, "-m", "pip", "-q", "install", "--target", base / "site", "msgspec"]
            subprocess.run(pip, check=True, timeout=300)
            paths.append(str(base / "site"))
        if blocked:
            paths.append(str(blocking(base / "blocking", blocked)))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = base / "comfyui.log"
        command = [python, folder / "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(port)]
        command += ["--base-directory", base, "--disable-auto-launch", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=base, stdout=log, stderr=subprocess.STDOUT, env=environment)
        limit = time.monotonic() + START
        while True:
            try:
                self.get("/system_stats")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > limit:
                    self.stop()
                    raise AssertionError(f"ComfyUI did not start:\n{self.output()[-3000:]}") from None
                time.sleep(0.2)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def connect(self, address: str, token: str) -> None:
        """Enter the connection as its settings dialog does."""
        self.post("/settings", {ADDRESS: address, TOKEN: token})

    def get(self, path: str) -> Any:
        status, body = self.fetch(path)
        assert status == 200, body[:500]
        return json.loads(body)

    def fetch(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def post(self, path: str, body: Any) -> bytes:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()) from None

    def run(self, graph: dict[str, Any], workflow: Any = None) -> Run:
        """Queue a graph in the API's format and wait until it has ended."""
        extra = {"extra_pnginfo": {"workflow": workflow}} if workflow is not None else {}
        body = {"prompt": graph, "client_id": uuid.uuid4().hex, "extra_data": extra}
        id = json.loads(self.post("/prompt", body))["prompt_id"]
        limit = time.monotonic() + RUN
        while id not in (history := self.get(f"/history/{id}")):
            assert time.monotonic() < limit and self.process.poll() is None, self.output()[-3000:]
            time.sleep(0.05)
        return Run(self, history[id])


class Run:
    """A workflow that has ended."""

    def __init__(self, comfyui: ComfyUI, entry: dict[str, Any]) -> None:
        self.comfyui, self.outputs = comfyui, entry["outputs"]
        self.messages = dict(entry["status"]["messages"])

    @property
    def error(self) -> str:
        """The sentence of the node that failed, or ""."""
        return str(self.messages.get("execution_error", {}).get("exception_message", "")).strip()

    @property
    def cached(self) -> set[str]:
        """The nodes that did not run again."""
        return set(self.messages["execution_cached"]["nodes"])

    def files(self, node: str) -> list[Path]:
        """The pictures that a node saved."""
        assert not self.error, self.error
        return [
            self.comfyui.base / entry["type"] / entry["subfolder"] / entry["filename"]
            for entry in self.outputs[node]["images"]
        ]
