"""Errors, with texts for users.

Every error that the core raises deliberately is a `PixlStashError`. Its text says what happened and, if possible, what
to do. `status` is the corresponding HTTP status.
"""

from __future__ import annotations

from typing import Any


class PixlStashError(Exception):
    """Base of all errors: `str(error)` is a sentence for users; `more` is data for programs."""

    status = 500

    def __init__(self, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.more = more


class Invalid(PixlStashError):
    """The request cannot be understood or carried out as asked."""

    status = 400


class QueryError(Invalid):
    """A query cannot be parsed; `at` is the index of the character with the error."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence, at=at)
        self.at = at


class Unauthorised(PixlStashError):
    """Nobody is logged in, or the credential is invalid or has expired."""

    status = 401


class Forbidden(PixlStashError):
    """The login does not have the required right."""

    status = 403


class NotFound(PixlStashError):
    """It does not exist, or this reader may not see it: the two are indistinguishable."""

    status = 404


class Conflict(PixlStashError):
    """The current state does not allow the request; nothing was changed."""

    status = 409


class ViewGone(PixlStashError):
    """The view is no longer cached: open it again."""

    status = 410


class TooMany(PixlStashError):
    """Too many attempts; try again in `seconds`."""

    status = 429

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence, seconds=seconds)
        self.seconds = seconds


class ReadOnly(PixlStashError):
    """The library was opened read-only."""

    status = 403


class LibraryInUse(PixlStashError):
    """Another process holds the library."""

    status = 409


class NoSafety(PixlStashError):
    """The safety snapshot before a restore failed, so nothing was restored."""

    status = 412


class Locked(PixlStashError):
    """The picture is in a locked set: unlock the set first."""

    status = 423


class DiskFull(PixlStashError):
    """The disk is full: nothing was written; acknowledged changes are safe."""

    status = 507


class Refused(PixlStashError):
    """A file cannot be imported; the text is the reason, for users."""

    status = 415


class StoreUnreachable(PixlStashError):
    """The store cannot be reached now: retry later, and mark nothing as missing."""

    status = 503


class NotThere(PixlStashError):
    """The store has no such key."""

    status = 404


class Cancelled(PixlStashError):
    """A job was canceled; its finished steps stay."""

    status = 409


class Abandoned(PixlStashError):
    """The work was stopped because its client is gone."""

    status = 499


class TookTooLong(Invalid):
    """The work was stopped because it exceeded its time limit."""


def describe(problem: BaseException) -> str:
    """Return a text for an exception, for users, that a database can store."""
    try:
        text = str(problem) if isinstance(problem, PixlStashError) else f"{type(problem).__name__}: {problem}"
    except Exception:  # even the text of a plugin's exception may raise
        text = type(problem).__name__
    return text.encode("utf-8", "replace").decode("utf-8")
