"""What an author of a plugin calls in one line of a test: `check(MyEngine())`, `check_kind`, `check_store`,
`check_importer`.

Each holds an object against what the library relies on, and raises AssertionError with everything that is wrong.
Numbers of an engine's results may differ by a hundredth between a batch and single images: arithmetic on batches is not
exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..plugins.contracts import Importer, Kind, Store
from ..plugins.engines import Engine, fault
from .engines import EngineCheck, heavy, images
from .objects import importer_faults, kind_faults, store_faults


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
    lists what is wrong. It runs in this process: `pixlstash plugin check` also survives one that hangs or crashes.
    """
    if said := fault(engine):
        raise AssertionError(f"{said}.")
    checked = EngineCheck(engine, params, device, folder)
    wrong = [*heavy(engine), *checked.declared()]
    if run and not wrong and not checked.unset and (checked.needed is None or folder is not None):
        wrong += checked.loads()
        wrong += checked.runs() if not any(one.startswith("`load` fails") for one in wrong) else []
    _demand_none(engine.id, wrong)


def check_kind(kind: Kind, *, samples: Sequence[Path] = ()) -> None:
    """Hold a media kind against what the library relies on. `samples`: files of its formats, which it has to draw."""
    _demand_none(str(getattr(kind, "id", kind)), kind_faults(kind, samples))


def check_store(store: Store, *, params: dict[str, Any] | None = None) -> None:
    """Hold a store against what the library relies on.

    `params`: settings with which it is connected and used; one that can be written to gets a file, which is deleted
    again. Without them only what it declares is looked at.
    """
    _demand_none(str(getattr(store, "scheme", store)), store_faults(store, params))


def check_importer(importer: Importer, *, params: dict[str, Any] | None = None) -> None:
    """Hold an importer against what the library relies on. `params`: settings with which it is scanned, twice."""
    _demand_none(str(getattr(importer, "id", importer)), importer_faults(importer, params))


def _demand_none(name: str, wrong: list[str]) -> None:
    if wrong:
        raise AssertionError(f"{name}: " + "; ".join(wrong) + ".")


__all__ = ["check", "check_importer", "check_kind", "check_store", "images"]
