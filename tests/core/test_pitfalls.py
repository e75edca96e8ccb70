"""What went wrong in other programs with data people trusted them with: D1 to D27, each with a test that names it.

Most are beside what they are about; here are those that belong nowhere else, and a test that none is forgotten.
"""

from __future__ import annotations

import ast
import os
import re
import time
from pathlib import Path

import pytest
from core.imports.test_intake import paint
from core.snapshots.test_restores import back, take
from libraries import add, check_derived, fill, finish, invented
from PIL import Image
from sources import ROOT

from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library, background
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    DeletePictures,
    ImportPaths,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    SetCaption,
)

#: What these programs have and this one has not, so that it cannot go wrong.
ABSENT = {
    "D15": "no folder is watched: folders are imported when somebody says so",
    "D16": "nothing is deleted after an import",
}


def test_every_one_has_a_test_that_names_it() -> None:
    named: set[str] = set(ABSENT)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named |= set(re.findall(r"\bD\d{1,2}\b", ast.get_docstring(node) or ""))
                named |= {f"D{int(number)}" for number in re.findall(r"_d(\d{2})(?:_|$)", node.name)}
    assert {f"D{number}" for number in range(1, 28)} <= named


def test_d02_emptying_after_a_restore_deletes_no_live_file(library: Library, tmp_path: Path) -> None:
    """A picture in the scrapheap of the snapshot lay where another lies now: that one's file is not its file."""
    file = paint(tmp_path / "pictures" / "a.png", 1)
    folder = ImportPaths([str(file.parent)], True)
    finish(library, library.import_paths(OWNER, folder))
    (old,) = library.find(OWNER).ids
    library.delete(OWNER, DeletePictures(ids=[old]))
    id = take(library)
    paint(file, 2)
    body = file.read_bytes()
    os.utime(file, (time.time() + 5, time.time() + 5))
    finish(library, library.import_paths(OWNER, folder))
    new = max(row[0] for row in library.db.read("select id from picture"))
    assert new != old
    library.restore_snapshot(OWNER, id, RestoreSnapshot(allow_missing_files=True))
    thrown = library.find(OWNER, "is:scrapheap").ids
    assert new not in thrown
    library.purge(OWNER, Selection(ids=thrown))
    assert file.read_bytes() == body
    with library.original(OWNER, new).open(0, None) as seen:
        assert seen.read() == body


def test_d13_nothing_empties_the_scrapheap_by_itself(library: Library) -> None:
    ids = fill(library, 3)
    library.delete(OWNER, DeletePictures(ids=ids))
    library.derive(lambda write: write.execute("update scrapheap set at = 0 where true"))
    for job in library.jobs(OWNER):
        assert "crapheap" not in job.label
    background.tidy(library)
    library.restore_points.run()
    assert library.find(OWNER, "is:scrapheap").total == 3


def test_d14_removed_for_good_means_everywhere(library: Library, tmp_path: Path) -> None:
    """The file, its still, and every row that is about it."""
    uploaded = library.upload(OWNER, "a.png", paint(tmp_path / "a.png", 1)).id
    assert uploaded is not None
    add(library, invented(2))
    library.score(OWNER, ScorePictures(ids=[uploaded], score=4))
    library.add_tags(OWNER, AddTags(ids=[uploaded], tags=["river"]))
    library.set_caption(OWNER, SetCaption(ids=[uploaded], text="A river"))
    library.add_to_set(OWNER, library.create_set(OWNER, Create(name="Best")).id, Selection(ids=[uploaded]))
    (sha256,) = library.db.read("select sha256 from picture where id = ?", (uploaded,))[0]
    (file,) = (library.path / "media").glob("??/*.png")
    assert library.thumbnails.get(sha256) is not None
    library.delete(OWNER, DeletePictures(ids=[uploaded]))
    library.purge(OWNER, Selection(ids=[uploaded]))
    assert not file.exists() and library.thumbnails.get(sha256) is None
    for (name,) in library.db.read("select name from sqlite_schema where type = 'table' and name not like '%words%'"):
        columns = {row[0] for row in library.db.read("select name from pragma_table_info(?)", (name,))}
        for column in columns & {"picture_id", "cover_id"} | ({"id"} if name in ("picture", "derived_grid") else set()):
            assert library.db.read(f'select 1 from "{name}" where "{column}" = ?', (uploaded,)) == [], name
    assert library.find(OWNER, "river").ids == []
    check_derived(library)


def test_d18_files_that_differ_in_one_place_are_two(library: Library, tmp_path: Path) -> None:
    """The whole of a file is hashed: as large, with the same beginning and end, and another pixel between."""
    paths = []
    for n in range(2):
        image = Image.new("RGB", (900, 900), (5, 9, 9))
        image.putpixel((450, 450), (5, 9, 200 * n))
        image.save(tmp_path / f"{n}.bmp")
        paths.append(tmp_path / f"{n}.bmp")
    first, second = (path.read_bytes() for path in paths)
    assert len(first) == len(second) > 2_000_000 and sum(a != b for a, b in zip(first, second, strict=True)) == 1
    found = [library.upload(OWNER, path.name, path) for path in paths]
    assert [one.status for one in found] == ["imported", "imported"] and found[0].id != found[1].id


def test_d24_boxes_that_people_drew_stay(library: Library) -> None:
    """Whatever becomes of engines' faces, and through a restore of faces and its way back."""
    ids = fill(library, 2)
    ann = library.create_character(OWNER, Create(name="Ann")).id
    sql = "insert into said_who(picture_id, character_id, yes, box) values (?, ?, 1, '[0.1,0.2,0.5,0.6]')"
    library.write(OWNER, "drawn", lambda write: write.execute(sql, (ids[0], ann)))
    drawn = library.db.read("select * from said_who")
    id = take(library)
    for kinds in (None, ["faces"]):
        back(library, id, kinds=kinds)
        assert library.db.read("select * from said_who") == drawn
    library.derive(lambda write: write.execute("delete from region where true"))
    assert library.db.read("select * from said_who") == drawn
    library.take_from_character(OWNER, ann, Selection(ids=ids[:1]))
    assert library.db.read("select * from said_who where yes") == []
    back(library, id, kinds=["faces"])
    assert library.db.read("select * from said_who") == drawn


def test_d05_a_restore_can_be_rolled_forward_again(library: Library) -> None:
    """Newer snapshots stay listed after going back to an older one, and lead forth again."""
    ids = fill(library, 3)
    taken = []
    for score in (1, 2, 3):
        library.score(OWNER, ScorePictures(ids=ids, score=score))
        taken.append(take(library))
    for turn in (0, 2, 1, 2):
        report = back(library, taken[turn])
        assert {library.picture(OWNER, id).score for id in ids} == {turn + 1}
        assert {one.id for one in library.snapshots(OWNER)} >= {*taken, report.safety_snapshot_id}
    with pytest.raises(NotFound):
        back(library, 99)
