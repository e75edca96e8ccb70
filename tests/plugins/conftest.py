"""Tiny models for the tests of the plugins, and a torchvision that can be imported."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
import torchvision_shim
from web.conftest import empty as empty
from web.conftest import filled as filled
from web.conftest import served as served
from web.conftest import shared as shared


@pytest.fixture(scope="session")
def torch() -> Any:
    """Torch, with whatever needs torchvision working; skips where `make install` could not have it."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("no torch for this Python: `make install` could not install it")
    torchvision_shim.ensure()
    import torch

    return torch


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`made("wd")`: the folder of a tiny model, made once."""
    found: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in found:
            found[name] = getattr(tiny, name)(tmp_path_factory.mktemp(name))
        return found[name]

    return make


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test of a plugin reaches another machine, nor does a library try."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"{address} was asked")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield
