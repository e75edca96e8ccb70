"""How fast the command line answers and the server starts, next to what Python itself takes.

python bench/startup.py [--pictures 200000]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from _measure import Figure, median, ms, python, report
from fill import filled

ROUNDS = 10
HEAVY = ("numpy", "PIL", "torch", "starlette", "uvicorn")
HELP, PAGE = 0.2, 1.0


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=200_000)
    options = ask.parse_args()
    return report([_help(), _light(), _server(filled(options.pictures), options.pictures)])


def _help() -> Figure:
    bare = median(lambda: python("-c", "pass"), ROUNDS)
    click = median(lambda: python("-c", "import click"), ROUNDS)
    ours = median(lambda: python("-c", "from pixlstash_core.cli import main; main()", "--help"), ROUNDS)
    floor = f"`python -c pass` {ms(bare)}, `import click` {ms(click)}"
    return Figure("`pixlstash --help`", f"< {ms(HELP)}", ms(ours), floor, ours < HELP)


def _light() -> Figure:
    code = f"import pixlstash_core, sys; print(*(set({HEAVY!r}) & set(sys.modules)))"
    loaded = python("-c", code).stdout.strip()
    seconds = median(lambda: python("-c", "import pixlstash_core"), ROUNDS)
    told = f"{ms(seconds)}, loads {loaded or 'nothing heavy'}"
    return Figure("`import pixlstash_core`", f"loads none of {', '.join(HEAVY)}", told, "as above", not loaded)


def _server(path: Path, pictures: int) -> Figure:
    from _server import serving

    starts, opened = [], []
    for _ in range(3):
        with serving(path) as server:
            starts.append(server.seconds)
            start = time.perf_counter()
            server.get("/api/v1/views")
            opened.append(time.perf_counter() - start)
    first, view = sorted(starts)[1], sorted(opened)[1]
    return Figure(
        f"a start until the page answers, {pictures:,} pictures",
        f"< {ms(PAGE)}",
        f"{ms(first)}, its first view {ms(view)} later",
        f"`python -c pass` {ms(median(lambda: python('-c', 'pass'), 3))}",
        first < PAGE,
    )


if __name__ == "__main__":
    sys.exit(main())
