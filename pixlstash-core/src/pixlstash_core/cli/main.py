"""The verbs. Each works the same with and without a running server: `Shell.connect` finds out."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import backups, engines, groups, people, pictures, plugins, search, show, snapshots, tags, tidying
from .options import JSON, Nouns

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = f"{__name__}.commands"


class Shell:
    """What every verb shares: which library, and how it is reached."""

    def __init__(self, path: Path, as_of: int | None = None) -> None:
        self.path, self.as_of = path, as_of

    @contextmanager
    def connect(self, *, work: bool = False) -> Iterator[Any]:
        """The library's methods: through the server that holds it, else opened here (`work`: with its jobs)."""
        from ..connect import connect

        session = connect(self.path, work=work)
        try:
            if self.as_of is None:
                yield session
                return
            past = session.as_of(self.as_of)
            try:
                yield past
            finally:
                past.close()
        finally:
            session.close()


class Verbs(Nouns):
    """Our own verbs, and those of plugins, looked for only when all are listed or a name is not ours."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, name) or _plugin_commands(ctx).get(name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_plugin_commands(ctx)})


def _plugin_commands(ctx: click.Context) -> dict[str, click.Command]:
    """By name. The built-in plugins are left out: they have none, and take their time to load."""
    from ..plugins.registry import Plugins
    from . import derived

    if COMMANDS not in ctx.meta:
        path, disabled = _path(ctx.params.get("library")), []
        if (path / "hub.db").exists():  # else nothing of SQLite is loaded
            from ..database.hub import switched_off

            disabled = switched_off(path)
        plugins = Plugins.load(builtin=(), disabled=disabled)
        ctx.meta[COMMANDS] = {table.plugin: derived.group(table) for table in plugins.operations()}
        ctx.meta[COMMANDS] |= {one.name: one for one in plugins.commands()}
    found: dict[str, click.Command] = ctx.meta[COMMANDS]
    return found


def default_library() -> Path:
    """`$PIXLSTASH_LIBRARY`, else a folder in the platform's place for data."""
    if given := os.environ.get("PIXLSTASH_LIBRARY"):
        return Path(given)
    return data_folder() / "library"


def _path(given: Path | None) -> Path:
    return (given or default_library()).expanduser().absolute()


def data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "PixlStash"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/PixlStash"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "pixlstash"


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-L",
    "--library",
    type=click.Path(path_type=Path),
    is_eager=True,  # the verbs that --help lists depend on it
    help="The library's folder.  [env: PIXLSTASH_LIBRARY]",
)
@click.option("--as-of", metavar="ID", type=click.IntRange(min=1), help="Look at the library as of this snapshot.")
@click.version_option(package_name="pixlstash-core", prog_name="pixlstash")
@click.pass_context
def pixlstash(ctx: click.Context, library: Path | None, as_of: int | None) -> None:
    """A private library for pictures and videos, on your own machine."""
    ctx.obj = Shell(_path(library), as_of)


@pixlstash.command()
@click.option("--media", type=click.Path(path_type=Path), help="Keep originals here, for instance on a larger disk.")
@click.option("--name", help="What to call the library; by default its folder's name.")
@click.pass_obj
def init(shell: Shell, media: Path | None, name: str | None) -> None:
    """Make a new, empty library."""
    from ..library import Library

    Library.create(shell.path, name=name, media=media)
    click.echo(f"Made an empty library at {shell.path}.")


@pixlstash.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--in-place", is_flag=True, help="Index folders where they lie: nothing is copied or changed.")
@JSON
@click.pass_obj
def import_(shell: Shell, paths: tuple[Path, ...], in_place: bool, as_json: bool) -> None:
    """Take in files and folders (copied, unless --in-place)."""
    from ..types import ImportPaths
    from .watch import finish

    _make_default(shell)
    ask = ImportPaths([str(path.expanduser().absolute()) for path in paths], in_place)
    with shell.connect(work=True) as session:
        job = finish(session, session.import_paths(ask), quiet=as_json)
    show.report(job, as_json)


@pixlstash.command("list")
@click.argument("query", nargs=-1)
@click.option(
    "--sort", help="created, imported, score, name, size, pixels or rarity, with - for the other way round; random."
)
@click.option("--limit", default=100, show_default=True)
@click.option("--offset", default=0)
@JSON
@click.pass_obj
def list_(shell: Shell, query: tuple[str, ...], sort: str | None, limit: int, offset: int, as_json: bool) -> None:
    """List pictures, newest first, or those a QUERY finds."""
    with shell.connect() as session:
        found = session.pictures(q=" ".join(query), sort=sort, offset=offset, limit=limit)
    show.pictures(found, as_json)


@pixlstash.command()
@click.argument("query", nargs=-1)
@click.option("--sort", help="The order, as for list.")
@click.option("--limit", default=20, show_default=True, help="How many to describe; --json names all.")
@JSON
@click.pass_obj
def find(shell: Shell, query: tuple[str, ...], sort: str | None, limit: int, as_json: bool) -> None:
    """Say how many pictures a QUERY finds, and which."""
    text = " ".join(query)
    with shell.connect() as session:
        found = session.find(q=text, sort=sort)
        shown = [] if as_json else session.pictures(q=text, sort=sort, limit=limit)
    show.found(found, shown, as_json)


