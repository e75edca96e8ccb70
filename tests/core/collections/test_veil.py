"""The veil: what is hidden is in no veiled view, what is blurred is marked, and without the veil all is as ever."""

from __future__ import annotations

import pytest
from libraries import add, invented

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Forbidden, QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, HideAndBlur, Reader, Scope, ScorePictures, Selection


@pytest.fixture
def filled(library: Library) -> list[int]:
    facts = [Fact("Generation", "model", "Model", f"model-{n % 3}") for n in range(9)]
    return add(library, *(invented(n, facts=(fact,)) for n, fact in enumerate(facts)))


def shown(library: Library, text: str = "", veil: bool = True) -> dict[int, bool]:
    """Ids of a view, and whether each is blurred."""
    answer = library.view(OWNER, text, veil=veil)
    count = answer.header.count
    ids = memoryview(answer.block[: 4 * count]).cast("I") if count else []
    return {id: bool(mark) for id, mark in zip(ids, answer.block[7 * count :], strict=True)}


def test_nothing_is_veiled_at_first(library: Library, filled: list[int]) -> None:
    assert library.veil(OWNER) == HideAndBlur()
    assert shown(library) == dict.fromkeys(filled, False) == shown(library, veil=False)


def test_hidden_and_blurred(library: Library, filled: list[int]) -> None:
    done = library.set_veil(OWNER, HideAndBlur("model:model-1", "score:>=4 OR model:model-1"))
    assert done.undoable
    library.score(OWNER, ScorePictures(ids=filled[:1], score=5))
    expected = {id: id == filled[0] for n, id in enumerate(filled) if n % 3 != 1}
    assert shown(library) == expected
    assert shown(library, veil=False) == dict.fromkeys(filled, False)
    assert library.count(OWNER, "model:model-1").total == 3  # a program that asks is told
    library.score(OWNER, ScorePictures(ids=filled[2:3], score=4))
    assert shown(library)[filled[2]]
    library.undo(OWNER)
    library.undo(OWNER)
    library.undo(OWNER)
    assert library.veil(OWNER) == HideAndBlur() and shown(library) == dict.fromkeys(filled, False)


def test_the_scrapheap_is_veiled_as_well(library: Library, filled: list[int]) -> None:
    library.delete(OWNER, DeletePictures(ids=filled[:3]))
    library.set_veil(OWNER, HideAndBlur("model:model-1", "model:model-2"))
    assert shown(library, "is:scrapheap") == {filled[0]: False, filled[2]: True}


def test_what_is_done_to_a_veiled_view_spares_the_hidden(library: Library, filled: list[int]) -> None:
    library.set_veil(OWNER, HideAndBlur(hide="model:model-1"))
    header = library.view(OWNER, veil=True).header
    whole = Selection(view=header.view, ranges=[(0, header.count)])
    assert set(library.views.select(OWNER, whole)) == {id for n, id in enumerate(filled) if n % 3 != 1}


def test_a_query_that_cannot_be_read_is_refused(library: Library, filled: list[int]) -> None:
    for veil in (HideAndBlur(hide="modle:x"), HideAndBlur(blur="(")):
        with pytest.raises(QueryError):
            library.set_veil(OWNER, veil)
    assert library.veil(OWNER) == HideAndBlur()


def test_nothing_is_shown_when_the_veil_cannot_be_read(library: Library, filled: list[int]) -> None:
    """A term that a plugin brought may be gone one day."""
    library.derive(lambda write: write.execute("insert into setting values ('veil.hide', 'gone:yes')"))
    with pytest.raises(QueryError, match="Hide and blur"):
        library.view(OWNER, veil=True)
    assert library.view(OWNER).header.count == 9


def test_whose_it_is(library: Library, filled: list[int]) -> None:
    for right in ("read", "write"):
        reader = Reader("token", right, Scope())  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            library.veil(reader)
        with pytest.raises(Forbidden):
            library.set_veil(reader, HideAndBlur("score:5"))
