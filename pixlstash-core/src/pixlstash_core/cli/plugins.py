"""The verbs of plugins, for those who use them and those who write them."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from . import show
from .options import JSON
from .template import KINDS, files

if TYPE_CHECKING:
    from .main import Shell

#: Names of our own packages, whether or not they are installed.
RESERVED = ("core", "web")


@click.group()
def plugin() -> None:
    """Plugins: what is installed and what is wrong with it; and how to begin one."""


@plugin.command("list")
@JSON
@click.pass_obj
def plugin_list(shell: Shell, as_json: bool) -> None:
    """List plugins, their objects and their problems."""
    if not (shell.path / "library.db").exists():
        from ..plugins.registry import Plugins

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
    module = f"pixlstash_{short.replace('-', '_')}"
    if short in RESERVED or find_spec(module) is not None:
        raise click.ClickException(
            f"There is a package pixlstash-{short} already, and yours would take its place: choose another name."
        )
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
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="Seconds that importing a plugin, and each result of an engine, may take; loading a model ten times as long.",
)
def plugin_check(name: str | None, timeout: float) -> None:
    """Check the plugin NAME, or all that are not built in: engines, media kinds, stores and importers.

    Each runs in a process of its own, with limits of time and memory, so that one that hangs, crashes or exits is told
    like any other fault. Engines whose weights are not here are not loaded, and those that ask another machine are not
    run.
    """
    from ..engines.limits import Limits
    from ..plugins.precedence import installed
    from ..plugins.registry import ENGINES
    from ..testing.limited import PluginCheck, duplicates, others

    limits = replace(Limits.chosen(os.environ), result=timeout)
    every = list(installed("", disabled=(), results={}))
    found = [one for one in every if name is None or name in (one.origin.plugin, one.origin.distribution)]
    if name and not found:
        raise click.ClickException(f"No plugin called {name!r} is installed: `pixlstash plugin list` lists them.")
    checks = {one.origin: PluginCheck(one.origin, limits) for one in found}
    offers = {origin: check.offers() for origin, check in checks.items()}
    rest = others([origin.plugin for origin in offers], limits)
    if not rest.objects:  # not even the built-in ones could be loaded
        click.echo(f"Ids are compared with the built-in ones only. Of the other plugins, {rest.wrong[0]}", err=True)
        rest = others([one.origin.plugin for one in every], limits)
    wrong = 0
    for one in found:
        own = offers[one.origin]
        offered = (thing for origin, offer in offers.items() if origin != one.origin for thing in offer.objects)
        taken = [*rest.objects, *offered]
        whole = [*([one.clash] if one.clash else []), *own.wrong, *duplicates(own, taken, tuple(ENGINES))]
        wrong += _say(one.origin.plugin, whole)
        for checked in checks[one.origin].run(own):
            wrong += _say(checked.name, checked.wrong)
            if not checked.wrong:
                note = f", as far as can be said {checked.note}" if checked.note else ""
                click.echo(f"{checked.name}: fine{note}")
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")


def _say(name: str, wrong: list[str]) -> int:
    """Print what is wrong with something; how many things those are."""
    for one in wrong:
        click.echo(click.style(f"{name}: {one.rstrip('.')}.", fg="red"))
    return len(wrong)


COMMANDS = (plugin,)
