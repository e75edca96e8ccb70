"""Likeness: exact among any pictures, whatever does the arithmetic; and what a reader of a scope is told."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from engined import Engined, make
from libraries import fill, finish

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Invalid, QueryError
from pixlstash_core.library import Library, background
from pixlstash_core.search import matrix as vectors
from pixlstash_core.search.matrix import Matrix, mean, top, unit
from pixlstash_core.types import DeletePictures, FindSimilar, Reader, RunEngine, Scope, ScorePictures


@pytest.fixture(params=["numkong", "numpy"])
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With and without what makes it fast."""
    if request.param == "numkong":
        pytest.importorskip("numkong")
    else:
        monkeypatch.setattr(vectors, "_numkong", lambda: None)
    return str(request.param)


def drawn(count: int, length: int = 64, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((count, length)) + 0.5 * rng.standard_normal((1, length))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float16)


@pytest.mark.parametrize("count", [1, 3, 1000, 70_000])
def test_the_nearest_are_the_nearest(arithmetic: str, count: int) -> None:
    rows = drawn(count)
    matrix = Matrix(np.arange(count) * 3 + 1, rows)
    query = rows[count // 2]
    exact = rows.astype(np.float64) @ query.astype(np.float64)
    scores = matrix.scores(query)
    assert np.abs(scores - exact).max() < 2e-3
    wanted = min(50, count)
    found = top(scores, 50)
    assert len(set(found.tolist())) == len(found) == wanted and found[0] == count // 2
    assert (scores[found][:-1] >= scores[found][1:]).all() and scores[found].min() >= np.sort(scores)[-wanted]
    places = matrix.places(np.arange(1, 3 * count + 1, 7))
    assert (
        len(places)
        and (matrix.ids[places] % 7 == 1).all()
        and np.abs(matrix.scores(query, places) - scores[places]).max() < 1e-3
    )


def test_the_greatest_of_odd_scores() -> None:
    rng = random.Random(2)
    for scores in (np.zeros(10_000, np.float32), np.array([rng.choice([0, 1]) for _ in range(9_000)], np.float32)):
        found = top(scores, 30)
        assert len(set(found.tolist())) == 30 and scores[found].min() == np.sort(scores)[-30]
    assert top(np.zeros(0, np.float32), 5).tolist() == [] and top(np.zeros(5, np.float32), 0).tolist() == []


def test_vectors_are_made_of_length_one() -> None:
    about: dict[str, object] = {}
    body = unit([3.0, 4.0], about)
    assert np.frombuffer(body, "<f2").tolist() == pytest.approx([0.6, 0.8], abs=1e-3) and about == {"length": 2}
    assert np.frombuffer(mean([body, unit([3.0, -4.0], about)]), "<f2").tolist() == pytest.approx([1, 0], abs=1e-3)
    assert mean([body, unit([-3.0, -4.0], about)]) == body
    assert unit(np.array([1e-30, 0], np.float32), about) and unit(np.array([1e30, 1e30], np.float32), about)
    with pytest.raises(ValueError, match="of 3 numbers was given, where others have 2"):
        unit([1.0, 2.0, 3.0], about)


def embedded(library: Library, count: int) -> list[int]:
    """Pictures whose vectors turn from the first to the last; all but the last have one."""
    ids = fill(library, count)
    producer = library.outputs.register("vector", "synthetic", "1", {})
    library.outputs.activate(producer)
    turns = np.linspace(0, np.pi / 2, count)
    found = [Output(id, unit([np.cos(turn), np.sin(turn)], {})) for id, turn in zip(ids[:-1], turns)]
    for future in library.outputs.store(producer, found):
        future.result(10)
    return ids


def near(library: Library, reader: Reader = OWNER, **ask: object) -> list[int]:
    return [one.picture.id for one in library.similar(reader, FindSimilar(**ask)).found]  # type: ignore[arg-type]


def test_similar_pictures(library: Library, arithmetic: str) -> None:
    ids = embedded(library, 30)
    found = library.similar(OWNER, FindSimilar(ids=[ids[0]], limit=3))
    assert [one.picture.id for one in found.found] == ids[1:4] and found.engine == "synthetic" and found.without == 0
    assert all(one.like == ids[0] for one in found.found) and 0.99 < found.found[0].score <= 1
    assert [one.score for one in found.found] == sorted((one.score for one in found.found), reverse=True)
    assert set(near(library, ids=[ids[0], ids[20]], combine="max", limit=3)) == {ids[1], ids[19], ids[21]}
    assert near(library, ids=[ids[0], ids[20]], combine="min", limit=1) == [ids[10]]
    assert near(library, ids=[ids[0], ids[20]], combine="mean", limit=1) == [ids[10]]
    assert library.similar(OWNER, FindSimilar(ids=[ids[29]])).without == 1


def test_it_is_exact_inside_a_query_and_a_scope(library: Library) -> None:
    ids = embedded(library, 40)
    library.score(OWNER, ScorePictures(ids=ids[30:33], score=5))
    assert near(library, ids=[ids[0]], q="score:5") == ids[30:33]
    library.delete(OWNER, DeletePictures(ids=[ids[1]]))
    assert near(library, ids=[ids[0]], limit=1) == [ids[2]]
    scoped = Reader("share", "read", Scope(frozenset({ids[0], ids[25]})))
    assert near(library, scoped, ids=[ids[0]]) == [ids[25]]
    with pytest.raises(Invalid, match="Say which pictures"):
        near(library, scoped, ids=[ids[5]])


def test_new_vectors_are_found(library: Library) -> None:
    ids = embedded(library, 10)
    assert len(near(library, ids=[ids[0]])) == 8
    background.tidy(library)
    background.tidy(library)
    assert library.likeness._held == {}
    producer = library.likeness.active()
    assert producer is not None
    for future in library.outputs.store(producer, [Output(ids[9], unit([1.0, 0.0], {}))]):
        future.result(10)
    assert near(library, ids=[ids[0]], limit=1) == [ids[9]]


def test_what_cannot_be_asked(library: Library) -> None:
    (id,) = fill(library, 1)
    with pytest.raises(Invalid, match="visual-descriptor"):
        near(library, ids=[id])
    library.outputs.activate(library.outputs.register("vector", "synthetic", "1", {}))
    assert near(library, ids=[id]) == []  # nothing has a vector yet
    with pytest.raises(QueryError):
        near(library, ids=[id], q="score:>=x")


def test_by_the_looks_of_real_pictures(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Engined = make(open_library, tmp_path, monkeypatch)
    ids = desk.take_in(6)
    job = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine="visual-descriptor")))
    assert (job.state, job.error) == ("done", None)
    assert near(desk.library, ids=[ids[0]], limit=1) == [ids[3]]  # the other red one
