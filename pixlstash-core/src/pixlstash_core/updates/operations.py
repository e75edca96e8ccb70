"""Operations on the update check."""

from __future__ import annotations

from ..context import Context, demand_person
from ..jobs.lanes import Jobs
from ..types import DismissUpdate, Reader, SetUpdates, Updates
from .feature import EVERY, KIND, LABEL, UpdateCheck


def updates(context: Context, reader: Reader) -> Updates:
    """The update check: whether it is on, and what the last one found."""
    return context.part(UpdateCheck).state()


def set_updates(context: Context, reader: Reader, ask: SetUpdates) -> Updates:
    """Turn the update check on or off, or change the server it asks. Only the owner, logged in."""
    demand_person(reader)
    check = context.part(UpdateCheck)
    check.set(ask)
    schedule(check, context.part(Jobs))
    return check.state()


def dismiss_update(context: Context, reader: Reader, ask: DismissUpdate) -> Updates:
    """Hide the notice about a release. Only the owner, logged in."""
    demand_person(reader)
    check = context.part(UpdateCheck)
    check.dismiss(ask.version)
    return check.state()


def schedule(check: UpdateCheck, jobs: Jobs) -> None:
    """Queue the repeating job while the check is on, and remove it otherwise."""
    if check.enabled:
        jobs.hasten(KIND, 0)
        jobs.repeat(KIND, LABEL, every=EVERY, lane="net")
    else:
        jobs.end_repeating(KIND)
