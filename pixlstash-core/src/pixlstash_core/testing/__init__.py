"""Checks for the tests of plugins: `check(MyEngine())`, `check_kind`, `check_store`, `check_importer`, `check_sharer`.

Each checks whether an object fulfills its contract, and raises AssertionError with all problems. Numbers of an engine's
results may differ by a hundredth between a batch and single images, because arithmetic on batches is not exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..plugins.contracts import Importer, Kind, Sharer, Store
from ..plugins.engines import Engine, fault
from .engines import EngineCheck, heavy, images
from .objects import kind_faults
from .sharers import sharer_faults
from .sources import importer_faults, store_faults, unreachable_faults


def check(
    engine: Engine[Any, Any],
    *,
    params: dict[str, Any] | None = None,
    device: str = "cpu",
    folder: Path | None = None,
    run: bool = True,
) -> None:
    """Check an engine.

    `params` are settings other than the defaults; `folder` contains its weights. An engine whose weights are missing,
    or that must be set up first, is not loaded, nor is any with `run=False`. Raises AssertionError with all problems.
    The engine runs in this process; `pixlstash plugin check` also survives one that hangs or crashes.
    """
    if problem := fault(engine):
        raise AssertionError(f"{problem}.")
    checked = EngineCheck(engine, params, device, folder)
    wrong = [*heavy(engine), *checked.declared()]
    if run and not wrong and not checked.unset and (checked.needed is None or folder is not None):
        wrong += checked.loads()
        wrong += checked.runs()
    _demand_none(engine.id, wrong)


def check_kind(kind: Kind, *, samples: Sequence[Path] = ()) -> None:
    """Check a media kind. `samples`: files of its formats, which it must draw."""
    _demand_none(str(getattr(kind, "id", kind)), kind_faults(kind, samples))


def check_store(
    store: Store, *, params: dict[str, Any] | None = None, unreachable: dict[str, Any] | None = None
) -> None:
    """Check a store.

    `params`: settings with which to connect, with the secrets themselves. Its first 20 files are read; a writable store
    gets two files, which are deleted again, and half a file, of which nothing may appear. Without `params`, only its
    declarations are checked. `unreachable`: settings with which it cannot be reached.
    """
    wrong = store_faults(store, params)
    if not wrong and unreachable is not None:
        wrong = unreachable_faults(store, unreachable)
    _demand_none(str(getattr(store, "scheme", store)), wrong)


def check_importer(importer: Importer, *, params: dict[str, Any] | None = None) -> None:
    """Check an importer. `params`: settings for two scans; without them, only its declarations are checked."""
    _demand_none(str(getattr(importer, "id", importer)), importer_faults(importer, params))


def check_sharer(sharer: Sharer, *, params: dict[str, Any] | None = None) -> None:
    """Check a sharer. `params`: settings with which three small renditions are published and taken back, twice.

    Without `params`, only its declarations are checked.
    """
    _demand_none(str(getattr(sharer, "id", sharer)), sharer_faults(sharer, params))


def _demand_none(name: str, wrong: list[str]) -> None:
    if wrong:
        raise AssertionError(f"{name}: " + "; ".join(wrong) + ".")


__all__ = ["check", "check_importer", "check_kind", "check_sharer", "check_store", "images"]
