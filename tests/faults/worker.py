"""A process to be killed: does one thing to a library and writes down what it was told is done.

`python -m faults.worker VERB LIBRARY RECEIPTS [FOLDER]`. A receipt is one JSON line, written only after the library
has acknowledged what it says.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pixlstash_core.backups import restore
from pixlstash_core.library import Library
from pixlstash_core.tags import rules
from pixlstash_core.types import (
    OWNER,
    AddFolder,
    AddImportFolder,
    AddTags,
    BeginUpload,
    DeletePictures,
    Event,
    ExportOptions,
    ImportPaths,
    ImportRule,
    Job,
    MakeBackup,
    MakeExport,
    PicturesAdded,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    SetCaption,
    SidecarPolicy,
    TakeSnapshot,
    Uploaded,
)

Tell = Callable[..., None]
#: What `weigh` asks for, one after the other.
THRESHOLDS = (0.7, 0.2, 0.9, 0.4)
#: Pictures a purge removes at once.
BATCH = 3


def main() -> None:
    verb, library, receipts, *rest = sys.argv[1:]
    file = os.open(receipts, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(**receipt: object) -> None:
        os.write(file, json.dumps(receipt).encode() + b"\n")

    VERBS[verb](Path(library), tell, *map(Path, rest))
    tell(end=True)


def create(path: Path, tell: Tell) -> None:
    Library.create(path)


def hold(path: Path, tell: Tell) -> None:
    """Open it and keep it until killed."""
    with Library.open(path):
        tell(held=os.getpid())
        time.sleep(60)


def hold_uploaded(path: Path, tell: Tell, folder: Path) -> None:
    """Upload everything, then keep the library open until killed: its log is never folded into the database."""
    with Library.open(path, work=False) as library:
        send_all(library, tell, folder)
        tell(held=os.getpid())
        time.sleep(60)


def scan(path: Path, tell: Tell, folder: Path) -> None:
    take_in(path, tell, folder, in_place=True)


def copy(path: Path, tell: Tell, folder: Path) -> None:
    take_in(path, tell, folder, in_place=False)


def follow(path: Path, tell: Tell, folder: Path) -> None:
    """Follow a folder while files are added to it, renamed in it, and deleted; the source itself stays as it is."""
    own = path.with_name(f"{path.name}-followed")
    with Library.open(path) as library:
        library.subscribe(lambda event: tell(added=event.ids) if isinstance(event, PicturesAdded) else None)
        (own / "unfinished").mkdir(parents=True, exist_ok=True)
        library.add_folder(OWNER, AddFolder(str(own)))
        for number, source in enumerate(sorted(folder.rglob("*.png"))):
            shutil.copyfile(source, own / source.name)
            if number % 3 == 1:
                os.replace(own / source.name, own / "unfinished" / source.name)
        until = time.monotonic() + 60
        names = {source.name for source in folder.rglob("picture *.png")}
        while time.monotonic() < until and names - indexed(library):
            time.sleep(0.05)
        tell(followed=len(indexed(library)))


def inbox(path: Path, tell: Tell, folder: Path) -> None:
    """Import everything from a folder of its own, and delete it there; the source itself stays as it is."""
    own = path.with_name(f"{path.name}-inbox")
    with Library.open(path) as library:
        library.subscribe(lambda event: tell(added=event.ids) if isinstance(event, PicturesAdded) else None)
        if not own.exists():
            shutil.copytree(folder, own.with_name(f"{own.name}.new"), dirs_exist_ok=True)
            own.with_name(f"{own.name}.new").rename(own)
        if not library.import_folders(OWNER):
            rules = [ImportRule(tags=["new"])]
            library.add_import_folder(OWNER, AddImportFolder(str(own), delete=True, rules=rules))
        until = time.monotonic() + 60
        while time.monotonic() < until and any(own.rglob("picture *.png")):
            time.sleep(0.05)
        tell(left=len(list(own.rglob("*"))))


def sidecars(path: Path, tell: Tell, folder: Path) -> None:
    """Tag the pictures of a folder whose sidecars, some of which others wrote, are written meanwhile."""
    own = path.with_name(f"{path.name}-beside")
    if not own.exists():
        new = own.with_name(f"{own.name}.new")
        shutil.copytree(folder, new, dirs_exist_ok=True)
        for picture in new.rglob("picture *.png"):
            picture.with_suffix(".txt").write_text("theirs")
            os.utime(picture.with_suffix(".txt"), (0, 0))
        new.rename(own)
    with Library.open(path) as library:
        if not library.folders(OWNER):
            policy = SidecarPolicy("write", ["txt", "xmp"])
            library.add_folder(OWNER, AddFolder(str(own), watch=False, sidecars=policy))
        until = time.monotonic() + 60
        names = {source.name for source in folder.rglob("picture *.png")}
        while time.monotonic() < until and names - indexed(library):
            time.sleep(0.02)
        for id in library.find(OWNER, "").ids:
            library.add_tags(OWNER, AddTags(tags=[f"mine {id}"], ids=[id]))
            tell(tagged=id)
            library.queue.hasten("sidecars", 0)
        while time.monotonic() < until and library.folders(OWNER)[0].sidecar_state.due:
            library.queue.hasten("sidecars", 0)
            time.sleep(0.02)
        tell(due=library.folders(OWNER)[0].sidecar_state.due)


def indexed(library: Library) -> set[str]:
    """The names of the files that are in a reference folder, as far as the library knows."""
    rows = library.db.read("select key from location where store_id > 1 and state = 'present'")
    return {key.rpartition("/")[2] for (key,) in rows}


def take_in(path: Path, tell: Tell, folder: Path, *, in_place: bool) -> None:
    def heard(event: Event) -> None:
        if isinstance(event, PicturesAdded):
            tell(added=event.ids)

    with Library.open(path) as library:
        library.subscribe(heard)
        job = finish(library, library.import_paths(OWNER, ImportPaths([str(folder)], in_place)).id)
        tell(job=job.state, error=job.error)


def finish(library: Library, number: int) -> Job:
    while (job := library.job(OWNER, number)).state in ("waiting", "running"):
        time.sleep(0.005)
    return job


def upload(path: Path, tell: Tell, folder: Path) -> None:
    with Library.open(path, work=False) as library:
        send_all(library, tell, folder)


def send_all(library: Library, tell: Tell, folder: Path) -> None:
    """As a server does: bytes into `incoming`, made durable, then handed over; several at once."""

    def send(source: Path) -> None:
        incoming = library.intake.temporary(source.name)
        with incoming.open("wb") as out:
            out.write(source.read_bytes())
            out.flush()
            os.fsync(out.fileno())
        shutil.copystat(source, incoming)
        answer = library.upload(OWNER, source.name, incoming)
        tell(uploaded=source.name, status=answer.status, id=answer.id)

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(send, source) for source in sorted(folder.rglob("*.png"))]:
            done.result()


def pieces(path: Path, tell: Tell, folder: Path) -> None:
    """As a server does with large files, several at once; it goes on where an earlier run was stopped."""

    def send(source: Path) -> None:
        body, modified = source.read_bytes(), source.stat().st_mtime_ns // 1_000_000
        ask = BeginUpload(source.name, len(body), source.name, modified)
        upload = library.begin_upload(OWNER, ask)
        while upload.state == "receiving":
            piece = library.upload_piece(OWNER, upload.id, upload.received)
            piece.write(body[upload.received : upload.received + len(body) // 3 + 1])
            piece.close()
            upload = library.find_upload(OWNER, upload.id)
            tell(upload=upload.id, received=upload.received)
        result = settled(library, upload.id)
        tell(uploaded=source.name, status=result.status, id=result.id)

    with Library.open(path) as library:
        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(send, source) for source in sorted(folder.rglob("*.png"))]:
                done.result()
        rest(library)


def rest(library: Library) -> None:
    """Wait for what an earlier run left to do: a job ends a moment after the last of its files is known to be in."""
    while library.queue.running():
        time.sleep(0.005)


def settled(library: Library, upload: str) -> Uploaded:
    while (found := library.find_upload(OWNER, upload)).state != "done":
        time.sleep(0.005)
    assert found.result is not None
    return found.result


def zipped(path: Path, tell: Tell, folder: Path) -> None:
    """One zip file with everything, after whatever an earlier run has left to do."""
    packed = path.with_name(f"{path.name}.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        for source in sorted(folder.rglob("*.png")):
            archive.write(source, source.relative_to(folder))
    with Library.open(path) as library:
        for before in library.uploads(OWNER):
            settled(library, before.id)
        incoming = library.intake.temporary("a.zip")
        shutil.copyfile(packed, incoming)
        with incoming.open("r+b") as file:
            os.fsync(file.fileno())
        archived = library.upload(OWNER, "a.zip", incoming).archive
        assert archived is not None
        settled(library, archived.upload)
        for one in library.uploaded_files(OWNER, archived.upload):
            tell(uploaded=Path(one.name).name, status=one.status, id=one.id)
        rest(library)


def purge(path: Path, tell: Tell) -> None:
    """Empty the scrapheap, a few pictures at a time."""
    with Library.open(path, work=False) as library:
        thrown = [row[0] for row in library.db.read("select picture_id from scrapheap order by picture_id")]
        for start in range(0, len(thrown), BATCH):
            batch = thrown[start : start + BATCH]
            library.purge(OWNER, Selection(ids=batch))
            tell(purged=batch)


def undo(path: Path, tell: Tell) -> None:
    """All the way back and forth again. A step's receipt is its number."""
    with Library.open(path, work=False) as library:
        steps = sum(1 for entry in library.history(OWNER, 1000) if entry.undoable and entry.state == "done")
        for step in range(2 * steps):
            library.undo(OWNER) if step < steps else library.redo(OWNER)
            tell(step=step + 1)


