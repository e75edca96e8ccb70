"""`privacy`: what leaves the machine, and the privacy policy."""

from __future__ import annotations

import click

from ..api import Api
from ..types import Privacy
from .verbs import Verb


def _show(answer: Privacy) -> None:
    """Print connections, cookies and the policy."""
    states = {"on": "on", "off": "off", "request": "only on request"}
    click.echo("Outgoing connections\n")
    for row in answer.connections:
        click.echo(f"{row.title} ({states[row.state]})")
        named = [("when", row.when), ("who", row.who), ("where", row.where), ("hosts", ", ".join(row.hosts))]
        for name, text in [*named, ("why", row.why), ("sends", row.sends)]:
            if text:
                click.echo(f"  {name}: {text}")
    click.echo("\nCookies\n")
    for cookie in answer.cookies:
        click.echo(
            f"{cookie.title} ({cookie.prefix}…, {cookie.days} days)\n  {cookie.when}. {cookie.who}. {cookie.why}."
        )
    click.echo(f"\nPrivacy policy of {answer.updated:%Y-%m-%d}")
    for section in answer.policy:
        click.echo("\n".join(["", section.heading, *section.paragraphs]))


COMMANDS = (Verb("privacy", Api.privacy, "List what leaves this machine, and show the privacy policy.", show=_show),)
