"""What can go wrong, in sentences fit to show to a person.

Every error the core raises on purpose is a `PixlStashError`: its text says what happened and, where there is one,
the remedy. `status` is the HTTP status that says the same (the core knows no HTTP beyond that number).
"""

from __future__ import annotations

from typing import Any


class PixlStashError(Exception):
    """The root: `str(error)` is one sentence for people; `more` is data for programs."""

    status = 500

    def __init__(self, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.more = more


class Invalid(PixlStashError):
    """The request cannot be understood or carried out as asked."""

    status = 400


class QueryError(Invalid):
    """A query text cannot be read; `at` is the index of the character where it went wrong."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence, at=at)
        self.at = at


class Unauthorised(PixlStashError):
    """Nobody is logged in, or the credential is not (or no longer) good."""

    status = 401


class Forbidden(PixlStashError):
    """Somebody is logged in who may not do this."""

    status = 403


class NotFound(PixlStashError):
    """Absent, or not visible to this reader: the two are never told apart."""

    status = 404


class Conflict(PixlStashError):
    """The present state does not allow it; nothing was changed."""

    status = 409


class ViewGone(PixlStashError):
    """The server no longer holds this view: ask for it again."""

    status = 410


class TooMany(PixlStashError):
    """Too many attempts; `seconds` says how long to wait."""

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
    """The safety snapshot that goes before a restore could not be taken, so nothing was restored."""

    status = 412


class Locked(PixlStashError):
    """It belongs to a set that is locked: unlock the set first."""

    status = 423


class DiskFull(PixlStashError):
    """The disk is full: nothing was written, everything acknowledged before is safe."""

    status = 507


class Refused(PixlStashError):
    """A file cannot become a picture; the text is the reason fit to show."""

    status = 415


class StoreUnreachable(PixlStashError):
    """The store does not answer now: retry later, mark nothing as missing."""

    status = 503


class NotThere(PixlStashError):
    """The store answers, and this key is not in it."""

    status = 404


class Cancelled(PixlStashError):
    """A job was cancelled; what it had finished stays."""

    status = 409


class Abandoned(PixlStashError):
    """Nobody waits for the result any more, so the work was stopped."""

    status = 499


class TookTooLong(Invalid):
    """The work was stopped because it took longer than it may."""


def describe(problem: BaseException) -> str:
    """An exception as a person reads it, in text that a database can hold."""
    try:
        text = str(problem) if isinstance(problem, PixlStashError) else f"{type(problem).__name__}: {problem}"
    except Exception:  # a plugin's exceptions are its own
        text = type(problem).__name__
    return text.encode("utf-8", "replace").decode("utf-8")
