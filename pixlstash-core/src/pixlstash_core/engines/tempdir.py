"""The folder for decoded pixels: in main memory if the platform has such a folder."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

#: Bytes that must be free in the folder in memory; it is small in containers.
ROOM = 256 << 20
_MEMORY = Path("/dev/shm")
_OWNER = "library"


class Scratch:
    """The temporary folder of one library, created when needed. Creating it deletes those of killed processes."""

    def __init__(self, library: Path, public_id: str) -> None:
        self._library, self._prefix = str(library), f"pixlstash-{public_id[:12]}-"
        self._path: Path | None = None

    def path(self) -> Path:
        if self._path is None:
            place = _place()
            for left in place.glob(f"{self._prefix}*"):
                with contextlib.suppress(OSError):  # a copied library has the same id; leave its folder
                    if (left / _OWNER).read_text("utf-8") == self._library:
                        shutil.rmtree(left, ignore_errors=True)
            self._path = Path(tempfile.mkdtemp(prefix=self._prefix, dir=place))
            (self._path / _OWNER).write_text(self._library, "utf-8")
        return self._path

    def close(self) -> None:
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            self._path = None


def _place() -> Path:
    with contextlib.suppress(OSError):
        if shutil.disk_usage(_MEMORY).free > ROOM:
            return _MEMORY
    return Path(tempfile.gettempdir())
