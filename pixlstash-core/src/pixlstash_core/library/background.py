"""The background jobs of a library: their handlers, and the repeating ones."""

from __future__ import annotations

from functools import partial

from ..backups.operations import KIND as BACKUP
from ..backups.operations import back_up_job
from ..engines.host import FETCH, REHEARSAL
from ..engines.learning import CHECK, TRAIN
from ..exports.operations import KIND as EXPORT
from ..exports.operations import export_job
from ..folders.import_folders import KIND as IMPORT_FOLDER
from ..imports import jobs as intake
from ..jobs.lanes import Task
from ..sharing import certificates
from ..sharing.link_operations import pictures_of
from ..sharing.operations import KIND as PUBLISH
from ..sharing.operations import publish_job
from ..sidecars.sidecars import KIND as SIDECARS
from ..tags import rules
from ..updates.feature import KIND as UPDATES
from ..updates.feature import UpdateCheck
from ..updates.operations import schedule
from .parts import Parts

#: Seconds between two runs of the jobs that release unused memory, that delete orphaned thumbnails, and that check
#: whether a snapshot is due.
TIDY, DAY, SNAPSHOTS = 300.0, 86_400.0, 900.0


def register_handlers(library: Parts) -> None:
    """Register the handlers of all kinds of jobs of the core."""
    stores, scanned = library.stores, library.reference_folders.scanned
    handlers = intake.handlers(library.intake, library.scans, stores, library.plugins, scanned)
    for kind, handler in handlers.items():
        library.queue.handle(kind, handler)
    library.queue.handle(IMPORT_FOLDER, library.importing.run)
    library.queue.handle("upload", library.upload_sessions.run)
    library.queue.handle("redraw", intake.redraw_job(library.redraws))
    # Newer thumbnails may still wait for their row; the next process checks them.
    library.queue.handle("stills", intake.stills_job(library.db, library.thumbnails, library.thumbnails.newest()))
    library.queue.handle("weigh", partial(_weigh, library))
    library.queue.handle("engine", partial(_run_engine, library))
    library.queue.handle(TRAIN, library.learning.run)
    library.queue.handle(CHECK, library.learning.check)
    library.queue.handle(FETCH, library.host.fetch)
    library.queue.handle(REHEARSAL, library.host.rehearse)
    library.queue.handle(PUBLISH, partial(publish_job, library))
    find = partial(pictures_of, library)
    library.queue.handle(certificates.VISIT, lambda task: certificates.visit_job(library, task, find), by_hand=True)
    library.queue.handle(certificates.REPEAT, lambda task: certificates.repeat_job(library, task, find))
    library.queue.handle("tidy", lambda task: tidy(library))
    library.queue.handle("snapshots", partial(_take_snapshots, library))
    library.queue.handle(UPDATES, lambda task: library.part(UpdateCheck).run())
    library.queue.handle(EXPORT, partial(export_job, library), by_hand=True)
    library.queue.handle(SIDECARS, library.sidecars.run)
    library.queue.handle(BACKUP, partial(back_up_job, library), by_hand=True)


def start(library: Parts) -> None:
    """Queue the repeating jobs, and start the engines and the lanes."""
    queued = {job.kind for job in library.queue.running()}
    if "redraw" not in queued and library.redraws.waiting():
        library.queue.put("redraw", "Reading incomplete pictures again", {}, lane="cpu")
    library.queue.repeat("stills", "Deleting orphaned thumbnails", every=DAY)
    library.queue.repeat("tidy", "Releasing memory", every=TIDY)
    library.queue.repeat(certificates.REPEAT, "Checking links", every=certificates.EVERY)
    library.queue.repeat("snapshots", "Taking snapshots", every=SNAPSHOTS, lane="io")
    library.queue.repeat(CHECK, "Learning from your decisions", every=SNAPSHOTS)
    schedule(library.part(UpdateCheck), library.queue)
    library.queue_weighing()
    library.host.start()
    library.sidecars.start()
    library.queue.start()
    library.reference_folders.start(library.scans)
    library.importing.start()


def _run_engine(library: Parts, task: Task) -> None:
    library.host.run(task)
    library.learning.changed()  # there may be vectors now of pictures with scores


def tidy(library: Parts) -> None:
    """Release memory and files that were not used for a while."""
    library.views.drop_idle()
    library.search.held.drop_old()
    library.likeness.drop_idle()
    library.open_snapshots.drop_idle()
    library.restores.drop_idle()
    library.upload_sessions.sweep()


def _take_snapshots(library: Parts, task: Task) -> None:
    def progress(done: int, total: int) -> None:
        task.progress(done, total)
        task.check()

    library.restore_points.run(progress)


def _weigh(library: Parts, task: Task) -> None:
    while (at := rules.refresh_slice(library.writer)) is not None:
        task.progress(*at)
        task.check()
