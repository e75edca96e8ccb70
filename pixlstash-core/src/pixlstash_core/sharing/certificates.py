"""Certificates of links: made before a link exists, and repeated every day by a background job."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from ..context import Context
from ..database.hub import now
from ..errors import Abandoned, Cancelled, Conflict, PixlStashError, TooMany, describe
from ..jobs.lanes import Jobs, Task
from ..jobs.task import Paused
from ..types import Certificate
from ..types.history import many
from ..types.times import when
from .link_keys import Link
from .links import Links, has_expired
from .stranger import Doorstep
from .visits import Visit

#: The kinds of jobs: a visit of one link, and the one that repeats visits.
VISIT, REPEAT = "visit", "visits"
#: Seconds between two runs of the repeating job, the most that one takes, and after which a link is visited again.
EVERY, LONGEST, DUE = 3600.0, 600.0, timedelta(hours=20)
#: Pictures of a link that are fetched by a later visit; of more, so many are drawn.
MOST = 5000
#: Visits that requests wait for at the same time, because each keeps one of the server's threads and needs another.
AT_ONCE = 2
Find = Callable[[Link], dict[str, int]]
_turns = threading.BoundedSemaphore(AT_ONCE)


def publish(context: Context, id: int, find: Find, count: int, password: str | None) -> None:
    """Visit a draft as a stranger, and make a link of it; or delete it, and raise with what is wrong.

    `find(link)` returns its pictures by the names that recipients use.
    """
    links = context.part(Links)
    try:
        if not _turns.acquire(blocking=False):
            raise TooMany("Other links are being checked. Try again in a moment.", 5)
        try:

            def work(task: Task) -> Certificate:
                try:
                    return _visited(context, links.get(id, draft=True), task, find, password=password)
                except Paused:  # it cannot be continued without the request
                    raise Cancelled("The link was not created.") from None

            certificate = context.part(Jobs).here(VISIT, f"Checking a link to {many(count)}", {"link": id}, work)
        finally:
            _turns.release()
        if certificate.problems:
            raise Conflict(f"The link was not created. {certificate.problems[0]}", problems=certificate.problems)
        links.publish(id, certificate)
    except BaseException:
        links.revoke(id, draft=True)
        raise


def visit(context: Context, id: int, find: Find) -> Certificate:
    """Visit a link now, as a job in this thread, and keep the certificate."""
    link = context.part(Links).get(id)
    if not _turns.acquire(blocking=False):
        raise TooMany("Other links are being checked. Try again in a moment.", 5)
    try:

        def work(task: Task) -> Certificate:
            return _again(context, link, task, find)

        return context.part(Jobs).here(VISIT, f"Checking {_called(link)}", {"link": id}, work)
    finally:
        _turns.release()


def visit_job(context: Context, task: Task, find: Find) -> None:
    """Do the job of one link; it fails if something changed, so that the owner is told."""
    link = context.part(Links).get(int(task.payload["link"]))
    certificate = _again(context, link, task, find)
    if certificate.changes:
        raise PixlStashError(f"{_called(link, first=True)} changed: {' '.join(certificate.changes)}")


def repeat_job(context: Context, task: Task, find: Find) -> None:
    """Visit the links whose turn it is. A change is confirmed by a job of its own, which reports it."""
    until = time.monotonic() + LONGEST
    links = context.part(Links)
    for link in due(links):
        task.check()
        if time.monotonic() > until or not context.part(Doorstep).is_served:
            return
        certificate = _tried(context, link, task, find)
        if changes(link, link.checked, certificate):
            context.part(Jobs).put(VISIT, f"Checking {_called(link)}", {"link": link.id}, lane="cpu")
        else:
            links.certify(link.id, certificate)


def due(links: Links) -> list[Link]:
    """Return the links whose last visit was long ago, those first that were never visited."""
    latest = when(now()) - DUE
    waiting = [
        link
        for link in links.all()
        if links.path(link) is not None and (link.checked is None or link.checked.at < latest)
    ]
    return sorted(waiting, key=lambda link: link.checked.at.timestamp() if link.checked else 0.0)


def changes(link: Link, before: Certificate | None, after: Certificate) -> list[str]:
    """Return what is different from the visit before, in sentences. A live link may have other pictures."""
    earlier = before.problems if before is not None else []
    sentences = [problem for problem in after.problems if problem not in earlier]
    if before is not None and earlier and not after.problems:
        sentences.append("What was wrong before is right again.")
    if before is not None and not link.live and after.pictures != before.pictures:
        sentences.append(f"It has {many(after.pictures)}, and had {before.pictures:,}.")
    if before is not None and after.unreadable > before.unreadable:
        sentences.append(f"{many(after.unreadable)} can no longer be shown.")
    return sentences


def _again(context: Context, link: Link, task: Task, find: Find) -> Certificate:
    certificate = _tried(context, link, task, find)
    certificate = replace(certificate, changes=changes(link, link.checked, certificate))
    context.part(Links).certify(link.id, certificate)
    return certificate


def _tried(context: Context, link: Link, task: Task, find: Find) -> Certificate:
    """Visit a link; if that is not possible, return a certificate with the reason."""
    try:
        return _visited(context, link, task, find)
    except (Abandoned, Cancelled):
        raise
    except PixlStashError as error:
        return Certificate(at=when(now()), seconds=0.0, requests=0, pictures=0, fetched=0, problems=[describe(error)])


def _visited(context: Context, link: Link, task: Task, find: Find, *, password: str | None = None) -> Certificate:
    """Visit a link, or a draft."""

    def progress(done: int, total: int) -> None:
        task.check()
        task.progress(done, total)

    most = MOST if link.version and not has_expired(link) else 1 << 30
    with context.part(Doorstep).reached(context) as server, context.part(Links).uncounted(link.id):
        return Visit(context, link, server, lambda: find(link), progress=progress, most=most).certificate(password)


def _called(link: Link, *, first: bool = False) -> str:
    name = f'link "{link.title}"' if link.title else f"link {link.id}"
    return f"The {name}" if first else f"the {name}"
