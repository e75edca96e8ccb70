"""kill -9 while sidecars are written: every file is whole, nothing of others is lost, and the next start catches up."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from conftest import Effort
from core.database.test_kill import Lab, opened, report
from faults import killing, sources

from pixlstash_core.library import Library
from pixlstash_core.sidecars import xmp
from pixlstash_core.types import OWNER

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]


def broken(folder: Path) -> list[str]:
    """What is wrong with sidecars at any moment: each text has what others wrote, and each XMP file is whole."""
    problems = []
    for file in folder.rglob("*.txt"):
        if "theirs" not in file.read_text().strip().split(", "):
            problems.append(f"{file.name} lost what others wrote")
    for file in folder.rglob("*.xmp"):
        try:
            xmp.parse(file.read_bytes())
        except ValueError as error:
            problems.append(f"{file.name} is not whole: {error}")
    return problems


def missing(library: Library, folder: Path) -> list[str]:
    """What is not in sidecars although it is in the library."""
    problems = [f"{conflict.file}: a conflict about {conflict.field}" for conflict in library.conflicts(OWNER)]
    for id in library.find(OWNER, "").ids:
        picture = folder / library.picture(OWNER, id).locations[0].key
        tags = {f"mine {id}", "theirs"}
        if {tag.name for tag in library.picture_tags(OWNER, id)} != tags:
            problems.append(f"picture {id} has other tags")
        if set(picture.with_suffix(".txt").read_text().strip().split(", ")) != tags:
            problems.append(f"the text of picture {id} has other tags")
        if set(xmp.parse(picture.with_name(f"{picture.name}.xmp").read_bytes())[0].tags) != tags:
            problems.append(f"the XMP file of picture {id} has other tags")
    return problems


def test_writing_sidecars_survives_kill(
    tmp_path_factory: pytest.TempPathFactory, effort: Effort, rng: random.Random
) -> None:
    lab = Lab(tmp_path_factory.mktemp("sidecars"), 6)
    attack, whole = lab.attack("sidecars", Library.create, lab.source)
    with Library.open(whole, work=False) as library:
        assert missing(library, whole.with_name(f"{whole.name}-beside")) == []
    kills, hit, wrong = attack.kills(effort.of(3, 100), rng), 0, {}
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        own = path.with_name(f"{path.name}-beside")
        problems = broken(own) if own.exists() else []
        with opened(path, problems) as library:
            for receipt in ran.receipts:
                id = receipt.get("tagged")
                if id and f"mine {id}" not in {tag.name for tag in library.picture_tags(OWNER, id)}:
                    problems.append(f"the tag of picture {id} was acknowledged and is gone")
        killing.run("sidecars", path, lab.source)  # the next start
        with opened(path, problems) as library:
            problems += missing(library, own)
        hidden = [file.name for file in own.rglob(".*")]
        if problems or hidden:
            wrong[str(kill)] = [*problems, *hidden]
        assert sources.tree(lab.source) == lab.before
    report("sidecars", kills, hit, wrong)
