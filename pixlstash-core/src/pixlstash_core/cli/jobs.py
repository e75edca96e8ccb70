"""The verbs `pixlstash import` and `job`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..api import Api
from ..types import CaptionRule, ImportFrom, ImportPaths, ImportReport, Job
from . import show, watch
from .engines import ran
from .options import CAPTIONS, JSON, SETTINGS, argument, option, read_settings
from .verbs import Verb, group

if TYPE_CHECKING:
    from .shell import Shell

#: Maximum number of refused files that are named.
SHOWN = 20


@click.command(
    "import",
    params=[
        argument("paths", nargs=-1, type=click.Path(path_type=Path)),
        option("--in-place", is_flag=True, help="Index folders in place (read-only)."),
        CAPTIONS,
        option("--from", "importer", metavar="ID", help="Import from a plugin's importer (`store kinds` lists them)."),
        SETTINGS,
        JSON,
    ],
)
@click.pass_obj
def import_(
    shell: Shell,
    paths: list[Path],
    in_place: bool,
    captions: list[CaptionRule],
    importer: str | None,
    settings: list[str],
    as_json: bool,
) -> None:
    """Import files and folders (copied unless --in-place), or what a plugin's importer finds (--from)."""
    if importer is None and not paths:
        raise click.UsageError("Say which files or folders to import, or name an importer with --from.")
    if importer is None and settings:
        raise click.UsageError("--set needs an importer: --from ID.")
    if importer is not None and (paths or in_place or captions):
        raise click.UsageError("--from takes neither paths, --in-place nor --captions.")
    shell.make_default()
    with shell.connect(work=True) as session:
        if importer is None:
            ask = ImportPaths([str(path.expanduser().absolute()) for path in paths], in_place, captions)
            queued = session.import_paths(ask)
        else:
            queued = session.import_from(ImportFrom(importer, read_settings(session, "importers", importer, settings)))
        job = watch.finish(session, queued, quiet=as_json)
    report = job.report or ImportReport(0, 0, [], 0.0)
    (show.dump if as_json else print_report)(report)
    show.demand_done(job, "The import")


def print_report(report: ImportReport) -> None:
    refused = len(report.refused)
    click.echo(
        f"{report.imported} imported, {report.duplicates} already there, {refused} refused, {report.seconds:.1f} s"
    )
    show.lines(f"  {file.path}: {file.reason}" for file in report.refused[:SHOWN])
    if refused > SHOWN:
        click.echo(f"  and {refused - SHOWN} more (--json lists them)")


def _progress(job: Job) -> str:
    return f"{job.done}/{job.total}" if job.total is not None else str(job.done)


def _remark(job: Job) -> str:
    return job.error or (f"failed on {job.failed:,}: {job.reason}" if job.failed else job.note)


def _cancelled(job: Job) -> None:
    ended = job.state == "cancelled"
    click.echo(f"Cancelled job {job.id}." if ended else f"Job {job.id} stops at its next step.")


def _retry(session: Any, finish: watch.Finish, id: int) -> Any:
    return ran(session, finish(session.retry_job(id)))


job = group(
    "job",
    "Background jobs.",
    Verb(
        "list",
        Api.jobs,
        "List jobs: running ones first, then newest first.",
        show=show.Table(">id | state | >done | lane | label | remark", "No jobs.", done=_progress, remark=_remark),
    ),
    Verb(
        "cancel ID:int",
        Api.cancel_job,
        "Cancel a running, waiting or paused job; finished results are kept.",
        show=_cancelled,
    ),
    Verb("retry ID:int", _retry, "Retry the pictures that failed in a run of an engine.", work=True),
    Verb("revert ID:int", Api.revert_job, "Revert the results of an engine's run; this can be undone."),
)
COMMANDS = (import_, job)
