"""The command line. Modules are imported when a verb needs them, so that `pixlstash --help` is fast."""

from __future__ import annotations

import sys

from .main import pixlstash


def main() -> None:
    """Run the program `pixlstash`. A `PixlStashError` is printed as one sentence, without a traceback."""
    from ..errors import PixlStashError

    try:
        pixlstash(prog_name="pixlstash")
    except PixlStashError as error:
        print(f"pixlstash: {error}", file=sys.stderr)
        raise SystemExit(1) from None


__all__ = ["main", "pixlstash"]
