"""Verbs: commands that call an operation of the library, and print its answer as text or as JSON.

    Verb("rename TAG NAME", Api.rename_tag, "Rename a tag.")

Arguments and options have the names of the operation's parameters, or of the fields of the struct that it takes. A verb
that does more than one operation has a function `run(session, **values)` in place of the row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from msgspec import Struct

from ..plugins.operation import op
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
