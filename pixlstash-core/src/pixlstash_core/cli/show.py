"""Formats the answers of verbs: tables and sentences, also about engines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import click
import msgspec

from ..types import Agreement, Done, EngineDetail, EngineError, EngineInfo, Job, Rehearsal, SendsInfo
from ..types.history import many

#: `1 picture`, `1,000 pictures`.
counted = many
#: Maximum number of failed pictures that are named.
SHOWN = 10
_NOTHING = {
    "tags": "No tag of these pictures was accepted or rejected yet.",
    "faces": "No face of these pictures was drawn or named yet.",
    "words": "None of these pictures has a caption that a person wrote.",
}


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


def state(engine: EngineInfo) -> str:
    words = {
        "to be set up": engine.state == "set",
        "to be fetched": engine.state == "fetch",
        "sends pictures elsewhere": engine.lane == "net" and engine.state != "allow",
        "not allowed to send pictures": engine.state == "allow",
        "default": engine.default,
        "all pictures": engine.policy == "all",
        "new pictures": engine.policy == "new",
        "counts": engine.active,
        "loaded": engine.loaded,
    }
    return ", ".join(word for word, holds in words.items() if holds)


def sending(sends: SendsInfo) -> str:
    """Return a sentence about the hosts that an engine sends data to."""
    may = "sends" if sends.on else "would send"
    return f"{may} {sends.what} to {', '.join(sends.hosts)}" + ("" if sends.on else ", and is not allowed to")


def rehearsed(trial: Rehearsal) -> None:
    for picture in trial.pictures:
        click.echo(f"  {picture.picture} {picture.name}: {picture.text}")
    for failed in trial.errors:
        problem(f"{failed.picture} {failed.name}: {failed.error}")
    click.echo(_agrees(trial.agreement))
    took = f"{_long(trial.whole)} on this machine for {counted(trial.total, 'picture')}, measured on {trial.tried}"
    click.echo(f"{took}; {size(trial.size)}. Nothing was kept.")


def _agrees(agreement: Agreement | None) -> str:
    """Return a sentence about the agreement of results with the user's annotations."""
    if agreement is None:
        return "There is nothing it could agree with: people do not say what its results should be."
    if not agreement.accepted + agreement.rejected:
        return _NOTHING[agreement.of]
    if agreement.of == "tags":
        text = f"It finds {agreement.found} of {agreement.accepted} tags that were accepted"
        return f"{text}, and says {agreement.again} of {agreement.rejected} that were rejected."
    if agreement.of == "faces":
        return f"Of {counted(agreement.accepted, 'face')} that people drew or named, it finds {agreement.found:,}."
    return f"Its captions have {agreement.found} of {agreement.accepted} words of people's own."


def _long(seconds: float) -> str:
    """Return an approximate duration as text."""
    for name, unit in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * unit:
            return f"≈ {seconds / unit:.0f} {name}"
    return f"≈ {seconds:.0f} s" if seconds >= 1 else "less than a second"


def ended(job: Job, errors: list[EngineError]) -> None:
    if job.state == "done" and not job.done:
        return click.echo(f"Nothing to do: it has looked at all of these, or is for none of them.  (job {job.id})")
    took = (job.finished - job.started).total_seconds() if job.started and job.finished else 0.0
    rate = f", {job.done / took:.1f}/s" if took else ""
    click.echo(f"{counted(job.done, 'picture')}, {took:.1f} s{rate}  (job {job.id})")
    if job.dropped:
        click.echo(f"  {counted(job.dropped, 'tag')} dropped: {job.dropped_reason}")
    if not job.failed:
        return None
    click.echo(click.style(f"  It failed on {job.failed:,}: `pixlstash job retry {job.id}` tries again", fg="red"))
    for failure in errors[:SHOWN]:
        click.echo(f"  ! {failure.picture} {failure.name}: {failure.error}")
    if job.failed > SHOWN:
        click.echo(f"  … and {job.failed - SHOWN:,} more")
    return None


def described(detail: EngineDetail) -> None:
    engine = detail.engine
    click.echo(
        f"{click.style(engine.label, bold=True)}  {engine.id} {engine.revision}  ({engine.package} {engine.version})"
    )
    click.echo(f"  {engine.kind}, lane {engine.lane}" + (f", {words}" if (words := state(engine)) else ""))
    if engine.unset:
        click.echo(click.style(f"  ! {engine.unset}", fg="yellow"))
        click.echo(f"  `pixlstash engine set {engine.id} -p NAME=VALUE` does")
    for name, about in detail.form.get("properties", {}).items():
        if name in detail.params:
            click.echo(f"  {name} = {json.dumps(detail.params[name])}  {about.get('description', '')}".rstrip())
        elif name in detail.secrets_elsewhere:
            click.echo(f"  {name}: set for another address, to which alone it is sent (secret)")
        else:
            click.echo(f"  {name}: {'set' if name in detail.secrets else 'not set'} (secret)")
    if detail.sends is not None and detail.sends.hosts:
        click.echo(click.style(f"  ! it {sending(detail.sends)}", fg="yellow"))
        if not detail.sends.on:
            click.echo(f"  `pixlstash engine allow {engine.id} {detail.sends.hosts[0]}` allows it")
    if detail.weights is not None:
        licence = f", {detail.weights.license}" if detail.weights.license else ""
        click.echo(f"  weights: {size(detail.weights.size)}{licence}, in {detail.weights.folder}")
        if detail.weights.missing:
            agree = " --agree" if detail.weights.agree else ""
            click.echo(
                f"  `pixlstash engine fetch {engine.id}{agree}` brings them from {', '.join(detail.weights.hosts)}"
            )
        for file in detail.weights.missing:
            problem(f"{file} is missing")
    click.echo(f"  {counted(engine.done, 'picture')} processed, {engine.errors:,} failed")
    if engine.outdated:
        outdated = counted(engine.outdated, "outdated result")
        click.echo(f"  {outdated}: `pixlstash engine run {engine.id} --outdated`")
    for failed in detail.errors:
        problem(f"{failed.picture} {failed.name}: {failed.error}")
