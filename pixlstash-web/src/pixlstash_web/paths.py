"""Orders the paths of routes, and finds those that would match each other's requests."""

from __future__ import annotations

import re
from collections.abc import Collection

PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


def order(path: str) -> list[int]:
    """Return a sort key for matching: fixed parts first, so that /pictures/score is not the picture "score"."""
    return [2 if PARAMETER.fullmatch(part) else 1 if "{" in part else 0 for part in path.split("/")]


def shape(path: str) -> str:
    """Return a path without the names of its parameters. Paths of the same shape match the same requests."""
    return PARAMETER.sub("{}", path)


def shadows(path: str, other: str, integers: Collection[str]) -> bool:
    """Return whether `path` is tried before `other` and matches some of its requests.

    `integers` are the parameters of `other` that must be integers: other texts are no requests of its own.
    """
    parts, others = path.split("/"), other.split("/")
    if others[-1].endswith(":path}"):  # it stands for any number of parts
        others[-1:] = ["{}"] * (len(parts) - len(others) + 1)
    if len(parts) != len(others) or order(path) >= order(other):
        return False
    return all(_meet(left, right, integers) for left, right in zip(parts, others, strict=True))


def _meet(part: str, other: str, integers: Collection[str]) -> bool:
    """Return whether some text matches both parts of paths."""
    if "{" not in other:
        return _pattern(part).fullmatch(other) is not None
    parameter = PARAMETER.fullmatch(other)
    if parameter and parameter[1] in integers:
        return re.fullmatch(r"[-+\d]*", PARAMETER.sub("", part)) is not None
    return "{" in part or _pattern(other).fullmatch(part) is not None


def _pattern(part: str) -> re.Pattern[str]:
    fixed = re.split(r"{[^{}]*}", part)
    return re.compile(".+".join(map(re.escape, fixed)))
