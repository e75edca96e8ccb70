"""`pixlstash similar` and `pixlstash why`: what pictures are like, and why a query finds one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import show
from .options import JSON, Asking

if TYPE_CHECKING:
    from .main import Shell

WAYS = ("mean", "min", "max", "harmonic", "geometric")


@click.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=0))
@click.option("--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--words", multiple=True, help="What pictures are to show, in words.")
@click.option("-q", "--query", default="", help="Among the pictures a query finds.")
@click.option("--combine", type=click.Choice(WAYS), default="mean", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@JSON
@click.pass_obj
def similar(
    shell: Shell,
    ids: tuple[int, ...],
    files: tuple[Path, ...],
    words: tuple[str, ...],
    query: str,
    combine: str,
    limit: int,
    as_json: bool,
) -> None:
    """Find pictures that look like those with these IDS, the likest first; like files, or what words say."""
    if not (ids or files or words):
        raise click.UsageError("Say what pictures are to be like: IDS, --file or --words.")
    if files or words:
        return _mixed(shell, ids, files, words, query, combine, limit, as_json)
    from ..types import FindSimilar

    with shell.connect() as session:
        found = session.similar(FindSimilar(ids=list(ids), q=query, combine=combine, limit=limit))  # type: ignore[arg-type]
    if as_json:
        return show.dump(found)
    if found.without:
        click.echo(f"{found.engine} has not looked at {found.without} of them.", err=True)
    rows = [(one.picture.id, f"{one.score:.3f}", one.like, one.picture.name) for one in found.found]
    return show.table(("id", "likeness", "like", "name"), rows, frozenset({0, 1, 2}))


def _mixed(
    shell: Shell,
    ids: tuple[int, ...],
    files: tuple[Path, ...],
    words: tuple[str, ...],
    query: str,
    combine: str,
    limit: int,
    as_json: bool,
) -> None:
    from ..query.quoting import quoted

    with shell.connect() as session:
        tokens = [session.hold(file.name, file).token for file in files]
        sources = [*(f"picture:{id}" for id in ids), *(f"upload:{one}" for one in tokens)]
        sources += [f"words:{text}" for text in words]
        likes = " ".join(f"like:{quoted(one)}" for one in sources)
        asked = f"{query} {likes} combine:{combine} top:{limit}"
        notes = session.find(asked, sort="likeness").notes
        found = session.pictures(q=asked, sort="likeness", limit=limit)
    for note in notes:
        click.echo(note, err=True)
    show.pictures(found, as_json)


@click.command(cls=Asking)
@click.argument("id", type=int)
@click.argument("query", nargs=-1)
@JSON
@click.pass_obj
def why(shell: Shell, id: int, query: tuple[str, ...], as_json: bool) -> None:
    """Say why a QUERY finds a picture."""
    with shell.connect() as session:
        told = session.why(id, q=" ".join(query))
    if as_json:
        return show.dump(told)
    if not told.found:
        click.echo("The query does not find this picture. Of it holds:")
    for reason in told.reasons:
        click.echo(f"{reason.sentence}.")
    for note in told.notes:
        click.echo(note, err=True)
    return None


COMMANDS = (similar, why)
