"""Makes `440a7eb.zip`: a library as commit 440a7eb wrote it, with something of everything, a backup and a description.

Run it with that commit's packages, from a checkout of the commit:

    git worktree add ../old 440a7eb
    PYTHONPATH=../old/pixlstash-core/src:tests python tests/earlier/make_440a7eb.py tests/earlier/440a7eb.zip
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path

from earlier.describe import describe
from faults import sources
from libraries import finish, until

from pixlstash_core import OWNER, Library
from pixlstash_core.types import (
    AddTags,
    AliasTags,
    Create,
    CreateToken,
    DeletePictures,
    DrawFace,
    DropOnProject,
    ImplyTags,
    ImportPaths,
    MakeBackup,
    RejectTags,
    RunEngine,
    SaveQuery,
    ScorePictures,
    Selection,
    SetCaption,
    SetEngine,
    StackPictures,
    TakeSnapshot,
)

PICTURES, PAINTED = 8, 4


def make(folder: Path) -> dict[str, object]:
    """Make a library and a backup of it in `folder`; what the library holds."""
    Library.create(folder / "library", name="Made by 440a7eb")
    with Library.open(folder / "library") as library:
        library.hub.write("insert into setting values ('plugins.disabled', '[\"wd-tagger\"]')")
        fill(library, folder)
        organize(library)
        until(lambda: not library.db.value("select max(phase) from derived_tagging"))
        library.take_snapshot(OWNER, TakeSnapshot("Before the upgrade"))
        library.score(OWNER, ScorePictures(ids=[2], score=1))
        library.undo(OWNER)
        library.backup(OWNER, MakeBackup(str(folder / "backup")))
    with Library.open(folder / "library", work=False) as library:
        return describe(library)


def fill(library: Library, folder: Path) -> None:
    """Copy pictures in, paint some of the demo, and have the built-in engines process all of them."""
    sources.paint(folder / "pictures", PICTURES)
    assert finish(library, library.import_paths(OWNER, ImportPaths([str(folder / "pictures")], False))).state == "done"
    assert finish(library, library.fill_demo(OWNER, PAINTED)).state == "done"
    for engine in ("visual-descriptor", "sharpness", "prompt-tags", "prompt-caption"):
        assert finish(library, library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"
    library.set_engine(OWNER, SetEngine(engine="prompt-tags", threshold=0.5))


def organize(library: Library) -> None:
    """Use every kind of metadata that people add."""
    library.score(OWNER, ScorePictures(ids=[1, 2], score=4))
    library.add_tags(OWNER, AddTags(ids=[1, 2, 3], tags=["winter", "to print"]))
    library.reject_tags(OWNER, RejectTags(ids=[1], tags=["winter"]))
    library.alias_tags(OWNER, AliasTags(tags=["cold season"], of="winter"))
    library.imply_tags(OWNER, ImplyTags(tag="winter", implies=["season"]))
    library.set_caption(OWNER, SetCaption(ids=[3], text="A fox in deep snow."))
    ann = library.create_character(OWNER, Create(name="Ann", colour="#d97757")).id
    library.add_to_character(OWNER, ann, Selection(ids=[1, 4]))
    library.draw_face(OWNER, DrawFace(picture=1, box=(0.1, 0.1, 0.4, 0.4), character=ann))
    winter = library.create_set(OWNER, Create(name="Winter", icon="film")).id
    library.add_to_set(OWNER, winter, Selection(ids=[1, 2, 3]))
    book = library.create_project(OWNER, Create(name="Book", note="For the spring.")).id
    library.drop_on_project(OWNER, book, DropOnProject(sets=[winter], characters=[ann], add=True))
    library.stack(OWNER, StackPictures(ids=[5, 6, 7], leader=6))
    library.save_query(OWNER, SaveQuery("Best", "score:>=4"))
    library.create_token(OWNER, CreateToken("read", "A reader"))
    library.delete(OWNER, DeletePictures(ids=[8]))


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        description = make(folder)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("description.json", json.dumps(description, indent=1, ensure_ascii=False))
            for name in ("library", "backup"):
                for path in sorted((folder / name).rglob("*")):
                    if path.name not in ("lock", "thumbnails.db") and path.is_file():
                        archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
