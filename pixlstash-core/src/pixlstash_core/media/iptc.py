"""The reader of IPTC records, which newsrooms and older programs write."""

from __future__ import annotations

from collections.abc import Iterator

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .facts import described, moment
from .tiff import Tags

_IN_TIFF = 0x83BB
_MOST_RECORDS = 1_000
_UTF8 = b"\x1b%G"
_TITLE, _KEYWORD, _DATE, _TIME, _CREATOR, _HEADLINE, _RIGHTS, _CAPTION = 5, 25, 55, 60, 80, 105, 116, 120


class IptcReader(FactReader):
    id = "iptc"

    def read(self, embedded: Embedded) -> Facts | None:
        block: object = embedded.iptc
        if not block and embedded.exif:
            block = Tags(embedded.exif).main.get(_IN_TIFF)
        records: dict[int, list[str]] = {}
        for number, text in _records(block) if isinstance(block, bytes) else ():
            records.setdefault(number, []).append(text)

        def first(*numbers: int) -> str | None:
            return next((records[number][0] for number in numbers if number in records), None)

        facts = tuple(
            described(
                title=first(_TITLE, _HEADLINE),
                description=first(_CAPTION),
                keywords=records.get(_KEYWORD, ()),
                creators=records.get(_CREATOR, ()),
                rights=first(_RIGHTS),
            )
        )
        created = _moment(first(_DATE) or "", first(_TIME) or "")
        return Facts(facts, created=created) if facts or created is not None else None


def _records(block: bytes) -> Iterator[tuple[int, str]]:
    """Yield the records of the application part as (number, text)."""
    at, encoding = 0, ""
    for _ in range(_MOST_RECORDS):
        at = block.find(b"\x1c", at)
        if at < 0 or at + 5 > len(block):
            return
        part, number, length = block[at + 1], block[at + 2], int.from_bytes(block[at + 3 : at + 5], "big")
        data = block[at + 5 : at + 5 + length]
        if length & 0x8000 or len(data) < length:  # longer than any text that is read, or truncated
            return
        at += 5 + length
        if (part, number) == (1, 90) and data == _UTF8:
            encoding = "utf-8"
        elif part == 2:
            yield number, _text(data, encoding)


def _text(data: bytes, encoding: str) -> str:
    data = data.strip(b"\0 ")
    if encoding:
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _moment(date: str, time: str) -> int | None:
    """Return ms UTC from `20240506` and `123456+0200`."""
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    clock = f"T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:11]}" if len(time) >= 6 else ""
    return moment(day + clock)
