"""What clients of the public PixlStash narrow a list of pictures with, as our query language says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from starlette.datastructures import QueryParams

from pixlstash_core.errors import Invalid
from pixlstash_core.pictures import quoted

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
        if values[-1] not in choices:
            raise Invalid(f"{key} is one of {', '.join(choices)}, not {values[-1][:50]!r}.")
        return choices[values[-1]]

    return says


FILTERS: Mapping[str, Says] = {
    "min_score": _number("score", ">="),
    "max_score": _number("score", "<="),
    "unscored": _choice("unscored", true="score:0", false=""),
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


def narrowed(asked: QueryParams, known: frozenset[str]) -> str:
    """The conditions of a request; what is not known would change the list, so it is refused."""
    if unknown := sorted(asked.keys() - known - FILTERS.keys()):
        raise Invalid(
            f"Pictures cannot be listed by {unknown[0][:50]}: ask with q, in the words of the query language."
        )
    return " ".join(says(asked.getlist(key)) for key, says in FILTERS.items() if key in asked)
