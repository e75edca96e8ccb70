"""The command `pixlstash mcp`, which agents start."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--url",
    envvar="PIXLSTASH_URL",
    default="http://127.0.0.1:8020",
    show_default=True,
    help="The address of the server.  [env: PIXLSTASH_URL]",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with the token, instead of the variable PIXLSTASH_TOKEN.",
)
def mcp(url: str, token_file: Path | None) -> None:
    """Let an AI agent search a library and look at pictures, with a token that only reads.

    The agent starts this command, and speaks MCP with it over standard input and output. Nothing can be changed, and
    nothing is seen that the token does not show. Set the variable PIXLSTASH_TOKEN, or use --token-file.
    """
    # Not imported above, which `pixlstash --help` would wait for.
    from pixlstash_core import Client, PixlStashError

    from .server import demand_reading, serve

    with Client(url, _token(token_file)) as client:
        try:
            demand_reading(client)
        except PixlStashError as error:
            raise click.ClickException(str(error)) from error
        serve(client)


def _token(file: Path | None) -> str:
    import os

    if file is None:
        token = os.environ.get("PIXLSTASH_TOKEN", "")
    else:
        try:
            with file.open(encoding="utf-8") as lines:
                token = lines.read(1000)
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"The file of the token cannot be read: {error}.") from error
    if not token.strip():
        raise click.ClickException("Set PIXLSTASH_TOKEN, or give a file with the token by --token-file.")
    return token.strip()
