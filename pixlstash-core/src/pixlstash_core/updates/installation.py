"""How PixlStash was installed, and therefore how it is updated."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import metadata

from ..types import Installation

#: Names the installation: our container image sets it.
VARIABLE = "PIXLSTASH_INSTALLATION"
INSTRUCTIONS: Mapping[Installation, str] = {
    "docker": "Get the new image and start the container again: docker compose build --pull && docker compose up -d",
    "pip": "Stop PixlStash, and run: pip install --upgrade pixlstash-core pixlstash-web",
    "electron": "Quit the app, and install the new version.",
    "other": "Stop PixlStash, and run in its folder: git pull && make run",
}


def detected() -> Installation:
    """Return the kind of this installation."""
    named = os.environ.get(VARIABLE)
    for kind in INSTRUCTIONS:
        if named == kind:
            return kind
    if os.path.exists("/.dockerenv"):
        return "docker"
    return "pip" if _is_from_an_index() else "other"


def _is_from_an_index() -> bool:
    """Return whether pip installed the core from an index, and not from a folder or an archive."""
    try:
        distribution = metadata.distribution("pixlstash-core")
        direct = json.loads(distribution.read_text("direct_url.json") or "null")
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return False
    return direct is None and (distribution.read_text("INSTALLER") or "").strip() == "pip"
