"""The query terms of tags.

`tag:cat` finds effective tags, `tag:red_*` all with that prefix, and `tag:cat>0.7` any with that confidence, above the
engine's threshold or not; after `=` the name is matched literally.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import apsw

from ..database.features import Hidden, Lookup, Term
from ..errors import Invalid
from ..query.language import split_operator
from ..query.terms import how_many, like
from . import names as words
from . import review
from .completion import of_all
from .entries import BLOCK_BITS, EFFECTIVE, ENGINE, NEVER, NO, WHOLE, YES, threshold

_NOUNS = ("pictures", "tags")
_SURE = re.compile(
    r"(?P<name>.+?)\s*(?P<operator>>=|<=|>|<|=)\s*(?P<sure>\d{1,3}%|\d(?:\.\d{1,6})?|\.\d{1,6})", re.DOTALL
)
_FOUND = "select picture_id from derived_tagged where tag_id in"
_NOW = "case s.phase when 2 then coalesce(t.next, t.now) else t.now end"
#: The same among some pictures, each looked up in its block.
_AMONG_ALL = f"""
    select picture_id from (
      select t.picture_id, t.tag_id, {_NOW} & 1 as effective, {_NOW} & 255 as state, {_NOW} >> 8 as confidence
      from derived_tagging s cross join carray(:among) k cross join derived_tag t
      where s.version = 0 and t.block = k.value >> {BLOCK_BITS} and t.picture_id = k.value
    )"""
_AMONG = f"{_AMONG_ALL} where tag_id in"
#: As in `review.tags_of`.
_UNDECIDED = f"""
    confidence > 0 and not state & {YES | NO | NEVER} and (effective or abs(confidence - coalesce(
      (select threshold from derived_active where version = 0 order by rank limit 1), :least)) <= :near)
    """
_NEARLY = {"least": int(review.LEAST * WHOLE), "near": int(review.NEAR * WHOLE)}


def _tags(name: str, exact: bool) -> tuple[str, dict[str, object]]:
    """Return an SQL expression for the ids of the tags that match a name or a pattern, and its bindings."""
    if not exact and "*" in name:
        if not name.replace("*", "").strip():
            raise ValueError("the name of a tag with more than *")
        pattern = "%".join(like(words.folded(part) if part.strip() else part) for part in _normalized(name).split("*"))
        sql = """(
          select t.id from tag t join derived_tag_count c on c.tag_id = t.id where t.folded like :tag escape '\\'
          union select alias_id from tag where alias_id is not null and folded like :tag escape '\\')"""
        return sql, {"tag": pattern}
    return "(select coalesce(alias_id, id) from tag where folded = :tag)", {"tag": words.folded(_normalized(name))}


def by_name(name: str) -> tuple[str, dict[str, object]]:
    """Return an SQL expression for the id of the tag of exactly this name, or that it is an alias of; its bindings.

    Raises `Invalid` for a name that is empty, or consists of spaces and underscores.
    """
    try:
        return _tags(name, True)
    except ValueError:
        raise Invalid("A tag needs a name.") from None


def _normalized(name: str) -> str:
    normalized = " ".join(name.replace("_", " ").split())
    if not normalized:
        raise ValueError("the name of a tag")
    return normalized


def _lookup(which: str, bound: dict[str, object]) -> Lookup:
    """Return a look-up of pictures by an SQL expression of tags and conditions."""
    return Lookup(f"{_FOUND} {which}", bound, among=f"{_AMONG} {which}")


def _tag(value: str) -> Lookup:
    operator, name = split_operator(value)
    if operator not in ("", "="):
        raise ValueError("the name of a tag, optionally with the confidence of the engine: cat>0.7")
    match = _SURE.fullmatch(name) if not operator else None
    if match is None:
        sql, bound = _tags(name, operator == "=")
        return _lookup(f"{sql} and effective", bound)
    sql, bound = _tags(match["name"], False)
    sure = match["sure"]
    share = int(sure[:-1]) / 100 if sure.endswith("%") else float(sure)
    if share > 1:
        raise ValueError("a confidence between 0 and 1")
    low = threshold(share) if match["operator"] in (">=", "<") else int(share * WHOLE)
    bound["sure"] = low if match["operator"] != "=" else round(share * WHOLE)
    return _lookup(f"{sql} and confidence > 0 and confidence {match['operator']} :sure", bound)


def _in_state(condition: str) -> Callable[[str], Lookup]:
    def term(value: str) -> Lookup:
        operator, name = split_operator(value)
        if operator not in ("", "="):
            raise ValueError("the name of a tag")
        sql, bound = _tags(name, operator == "=")
        return _lookup(f"{sql} and {condition}", bound)

    return term


def _number(value: str) -> Lookup:
    """Look up pictures by the number of their effective tags."""
    return how_many(_WITH_TAGS, value)


_WITH_TAGS = """
    select picture_id from derived_tags t where tags between :least and :most
      and not exists (select 1 from derived_said s where s.picture_id = t.picture_id and s.tags != 0)
    union all
    select s.picture_id from derived_said s left join derived_tags t on t.picture_id = s.picture_id
    where s.tags != 0 and coalesce(t.tags, 0) + s.tags between :least and :most
    """


def _any(value: str) -> Lookup:
    return Lookup(_WITH_TAGS, {"least": 1, "most": 1 << 40})


def _values(connection: apsw.Connection, typed: str, limit: int, hidden: Hidden) -> Sequence[tuple[str, int | None]]:
    return [(tag.name, tag.pictures) for tag in of_all(connection, typed, limit, hidden)]


def _free(value: str) -> Lookup:
    """Look up pictures with a tag that contains all these words."""
    typed = words.parts(words.folded(" ".join(value.split()))) if value.strip() else []
    bound = {f"w{n}": word for n, word in enumerate(typed[:8])}
    each = [f"select tag_id from derived_tag_word where word = :{name}" for name in bound] or ["select 0 where 0"]
    stands = f"select coalesce(t.alias_id, t.id) from tag t where t.id in ({' intersect '.join(each)})"
    return Lookup(f"{_FOUND} ({stands}) and effective", bound)


def _to_review(value: str) -> Lookup:
    """Look up pictures with an undecided suggestion that counts, or nearly does."""
    return Lookup(
        f"select picture_id from derived_tagged where {_UNDECIDED}", _NEARLY, among=f"{_AMONG_ALL} where {_UNDECIDED}"
    )


WORDS = (Term("tag", "", _free, _NOUNS),)
TERMS = tuple(
    Term(name, label, compile, _NOUNS, values=_values, private=private)
    for name, label, compile, private in (
        ("tag", "Tag", _tag, False),
        ("suggested", "Tag suggested", _in_state(f"state & {ENGINE | YES | NO} = {ENGINE} and effective"), True),
        ("accepted", "Tag accepted", _in_state(f"state & {YES} and confidence > 0"), True),
        ("rejected", "Tag rejected", _in_state(f"state & {NO}"), True),
        ("said", "Tag said by a person", _in_state(f"state & {YES}"), True),
    )
) + (
    Term("tags", "Number of tags", _number, _NOUNS),
    Term("is:tagged", "Tagged", _any, _NOUNS),
    Term("is:suggested", "With a suggested tag", _to_review, _NOUNS, private=True),
)

assert EFFECTIVE == 1  # as the view reads it