def weigh(path: Path, tell: Tell) -> None:
    """One threshold after the other for all tags, and a person's word while each is prepared."""
    with Library.open(path) as library:
        producer = library.db.value("select producer_id from active where kind = 'tag'")
        for number, threshold in enumerate(THRESHOLDS):
            library.outputs.activate(producer, threshold)
            tell(threshold=number)
            library.add_tags(OWNER, AddTags(ids=[1 + number], tags=["meanwhile"]))
            tell(said=1 + number)
            while rules.slices_pending(library.writer):
                time.sleep(0.002)
            tell(settled=number)


def snapshots(path: Path, tell: Tell) -> None:
    """Score the first picture, take a snapshot that says how, let go of an older one, again and again."""
    with Library.open(path, work=False) as library:
        every = [row[0] for row in library.db.read("select id from picture order by id")]
        before = [one.id for one in library.snapshots(OWNER)]
        for turn in range(6):
            library.score(OWNER, ScorePictures(ids=[every[0], *every[turn::7]], score=1 + turn % 5))
            tell(taking=1 + turn % 5)
            taken = library.take_snapshot(OWNER, TakeSnapshot(str(1 + turn % 5))).id
            tell(taken=taken)
            before.insert(0, taken)
            if turn % 2:
                tell(deleting=before[-1])
                library.delete_snapshot(OWNER, before.pop())
                tell(deleted=taken)


