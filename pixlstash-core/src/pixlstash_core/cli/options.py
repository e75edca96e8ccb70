"""Options that many verbs have, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def chosen(function: F) -> F:
    """Which pictures a verb is for: a QUERY, or ids."""
    ids = click.option("--id", "ids", multiple=True, type=click.IntRange(min=0), help="A picture; may be repeated.")
    return click.argument("query", nargs=-1)(ids(function))


def selection(
    session: Any, query: tuple[str, ...] | str | None, ids: tuple[int, ...], called: str = "a QUERY"
) -> dict[str, Any]:
    """The chosen pictures as a `Selection` names them: a query's by its view, however many they are."""
    if isinstance(query, tuple):
        query = " ".join(query) if query else None
    if (query is None) == (not ids):
        raise click.UsageError(f"Say which pictures: either {called} or --id.")
    if query is None:
        return {"ids": list(ids)}
    header = session.view(q=query).header
    return {"view": header.view, "ranges": [(0, header.count)]}
