"""How many faces a picture has, as the query language asks for it."""

from __future__ import annotations

import pytest
from libraries import fill

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures


def boxes(*times: float | None) -> list[dict[str, object]]:
    """A face for each of these times."""
    return [{"label": "", "box": [0.1, 0.1, 0.2, 0.2], "confidence": 0.9, "time": time} for time in times]


def test_faces_are_counted(library: Library) -> None:
    ids = fill(library, 5)
    producer = library.outputs.register("face", "synthetic", "1", {})
    library.outputs.activate(producer, 0)
    found = {ids[0]: boxes(None), ids[1]: boxes(None, None), ids[2]: [], ids[3]: boxes(0.0, 0.0, 1.0)}
    for future in library.outputs.store(producer, [Output(id, faces) for id, faces in found.items()]):
        future.result(30)

    def ask(text: str) -> set[int]:
        return {ids.index(id) for id in library.find(OWNER, text).ids}

    assert ask("faces:1") == {0, 3}  # of a video, in one of its frames
    assert ask("faces:2") == ask("faces:>=2") == ask("faces:>1") == {1, 3}
    assert ask("faces:1..2") == ask("faces:>=1") == {0, 1, 3}
    assert ask("faces:0") == ask("-faces:>=1") == ask("faces:<1") == {2, 4}
    assert ask("faces:<=1") == {0, 2, 4}  # none of its frames has more
    assert ask("faces:>=0") == {0, 1, 2, 3, 4} and ask("faces:7") == set()
    for future in library.outputs.store(producer, [Output(ids[1], [])]):  # looked at again
        future.result(30)
    assert ask("faces:2") == {3}
    library.delete(OWNER, DeletePictures(ids=ids[3:4]))
    assert ask("faces:2") == set()
    with pytest.raises(QueryError, match="a number"):
        library.find(OWNER, "faces:many")
