"""What the first look at the grid costs: the scripts that the page names itself. All others are loaded when needed."""

from __future__ import annotations

import gzip
import re

from pixlstash_web.site import STATIC

#: Bytes, compressed.
MOST = 85_000


def test_the_grid_loads_little() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = set(re.findall(r'"/?(assets/[^"]+\.js)"', page))
    assert scripts
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in scripts) <= MOST
