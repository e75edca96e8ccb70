"""Backups of metadata and originals."""

from __future__ import annotations

from msgspec import Struct


class MakeBackup(Struct, frozen=True):
    """Where to write a backup: a folder, or a file whose name ends in `.zip`. `query`: back up only these pictures.

    `access`: logins, tokens and the history go along. They are secrets, so by default they do not.
    """

    path: str
    query: str = ""
    access: bool = False


class BackupReport(Struct, frozen=True):
    """The result of a backup. `copied`: new originals, of `bytes` in all; `dropped`: originals that were deleted from
    it.

    `lost`: pictures whose original could not be read as it was; `missing`: the names of the first hundred.
    """

    path: str
    pictures: int
    originals: int
    copied: int
    bytes: int
    dropped: int
    lost: int
    missing: list[str]
