"""The folder that decoded pixels go through: in main memory where the platform has such a place."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

#: A place in memory is only used while so much of it is free: containers may have next to none.
ROOM = 256 << 20
_MEMORY = Path("/dev/shm")
_OWNER = "library"


class Scratch:
    """One library's. Made when first needed; what a killed process left is removed then."""

    def __init__(self, library: Path, public_id: str) -> None:
        self._library, self._prefix = str(library), f"pixlstash-{public_id[:12]}-"
        self._path: Path | None = None

    def path(self) -> Path:
        if self._path is None:
            place = _place()
            for left in place.glob(f"{self._prefix}*"):
                with contextlib.suppress(OSError):  # of another library with the same id: a copied folder
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
