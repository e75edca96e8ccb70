"""Query parameters that clients of the public PixlStash filter pictures by, in terms of the query language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from inspect import signature
from typing import Any

from msgspec import Struct

from pixlstash_core import Invalid, quoted
from pixlstash_web import Call

from . import groups

#: A number from 0 to 1.
SHARE = re.compile(r"0?\.\d+|[01](\.0*)?")
#: Makes a condition of the values of a parameter.
Condition = Callable[[Sequence[str]], str]


def _score(operator: str) -> Condition:
    def condition(values: Sequence[str]) -> str:
        if not values[-1].isdecimal():
            raise Invalid(f"A score is a number from 0 to 5, not {values[-1][:50]!r}.")
        return f"score:{operator}{values[-1]}"

    return condition


def _each(name: str, between: str) -> Condition:
    """All of the values (` `), or any of them (` OR `)."""
    return lambda values: f"({between.join(f'{name}:={quoted(value)}' for value in values)})"


def _confidence(operator: str) -> Condition:
    def term(value: str) -> str:
        name, _, share = value.rpartition(":")
        if not name or not SHARE.fullmatch(share):
            raise Invalid(f"Expected a tag and how sure the engine is, such as cat:0.5, not {value[:50]!r}.")
        return f"tag:{quoted(f'{name}{operator}{share}')}"

    return lambda values: " ".join(map(term, values))


def _choice(key: str, choices: Mapping[str, str]) -> tuple[str, Condition]:
    def condition(values: Sequence[str]) -> str:
        if (value := values[-1].lower()) not in choices:
            raise Invalid(f"{key} is one of {', '.join(choices)}, not {values[-1][:50]!r}.")
        return choices[value]

    return key, condition


def _flag(key: str, yes: str) -> tuple[str, Condition]:
    return _choice(key, {"true": yes, "1": yes, "false": "", "0": ""})


SCRAPHEAP = "is:scrapheap"
#: Resolutions as statistics group them, and as a filter names them.
BUCKETS = {
    "Unknown": "-megapixels:>0",
    "<1": "megapixels:>0 megapixels:<1",
    "1-4": "megapixels:>=1 megapixels:<4",
    "4-8": "megapixels:>=4 megapixels:<8",
    "8-16": "megapixels:>=8 megapixels:<16",
    "16+": "megapixels:>=16",
}
#: Smart scores, likewise.
SMART = {
    "Unscored": "-measure:smart",
    "1-2": 'measure:"smart>=1" measure:"smart<2"',
    "2-3": 'measure:"smart>=2" measure:"smart<3"',
    "3-4": 'measure:"smart>=3" measure:"smart<4"',
    "4-5": 'measure:"smart>=4"',
}
FILTERS: Mapping[str, Condition] = dict(
    [
        _choice("smart_score_bucket", {label.lower(): f"({text})" for label, text in SMART.items()}),
        _choice("resolution_bucket", {label.lower(): f"({text})" for label, text in BUCKETS.items()}),
        _flag("only_deleted", SCRAPHEAP),
        ("min_score", _score(">=")),
        ("max_score", _score("<=")),
        _flag("unscored", "score:0"),
        ("format", _each("format", " OR ")),
        ("tag", _each("tag", " ")),
        ("rejected_tag", _each("rejected", " ")),
        ("tag_confidence_above", _confidence(">")),
        ("tag_confidence_below", _confidence("<")),
        ("comfyui_model", _each("model", " OR ")),
        ("comfyui_lora", _each("lora", " OR ")),
        _choice("face_filter", {"with_face": "faces:>=1", "without_face": "-faces:>=1"}),
        _choice("stack_state", {"stacked": "is:stacked", "unstacked": "-is:stacked"}),
    ]
)
#: All that is understood.
KEYS = (*groups.KEYS, "id", *FILTERS)
#: What those clients know and the query language has no words for, and what to do instead.
REFUSED = {
    "q": "what the other keys say can be said in it, so it stands alone.",
    "file_path_prefix": "folder: finds what lies deeper, too; ask with q=folder:PATH.",
    "import_source_folder": "what is copied in is not kept by where it came from.",
    "reference_folder_id": "ask with q=folder:PATH, which finds all that lies below.",
    "reference_character_id": "it goes with sort=CHARACTER_LIKENESS.",
    "shared_only": "what is shared is not asked for here.",
    "apply_tag_filter": "tags hide nothing from lists.",
    "impossible_tag_source": "nothing says here which tags are impossible.",
}
#: What is in an answer, not which pictures.
SHAPE = frozenset({"fields", "include_reference_scores", "batch_limit", "grid_lite"})
#: Pictures beneath others in stacks as well.
INSIDE_STACKS = "(is:covered OR -is:covered)"


class Filter(Struct, frozen=True):
    """`text`: conditions of the query language. `only`: the pictures that may be among its results; None for any.

    `without`: pictures that may not.
    """

    text: str
    only: frozenset[int] | None
    without: frozenset[int] = frozenset()

    def passes(self, picture: int) -> bool:
        return picture not in self.without and (self.only is None or picture in self.only)


def refusal(key: str) -> Invalid:
    why = REFUSED.get(key, "ask with q, in the words of the query language.")
    return Invalid(f"Pictures cannot be listed by {key[:50]}: {why}")


def filter_of(call: Call, function: Callable[..., Any]) -> Filter:
    """Which pictures a request is about. A parameter that neither this nor `function` reads might filter: 400."""
    library, reader, query = call.library, call.reader, call.request.query_params
    if unknown := sorted(query.keys() - SHAPE - set(KEYS) - signature(function).parameters.keys()):
        raise refusal(unknown[0])
    if "rejected_tag" in query and not reader.scope.all:
        raise Invalid("Readers of a share are not told which tags were rejected.")
    conditions = [condition(query.getlist(key)) for key, condition in FILTERS.items() if key in query]
    if query.get("character_id") == groups.SCRAPHEAP:
        conditions.append(SCRAPHEAP)
    if "id" in query and query.get("fields") != "grid":  # a grid is of leaders
        conditions.append(INSIDE_STACKS)
    members = list(groups.groups_of(query))
    for some in members:
        groups.demand(library, reader, some)
    if reader.scope.all:
        conditions += [str(some) for some in members if some.ids]
    elif members and SCRAPHEAP in conditions:  # members are never in it
        raise Invalid("Of a share, the scrapheap is not listed by sets, characters and projects.")
    text = " ".join(filter(None, conditions))
    limits = [frozenset(groups.numbers(query, "id"))] if "id" in query else []
    for some in members:
        if not some.ids:
            limits.append(groups.others(library, reader, some.noun, text))
        elif not reader.scope.all:
            limits.append(groups.members(library, reader, some))
    return Filter(text, reduce(frozenset.intersection, limits) if limits else None)
