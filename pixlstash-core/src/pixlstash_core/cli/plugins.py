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
from .template import KINDS, files

if TYPE_CHECKING:
    from ..types import PluginInfo
    from .shell import Shell


@click.group()
def plugin() -> None:
    """Plugins: list, check and create them."""


@plugin.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def plugin_list(shell: Shell, as_json: bool) -> None:
    """List plugins, their objects and their problems."""
    if (shell.path / "library.db").exists():
        with shell.connect() as session:
            plugins = session.plugin_list()
    else:
        from ..plugins.registry import Plugins

        plugins = Plugins.load().listed()
    (show.dump if as_json else _listed)(plugins)


def _listed(plugins: list[PluginInfo]) -> None:
    for plugin in plugins:
        state = "" if plugin.enabled else "  (switched off)"
        click.echo(f"{click.style(plugin.name, bold=True)}  {plugin.distribution} {plugin.version}{state}")
        show.lines(f"  {thing}" for thing in plugin.objects)
        for problem in plugin.problems:
            show.problem(problem)


@plugin.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(list(KINDS)), default="tagger", show_default=True, help="What it provides.")
@click.option("--in", "parent", type=click.Path(path_type=Path), default=Path("."), help="The folder to create it in.")
def plugin_new(name: str, kind: str, parent: Path) -> None:
    """Create a plugin pixlstash-NAME: a working package with a test. Needs no library."""
    short = name.removeprefix("pixlstash-")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", short):
        raise click.ClickException(f"{name!r} is no name for a plugin: small letters, digits and single hyphens.")
    module = f"pixlstash_{short.replace('-', '_')}"
    from ..plugins.registry import OWN

    if short in ("core", "web", *OWN) or find_spec(module) is not None:
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
    help="Seconds for importing a plugin and for each result of an engine; ten times as long for loading a model.",
)
def plugin_check(name: str | None, timeout: float) -> None:
    """Check the plugin NAME, or all installed plugins: engines, media kinds, stores and importers.

    Each runs in a process of its own, with time and memory limits, so that hangs, crashes and exits are reported like
    other faults. Engines without downloaded weights are not loaded, and engines that use another machine are not run.
    """
    from ..engines.limits import Limits
    from ..plugins.precedence import installed
    from ..plugins.registry import ENGINES
    from ..testing.limited import PluginCheck, duplicates, others

    limits = replace(Limits.chosen(os.environ), result=timeout)
    every = list(installed("", disabled=(), results={}))
    chosen = [plugin for plugin in every if name is None or name in (plugin.origin.plugin, plugin.origin.distribution)]
    if name and not chosen:
        raise click.ClickException(f"No plugin called {name!r} is installed: `pixlstash plugin list` lists them.")
    checks = {plugin.origin: PluginCheck(plugin.origin, limits) for plugin in chosen}
    offers = {origin: check.offers() for origin, check in checks.items()}
    rest = others([origin.plugin for origin in offers], limits)
    if not rest.objects:  # not even the built-in ones could be loaded
        click.echo(f"Ids are compared with the built-in ones only. Of the other plugins, {rest.wrong[0]}", err=True)
        rest = others([plugin.origin.plugin for plugin in every], limits)
    wrong = 0
    for plugin in chosen:
        own = offers[plugin.origin]
        offered = (thing for origin, offer in offers.items() if origin != plugin.origin for thing in offer.objects)
        taken = [*rest.objects, *offered]
        whole = [*([plugin.clash] if plugin.clash else []), *own.wrong, *duplicates(own, taken, tuple(ENGINES))]
        wrong += _say(plugin.origin.plugin, whole)
        for checked in checks[plugin.origin].run(own):
            wrong += _say(checked.name, checked.wrong)
            if not checked.wrong:
                note = f", as far as can be said {checked.note}" if checked.note else ""
                click.echo(f"{checked.name}: fine{note}")
    if wrong:
        raise click.ClickException(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")


def _say(name: str, wrong: list[str]) -> int:
    """Print what is wrong with something; how many things those are."""
    for problem in wrong:
        click.echo(click.style(f"{name}: {problem.rstrip('.')}.", fg="red"))
    return len(wrong)


COMMANDS = (plugin,)
