"""Import of zip files: each member becomes a picture, and one that is refused does not stop the others."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext
from pathlib import Path

from ..errors import DiskFull, NotThere, Refused, StoreUnreachable
from ..storage.archive import Member, is_archive, members, unpack
from ..storage.files import clean_name, printable, writing_to
from ..storage.local import Managed
from ..types import UploadedFile
from .intake import File, Intake, Taken, Tally

#: Bytes: members that are larger are unpacked one at a time.
LARGE = 64 << 20
#: Bytes of disk space that are kept free for the databases.
SPARE = 64 << 20
NESTED = "It is a zip file inside a zip file, which is not looked into: unpack the outer one first."

Outcome = Callable[[int, UploadedFile], None]


def take(
    intake: Intake,
    own: tuple[int, Managed],
    path: Path,
    label: str,
    tally: Tally,
    step: Callable[[], None],
    on_result: Outcome = lambda n, result: None,
    done: Collection[int] = (),
) -> None:
    """Import the members of a zip file, except those numbered in `done`.

    `on_result(n, result)` is called for each, on any thread.
    """
    waiting: dict[str, tuple[int, Member]] = {}
    large = threading.Lock()

    def files() -> Iterator[File]:
        for n, member in enumerate(members(path)):
            key = f"{label}: {member.name}"
            if n in done:
                continue
            if member.problem is not None:
                on_result(n, UploadedFile(printable(member.name), "refused", None, member.problem))
                tally.refuse(key, member.problem)
                step()
                continue
            waiting[key] = n, member
            yield File(key, clean_name(member.name), member.size)

    def take_one(file: File) -> Taken:
        n, member = waiting.pop(file.key)
        name = printable(member.name)
        try:
            with large if member.size > LARGE else nullcontext():
                taken = intake.keep(*own, _unpacked(intake, path, member), file.name, move=True)
        except (Refused, NotThere) as error:
            on_result(n, UploadedFile(name, "refused", None, str(error)))
            raise
        on_result(n, UploadedFile(name, taken.status, taken.picture))
        return taken

    intake.many(files(), take_one, tally, step)


def _unpacked(intake: Intake, path: Path, member: Member) -> Path:
    """Unpack a member into a durable temporary file with the member's modification time."""
    out = intake.temporary(member.name)
    if member.size + SPARE > shutil.disk_usage(out.parent).free:
        raise DiskFull("The disk is too full to unpack more of the zip file. What is in already stays.")
    try:
        with writing_to(out.parent), out.open("xb") as file:
            for block in _blocks(path, member):
                if file.tell() == 0 and is_archive(block):
                    raise Refused(NESTED)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if member.modified is not None:
            os.utime(out, (member.modified, member.modified))
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return out


def _blocks(path: Path, member: Member) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            yield from unpack(source, member)
    except OSError as error:
        raise StoreUnreachable(f"{path.name} cannot be read: {error.strerror or error}.") from error
