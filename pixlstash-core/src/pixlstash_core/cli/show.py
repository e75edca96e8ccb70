"""What verbs print: plain aligned text for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from ..types import (
    CharacterInfo,
    CheckReport,
    Done,
    Found,
    HistoryEntry,
    ImportReport,
    Job,
    NewToken,
    Picture,
    PictureDetail,
    PluginInfo,
    ProjectInfo,
    SetInfo,
    Statistics,
)


def dump(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: frozenset[int] = frozenset()) -> None:
    """Aligned columns; those in `right` are aligned right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    for number, line in enumerate([list(head), *cells]):
        text = "  ".join(
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        click.echo(click.style(text.rstrip(), dim=number == 0))


def size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def pictures(found: list[Picture], as_json: bool) -> None:
    if as_json:
        return dump(found)
    if not found:
        click.echo("No pictures.")
        return None
    rows = [
        (
            p.id,
            p.created.strftime("%Y-%m-%d %H:%M"),
            f"{p.width} x {p.height}",
            size(p.size),
            p.format,
            "*" * p.score,
            p.name,
        )
        for p in found
    ]
    return table(("id", "created", "pixels", "size", "format", "score", "name"), rows, frozenset({0, 2, 3}))


def counted(number: int, noun: str) -> str:
    """`1 picture`, `1,000 pictures`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def found(all_of_them: Found, shown: list[Picture], as_json: bool) -> None:
    if as_json:
        return dump(all_of_them)
    for note in all_of_them.notes:
        click.echo(note, err=True)
    pictures(shown, False)
    if len(shown) < all_of_them.total:
        click.echo(f"… {len(shown):,} of {counted(all_of_them.total, 'picture')}.")
    return None


def statistics(found: Statistics, as_json: bool) -> None:
    if as_json:
        return dump(found)
    click.echo(f"{counted(found.total, 'picture')}, {found.tagged:,} of them with tags")
    for panel in found.panels:
        click.echo(f"\n{panel.label}" + (f" (waiting for {panel.fills})" if panel.fills and not panel.bars else ""))
        longest = max((bar.count for bar in panel.bars), default=0)
        for bar in panel.bars:
            good = f"  {bar.good / bar.count:.0%} with 4 stars or more" if bar.good else ""
            click.echo(f"  {bar.label[:40]:40} {bar.count:>9}  {'█' * -(-20 * bar.count // longest)}{good}")
    return None


def groups(found: Sequence[CharacterInfo | SetInfo | ProjectInfo], noun: str, as_json: bool) -> None:
    if as_json:
        return dump(found)
    if not found:
        return click.echo(f"No {noun}s.")
    rows = [(one.id, one.pictures, "locked" if getattr(one, "locked", False) else "", one.name) for one in found]
    return table(("id", "pictures", "", "name"), rows, frozenset({0, 1}))


def ids(found: list[int], as_json: bool) -> None:
    if as_json:
        return dump({"total": len(found), "ids": found})
    for id in found:
        click.echo(id)
    return None


def done(did: Done, as_json: bool) -> None:
    """What a change came to."""
    if as_json:
        return dump(did)
    return click.echo(f"{did.sentence}." if did.changed else f"Nothing changed: {did.sentence}.")


def history(found: list[HistoryEntry], as_json: bool) -> None:
    if as_json:
        return dump(found)
    if not found:
        return click.echo("Nothing was done yet.")
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.state if one.undoable else "for good", one.sentence.removesuffix("."))
        for one in found
    ]
    return table(("at", "", "what"), rows)


def picture(p: PictureDetail, as_json: bool) -> None:
    if as_json:
        return dump(p)
    lines: list[tuple[str, str]] = [
        ("id", str(p.id)),
        ("name", p.name),
        ("pixels", f"{p.width} x {p.height}"),
        ("size", f"{size(p.size)} {p.format}"),
        ("created", p.created.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("score", str(p.score)),
        ("sha256", p.sha256),
    ]
    if p.deleted:
        lines.append(("scrapheap", f"since {p.deleted:%Y-%m-%d %H:%M}"))
    if p.why:
        lines.append(("no still", p.why))
    lines += [(fact.label.lower(), fact.value) for fact in p.facts]
    lines += [(label, text) for label, text in (("prompt", p.prompt), ("negative", p.negative)) if text]
    lines += [("location", f"{place.store}: {place.key} ({place.state})") for place in p.locations]
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        click.echo(f"{click.style(label.ljust(width), dim=True)}  {text}")
    return None


def plugins(found: list[PluginInfo], as_json: bool) -> None:
    if as_json:
        return dump(found)
    for one in found:
        state = "" if one.enabled else "  (switched off)"
        click.echo(f"{click.style(one.name, bold=True)}  {one.distribution} {one.version}{state}")
        for thing in one.objects:
            click.echo(f"  {thing}")
        for problem in one.problems:
            click.echo(click.style(f"  ! {problem}", fg="red"))
    return None


def jobs(found: list[Job], as_json: bool) -> None:
    if as_json:
        return dump(found)
    if not found:
        click.echo("No jobs.")
        return None
    rows = [
        (j.id, j.state, f"{j.done}/{j.total}" if j.total is not None else str(j.done), j.lane, j.label, _remark(j))
        for j in found
    ]
    return table(("id", "state", "done", "lane", "label", "remark"), rows, frozenset({0, 2}))


def _remark(job: Job) -> str:
    return job.error or (f"failed on {job.failed:,}: {job.reason}" if job.failed else job.note)


def report(job: Job, as_json: bool) -> None:
    """How an import ended. A job that failed or was cancelled is an error."""
    found = job.report or ImportReport(0, 0, [], 0.0)
    if as_json:
        dump(found)
    else:
        refused = len(found.refused)
        click.echo(
            f"{found.imported} imported, {found.duplicates} already there, {refused} refused, {found.seconds:.1f} s"
        )
        for one in found.refused[:20]:
            click.echo(f"  {one.path}: {one.reason}")
        if refused > 20:
            click.echo(f"  and {refused - 20} more (--json lists them)")
    if job.state != "done":
        raise click.ClickException(job.error or f"The import was {job.state}.")


def checked(found: CheckReport, as_json: bool) -> None:
    if as_json:
        return dump(found)
    read = f", {found.verified} read and compared" if found.verified else ""
    click.echo(f"{counted(found.pictures, 'picture')} at {counted(found.locations, 'location')}{read}.")
    for problem in found.problems:
        click.echo(click.style(f"  ! {problem}", fg="red"))
    if not found.problems:
        click.echo("All is well.")
    return None


def token(made: NewToken, as_json: bool) -> None:
    if as_json:
        return dump({"token": made.token, "id": made.id, "rights": made.rights})
    click.echo(made.token)
    return click.echo("Keep it safe: it is not shown again.", err=True)
