"""What clients of the public PixlStash narrow lists and searches with, as our query language says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from inspect import signature
from typing import Any

from msgspec import Struct

from pixlstash_core.errors import Invalid
from pixlstash_core.query.quoting import quoted

from . import compat_groups
from .table import Call

#: A number from 0 to 1.
SHARE = re.compile(r"0?\.\d+|[01](\.0*)?")
Says = Callable[[Sequence[str]], str]


def _number(name: str, operator: str) -> Says:
    def says(values: Sequence[str]) -> str:
        if not values[-1].isdecimal():
            raise Invalid(f"A score is a number from 0 to 5, not {values[-1][:50]!r}.")
        return f"{name}:{operator}{values[-1]}"

    return says


def _each(name: str, between: str) -> Says:
    """All of the values (` `), or any of them (` OR `)."""
    return lambda values: f"({between.join(f'{name}:={quoted(value)}' for value in values)})"


def _sure(operator: str) -> Says:
    def one(value: str) -> str:
        name, _, share = value.rpartition(":")
        if not name or not SHARE.fullmatch(share):
            raise Invalid(f"Expected a tag and how sure the engine is, such as cat:0.5, not {value[:50]!r}.")
        return f"tag:{quoted(f'{name}{operator}{share}')}"

    return lambda values: " ".join(map(one, values))


def _choice(key: str, **choices: str) -> Says:
    def says(values: Sequence[str]) -> str:
        if (value := values[-1].lower()) not in choices:
            raise Invalid(f"{key} is one of {', '.join(choices)}, not {values[-1][:50]!r}.")
        return choices[value]

    return says


def _flag(key: str, yes: str) -> Says:
    return _choice(key, **{"true": yes, "1": yes, "false": "", "0": ""})


THROWN = "is:scrapheap"
#: Resolutions as statistics group them, and as a filter names them.
BUCKETS = {
    "Unknown": "-megapixels:>0",
    "<1": "megapixels:>0 megapixels:<1",
    "1-4": "megapixels:>=1 megapixels:<4",
    "4-8": "megapixels:>=4 megapixels:<8",
    "8-16": "megapixels:>=8 megapixels:<16",
    "16+": "megapixels:>=16",
}
FILTERS: Mapping[str, Says] = {
    "resolution_bucket": _choice("resolution_bucket", **{key.lower(): f"({text})" for key, text in BUCKETS.items()}),
    "only_deleted": _flag("only_deleted", THROWN),
    "min_score": _number("score", ">="),
    "max_score": _number("score", "<="),
    "unscored": _flag("unscored", "score:0"),
    "format": _each("format", " OR "),
    "tag": _each("tag", " "),
    "rejected_tag": _each("rejected", " "),
    "tag_confidence_above": _sure(">"),
    "tag_confidence_below": _sure("<"),
    "comfyui_model": _each("model", " OR "),
    "comfyui_lora": _each("lora", " OR "),
    "face_filter": _choice("face_filter", with_face="faces:>=1", without_face="-faces:>=1"),
    "stack_state": _choice("stack_state", stacked="is:stacked", unstacked="-is:stacked"),
}
#: All that is understood.
KEYS = (*compat_groups.KEYS, "id", *FILTERS)
#: What those clients know and we have no words for, and what to do instead.
REFUSED = {
    "q": "what the other keys say can be said in it, so it stands alone.",
    "file_path_prefix": "folder: finds what lies deeper, too; ask with q=folder:PATH.",
    "import_source_folder": "what is copied in is not kept by where it came from.",
    "reference_folder_id": "ask with q=folder:PATH, which finds all that lies below.",
    "reference_character_id": "it goes with sort=CHARACTER_LIKENESS.",
    "smart_score_bucket": "there are no smart scores here; ask with q, as in score:>=4.",
    "shared_only": "what is shared is not asked for here.",
    "apply_tag_filter": "tags hide nothing from lists.",
    "impossible_tag_source": "nothing says here which tags are impossible.",
}
#: What is in an answer, not which pictures.
SHAPE = frozenset({"fields", "include_reference_scores", "batch_limit", "grid_lite"})
#: Pictures beneath others in stacks as well.
SPREAD = "(is:covered OR -is:covered)"


class Narrowed(Struct, frozen=True):
    """`text`: conditions of the query language. `kept`: the only pictures that may be among those; None for any.

    `but`: pictures that may not.
    """

    text: str
    kept: frozenset[int] | None
    but: frozenset[int] = frozenset()

    def holds(self, picture: int) -> bool:
        return picture not in self.but and (self.kept is None or picture in self.kept)


def narrowed(call: Call, function: Callable[..., Any]) -> Narrowed:
    """Which pictures a request may find; what neither this nor `function` knows would change that, so it is refused."""
    library, reader, query = call.library, call.reader, call.request.query_params
    if unknown := sorted(query.keys() - SHAPE - set(KEYS) - signature(function).parameters.keys()):
        why = REFUSED.get(unknown[0], "ask with q, in the words of the query language.")
        raise Invalid(f"Pictures cannot be listed by {unknown[0][:50]}: {why}")
    if "rejected_tag" in query and not reader.scope.all:
        raise Invalid("Readers of a share are not told which tags were rejected.")
    said = [says(query.getlist(key)) for key, says in FILTERS.items() if key in query]
    if query.get("character_id") == compat_groups.THROWN:
        said.append(THROWN)
    if "id" in query and query.get("fields") != "grid":  # a grid is of leaders
        said.append(SPREAD)
    groups = list(compat_groups.asked(query))
    for one in groups:
        compat_groups.demand(library, reader, one)
    if reader.scope.all:
        said += [str(one) for one in groups if one.ids]
    elif groups and THROWN in said:  # members are live
        raise Invalid("Of a share, the scrapheap is not listed by sets, characters and projects.")
    text = " ".join(filter(None, said))
    limits = [frozenset(compat_groups.numbers(query, "id"))] if "id" in query else []
    for one in groups:
        if not one.ids:
            limits.append(compat_groups.others(library, reader, one.noun, text))
        elif not reader.scope.all:
            limits.append(compat_groups.members(library, reader, one))
    return Narrowed(text, reduce(frozenset.intersection, limits) if limits else None)
