"""Puts the demo library in order, so that every way to organise pictures is seen without work.

It is done once, when the first pictures are painted, on nobody's behalf: nothing of it is in history. Interrupted
anywhere, it goes on where it stopped, because every step looks whether it is done.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ..database import settings
from ..database.writer import outcome
from ..engines.outputs import Output, Outputs
from ..errors import PixlStashError
from ..types import (
    AcceptTags,
    AddTags,
    CategoriseTags,
    Create,
    DropOnProject,
    Edit,
    EditSet,
    Reader,
    RejectTags,
    SaveQuery,
    Scope,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
)
from .words import CHARACTERS, GARDEN, WINTER

if TYPE_CHECKING:
    from ..library import Library

#: What nobody did: `usecases` keeps it out of history.
NOBODY = Reader("", "owner", Scope())
#: The setting that says that it is done.
ARRANGED = "demo.arranged"
#: Of a demo with a million pictures, this many of the newest are put in order.
NEWEST = 600
COLOURS = ("#d97757", "#6a8caf", "#7a9e6b", "#b08bbf", "#c9a24b", "#7f8aa3")
QUERIES = (
    ("To rate", "score:0 sort:-created"),
    ("Best of all", "score:>=4"),
    ("Winter film, not yet chosen", f"lora:{WINTER} -in:none score:<4"),
    ("Either garden or winter", 'unique(set:"Studies/Winter film", set:"Studies/Glass garden")'),
)
#: (name, icon or none: then its newest pictures stand for it, what finds its pictures, how many at most)
SETS = (
    ("Studies/Winter film", "film", f"lora:{WINTER}", 60),
    ("Studies/Glass garden", None, f"lora:{GARDEN}", 60),
    ("Cameras/Walks", "camera", "camera:X-T5", 40),
    ("Training/Mira", "star", 'prompt:"mira,"', 24),
)
PROJECTS = (
    ("Winter book", "book", ("Studies/Winter film",), ("Mira", "Henrik"), "Forty plates, printed in spring."),
    ("Glass garden", "leaf", ("Studies/Glass garden",), ("Juno",), ""),
)
_TAG = re.compile(r"[a-z][a-z -]{2,30}")


def arrange(library: Library, outputs: Outputs) -> None:
    """Put the newest pictures in order."""
    newest = library.views.ids(NOBODY, "", "-created")[:NEWEST]
    if not newest or library.db.setting(ARRANGED):
        return
    known = set(newest)

    def find(query: str, most: int) -> list[int]:
        return [id for id in library.views.ids(NOBODY, query, "-created") if id in known][:most]

    for step in (_score, _tag, _stack):
        with contextlib.suppress(PixlStashError):
            step(library, outputs, newest)
    for person, colour in zip(CHARACTERS, COLOURS, strict=True):
        if ids := find(f'prompt:"{person.name},"', NEWEST):
            with contextlib.suppress(PixlStashError):
                made = library.create_character(NOBODY, Create(name=person.name.title(), colour=colour)).id
                library.add_to_character(NOBODY, made, Selection(ids=ids))
                library.edit_character(NOBODY, made, Edit(cover=ids[0]))
    for name, icon, query, most in SETS:
        with contextlib.suppress(PixlStashError):
            made = library.create_set(NOBODY, Create(name=name, icon=icon)).id
            library.add_to_set(NOBODY, made, Selection(ids=find(query, most)))
            if name.startswith("Training"):
                _describe(library, find(query, most), name.rpartition("/")[2].lower())
                library.edit_set(NOBODY, made, EditSet(locked=True))
    _projects(library)
    for name, text in QUERIES:
        with contextlib.suppress(PixlStashError):
            library.save_query(NOBODY, SaveQuery(name, text))
    settings.set(library.writer, ARRANGED, "1")


def _score(library: Library, outputs: Outputs, newest: list[int]) -> None:
    """Some of each score, and most of none, as in a library people live with."""
    stars: dict[int, list[int]] = {}
    for n, id in enumerate(newest):
        stars.setdefault((0, 0, 3, 0, 4, 0, 0, 2, 5, 0, 4, 0, 1)[n * 7 % 13], []).append(id)
    for score, ids in sorted(stars.items()):
        if score:
            library.score(NOBODY, ScorePictures(ids=ids, score=score))


def _tag(library: Library, outputs: Outputs, newest: list[int]) -> None:
    """Tags from the words of the prompt, as sure as they come early; some accepted, some rejected, some a person's."""
    producer = outputs.register("tag", "demo", "1", {})
    found = []
    for id in newest:
        words = [part.strip() for part in (library.picture(NOBODY, id).prompt or "").split(",")]
        tags = [word for word in dict.fromkeys(words) if _TAG.fullmatch(word)]
        found.append(Output(id, [(word, max(0.2, 0.97 - 0.07 * n)) for n, word in enumerate(tags)]))
    for future in outputs.store(producer, found):
        outcome(future)
    outputs.activate(producer, 0.4)
    tagged = [one for one in found if len(one.value) > 3]
    for one in tagged[: len(tagged) // 3]:
        library.accept_tags(NOBODY, AcceptTags(ids=[one.picture], tags=[one.value[1][0]]))
    for one in tagged[::9]:
        library.reject_tags(NOBODY, RejectTags(ids=[one.picture], tags=[one.value[3][0]]))
    library.add_tags(NOBODY, AddTags(ids=newest[::11], tags=["to print"]))
    known = {one.name for one in library.tags(NOBODY, limit=1000)}
    people = [one.name for one in CHARACTERS if one.name in known]
    library.categorise_tags(NOBODY, CategoriseTags(tags=people, category="character"))


def _describe(library: Library, ids: list[int], trigger: str) -> None:
    """Captions to train on, the newest of which lacks the trigger word: there is something to find by checking them."""
    for n, id in enumerate(ids):
        words = [part.strip() for part in (library.picture(NOBODY, id).prompt or "").split(",")]
        text = ", ".join(word for word in words if n or word != trigger)
        library.set_caption(NOBODY, SetCaption(ids=[id], text=text))


def _projects(library: Library) -> None:
    bar = library.sidebar(NOBODY)
    sets = {one.name: one.id for one in bar.sets}
    people = {one.name: one.id for one in bar.characters}
    for (name, icon, in_it, who, note), colour in zip(PROJECTS, COLOURS, strict=False):
        with contextlib.suppress(PixlStashError):
            made = library.create_project(NOBODY, Create(name=name, icon=icon, colour=colour, note=note)).id
            held = [sets[one] for one in in_it if one in sets]
            library.drop_on_project(
                NOBODY,
                made,
                DropOnProject(sets=held, characters=[people[one] for one in who if one in people], add=True),
            )


def _stack(library: Library, outputs: Outputs, newest: list[int]) -> None:
    """The seeds of some prompts, one on top of the other."""
    runs: dict[str, list[int]] = {}
    for id in newest[:120]:
        if prompt := library.picture(NOBODY, id).prompt:
            runs.setdefault(prompt, []).append(id)
    for ids in [run for run in runs.values() if len(run) >= 4][:3]:
        library.stack(NOBODY, StackPictures(ids=ids))
