"""Commands for plugins' operations: arguments and options follow from signatures, and answers are printed as JSON."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click
import msgspec

from ..plugins.operation import Operations, op
from . import show
from .verbs import Verb, VerbGroup, is_struct


def group(table: type[Operations]) -> click.Group:
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
