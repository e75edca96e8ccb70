"""Scores: 0 (none) to 5 stars, given by people only."""

from __future__ import annotations

import re

from ..database.connection import bind_ids
from ..database.features import Condition, Feature, Sort, Table, Term
from ..database.writer import Write
from ..query.terms import number, within

MOST = 5


def _stars(value: str) -> Condition:
    condition = within("score")(value)
    if any(not 0 <= number(text) <= MOST for text in re.findall(r"-?[\d.]*\d", value.replace("..", " "))):
        raise ValueError(f"a number of stars from 0 to {MOST}")
    return condition


FEATURE = Feature(
    "scores",
    tables=(Table("score", "scores", 0, "score", kinds=frozenset({"scores"}), says="r.score"),),
    terms=(Term("score", "Score", _stars, nouns=("pictures", "scores")),),
    sorts=(Sort("score", ("scores",)),),
    inherits=("insert or ignore into score select :new, score from score where picture_id = :old",),
)


def give(write: Write, ids: list[int], score: int) -> int:
    """Score these pictures; return how many changed."""
    bound = {"ids": bind_ids(ids), "score": score}
    if score == 0:
        write.execute("delete from score where picture_id in carray(:ids)", bound)
        return write.changes()
    write.execute(
        """
        insert into score select id, :score from picture where id in carray(:ids)
        on conflict(picture_id) do update set score = excluded.score where score != excluded.score
        """,
        bound,
    )
    return write.changes()
