"""The verbs of plugins, for those who use them and those who write them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import show
from .options import JSON
from .template import KINDS, files

if TYPE_CHECKING:
    from ..plugins import Offered
    from .main import Shell


@click.group()
def plugin() -> None:
    """Plugins: what is installed and what is wrong with it; and how to begin one."""


@plugin.command("list")
@JSON
@click.pass_obj
def plugin_list(shell: Shell, as_json: bool) -> None:
    """List plugins, their objects and their problems."""
    if not (shell.path / "library.db").exists():
        from ..plugins import Plugins

        return show.plugins(Plugins.load().listed(), as_json)
    with shell.connect() as session:
        found = session.plugin_list()
    return show.plugins(found, as_json)


@plugin.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(list(KINDS)), default="tagger", show_default=True, help="What it offers.")
@click.option("--in", "parent", type=click.Path(path_type=Path), default=Path("."), help="The folder to make it in.")
def plugin_new(name: str, kind: str, parent: Path) -> None:
    """Begin a plugin called pixlstash-NAME: a package that works, with a test. No library is needed."""
    short = name.removeprefix("pixlstash-")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", short):
        raise click.ClickException(f"{name!r} is no name for a plugin: small letters, digits and single hyphens.")
    place = parent / f"pixlstash-{short}"
    if place.exists():
        raise click.ClickException(f"{place} is there already.")
    place.mkdir(parents=True)
    for path, text in files(short, kind).items():
        (place / path).write_text(text, encoding="utf-8")
        click.echo(place / path)
    click.echo(f"Next: `pip install -e {place}`, and `pixlstash plugin check {short}`.")


@plugin.command("check")
@click.argument("name", required=False)
def plugin_check(name: str | None) -> None:
    """Hold the engines of the plugin NAME, or of all that are not built in, against what the library relies on.

    One whose weights are not here is not loaded, and one that asks another machine is not run.
    """
    from ..plugins import BUILTIN, Plugins

    plugins = Plugins.load()
    offered = plugins.engines()
    infos = [
        one for one in plugins.listed() if (name in (one.name, one.distribution) if name else one.name not in BUILTIN)
    ]
    if name and not infos:
        raise click.ClickException(f"No plugin called {name!r} is installed: `pixlstash plugin list` lists them.")
    wrong = 0
    for info in infos:
        for problem in info.problems:
            click.echo(click.style(f"{info.name}: {problem}", fg="red"))
        wrong += len(info.problems)
        for id, one in offered.items():
            if one.origin.plugin == info.name:
                wrong += _checked(id, one)
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")


def _checked(id: str, one: Offered) -> int:
    """Say how an engine did; 1 when something is wrong."""
    from ..engine import read_params
    from ..host.weights import folder, folder_of, missing
    from ..testing import check

    place, note = None, ""
    try:
        params = read_params(one.engine.Params, {})
        needed = one.engine.weights(params)
        if needed is not None:
            there = folder_of(folder(os.environ), id, needed)
            place = None if missing(there, needed) else there
            note = "" if place else ", as far as can be said without its weights"
        note = ", as far as can be said before it is set up" if one.engine.unset(params) else note
        runs = one.engine.lane != "net"
        check(one.engine, folder=place, run=runs)
    except Exception as error:
        click.echo(click.style(f"{id}: {error}", fg="red"))
        return 1
    click.echo(f"{id}: fine{note if runs else ', as far as can be said without asking its host'}")
    return 0


COMMANDS = (plugin,)
