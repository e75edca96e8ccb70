"""How much memory a server of a million pictures occupies: started, after views were opened, and when left alone; and
how much it works then.

    python bench/memory.py [--pictures 1000000] [--wait 60]

The floor is a Python that has only loaded what the server loads.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import time
from pathlib import Path

from _measure import Figure, family, mb, python, report, resident
from _server import Served, serving
from fill import filled

from pixlstash_core.library import Library

PROMISED = 200e6
QUERIES = ("", "sort:-score", "model:aurora-xl-v4", "copper hair", "sort:name", "score:>=3", "steps:30", "sort:-size")
LOADED = """
import os, pixlstash_web.server, pixlstash_core.library
print(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
"""


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    ask.add_argument("--wait", type=float, default=60)
    options = ask.parse_args()
    if sys.platform != "linux":
        print("memory is read from /proc, which only Linux has")
        return 0
    path = filled(options.pictures)
    with Library.open(path, work=False) as library:
        library.restore_points.set_automatic(False)  # the first snapshot of a library is no idle minute
    with serving(path) as server:
        started = _memory(server)
        _open(server, "")
        one = _memory(server)
        for query in QUERIES * 2:
            _open(server, query)
        busy = _memory(server)
        time.sleep(5)
        worked = _seconds(server)
        time.sleep(options.wait)
        idle, worked = _memory(server), _seconds(server) - worked
    told = f"{mb(started)} started, {mb(one)} after the first view, {mb(busy)} after {2 * len(QUERIES)} more"
    bare = int(python("-c", LOADED).stdout) * 1024
    return report(
        [
            Figure(
                f"memory of the server, {options.pictures:,} pictures",
                f"idle < {mb(PROMISED)}",
                f"{told}, {mb(idle)} after {options.wait:.0f} s idle",
                f"its modules loaded: {mb(bare)}",
                idle < PROMISED,
            ),
            Figure(
                f"an idle server's work, {options.pictures:,} pictures",
                "< 0.5% of one core",
                f"{worked * 1000:.0f} ms of CPU in {options.wait:.0f} s",
                "uvicorn alone looks at its clock ten times a second",
                worked < 0.005 * options.wait,
            ),
        ]
    )


def _open(server: Served, query: str) -> None:
    """A view as a browser opens it: the first answer, then some blocks and details."""
    answer = server.ask("GET", f"/api/v1/views?q={query.replace(' ', '%20')}")
    length = struct.unpack_from("<I", answer)[0]
    header = json.loads(answer[4 : 4 + length])
    for block in range(min(8, header["count"] // 2048)):
        server.get(f"/api/v1/views/{header['view']}/blocks/{block}")
        server.get(f"/api/v1/views/{header['view']}/details/{block * 8}")


def _seconds(server: Served) -> float:
    """CPU time of the server and all it started so far."""
    ticks = 0
    for pid in family(server.pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(server: Served) -> int:
    return sum(map(resident, family(server.pid)))


if __name__ == "__main__":
    sys.exit(main())
