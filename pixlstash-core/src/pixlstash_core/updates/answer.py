"""Reads the answer of the server with the releases, which is untrusted: sizes, types, versions and characters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..errors import Invalid
from ..media.text_cleaning import clean
from ..types import Release, Severity

#: Releases that are listed at most, and characters of one's changes.
MOST, CHANGES = 100, 8_000
SEVERITIES: tuple[Severity, ...] = ("low", "moderate", "high", "critical")


class Listed(Struct, frozen=True):
    """A release in the answer."""

    version: Annotated[str, Meta(max_length=50)]
    date: date | None = None
    changes: Annotated[str, Meta(max_length=100_000)] = ""
    security: Severity | None = None
    affected: Annotated[str, Meta(max_length=200)] = ""


class Answer(Struct, frozen=True):
    releases: Annotated[list[Listed], Meta(max_length=1_000)]


def decode(body: bytes | str) -> Answer:
    """Return the answer. `Invalid` unless all of it has the right types and sizes."""
    try:
        return msgspec.json.decode(body, type=Answer)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Invalid("The answer is not a list of releases.") from error


def newer(answer: Answer, running: str) -> list[Release]:
    """Return the releases after a version, the newest first; those with an invalid version are left out.

    Release candidates are listed for release candidates only.
    """
    present = Version(running)
    listed: dict[Version, Listed] = {}
    for release in answer.releases:
        version = parsed(release.version)
        if version is not None and version > present and (present.is_prerelease or not version.is_prerelease):
            listed.setdefault(version, release)
    newest = sorted(listed, reverse=True)[:MOST]
    return [_release(str(version), listed[version], present) for version in newest]


def highest(releases: Sequence[Release]) -> Severity | None:
    """Return the highest severity among the releases that affect this version."""
    levels = [SEVERITIES.index(release.security) for release in releases if release.security and release.affects]
    return SEVERITIES[max(levels)] if levels else None


def parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _release(version: str, listed: Listed, present: Version) -> Release:
    affected, affects = "", listed.security is not None  # every older version, unless it says which
    try:
        versions = SpecifierSet(listed.affected)
        affected, affects = str(versions), affects and versions.contains(present, prereleases=True)
    except InvalidSpecifier:
        pass
    return Release(version, listed.date, clean(listed.changes, CHANGES), listed.security, affected, affects)
