"""An open library, its parts and background jobs, and the creation of empty ones."""

from __future__ import annotations

from .library import Library as Library
