"""The command `pixlstash demo`."""

from __future__ import annotations

import click

from pixlstash_core import Shell

from .recipe import MOST


@click.command()
@click.option("--pictures", default=200, show_default=True, type=click.IntRange(1, MOST))
@click.option("--serve", "served", is_flag=True, help="Serve the library at once, while it still paints.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8020, show_default=True)
@click.pass_obj
def demo(shell: Shell, pictures: int, served: bool, host: str, port: int) -> None:
    """Make a demo library of painted pictures (default: a library of its own)."""
    # Not imported above, which `pixlstash --help` would wait for.
    from pixlstash_core import OWNER, Library

    from .filling import fill

    path = shell.path_or("demo")
    if not (path / "library.db").exists():
        Library.create(path, name="Demo")
    with Library.open(path) as library:
        job = fill(library, pictures)
        if served:
            shell.serve(library, host, port)
        else:
            shell.wait(library, job)
            total = library.info(OWNER).pictures
            click.echo(f"The demo library at {path} has {total:,} picture{'' if total == 1 else 's'}.")
            click.echo(f"See it with: pixlstash -L {path} serve")
