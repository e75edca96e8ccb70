"""Serves a PixlStash library to browsers and programs: REST under `/api/v1`, events, files and the browser UI."""

from __future__ import annotations

from .specs import api, hookimpl
from .table import Call, Route

__all__ = ["Call", "Route", "api", "hookimpl"]
