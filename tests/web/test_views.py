"""The grid protocol as it comes over the wire."""

from __future__ import annotations

import gzip
import json
import struct

import pytest
from web.conftest import OWNER, Served

from pixlstash_core.client import read_view
from pixlstash_core.query.views import ViewAnswer
from pixlstash_core.types import ScorePictures, Section, ViewHeader
from pixlstash_web import adapter
from pixlstash_web.adapter import lay_out


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 2048])
def test_the_parts_start_at_multiples_of_four(count: int) -> None:
    for name in ("", "a", "ab", "abc", "grün"):
        header = ViewHeader("key", 1, count, None, 0, "1", name, "-created", [Section("2026-11", 0)])
        answer = ViewAnswer(
            header, bytes(range(256)) * 8 if count == 2048 else bytes(count), b"\1\2\3\4\5\6\7\0" * count
        )
        wire = lay_out(answer)
        (length,) = struct.unpack_from("<I", wire)
        assert length % 4 == 0
        assert json.loads(wire[4 : 4 + length])["query"] == name
        again = read_view(wire)
        assert (again.header, again.aspects, again.block) == (answer.header, answer.aspects, answer.block)


def test_a_view_and_its_block(shared: Served) -> None:
    answer = shared.local.get("/views?q=&sort=name&at=3")
    view = read_view(answer.body)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert (view.header.count, view.header.at_index, view.header.sort) == (8, 2, "name")
    assert struct.unpack_from("<8I", view.block) == tuple(range(1, 9))
    block = shared.local.get(f"/views/{view.header.view}/blocks/0")
    assert block.body == view.block
    assert block.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    rows = shared.local.get(f"/views/{view.header.view}/details/0").json["rows"]
    assert [row["name"] for row in rows] == [f"secret-{number}.png" for number in range(1, 9)]
    assert rows[0]["created"].endswith("Z")


def test_a_reload_is_304_until_something_changes(served: Served) -> None:
    first = served.local.get("/views")
    assert first.headers["Cache-Control"] == "private, no-cache"
    match = {"If-None-Match": first.headers["ETag"]}
    again = served.local.get("/views", match)
    assert (again.status, again.body) == (304, b"")
    assert served.local.get("/views?sort=name", match).status == 200
    served.library.score(OWNER, ScorePictures(ids=[1], score=5))
    assert served.local.get("/views", match).status == 200


def test_a_forgotten_view_is_410(shared: Served) -> None:
    for path in ("blocks", "details"):
        answer = shared.local.get(f"/views/forgotten/{path}/0")
        assert (answer.status, bool(answer.json["detail"])) == (410, True)


def test_large_answers_are_compressed_where_accepted(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Content-Encoding" not in shared.local.get("/views", {"Accept-Encoding": "gzip"}).headers
    monkeypatch.setattr(adapter, "COMPRESS", 100)
    plain = shared.local.get("/views")
    packed = shared.local.get("/views", {"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert "Content-Encoding" not in shared.local.get("/views", {"Accept-Encoding": "gzip;q=0"}).headers
    assert shared.local.get("/views", {"If-None-Match": packed.headers["ETag"]}).status == 304
