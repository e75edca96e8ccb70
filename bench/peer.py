"""A million pictures over HTTP, next to what the public PixlStash 1.5.3 takes for thirty thousand on such a machine.

    python bench/peer.py [--pictures 1000000]

Before every call one picture is deleted or restored and another one is tagged, so that no earlier answer holds and
every order is built anew. What the server keeps across such a change are the masks of single terms such as `tag:rare`,
of which it looks up only the changed pictures again. The rows "without kept masks" drop them as well: before each call
more pictures are tagged than the server tracks. The library is organized (`organised.py`). The floor is the server's
smallest answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import struct
import sys
import time
from collections.abc import Callable, Iterator

from _measure import Figure, ms, report, timed
from _server import Served, serving
from organised import organised

from pixlstash_core.query.evaluator import MANY

ROUNDS = 15
BLOCK = 2048


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    count = ask.parse_args().pictures
    with serving(organised(count)) as server:
        desk = Desk(server, count)
        desk.grid()  # the columns are in memory, as after the first look of anybody
        floor = statistics.median(timed(lambda: server.get("/api/v1/veil")) for _ in range(ROUNDS))
        return report(list(_figures(desk, floor, count)))


class Desk:
    """What a browser asks for."""

    def __init__(self, server: Served, count: int) -> None:
        self._server = server
        self._count = count
        self._turn = 0
        self._mark = f"peer {time.time_ns()}"

    def disturb(self) -> None:
        """Change what every answer depends on."""
        self._turn += 1
        verb = "delete" if self._turn % 2 else "restore"
        self._server.ask("POST", f"/api/v1/pictures/{verb}", {"ids": [self._count]})
        self.tag(self._turn)

    def disturb_many(self) -> None:
        """Also tag more pictures than the server tracks, so that it drops the masks of every term over tags."""
        self.disturb()
        ask = {"ids": list(range(1, MANY + 2)), "tags": [f"{self._mark} many {self._turn}"]}
        self._server.ask("POST", "/api/v1/pictures/tags/add", ask)

    def view(self, query: str, at: int | None = None) -> tuple[str, int]:
        where = "" if at is None else f"&at={at}"
        answer = self._server.get(f"/api/v1/views?q={query.replace(' ', '%20')}{where}")
        header = json.loads(answer[4 : 4 + struct.unpack_from("<I", answer)[0]])
        return header["view"], header["count"]

    def grid(self) -> None:
        view, _ = self.view("")
        self._server.get(f"/api/v1/views/{view}/details/0")

    def whole(self) -> None:
        view, count = self.view("")
        for block in range(-(-count // BLOCK)):
            self._server.get(f"/api/v1/views/{view}/blocks/{block}")

    def last(self) -> None:
        view, count = self.view("")
        self._server.get(f"/api/v1/views/{view}/blocks/{(count - 1) // BLOCK}")
        self._server.get(f"/api/v1/views/{view}/details/{(count - 1) // 256}")

    def count(self, query: str) -> None:
        self._server.get(f"/api/v1/pictures/count?q={query.replace(' ', '%20')}")

    def sidebar(self) -> None:
        self._server.get("/api/v1/sidebar")

    def tag(self, turn: int) -> None:
        ask = {"ids": [turn % 1000 + 1], "tags": [f"{self._mark} {turn // 1000}"]}
        self._server.ask("POST", "/api/v1/pictures/tags/add", ask)

    def fill_set(self, turn: int) -> None:
        ids = list(range(turn * 1000 + 1, turn * 1000 + 1001))
        self._server.ask("POST", "/api/v1/sets/400/add", {"ids": ids})

    def empty_set(self) -> None:
        ids = json.loads(self._server.get("/api/v1/sets/400/members"))["ids"]
        self._server.ask("POST", "/api/v1/sets/400/take", {"ids": ids})


def _figures(desk: Desk, floor: float, count: int) -> Iterator[Figure]:
    desk.empty_set()
    turn = iter(range(1, 1 << 30))
    kept, dropped = desk.disturb, desk.disturb_many
    rows: tuple[tuple[str, int, Callable[[], object], Callable[[], None]], ...] = (
        ("the grid opened", 89, desk.grid, kept),
        ("the whole library listed", 2_000, desk.whole, kept),
        ("its last page", 71, desk.last, kept),
        ("filtered by a rare tag", 106, lambda: desk.view("tag:rare"), kept),
        ("counted by a tag", 68, lambda: desk.count("tag:quarter"), kept),
        ("counted by two tags", 113, lambda: desk.count("tag:quarter tag:twentieth"), kept),
        ("the sidebar", 206, desk.sidebar, kept),
        ("one tag added", 14, lambda: desk.tag(100_000 + next(turn)), kept),
        ("1,000 pictures added to a set", 1_200, lambda: desk.fill_set(next(turn)), kept),
        ("filtered by a rare tag, without kept masks", 106, lambda: desk.view("tag:rare"), dropped),
        ("counted by a tag, without kept masks", 68, lambda: desk.count("tag:quarter"), dropped),
        ("counted by two tags, without kept masks", 113, lambda: desk.count("tag:quarter tag:twentieth"), dropped),
    )
    for name, theirs, call, between in rows:
        times = []
        for _ in range(ROUNDS):
            between()
            times.append(timed(call))
        middle = statistics.median(times)
        yield Figure(
            f"{name}, {count:,} pictures, over HTTP",
            f"< {theirs:,} ms: the public PixlStash 1.5.3 at 30,000",
            f"{ms(middle)}, slowest {ms(max(times))}",
            f"the smallest answer {ms(floor)}",
            middle * 1000 < theirs,
        )


if __name__ == "__main__":
    sys.exit(main())
