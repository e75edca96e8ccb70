"""Reads the privacy policy, which is part of the package and shown without a connection."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from ..types import PolicySection

PATH = Path(__file__).with_name("policy.md")


@cache
def read() -> tuple[date, list[PolicySection]]:
    """Return the date of the last change, and the sections."""
    first, *sections = PATH.read_text(encoding="utf-8").split("\n## ")
    updated = date.fromisoformat(first.removeprefix("Last updated: ").strip())
    parts = [section.strip().split("\n\n") for section in sections]
    return updated, [PolicySection(part[0], part[1:]) for part in parts]
