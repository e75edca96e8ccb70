"""Verbs for the update check."""

from __future__ import annotations

from typing import Any

import click

from ..api import Api
from ..types import SetUpdates, Updates
from .options import option
from .verbs import Verb, group


def _show(state: Updates) -> None:
    """Print the state, and what is new since this version."""
    click.echo(f"PixlStash {state.version} ({state.installation})")
    if not state.enabled:
        return click.echo("Not checked: the update check is off. `pixlstash update on` turns it on.")
    click.echo(f"Last check: {state.checked:%Y-%m-%d %H:%M} UTC" if state.checked else "Not checked yet.")
    if state.problem:
        click.echo(f"It failed: {state.problem}")
    for release in state.releases:
        click.echo(f"\n{release.version}{f' ({release.date})' if release.date else ''}")
        if release.security:
            versions = f", versions {release.affected}" if release.affected else ""
            click.echo(f"Fixes a vulnerability: {release.security}{versions}")
        click.echo(release.changes)
    return click.echo(f"\n{state.instruction}" if state.releases else "No newer version is known.")


def _on(session: Any, endpoint: str | None) -> Updates:
    state: Updates = session.set_updates(SetUpdates(enabled=True, endpoint=endpoint))
    return state


def _off(session: Any) -> Updates:
    state: Updates = session.set_updates(SetUpdates(enabled=False))
    return state


COMMANDS = (
    group(
        "update",
        "The update check, which is off by default.",
        Verb("show", Api.updates, "Show whether the check is on, and what the last one found.", show=_show),
        Verb(
            "on",
            _on,
            "Let the server check for updates, at most once a day.",
            option("--endpoint", help='Ask this server, such as https://updates.example.org; "" is the default one.'),
            show=_show,
        ),
        Verb("off", _off, "Make no update checks.", show=_show),
        Verb("dismiss VERSION", Api.dismiss_update, "Do not show the notice about a version again.", show=_show),
    ),
)
