"""Arguments and options that several verbs share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import click

from ..types import CaptionMeaning, CaptionRule


def as_list(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Convert the values of a repeated option to a list."""
    return list(value)


def option(*names: str, **more: Any) -> click.Option:
    return click.Option(names, callback=more.pop("callback", as_list if more.get("multiple") else None), **more)


def argument(name: str, **more: Any) -> click.Argument:
    callback = more.pop("callback", as_list if more.get("nargs") == -1 else None)
    return click.Argument([name], callback=callback, **more)


def words(usage: str) -> list[click.Argument]:
    """Parse arguments as `--help` shows them: `TAG`, `[NAME]`, `TAGS...` for one or more; `ID:int` is a number."""
    return [
        argument(
            word.strip("[].").partition(":")[0].lower(),
            nargs=-1 if word.endswith("...") else 1,
            required=not word.startswith("["),
            type=int if word.endswith(":int") else str,
        )
        for word in usage.split()
    ]


def choices(literal: Any) -> click.Choice[str]:
    """Return the values of a `Literal` as a type of option."""
    return click.Choice(get_args(literal))


def negative(*names: str, help: str) -> click.Option:
    """Return a flag that sets a parameter, true by default, to false."""
    return option(*names, is_flag=True, callback=lambda ctx, param, value: not value, help=help)


class Query(click.Argument):
    """The argument QUERY, whose words need no quotes; the operation's parameter is `q`."""

    def __init__(self) -> None:
        super().__init__(["q"], nargs=-1, metavar="[QUERY]...", callback=lambda ctx, param, value: " ".join(value))


class Lookup(click.Parameter):
    """A parameter whose value the library replaces, such as a name by an id."""

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        """Replace the value in `values` by that for the operation."""
        raise NotImplementedError


class Pictures(click.Option, Lookup):
    """The options that choose pictures: `--id` for single ones, or else a `query`, `within` another query.

    `called`: the name of the query in errors.
    """

    def __init__(self, called: str = "a QUERY", within: str = "", **more: Any) -> None:
        self.called, self.within = called, within
        super().__init__(["--id", "ids"], multiple=True, callback=as_list, **more)

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        query = values.pop("query")
        if isinstance(query, list):
            query = " ".join(query) if query else None
        if query is not None and self.within:
            query = f"{self.within} ({query})"
        values |= selection(session, query, values.pop("ids"), self.called)


class Named(Lookup):
    """An argument with the name (or number) of a set, character or project; `field` is the parameter for its id."""

    def __init__(self, noun: str, *names: str, field: str = "id", **more: Any) -> None:
        self.noun, self.field = noun, field
        super().__init__(names, **more)

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        name = values.pop(self.name or "")
        if isinstance(name, tuple):
            values[self.field] = [find(session, self.noun, each).id for each in name]
        elif name:
            values[self.field] = find(session, self.noun, name).id


class NamedArgument(Named, click.Argument):
    pass


class NamedOption(Named, click.Option):
    pass


JSON = option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
QUERY = option("-q", "--query", "q", default="", help="Only pictures that a query finds.")
LIMIT = option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)


def _captions(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> list[CaptionRule]:
    rules = []
    for value in values:
        suffix, _, means = value.rpartition("=")
        if not suffix or means not in get_args(CaptionMeaning):
            raise click.BadParameter(f"{value!r} must be like _tags.txt=tags, .caption=description or .txt=ignore.")
        rules.append(CaptionRule(suffix, means))  # type: ignore[arg-type]  # checked above
    return rules


#: What text files beside pictures are.
CAPTIONS = option(
    "--captions",
    multiple=True,
    metavar="SUFFIX=MEANING",
    callback=_captions,
    help="What text files beside pictures are, such as _tags.txt=tags, .caption=description or .txt=ignore.",
)
SETTINGS = option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the store or importer; may be repeated.",
)


def read_settings(session: Any, what: str, id: str, settings: list[str]) -> dict[str, Any]:
    """Parse settings of a kind of `stores` or `importers`: texts as they are, other values as JSON."""
    kinds = {kind.id: kind for kind in getattr(session.source_kinds(), what)}
    if id not in kinds:
        names = f"Installed: {', '.join(kinds)}." if kinds else "None are installed."
        raise click.ClickException(f"There is no kind of {what} called {id!r}. {names}")
    fields = kinds[id].form["properties"]
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in fields:
            raise click.UsageError(
                f"{name!r} is no setting of {id}. Write NAME=VALUE; the names are {', '.join(fields)}."
            )
        try:
            values[name] = text if fields[name].get("type") == "string" else json.loads(text)
        except ValueError:
            values[name] = text
    return values


#: The option for the first pictures of a query.
AMONG = (QUERY, LIMIT)


def pictures(within: str = "") -> tuple[click.Parameter, click.Parameter]:
    """Return the parameters that choose a verb's pictures: a QUERY (`within` another one), or ids."""
    ids = Pictures(within=within, type=click.IntRange(min=0), help="A picture; may be repeated.")
    return argument("query", nargs=-1), ids


PICTURES = pictures()
#: The same for verbs with other arguments.
CHOSEN = (
    option("-q", "--query", help="The pictures a query finds; '' for all."),
    Pictures("--query", type=int, help="A picture; may be repeated."),
)


def absolute(ctx: click.Context, param: click.Parameter, value: Path) -> str:
    """Return an absolute path, because the server has another working directory."""
    return str(value.expanduser().absolute())


#: In a query, `-lora:x`, `-(a b)` and `-"old man"` are conditions.
_NOT = re.compile(r'-(?=[("]|[^\W\d][\w.-]*:)')


def without_minus(params: list[click.Parameter], args: list[str]) -> list[str]:
    """Return arguments in which a QUERY that begins with a minus is not read as an option."""
    if not any(parameter.name in ("q", "query") for parameter in params if isinstance(parameter, click.Argument)):
        return args
    options = [parameter for parameter in params if isinstance(parameter, click.Option) and not parameter.is_flag]
    valued = {name for parameter in options for name in parameter.opts}
    rest = args.index("--") if "--" in args else len(args)
    return [
        f"NOT {arg[1:]}" if n < rest and _NOT.match(arg) and (not n or args[n - 1] not in valued) else arg
        for n, arg in enumerate(args)
    ]


def find(session: Any, noun: str, name: str) -> Any:
    """Return the id of a set, character or project by its name, or else by its number."""
    groups = getattr(session, f"{noun}s")()
    same = [group for group in groups if group.name.casefold() == name.casefold()]
    same = same or [group for group in groups if str(group.id) == name]
    if not same:
        raise click.ClickException(f"There is no {noun} called {name!r}.")
    return same[0]


def selection(session: Any, query: str | None, ids: list[int], called: str) -> dict[str, Any]:
    """Return the chosen pictures as a `Selection`; those of a query by view, whatever their number."""
    if (query is None) == (not ids):
        raise click.UsageError(f"Say which pictures: either {called} or --id.")
    if query is None:
        return {"ids": ids}
    header = session.view(q=query).header
    for note in header.notes:
        click.echo(note, err=True)
    return {"view": header.view, "ranges": [(0, header.count)]}


TOKENIZER = option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    callback=lambda ctx, param, value: value and absolute(ctx, param, value),
    help="Count the tokens of this model's tokenizer.json instead of CLIP's.",
)
