"""Suggestions: every one of them is a text that the query language reads, and none tells of what is out of scope."""

from __future__ import annotations

import pytest
from libraries import add, invented

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.query.language import parse
from pixlstash_core.types import AddTags, Create, DeletePictures, Reader, Scope, ScorePictures, Selection


def words(name: str, value: str) -> Fact:
    return Fact("Generation", name, name.title(), value)


@pytest.fixture
def filled(library: Library) -> Library:
    models = ("flux1-dev", "flux1-schnell", "aurora (flux)", 'a "quoted" name', "100%_real")
    add(library, *(invented(n, facts=(words("model", models[n % 5]), words("odd", f"v{n}"))) for n in range(12)))
    return library


def texts(library: Library, q: str, limit: int = 12) -> list[str]:
    return [q[: one.start] + one.text for one in library.suggest(OWNER, q, limit)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sco", ["score:"]),
        ("river -sco", ["river -score:"]),
        ("(a OR sco", ["(a OR score:"]),
        ("union(quer", ["union(query:"]),
        ("uni", ["union(", "unique("]),
        ("is:scr", ["is:scrapheap"]),
        ("is:m", ["is:missing", "is:moving"]),
        ("sort:-si", ["sort:-size"]),
        ("model:flux", ["model:=flux1-dev", "model:=flux1-schnell", 'model:="aurora (flux)"']),
        ("model:FLUX1-S", ["model:=flux1-schnell"]),
        ('score:5 model:"aurora (', ['score:5 model:="aurora (flux)"']),
        ("model:%", ["model:=100%_real"]),
        ("model:nothing", []),
        ("odd:v1", ["odd:=v1", "odd:=v10", "odd:=v11"]),
        ('"in a phr', []),
        ('"phrase" sco', ['"phrase" score:']),
    ],
)
def test_what_comes_next(filled: Library, typed: str, expected: list[str]) -> None:
    found = texts(filled, typed)
    assert sorted(found) == sorted(expected) if typed.startswith("is:m") else found == expected


def test_the_values_are_counted_and_exact(filled: Library) -> None:
    found = filled.suggest(OWNER, "model:")
    assert len(found) == 5
    for one in found:
        assert filled.count(OWNER, one.text).total == one.count


def test_whatever_is_suggested_can_be_read(filled: Library) -> None:
    for typed in ("", "s", "m", "model:", "is:", "sort:", 'model:"', "a OR "):
        for text in texts(filled, typed, 100):
            if not text.endswith((":", "(")):
                parse(text)


def test_limits(filled: Library) -> None:
    assert len(filled.suggest(OWNER, "", 3)) == 3
    for limit in (0, 101):
        with pytest.raises(Invalid):
            filled.suggest(OWNER, "", limit)
    assert filled.suggest(OWNER, "x" * 100_000) == []


def test_values_are_the_owners(filled: Library) -> None:
    reader = Reader("token:scoped", "read", Scope(frozenset({1})))
    assert filled.suggest(reader, "model:") == [] and filled.suggest(reader, "odd:") == []
    assert [one.text for one in filled.suggest(reader, "sco")] == ["score:"]


@pytest.fixture
def named(filled: Library) -> Library:
    """Names with "au": a set of 5 pictures, a character of 2, a project of 1, a LoRA of 4, a tag of 3."""
    ids = filled.find(OWNER, "").ids
    for kind, name, some in (
        ("set", "Old Aurelia", ids[:5]),
        ("character", "Aubrey", ids[:2]),
        ("project", "Autumn", ids[:1]),
    ):
        made = getattr(filled, f"create_{kind}")(OWNER, Create(name=name)).id
        getattr(filled, f"add_to_{kind}")(OWNER, made, Selection(ids=some))
    filled.add_tags(OWNER, AddTags(ids=ids[:3], tags=["gold aura"]))
    add(filled, *(invented(20 + n, facts=(words("lora", "au_style"),)) for n in range(4)))
    return filled


def test_a_plain_word_completes_everything_by_count(named: Library) -> None:
    found = [(one.text, one.label, one.count) for one in named.suggest(OWNER, "tree au")]
    assert found == [
        ('set:"Old Aurelia"', "Set", 5),
        ("lora:=au_style", "LoRA", 4),
        ('tag:"gold aura"', "Tag", 3),
        ("character:Aubrey", "Character", 2),
        ('model:="aurora (flux)"', "Model", 2),
        ("project:Autumn", "Project", 1),
    ]
    for text, _, count in found:
        assert named.count(OWNER, text).total == count
    assert texts(named, "AURO") == ['model:="aurora (flux)"'], "a word that begins so"
    assert texts(named, "uro") == [], "and no part of one"
    assert texts(named, "union(character:Aubrey, gol") == ['union(character:Aubrey, tag:"gold aura"']


def test_names_of_terms_have_a_place_behind_values(named: Library) -> None:
    ids = named.find(OWNER, "").ids
    named.add_tags(OWNER, AddTags(ids=ids, tags=[f"model {n}" for n in range(20)]))
    found = texts(named, "mod", 5)
    assert len(found) == 5 and found[-2:] == ["model:", "model_hash:"], found


def test_counts_follow_what_happens(named: Library) -> None:
    before = {one.text: one.count for one in named.suggest(OWNER, "model:")}
    named.delete(OWNER, DeletePictures(ids=named.find(OWNER, "model:=flux1-dev").ids[:2]))
    after = {one.text: one.count for one in named.suggest(OWNER, "model:")}
    assert after == {**before, "model:=flux1-dev": (before["model:=flux1-dev"] or 0) - 2}
    assert list(after)[-1] == "model:=flux1-dev", "by count"
    named.undo(OWNER)
    assert {one.text: one.count for one in named.suggest(OWNER, "model:")} == before


def test_scores_are_offered(named: Library) -> None:
    ids = named.find(OWNER, "").ids
    assert texts(named, "score:") == ["score:0"]
    for score, some in ((5, ids[:2]), (4, ids[2:3]), (1, ids[3:4])):
        named.score(OWNER, ScorePictures(ids=some, score=score))
    found = named.suggest(OWNER, "score:")
    assert [(one.text, one.label, one.count) for one in found][:3] == [
        ("score:5", "5 stars", 2),
        ("score:4", "4 stars", 1),
        ("score:>=4", "4 stars or more", 3),
    ]
    assert "score:2" not in [one.text for one in found], "no picture has it"
    assert texts(named, "-score:>=3") == ["-score:>=3"]
    for one in found:
        assert named.count(OWNER, one.text).total == one.count
    scoped = Reader("token:scoped", "read", Scope(frozenset(ids[:1])))
    assert [(one.text, one.count) for one in named.suggest(scoped, "score:")][:2] == [("score:5", 1), ("score:>=4", 1)]


def test_dates_are_offered(named: Library) -> None:
    years = [one for one in named.suggest(OWNER, "created:") if one.label == "Year"]
    assert years and [one.text for one in years] == sorted((one.text for one in years), reverse=True)
    months = named.suggest(OWNER, years[0].text)
    assert months and {one.label for one in months} == {"Month"}
    days = named.suggest(OWNER, months[0].text)
    assert days and {one.label for one in days} == {"Day"}
    assert [one.text for one in named.suggest(OWNER, "imported:")][:1] == ["imported:today"]
    for one in (*years, *months, *days, *named.suggest(OWNER, "imported:")):
        assert named.count(OWNER, one.text).total == one.count
    assert all(one.count is None for one in named.suggest(OWNER, "created:>=2"))
    assert named.suggest(OWNER, "created:nonsense") == []
