"""Corrections of dates and orientations by people. The files of the pictures do not change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..database.connection import bind_ids
from ..database.features import Feature, Table
from ..database.writer import Write
from ..errors import Invalid
from ..types import DatePictures
from ..types.history import Outcome, many
from ..types.times import EARLIEST, LATEST, when

_SAYS = """
    trim(coalesce(strftime('%Y-%m-%d %H:%M', r.created / 1000, 'unixepoch'), '')
      || iif(r.turn, ' turned by ' || 90 * r.turn || '°', ''))
    """
FEATURE = Feature(
    "corrections",
    # They change the pictures, because every view may be sorted by date.
    tables=(Table("correction", "pictures", 0, "correction", topic="corrections", says=_SAYS),),
    inherits=("insert or ignore into correction select :new, created, turn from correction where picture_id = :old",),
    of_bytes=True,
)


def turn(write: Write, ids: list[int], quarters: int) -> Outcome:
    """Rotate pictures clockwise by quarters."""
    now = {id: (created, (turned + quarters) % 4) for id, (_, created, turned) in _read(write, ids).items()}
    changed = _put(write, now)
    to = {1: "to the right", 3: "to the left", 2: "upside down"}[quarters % 4]
    return Outcome(changed, f"{many(changed)} turned {to}")


def date(write: Write, ids: list[int], ask: DatePictures) -> Outcome:
    """Correct the dates of pictures."""
    change, what = _change(ask)
    new: dict[int, tuple[int | None, int]] = {}
    for id, (original, created, turned) in _read(write, ids).items():
        at = change(original, created if created is not None else original)
        if not EARLIEST <= at <= LATEST:
            raise Invalid("A date must lie between the years 1 and 9999. Nothing was changed.")
        new[id] = (at if at != original else None, turned)
    changed = _put(write, new)
    return Outcome(changed, f"{many(changed)} {what}")


def _change(ask: DatePictures) -> tuple[Callable[[int, int], int], str]:
    """Return (a function from the file's date and the current date to the new one, the history's words)."""
    if sum((ask.set is not None, ask.shift is not None, ask.zone is not None, ask.reset)) != 1:
        raise Invalid("Give exactly one of set, shift, zone and reset.")
    if ask.set is not None:
        try:
            at = ask.set.astimezone(UTC) if ask.set.tzinfo else ask.set.replace(tzinfo=UTC)
        except OverflowError:
            raise Invalid("A date must lie between the years 1 and 9999. Nothing was changed.") from None
        moment = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        return (lambda original, present: moment), f"dated {at:%Y-%m-%d %H:%M}"
    if ask.shift is not None:
        if abs(ask.shift) > LATEST // 1000:
            raise Invalid("A shift must be less than 10,000 years.")
        milliseconds = ask.shift * 1000
        sign = "later" if milliseconds >= 0 else "earlier"
        return (lambda original, present: present + milliseconds), f"dated {timedelta(seconds=abs(ask.shift))} {sign}"
    if ask.zone is not None:
        zone = _zone(ask.zone)
        return (lambda original, present: _in_zone(present, zone)), f"dated in the time of {ask.zone}"
    return (lambda original, present: original), "dated as their files say"


def _in_zone(clock: int, zone: tzinfo) -> int:
    """Return the time at which a clock in this zone showed what `clock` shows as UTC, both in ms."""
    shown = when(clock).replace(tzinfo=zone)
    try:
        offset = zone.utcoffset(shown.replace(tzinfo=None))
    except (OverflowError, ValueError):
        offset = None
    return clock - int((offset or timedelta()).total_seconds() * 1000)


def _zone(name: str) -> tzinfo:
    if match := re.fullmatch(r"([+-])(\d{1,2}):?(\d{2})?", name):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes <= 14 * 60 and int(match[3] or 0) < 60:
            return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    elif re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name) and len(name) < 100:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise Invalid(f"{name[:50]!r} is no time zone: write +02:00, or a name like Europe/Berlin.")


def _read(write: Write, ids: list[int]) -> dict[int, tuple[int, int | None, int]]:
    """Return, by picture: the file's date, the corrected one, and the rotation in quarters."""
    rows = write.execute(
        "select p.id, p.created, c.created, coalesce(c.turn, 0) from picture p"
        " left join correction c on c.picture_id = p.id where p.id in carray(?)",
        (bind_ids(ids),),
    )
    return {id: (original, created, turned) for id, original, created, turned in rows}


def _put(write: Write, new: dict[int, tuple[int | None, int]]) -> int:
    """Write corrections, or delete those that equal the file's data; return how many changed."""
    plain = [id for id, correction in new.items() if correction == (None, 0)]
    write.execute("delete from correction where picture_id in carray(?)", (bind_ids(plain),))
    changed = write.changes()
    before = write.value("select total_changes()")
    write.many(
        "insert into correction values (?, ?, ?) on conflict(picture_id) do update"
        " set created = excluded.created, turn = excluded.turn"
        " where created is not excluded.created or turn != excluded.turn",
        [(id, *correction) for id, correction in new.items() if correction != (None, 0)],
    )
    return changed + int(write.value("select total_changes()")) - int(before)
