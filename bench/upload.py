"""What an upload over HTTP costs beside an import that copies the same folder.

    python bench/upload.py [--pictures 300] [--rounds 3]

Both are asked of a server in a process of its own, with a fresh library each, on the same disk, one after the other;
everything is held to two cores, the sender too. Files are sent like the browser UI sends them: each as a bare body,
some at once over connections that are kept. The time ends when the last one was acknowledged.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from _measure import KEPT, Figure, report
from _server import Served, serving
from import_floor import make_pictures

from pixlstash_core.library import Library

PROMISED = 0.70
#: Files the browser UI has under way.
AT_ONCE = 4
API = "/api/v1"


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=300)
    ask.add_argument("--rounds", type=int, default=3)
    options = ask.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    paths = make_pictures(KEPT, options.pictures)
    ratios, sent, copied = [], [], []
    before = _timed(paths, _copy)
    for _ in range(options.rounds):
        upload, after = _timed(paths, _send), _timed(paths, _copy)
        ratios.append(min(before, after) / upload)
        sent.append(upload)
        copied.append(after)
        before = after
        print(f"  sent {upload:.2f} s, copied {after:.2f} s, {ratios[-1]:.2f}", file=sys.stderr, flush=True)
    ratio = statistics.median(ratios)
    size = sum(path.stat().st_size for path in paths)
    seconds = statistics.median(sent)
    figure = Figure(
        f"upload of {len(paths)} files, {AT_ONCE} at once",
        f"≥ {PROMISED:.0%} of copying the same folder in",
        f"{len(paths) / seconds:.0f} pictures/s ({size / seconds / 1e6:.0f} MB/s), {ratio:.0%}",
        f"copied in: {len(paths) / statistics.median(copied):.0f} pictures/s",
        ratio >= PROMISED,
    )
    return report([figure])


def _timed(paths: list[Path], bring: Callable[[Served, list[Path]], None]) -> float:
    """Seconds to bring all into a fresh library."""
    folder = Path(tempfile.mkdtemp(dir=KEPT))
    try:
        Library.create(folder / "library")
        with serving(folder / "library") as served:
            start = time.perf_counter()
            bring(served, paths)
            seconds = time.perf_counter() - start
            found = json.loads(served.get(f"{API}/library"))["pictures"]
        if found != len(paths):
            raise SystemExit(f"{found} of {len(paths)} pictures came in.")
        return seconds
    finally:
        shutil.rmtree(folder)


def _copy(served: Served, paths: list[Path]) -> None:
    job = json.loads(served.ask("POST", f"{API}/imports", {"paths": [str(paths[0].parent)]}))
    while job["state"] in ("waiting", "running"):
        time.sleep(0.02)
        job = json.loads(served.get(f"{API}/jobs/{job['id']}"))
    if job["error"]:
        raise SystemExit(job["error"])


def _send(served: Served, paths: list[Path]) -> None:
    waiting, lock = iter(paths), threading.Lock()
    wrong: list[str] = []

    def lane() -> None:
        connection = http.client.HTTPConnection(urlsplit(served.url).netloc)
        while not wrong:
            with lock:
                path = next(waiting, None)
            if path is None:
                break
            headers = {"Authorization": f"Bearer {served.secret}", "Content-Type": "application/octet-stream"}
            connection.request("POST", f"{API}/uploads?name={quote(path.name)}", path.read_bytes(), headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or b'"imported"' not in body:
                wrong.append(f"{path.name}: {answer.status} {body[:300]!r}")
        connection.close()

    lanes = [threading.Thread(target=lane) for _ in range(AT_ONCE)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    if wrong:
        raise SystemExit(wrong[0])


if __name__ == "__main__":
    sys.exit(main())
