"""Reference folders: list, add, rename, relocate, remove, scan and browse them."""

from __future__ import annotations

from ..context import Context
from ..imports import caption_files as captions_in
from ..imports import sidecars
from ..jobs.lanes import Jobs
from ..storage import protected
from ..types import (
    AddFolder,
    CaptionPattern,
    Done,
    EditFolder,
    FolderRemoval,
    FolderSize,
    FolderTree,
    Job,
    Reader,
    ReferenceFolder,
    RelocateFolder,
    ServerFolders,
)
from . import folders as reference
from . import rows, server
from .folders import Folders


def list_folders(context: Context, reader: Reader) -> list[ReferenceFolder]:
    """The folders that are indexed in place, with their state."""
    return context.part(Folders).listed()


def add_folder(context: Context, reader: Reader, ask: AddFolder) -> ReferenceFolder:
    """Index a folder of the server's machine in place, and scan it. Its pictures are never changed."""
    folders, captions = context.part(Folders), sidecars.checked(ask.captions)
    path = folders.usable(ask.path)
    policy = folders.sidecars.checked(ask.sidecars, path)
    id = reference.add(context, path, folders.free_name(ask.name, path))
    if captions:
        folders.set_captions(id, captions)
    if policy.mode != "none":
        folders.sidecars.set_policy(folders.row(id), policy)
    folders.scan(id)
    folders.set_watch(id, ask.watch)
    return folders.get(id)


def edit_folder(context: Context, reader: Reader, id: int, ask: EditFolder) -> ReferenceFolder:
    """Rename a folder, or change whether it is watched, or what text files beside pictures added from now on are."""
    folders = context.part(Folders)
    captions = sidecars.checked(ask.captions) if ask.captions is not None else None
    if ask.name is not None:
        name = reference.fit(ask.name)
        context.organize(reader, lambda write: rows.rename(write, id, name))
    if ask.watch is not None:
        folders.set_watch(id, ask.watch)
    if captions is not None:
        folders.set_captions(id, captions)
    folders.changed()
    return folders.get(id)


def relocate_folder(context: Context, reader: Reader, id: int, ask: RelocateFolder) -> Done:
    """Look for a folder's files at another path, after verifying that they are there; then scan it."""
    folders = context.part(Folders)
    path = folders.usable(ask.path, besides=id)
    folders.verify(id, path, force=ask.force)
    done = context.organize(reader, lambda write: rows.move(write, id, str(path)))
    folders.scan(id)
    folders.changed()
    return done


def preview_remove_folder(context: Context, reader: Reader, id: int) -> FolderRemoval:
    """What removing a folder would do."""
    context.part(Folders).row(id)
    return rows.removal(context.db, id)


def remove_folder(context: Context, reader: Reader, id: int, keep: bool = False) -> Done:
    """Remove a folder from the library; no file is deleted, and it can be undone.

    Pictures without another file move to the scrapheap; with `keep` they stay, without a file.
    """
    folders = context.part(Folders)
    folders.row(id)
    folders.cancel_scans(id)
    done = context.organize(reader, lambda write: rows.remove(write, id, keep))
    folders.changed()
    return done


def scan_folder(context: Context, reader: Reader, id: int) -> Job:
    """Scan a folder for new, changed, moved and deleted files; returns the job."""
    return context.part(Jobs).get(context.part(Folders).scan(id).id)


def folder_tree(context: Context, reader: Reader, id: int, path: str = "") -> FolderTree:
    """The folders directly in a folder, with the number of pictures in each. `path` is relative to the folder."""
    context.part(Folders).row(id)
    with context.db.reading() as connection:
        return rows.tree(connection, id, path.strip("/"))


def server_folders(context: Context, reader: Reader, path: str = "") -> ServerFolders:
    """The folders of the server's machine that people may choose from."""
    return server.browse(path, context.path)


def caption_files(context: Context, reader: Reader, path: str) -> list[CaptionPattern]:
    """The naming patterns of text files beside pictures in a folder of the server's machine, each with a sample."""
    return captions_in.patterns(protected.usable(path, context.path))


def measure_folder(context: Context, reader: Reader, path: str) -> FolderSize:
    """Count the files in a folder of the server's machine, for at most ten seconds."""
    return server.measure(path, context.path)