def restores(path: Path, tell: Tell) -> None:
    """Restore everything to the first snapshot and to the second, in turn; and one picture, which is undone again."""
    with Library.open(path, work=False) as library:
        for turn in range(4):
            id = 1 + turn % 2
            library.restore_snapshot(OWNER, id, RestoreSnapshot(keep_added=False, allow_missing_files=True))
            tell(restored=id)
            library.restore_resources(OWNER, 3 - id, RestoreResources([Resource("picture", 1)], True))
            library.undo(OWNER)
            tell(undone=id)


#: What `backups` makes, beside the library.
BACKUPS = ("plain", "packed.zip")


def beside(path: Path, name: object) -> Path:
    """Where a worker puts what is not in the library."""
    return path.with_name(f"{path.name}.{name}")


def backups(path: Path, tell: Tell) -> None:
    """Score the first picture, remove the last for good, back up to a folder and a file, make a library of one."""
    with Library.open(path, work=False) as library:
        every = [row[0] for row in library.db.read("select id from picture order by id")]
        for turn in range(1, 4):
            library.score(OWNER, ScorePictures(ids=every[:1], score=turn))
            library.delete(OWNER, DeletePictures(ids=every[-turn : len(every) - turn + 1]))
            library.purge(OWNER, Selection(ids=every[-turn : len(every) - turn + 1]))
            for name in BACKUPS:
                tell(backing=name, score=turn)
                library.backup(OWNER, MakeBackup(str(beside(path, name))))
                tell(backed=name, score=turn)
            restore.restore(beside(path, BACKUPS[turn % 2]), beside(path, f"again{turn}"), False, lambda *at: None)
            tell(again=turn)


def exports(path: Path, tell: Tell) -> None:
    """Export to a folder twice, with other captions the second time, and each time to a new zip file."""
    with Library.open(path, work=False) as library:
        ids = [row[0] for row in library.db.read("select id from picture order by id")]
        for turn in (1, 2):
            library.set_caption(OWNER, SetCaption(ids=ids[turn:], text=f"caption {turn}"))
            tell(exporting=turn)
            for name in ("out", f"out{turn}.zip"):
                options = ExportOptions(layout="kohya", side=20 if turn == 2 else None, jsonl=True)
                library.export(OWNER, MakeExport(path=str(beside(path, name)), q="", options=options))
            tell(exported=turn)


def cross(path: Path, tell: Tell, source: Path, action: Path, place: Path) -> None:
    """Do one thing, and die between two files that it changes."""
    from . import crossing

    crossing.run(str(action), path, source, str(place))


def prepare(path: Path, folder: Path, *, throw: int = 0, say: int = 0) -> None:
    """A library with every picture of a folder copied in, the first few thrown away, and some history."""
    Library.create(path)
    with Library.open(path) as library:
        finish(library, library.import_paths(OWNER, ImportPaths([str(folder)])).id)
        known = [row[0] for row in library.db.read("select id from picture order by sha256")]
        if throw:
            library.delete(OWNER, DeletePictures(ids=known[:throw]))
        for number in range(say):
            chosen = known[number % 3 :: 3]
            if number % 3 == 2:
                library.delete(OWNER, DeletePictures(ids=chosen[number // 3 :: 2]))
            else:
                thrown = {id for (id,) in library.db.read("select picture_id from scrapheap")}
                there = [id for id in chosen if id not in thrown]
                library.score(OWNER, ScorePictures(ids=there, score=1 + number % 5))


VERBS: dict[str, Callable[..., None]] = {
    verb.__name__: verb
    for verb in (
        *(create, hold, hold_uploaded, scan, copy, upload, pieces, zipped, follow, inbox, sidecars),
        *(purge, undo, weigh, snapshots, restores, backups, exports, cross),
    )
}

if __name__ == "__main__":
    main()
