"""Formats the answers of verbs: tables and sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import click
import msgspec

from ..types import Done, Job
from ..types.outcome import many

#: `1 picture`, `1,000 pictures`.
counted = many


def dump(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


class Table:
    """Aligned columns: `Table(">id | tag=name | >confidence:.0% | at", at=lambda row: …)`.

    A column has its head, after `>` where it is aligned right. It shows the attribute of that name, or of the one after
    `=`, formatted as it says after `:`, and nothing where the attribute is None; or what a function of that name makes
    of a row. `empty` is printed in place of a table without rows.
    """

    def __init__(self, columns: str, empty: str | None = None, **functions: Callable[[Any], object]) -> None:
        parts = [re.fullmatch(r"(>?)([^=:]*)(?:=([^:]*))?(?::(.*))?", column) for column in columns.split(" | ")]
        matches = [part for part in parts if part]
        self._right = [bool(match[1]) for match in matches]
        self._head = [match[2] for match in matches]
        names = [match[3] or match[2] for match in matches]
        self._cells = [
            functions.get(name) or _attribute(name, match[4] or "") for name, match in zip(names, matches, strict=True)
        ]
        self._empty = empty

    def __call__(self, rows: Iterable[Any]) -> None:
        lines = [self._head, *([str(cell(row)) for cell in self._cells] for row in rows)]
        if len(lines) == 1 and self._empty is not None:
            return click.echo(self._empty)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for number, line in enumerate(lines):
            cells = zip(line, widths, self._right, strict=True)
            text = "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells)
            click.echo(click.style(text.rstrip(), dim=number == 0))
        return None


def _attribute(path: str, form: str) -> Callable[[Any], str]:
    """The cells of a column that is an attribute of its rows."""
    get = attrgetter(path)

    def cell(row: Any) -> str:
        return "" if (value := get(row)) is None else format(value, form)

    return cell


def size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def sentence(did: Done) -> None:
    """Return the sentence of a change."""
    click.echo(f"{did.sentence}.")


def done(did: Done) -> None:
    """Return the sentence of a change, or nothing if nothing changed."""
    click.echo(f"{did.sentence}." if did.changed else f"Nothing changed: {did.sentence}.")


def problem(text: str) -> None:
    click.echo(click.style(f"  ! {text}", fg="red"))


def lines(texts: Iterable[object]) -> None:
    for text in texts:
        click.echo(text)


def notes(texts: Sequence[str]) -> None:
    """Print notes about an answer to standard error."""
    for text in texts:
        click.echo(text, err=True)


def demand_done(job: Job, called: str = "The job") -> None:
    """Raise an error for a job that failed or was canceled."""
    if job.state != "done":
        raise click.ClickException(job.error or f"{called} was {job.state}.")


PICTURES = Table(
    ">id | created:%Y-%m-%d %H:%M | >pixels | >size | format | score | name",
    "No pictures.",
    pixels=lambda picture: f"{picture.width} x {picture.height}",
    size=lambda picture: size(picture.size),
    score=lambda picture: "*" * picture.score,
)
