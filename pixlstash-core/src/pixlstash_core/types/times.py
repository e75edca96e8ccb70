"""Times as in the database (milliseconds since 1970, UTC), and as in JSON and the interface."""

from __future__ import annotations

from datetime import UTC, datetime

#: 0001-01-01 and 9999-12-31: a file may claim any date.
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999


def when(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(max(EARLIEST, min(milliseconds, LATEST)) / 1000, UTC)


def clock(seconds: float | None) -> str | None:
    return None if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
