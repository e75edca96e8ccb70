"""A person's stars: 0 (none) to 5. Said by people only; an engine's confidence is something else."""

from __future__ import annotations

from ..db import bind_ids
from ..nouns import Noun, Table, Term
from ..terms import within
from ..write import Write

NOUN = Noun(
    "scores",
    tables=(Table("score", "scores", 0, "score", kinds=frozenset({"scores"}), says="r.score"),),
    terms=(Term("score", "Score", within("score"), nouns=("pictures", "scores")),),
    inherits=("insert or ignore into score select :new, score from score where picture_id = :old",),
)


def give(write: Write, ids: list[int], score: int) -> int:
    """Give these pictures that many stars; how many changed."""
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
