"""What the nodes need of the ComfyUI they run in, beyond its node API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .channel import SETTINGS, LibraryError
from .operations import Operations

#: The ids of our settings in ComfyUI (see `web/pixlstash.js`).
ADDRESS, TOKEN = "PixlStashNodes.Address", "PixlStashNodes.Token"
MULTI_USER = (
    "The PixlStash nodes do not work in ComfyUI's multi-user mode, because every user would act with the same token: "
    "start ComfyUI without --multi-user."
)
_lock = threading.Lock()
_current: tuple[str, str, Operations] | None = None
#: Seconds without a byte from the server while an engine works, which may load a model first.
WORKS = 150.0


def library() -> Operations:
    """Return the client of the library in the settings. Raises LibraryError where it is not configured."""
    global _current
    refuse_multi_user()
    address, token = connection_settings()
    with _lock:
        if _current is None or _current[:2] != (address, token):
            if _current is not None:
                _current[2].close()
            _current = (address, token, Operations(address, token))
        return _current[2]


@contextmanager
def library_with_engines() -> Iterator[Operations]:
    """Provide a client of the library in the settings that waits as long as an engine may take."""
    refuse_multi_user()
    operations = Operations(*connection_settings(), patience=WORKS)
    try:
        yield operations
    finally:
        operations.close()


def disconnect() -> None:
    """Close the connections to the library."""
    global _current
    with _lock:
        if _current is not None:
            _current[2].close()
        _current = None


def refuse_multi_user() -> None:
    from comfy.cli_args import args

    if getattr(args, "multi_user", False):
        raise LibraryError(MULTI_USER)


def metadata_disabled() -> bool:
    """Whether ComfyUI was started with --disable-metadata."""
    from comfy.cli_args import args

    return bool(getattr(args, "disable_metadata", False))


def connection_settings() -> tuple[str, str]:
    """Return (address, token) from the settings of ComfyUI's only user."""
    import folder_paths

    path = Path(folder_paths.get_user_directory(), "default", "comfy.settings.json")
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        settings = {}
    except (OSError, ValueError):
        raise LibraryError(
            "ComfyUI's settings file cannot be read: open ComfyUI's settings and save one again."
        ) from None
    values = settings if isinstance(settings, dict) else {}
    address, token = values.get(ADDRESS), values.get(TOKEN)
    if not isinstance(address, str) or not address.strip():
        raise LibraryError(
            f"No PixlStash library is configured: enter the address and a token of your PixlStash server in {SETTINGS}."
        )
    return address.strip(), token.strip() if isinstance(token, str) else ""


def report_progress(done: int, total: int) -> None:
    """Show in the interface how far the running node is."""
    try:
        from comfy_api.v0_0_2 import ComfyAPISync
    except ImportError:
        return
    execution: Any = getattr(ComfyAPISync(), "execution", None)  # missing in 0.3.64, although it is documented
    if execution is not None:
        execution.set_progress(value=done, max_value=total)


def nothing() -> Any:
    """A value for an output without pictures: ComfyUI skips the nodes that need it."""
    from comfy_execution.graph import ExecutionBlocker

    return ExecutionBlocker(None)
