"""The program `pixlstash`: its options and verbs, whose modules are imported on use."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .shell import Shell, library_path
from .verbs import VerbGroup, plugin_group

COMMANDS, PLUGINS = f"{__name__}.commands", f"{__name__}.plugins"
#: The modules of the command line, with their verbs.
MODULES = {
    "backups": "backup restore-backup",
    "captions": "caption text",
    "engines": "engine",
    "exports": "export",
    "folders": "folder",
    "groups": "set character project icons",
    "jobs": "import job",
    "library": "init check undo redo history owner",
    "people": "face review",
    "pictures": "list find stats show score date turn similar why",
    "plugins": "plugin",
    "privacy": "privacy",
    "sharing": "share",
    "sidecars": "sidecar",
    "snapshots": "snapshot",
    "stores": "store",
    "tags": "tag",
    "cleanup": "stack duplicate scrapheap",
    "tokens": "token session",
    "updates": "update",
}
PLACES = {verb: module for module, verbs in MODULES.items() for verb in verbs.split()}


class Verbs(VerbGroup):
    """The group of all verbs. Plugins are loaded only to list all verbs, or for a name that is not ours."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in PLACES:
            commands: tuple[click.Command, ...] = import_module(f".{PLACES[name]}", __package__).COMMANDS
            return next(command for command in commands if command.name == name)
        return super().get_command(ctx, name) or _plugin_commands(ctx).get(name) or _absent(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*PLACES, *super().list_commands(ctx), *_plugin_commands(ctx)})


def _plugin_commands(ctx: click.Context) -> dict[str, click.Command]:
    """Return the commands of plugins by name; built-in plugins, which have none, are not loaded."""
    from ..plugins.registry import Plugins

    if COMMANDS not in ctx.meta:
        path, disabled = library_path(ctx.params.get("library")), []
        if (path / "hub.db").exists():  # imports SQLite
            from ..database.hub import switched_off

            disabled = switched_off(path)
        plugins = Plugins.load(builtin=(), disabled=disabled)
        ctx.meta[PLUGINS] = plugins
        ctx.meta[COMMANDS] = {table.plugin: plugin_group(table) for table in plugins.operations()}
        ctx.meta[COMMANDS] |= {command.name: command for command in plugins.commands()}
    commands: dict[str, click.Command] = ctx.meta[COMMANDS]
    return commands


def _absent(ctx: click.Context, name: str) -> click.Command | None:
    """Return a command that names the package to install, for one of our plugins that is not installed."""
    reason = ctx.meta[PLUGINS].absent(name)
    if not reason:
        return None

    def fail(**arguments: Any) -> None:
        raise click.ClickException(f"No installed plugin offers `pixlstash {name}`.{reason}")

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=fail, context_settings=anything, add_help_option=False)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-L",
    "--library",
    type=click.Path(path_type=Path),
    is_eager=True,  # the verbs that --help lists depend on it
    help="The library's folder.  [env: PIXLSTASH_LIBRARY]",
)
@click.option("--as-of", metavar="ID", type=click.IntRange(min=1), help="Read the library as of this snapshot.")
@click.version_option(package_name="pixlstash-core", prog_name="pixlstash")
@click.pass_context
def pixlstash(ctx: click.Context, library: Path | None, as_of: int | None) -> None:
    """A private library for pictures and videos, on your own machine."""
    ctx.obj = Shell(library_path(library), as_of, named=library is not None or "PIXLSTASH_LIBRARY" in os.environ)


@pixlstash.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8020, show_default=True)
@click.option("--read-only", is_flag=True, help="Open read-only: nothing is changed; works on a read-only disk.")
@click.option("--public-url", help="The public address, if it is not an IP address or localhost.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Believe X-Forwarded-For from this address or network. Can be repeated.",
)
@click.option("--certificate", type=click.Path(path_type=Path), help="Speak TLS with this certificate (PEM).")
@click.option("--certificate-key", type=click.Path(path_type=Path), help="Its key, if it is in another file.")
@click.option("--remote-owner-tokens", is_flag=True, help="Accept tokens with all rights from other networks.")
@click.option("--take", type=click.Path(path_type=Path), help="Index this folder in place while serving.")
@click.option("--copy", is_flag=True, help="With --take: copy its pictures into the library instead.")
@click.pass_obj
def serve(
    shell: Shell,
    host: str,
    port: int,
    read_only: bool,
    public_url: str | None,
    trusted_proxies: tuple[str, ...],
    certificate: Path | None,
    certificate_key: Path | None,
    remote_owner_tokens: bool,
    take: Path | None,
    copy: bool,
) -> None:
    """Serve the library to browsers and programs."""
    from .serving import run

    if not read_only:
        shell.make_default()
    settings: dict[str, Any] = {"trusted_proxies": trusted_proxies, "remote_owner_tokens": remote_owner_tokens}
    if certificate is not None:
        settings["certificate"] = (certificate, certificate_key)
    run(shell.path, host, port, public_url, read_only=read_only, take=take, copy=copy, **settings)
