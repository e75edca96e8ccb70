"""Verbs: commands that call an operation of the library or of a plugin, and print its answer as text or JSON.

Verb("rename TAG NAME", Api.rename_tag, "Rename a tag.")

Arguments and options have the names of the operation's parameters, or of the fields of the struct that it takes. A verb
that does more than one operation has a function `run(session, **values)` in place of the row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union, get_args, get_origin

import click
import msgspec
from msgspec import Struct

from ..plugins.operation import Operations, op
from ..types import Job
from . import show, watch
from .options import JSON, Lookup, Pictures, without_minus, words

if TYPE_CHECKING:
    from .shell import Shell

Show = Callable[[Any], None]


class Shown(NamedTuple):
    """An answer with its own text for printing."""

    answer: Any
    show: Show


class Command(click.Command):
    """A command whose argument QUERY may begin with a minus."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, without_minus(self.params, args))


class VerbGroup(click.Group):
    """A group of verbs for a noun, such as `pixlstash tag`."""

    command_class = Command


class Verb(Command):
    """A command that connects to the library, calls an operation, and prints the answer.

    `usage` is its name and its arguments, as `words` takes them; `run` a row of the table of operations, or a function
    `run(session, **values)`. `show` prints the answer, unless JSON is asked for.

    `watched`: show meanwhile how far it is. `work`: start the library's workers where no server has it, and pass `run`
    a function `finish` that waits for a job; one that does not end well is an error. `prepare` is called with the
    values before the library is opened, and may change them. An answer of which `fails` is true makes the exit code 1.
    """

    def __init__(
        self,
        usage: str,
        run: op[Any, Any] | Callable[..., Any],
        help: str | None,
        *params: click.Parameter,
        show: Show = show.done,
        json: bool = True,
        watched: bool = False,
        work: bool = False,
        prepare: Callable[[dict[str, Any]], None] | None = None,
        fails: Callable[[Any], object] | None = None,
    ) -> None:
        name, _, rest = usage.partition(" ")
        every = [*words(rest), *params]
        if json and JSON not in every:
            every.append(JSON)
        super().__init__(name, callback=click.pass_obj(self._call), params=every, help=help)
        self.row = run if isinstance(run, op) else None
        self._run = _doing(run) if isinstance(run, op) else run
        self._show, self._watched, self._work, self._prepare, self._fails = show, watched, work, prepare, fails

    def _call(self, shell: Shell, /, as_json: bool = False, **values: Any) -> None:
        if self._prepare is not None:
            self._prepare(values)
        lookups = [lookup for lookup in self.params if isinstance(lookup, Lookup)]
        with shell.connect(work=self._work) as session:
            for lookup in sorted(lookups, key=lambda lookup: not isinstance(lookup, Pictures)):  # pictures first
                lookup.look_up(session, values)
            finish = (partial(watch.finish, session, quiet=as_json),) if self._work else ()
            with watch.shown(session, quiet=as_json) if self._watched else nullcontext():
                answer = self._run(session, *finish, **values)
            answer, shown = answer if isinstance(answer, Shown) else (answer, self._show)
            if answer is not None:
                (show.dump if as_json else shown)(answer)
        if isinstance(answer, Job) and self._work:
            show.demand_done(answer)
        if self._fails is not None and self._fails(answer):
            raise SystemExit(1)


def group(name: str, help: str, *commands: click.Command) -> click.Group:
    return VerbGroup(name, commands=commands, help=help)


def _doing(row: op[Any, Any]) -> Callable[..., Any]:
    """Return the function `run` for a verb with one operation."""

    def run(session: Any, **values: Any) -> Any:
        return session.call(row, **arguments(row, values))

    return run


def arguments(row: op[Any, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operation from values of the command line; others keep their defaults."""
    present = {name: value for name, value in values.items() if value not in (None, [], ())}
    arguments = {}
    for parameter in row.signature.parameters.values():
        if is_struct(parameter.annotation):
            fields = {name: present[name] for name in parameter.annotation.__struct_fields__ if name in present}
            try:
                arguments[parameter.name] = parameter.annotation(**fields)
            except (TypeError, ValueError) as error:
                raise click.UsageError(f"{parameter.name}: {error}.") from error
        elif parameter.name in present:
            arguments[parameter.name] = present[parameter.name]
    return arguments


def is_struct(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, Struct)


def plugin_group(table: type[Operations]) -> click.Group:
    """Return the group `pixlstash <plugin>`, with a command for each operation."""
    about = inspect.getdoc(table) if table.__doc__ else f"Operations of {table.plugin}."
    return VerbGroup(table.plugin, [command(row) for row in table.rows()], help=about)


def command(row: op[Any, Any]) -> click.Command:
    """Return an operation as a command. Required parameters are arguments, the others are options."""
    params = [_parameter(name, type, default) for name, type, default in _inputs(row)]
    return Verb(row.name.replace("_", "-"), row, inspect.getdoc(row.function), *params, show=show.dump, json=False)


def _inputs(row: op[Any, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Return (name, type, default) of each input; a struct is replaced by its fields."""
    for parameter in row.signature.parameters.values():
        if is_struct(parameter.annotation):
            for field in msgspec.structs.fields(parameter.annotation):
                default = field.default if field.default is not msgspec.NODEFAULT else inspect.Parameter.empty
                if field.default_factory is not msgspec.NODEFAULT:
                    default = field.default_factory()
                yield field.name, field.type, default
        else:
            yield parameter.name, parameter.annotation, parameter.default


def _parameter(name: str, annotation: Any, default: Any) -> click.Parameter:
    plain, many = _plain(annotation)
    kind: Any = {int: click.INT, float: click.FLOAT, str: click.STRING}.get(plain, click.STRING)
    if get_origin(plain) is Literal:
        kind = click.Choice([str(choice) for choice in get_args(plain)])
    checked = _checked(name, annotation)
    if default is inspect.Parameter.empty:
        return click.Argument([name], type=kind, nargs=-1 if many else 1, required=True, callback=checked)
    option = f"--{name.replace('_', '-')}"
    if plain is bool and not many:
        return click.Option([f"{option}/--no-{option[2:]}", name], default=None)
    shown = f"Default: {default}." if default not in (None, "", [], ()) else None
    return click.Option([option, name], type=kind, multiple=many, help=shown, callback=checked)


def _checked(name: str, annotation: Any) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback that converts text to the annotated type, or reports why it cannot."""

    def convert(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if value is None or value == ():
            return value
        try:
            return msgspec.convert(value, annotation, strict=False)
        except msgspec.ValidationError as error:
            raise click.UsageError(f"{name}: {error}.") from error

    return convert


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Return (the type of one value, whether there may be several)."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(choice for choice in get_args(annotation) if choice is not NoneType)
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return _plain(get_args(annotation)[0])[0], True
    if hasattr(annotation, "__metadata__"):  # Annotated
        return _plain(annotation.__origin__)
    return annotation, False
