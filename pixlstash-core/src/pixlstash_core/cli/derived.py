"""Commands made from rows of a table of operations: those of plugins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import click
import msgspec
from msgspec import Struct

from ..plugins.operation import Operations, op
from .options import Nouns

if TYPE_CHECKING:
    from .main import Shell


def group(table: type[Operations]) -> click.Group:
    """`pixlstash <plugin> <operation>` for each row."""
    commands = {row.name.replace("_", "-"): command(table, row) for row in table.rows()}
    about = inspect.getdoc(table) if table.__doc__ else f"Operations of {table.plugin}."
    return Nouns(table.plugin, commands, help=about)


def command(table: type[Operations], row: op[Any, Any]) -> click.Command:
    """One row as a command. What is required is an argument, the rest are options; the answer is printed as JSON."""
    given = list(_given(row))

    @click.pass_obj
    def run(shell: Shell, /, **values: Any) -> None:
        with shell.connect() as session:
            answer = table(session).call(row, **_arguments(row, values))
        if answer is not None:
            click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2))

    return click.Command(
        row.name.replace("_", "-"),
        callback=run,
        params=[_parameter(name, type, default) for name, type, default in given],
        help=inspect.getdoc(row.function),
    )


def _given(row: op[Any, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(name, type, default) of what a person gives: a struct's fields one by one."""
    for parameter in row.signature.parameters.values():
        if _is_struct(parameter.annotation):
            for field in msgspec.structs.fields(parameter.annotation):
                default = field.default if field.default is not msgspec.NODEFAULT else inspect.Parameter.empty
                if field.default_factory is not msgspec.NODEFAULT:
                    default = field.default_factory()
                yield field.name, field.type, default
        else:
            yield parameter.name, parameter.annotation, parameter.default


def _parameter(name: str, annotation: Any, default: Any) -> click.Parameter:
    required = default is inspect.Parameter.empty
    plain, many = _plain(annotation)
    kind: Any = {int: click.INT, float: click.FLOAT, str: click.STRING}.get(plain, click.STRING)
    if get_origin(plain) is Literal:
        kind = click.Choice([str(one) for one in get_args(plain)])
    if required:
        return click.Argument([name], type=kind, nargs=-1 if many else 1, required=True)
    option = f"--{name.replace('_', '-')}"
    if plain is bool and not many:
        return click.Option([f"{option}/--no-{option[2:]}", name], default=None)
    shown = f"Default: {default}." if default not in (None, "", [], ()) else None
    return click.Option([option, name], type=kind, multiple=many, help=shown)


def _arguments(row: op[Any, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an operation from what was given on the command line; the rest keep their defaults."""
    said = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, ())
    }
    found = {}
    for parameter in row.signature.parameters.values():
        if _is_struct(parameter.annotation):
            fields = {one.name for one in msgspec.structs.fields(parameter.annotation)}
            part: Any = {name: value for name, value in said.items() if name in fields}
        elif parameter.name in said:
            part = said[parameter.name]
        else:
            continue
        try:
            found[parameter.name] = msgspec.convert(part, parameter.annotation, strict=False)
        except msgspec.ValidationError as error:
            raise click.UsageError(f"{parameter.name}: {error}.") from error
    return found


def _is_struct(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Struct)


def _plain(annotation: Any) -> tuple[Any, bool]:
    """(what one value is, whether there may be several)."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(one for one in get_args(annotation) if one is not NoneType)
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return _plain(get_args(annotation)[0])[0], True
    if hasattr(annotation, "__metadata__"):  # Annotated
        return _plain(annotation.__origin__)
    return annotation, False
