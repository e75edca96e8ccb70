"""Kills a process exactly between what it commits to one file and what it does to another next.

Nothing spans two files in one step. A *crossing* is the moment between two: what was done to one can be seen by the
next start, and nothing of what follows in the other. `python -m faults.worker cross LIBRARY RECEIPTS ACTION CROSSING`
does one thing to a library and dies, by its own SIGKILL, at a crossing such as `hub.db > library.db 2`: the second time
that it came from the hub to the library.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixlstash_core.backups import restore as backup_restore
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    BeginUpload,
    DeletePictures,
    ImportPaths,
    MakeBackup,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    TakeSnapshot,
)

from . import computed
from .recording import Recording

#: What makes something that was done one that the next start sees.
COMMITS = ("sync", "rename", "unlink", "delete")
#: What is looked away from: who holds a library, and files that are dropped at start.
PASSING = ("lock", "-shm", "scratch")


class Crossings(Recording):
    """Counts the crossings of a process while `armed`, and kills it at one."""

    def __init__(self, root: Path, target: str = "") -> None:
        super().__init__(root)
        self.found: list[str] = []
        self._target, self._armed = target, False
        self._last = ""  # where the last commit was
        self._touched: set[str] = set()  # since
        self._seen: Counter[str] = Counter()
        self._one = threading.RLock()

    @contextmanager
    def armed(self) -> Iterator[None]:
        self._armed, self._last = True, ""
        try:
            yield
        finally:
            self._armed = False

    def about(self, kind: str, path: str | os.PathLike[str]) -> None:
        if kind in ("settle", "folder") or not self._armed or not (store := self._store(path)):
            return
        with self._one:
            if self._last and store != self._last and store not in self._touched:
                pair = f"{self._last} > {store}"
                self._touched.add(store)
                self._seen[pair] += 1
                self.found.append(f"{pair} {self._seen[pair]}")
                if self.found[-1] == self._target:
                    os.kill(os.getpid(), signal.SIGKILL)

    def add(self, kind: str, path: str | os.PathLike[str], *, to: str | os.PathLike[str] = "", **rest: Any) -> None:
        # Stills are not synced one by one: they can be drawn again.
        if self._armed and (store := self._store(to or path)):
            if kind in COMMITS or (store == "thumbnails.db" and kind == "write"):
                with self._one:
                    self._last, self._touched = store, set()

    def _store(self, path: str | os.PathLike[str]) -> str:
        """What a file is part of; nothing when it does not count."""
        inside = self.inside(path)
        if inside is None or any(one in inside for one in PASSING):
            return ""
        first, _, rest = inside.partition("/")
        beside = {"library": "", "plain": "backup/"}.get(first, "made/")
        for name in ("library.db", "hub.db", "thumbnails.db"):
            if rest.startswith(name):
                return beside + name
        if rest.startswith("snapshots/"):
            return "packs" if rest.startswith("snapshots/packs") else "manifests"
        return f"{beside}{'file' if not rest else rest.partition('/')[0]}"


Armed = Callable[[], Any]


# --- what is done -----------------------------------------------------------------------------------------------------


def make(path: Path, source: Path, armed: Armed) -> None:
    with armed():
        Library.create(path)


def upload(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        send(library, newest(source))


def newest(source: Path) -> Path:
    """A picture that the library does not have."""
    return sorted(source.glob("new/*.png"))[0]


def send(library: Library, source: Path) -> None:
    incoming = library.intake.temporary(source.name)
    shutil.copy2(source, incoming)
    with incoming.open("r+b") as file:
        os.fsync(file.fileno())
    library.upload(OWNER, source.name, incoming)


def upload_in_pieces(path: Path, source: Path, armed: Armed) -> None:
    body = newest(source).read_bytes()
    with Library.open(path) as library, armed():
        upload = library.begin_upload(OWNER, BeginUpload("new.png", len(body), "key", 1_767_225_600_000))
        while upload.state == "receiving":
            piece = library.upload_piece(OWNER, upload.id, upload.received)
            piece.write(body[upload.received : upload.received + len(body) // 2 + 1])
            piece.close()
            upload = library.find_upload(OWNER, upload.id)
        computed.rest(library)


def import_in_place(path: Path, source: Path, armed: Armed) -> None:
    bring(path, source, armed, in_place=True)


def import_copies(path: Path, source: Path, armed: Armed) -> None:
    bring(path, source, armed, in_place=False)


def bring(path: Path, source: Path, armed: Armed, *, in_place: bool) -> None:
    with Library.open(path) as library, armed():
        library.import_paths(OWNER, ImportPaths([str(source / "new")], in_place))
        computed.rest(library)


def score(path: Path, source: Path, armed: Armed) -> None:
    """The hub takes over the log; what it had taken over before leaves the library."""
    with Library.open(path, work=False) as library, armed():
        library.score(OWNER, ScorePictures(ids=[1, 2], score=4))
        library.history(OWNER)


def undo(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.undo(OWNER)
        library.history(OWNER)


def purge(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        thrown = [row[0] for row in library.db.read("select picture_id from scrapheap")]
        library.purge(OWNER, Selection(ids=thrown))


def bring_back(path: Path, source: Path, armed: Armed) -> None:
    """What was permanently deleted comes in again, asked for by hand."""
    with Library.open(path, work=False) as library, armed():
        send(library, source / "purged.png")


def take(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.take_snapshot(OWNER, TakeSnapshot("taken"))


def let_go(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.delete_snapshot(OWNER, 1)


def prune(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.restore_points.prune()


def restore(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.restore_snapshot(OWNER, 1, RestoreSnapshot())


def restore_some(path: Path, source: Path, armed: Armed) -> None:
    with Library.open(path, work=False) as library, armed():
        library.restore_resources(OWNER, 1, RestoreResources([Resource("picture", 1)], True))
        library.history(OWNER)


def back_up(path: Path, source: Path, armed: Armed) -> None:
    """Over the backup before."""
    with Library.open(path, work=False) as library, armed():
        library.backup(OWNER, MakeBackup(str(path.parent / "plain"), access=True))


def restore_backup(path: Path, source: Path, armed: Armed) -> None:
    with armed():
        backup_restore.restore(path.parent / "plain", path.parent / "again", True, lambda done, total: None)


def close(path: Path, source: Path, armed: Armed) -> None:
    """Right after something was written."""
    library = Library.open(path, work=False)
    library.delete(OWNER, DeletePictures(ids=[2]))
    with armed():
        library.close()


def start(path: Path, source: Path, armed: Armed) -> None:
    """Open a library of an older schema, or one whose last process was killed."""
    with armed():
        Library.open(path, work=False).close()


#: Starts that finish what a kill left: after which action, killed where.
STARTS = {
    "start_after_upload": ("upload", "media > hub.db 1"),
    "start_after_purge": ("purge", "hub.db > library.db 1"),
    "start_after_restore": ("restore", "library.db > hub.db 1"),
    "start_after_score": ("score", "library.db > hub.db 1"),
}
ACTIONS: dict[str, Callable[[Path, Path, Armed], None]] = {
    one.__name__: one
    for one in (
        *(make, upload, upload_in_pieces, import_in_place, import_copies, score, undo, purge, bring_back),
        *(take, let_go, prune, restore, restore_some, back_up, restore_backup),
        *(*computed.DONE, close),
    )
} | dict.fromkeys(("upgrade", *STARTS), start)


def run(action: str, path: Path, source: Path, target: str = "") -> list[str]:
    """Do it, and die at the crossing named; else all crossings there were."""
    crossings = Crossings(path.parent, target)
    with crossings.running():
        ACTIONS[action](path, source, crossings.armed)
    return crossings.found
