"""The version of the core, in a module of its own so that any module may import it."""

from __future__ import annotations

__version__ = "0.1.0"
