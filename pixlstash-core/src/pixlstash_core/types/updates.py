"""The update check."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Installation = Literal["docker", "pip", "electron", "other"]
Severity = Literal["low", "moderate", "high", "critical"]


class Release(Struct, frozen=True):
    """A release that is newer than this one. `changes` is plain text.

    `security`: the severity of the vulnerability that it fixes, in the versions `affected` (such as "<1.8.3").
    `affects`: whether this version is one of them.
    """

    version: str
    date: date | None = None
    changes: str = ""
    security: Severity | None = None
    affected: str = ""
    affects: bool = False


class Updates(Struct, frozen=True):
    """The update check and its last result. `releases` are newer ones, the newest first.

    `address` is the URL that a check requests, `checked` the time of the last check; without one, nothing was checked.
    `problem` says why the last check failed. `security` is the highest severity that affects this version.
    """

    enabled: bool
    version: str
    installation: Installation
    endpoint: str
    address: str
    checked: datetime | None
    problem: str | None
    releases: list[Release]
    security: Severity | None
    instruction: str
    dismissed: bool


class SetUpdates(Struct, frozen=True, forbid_unknown_fields=True):
    """Fields that are left out do not change. `endpoint`: another server to ask; "" is the default one."""

    enabled: bool | None = None
    endpoint: Annotated[str, Meta(max_length=500)] | None = None


class DismissUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Do not show this release, or an older one, as a notice again."""

    version: Annotated[str, Meta(max_length=50)]
