"""An open library: what it is made of, how an empty one is made, and how it is opened as of a snapshot."""

from __future__ import annotations

from .library import Library as Library