@pixlstash.command()
@click.argument("query", nargs=-1)
@JSON
@click.pass_obj
def stats(shell: Shell, query: tuple[str, ...], as_json: bool) -> None:
    """Count what a QUERY finds by score, size, date, model, tag and more."""
    with shell.connect() as session:
        found = session.statistics(q=" ".join(query))
    show.statistics(found, as_json)


@pixlstash.command("show")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def show_(shell: Shell, id: int, as_json: bool) -> None:
    """Show everything known about one picture."""
    with shell.connect() as session:
        found = session.picture(id)
    show.picture(found, as_json)


@pixlstash.group()
def job() -> None:
    """Background jobs."""


@job.command("list")
@JSON
@click.pass_obj
def job_list(shell: Shell, as_json: bool) -> None:
    """List jobs: running ones first, then the newest."""
    with shell.connect() as session:
        found = session.jobs()
    show.jobs(found, as_json)


@job.command("cancel")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def job_cancel(shell: Shell, id: int, as_json: bool) -> None:
    """Cancel a job that runs, waits or is paused; what it has finished stays."""
    with shell.connect() as session:
        found = session.cancel_job(id)
    if as_json:
        return show.dump(found)
    ended = found.state == "cancelled"
    return click.echo(f"Cancelled job {id}." if ended else f"Job {id} stops at its next step.")


@job.command("retry")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def job_retry(shell: Shell, id: int, as_json: bool) -> None:
    """Run an engine again on the pictures where a run of it failed."""
    from .engines import ran
    from .watch import finish

    with shell.connect(work=True) as session:
        ran(session, finish(session, session.retry_job(id), quiet=as_json), as_json)


@job.command("revert")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def job_revert(shell: Shell, id: int, as_json: bool) -> None:
    """Take back what a run of an engine wrote; the change can be undone."""
    with shell.connect() as session:
        found = session.revert_job(id)
    show.done(found, as_json)


@pixlstash.command()
@click.option("--verify", is_flag=True, help="Also read every original and compare its hash.")
@JSON
@click.pass_obj
def check(shell: Shell, verify: bool, as_json: bool) -> None:
    """Check databases and originals. Exit code 1 when something is wrong."""
    with shell.connect() as session:
        found = session.check(verify=verify)
    show.checked(found, as_json)
    if found.problems:
        raise SystemExit(1)


@pixlstash.group()
def token() -> None:
    """Tokens: credentials for programs."""


@token.command("create")
@click.option("--rights", type=click.Choice(["owner", "write", "read"]), default="read", show_default=True)
@click.option("--label", default="", help="A name to know it by.")
@JSON
@click.pass_obj
def token_create(shell: Shell, rights: str, label: str, as_json: bool) -> None:
    """Make a token. It is shown this one time."""
    from ..types import CreateToken

    with shell.connect() as session:
        made = session.create_token(CreateToken(rights, label))  # type: ignore[arg-type]  # click checked the choice
    show.token(made, as_json)


@pixlstash.group()
def owner() -> None:
    """The owner's access."""


@owner.command("reset")
@click.pass_obj
def owner_reset(shell: Shell) -> None:
    """Forget a lost password and log everybody out. Tokens stay."""
    with shell.connect() as session:
        secret = session.reset_owner()
        url = getattr(session, "url", None)
    click.echo("The password and all sessions are gone.")
    if url:
        click.echo(f"Log in once with this link: {url}/#claim={secret}")
    else:
        click.echo("Start `pixlstash serve`: it prints a one-time link to log in.")


@pixlstash.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8020, show_default=True)
@click.option("--read-only", is_flag=True, help="Change nothing: works on a read-only disk.")
@click.option("--public-url", help="The address people type, when it is not an IP address or localhost.")
@click.option("--take", type=click.Path(path_type=Path), help="Index this folder in place while serving.")
@click.option("--copy", is_flag=True, help="With --take: copy its pictures into the library instead.")
@click.pass_obj
def serve(
    shell: Shell, host: str, port: int, read_only: bool, public_url: str | None, take: Path | None, copy: bool
) -> None:
    """Serve the library to browsers and programs."""
    from .serving import run

    if not read_only:
        _make_default(shell)
    run(shell.path, host, port, public_url, read_only=read_only, take=take, copy=copy)


@pixlstash.command()
@click.option("--pictures", default=200, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--serve", "served", is_flag=True, help="Serve the library at once, while it still paints.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8020, show_default=True)
@click.pass_context
def demo(ctx: click.Context, pictures: int, served: bool, host: str, port: int) -> None:
    """Make a demo library of painted pictures (default: a library of its own)."""
    from .serving import demo as run

    shell: Shell = ctx.obj
    given = ctx.parent is not None and ctx.parent.params.get("library") is not None
    path = shell.path if given or "PIXLSTASH_LIBRARY" in os.environ else data_folder() / "demo"
    run(path, pictures, served, host, port)


for nouns in (pictures, groups, snapshots, backups, tags, tidying, engines, search, people, plugins):
    for command in nouns.COMMANDS:
        pixlstash.add_command(command)


def _make_default(shell: Shell) -> None:
    """The first verb that needs a library makes the default one; one that was named must exist."""
    from ..library import Library

    if not (shell.path / "library.db").exists() and shell.path == default_library().expanduser().absolute():
        Library.create(shell.path, name="Library")
