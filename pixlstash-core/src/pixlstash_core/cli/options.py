"""Options that many verbs have, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


#: `-lora:x`, `-(a b)` and `-"old man"` are conditions, where a query is expected.
_NOT = re.compile(r'-(?=[("]|[^\W\d][\w.-]*:)')


class Asking(click.Command):
    """A verb whose QUERY may begin with a minus, as queries do, without being taken for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any(one.name == "query" for one in self.params if isinstance(one, click.Argument)):
            options = [one for one in self.params if isinstance(one, click.Option) and not one.is_flag]
            valued = {name for one in options for name in one.opts}
            rest = args.index("--") if "--" in args else len(args)
            args = [
                f"NOT {arg[1:]}" if n < rest and _NOT.match(arg) and (not n or args[n - 1] not in valued) else arg
                for n, arg in enumerate(args)
            ]
        return super().parse_args(ctx, args)


class Nouns(click.Group):
    """Verbs of a noun."""

    command_class = Asking


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
    for note in header.notes:
        click.echo(note, err=True)
    return {"view": header.view, "ranges": [(0, header.count)]}
