"""The command line. Loads nothing heavy before a verb needs it: `pixlstash --help` answers at once."""

from __future__ import annotations

import sys

from .main import pixlstash


def main() -> None:
    """The `pixlstash` program: errors made for people are one sentence, without a traceback."""
    from ..errors import PixlStashError

    try:
        pixlstash(prog_name="pixlstash")
    except PixlStashError as error:
        print(f"pixlstash: {error}", file=sys.stderr)
        raise SystemExit(1) from None


__all__ = ["main", "pixlstash"]
