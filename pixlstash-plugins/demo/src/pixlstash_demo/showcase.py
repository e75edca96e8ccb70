"""Adds characters, sets, projects and tags to the demo library, so that every way to organize pictures can be seen.

This happens once, when the first pictures have been painted, and is not part of the history. After an interruption it
continues where it stopped, because each step checks whether it is already done.
"""

from __future__ import annotations

import contextlib
import re

from pixlstash_core import NOBODY, Library, PixlStashError, Tag, structs

from .words import CHARACTERS, GARDEN, WINTER

#: The setting that says that it is done.
ARRANGED = ("demo", "arranged")
#: Of a demo with a million pictures, this many of the newest are put in order.
NEWEST = 600
COLORS = ("#d97757", "#6a8caf", "#7a9e6b", "#b08bbf", "#c9a24b", "#7f8aa3")
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


def arrange(library: Library) -> None:
    """Put the newest pictures in order."""
    newest = library.find(NOBODY, "", "-created").ids[:NEWEST]
    if not newest or library.setting(*ARRANGED):
        return
    newest_ids = set(newest)

    def find(query: str, most: int) -> list[int]:
        return [id for id in library.find(NOBODY, query, "-created").ids if id in newest_ids][:most]

    for step in (_score, _tag, _stack):
        with contextlib.suppress(PixlStashError):
            step(library, newest)
    for name, color in zip(CHARACTERS, COLORS, strict=True):
        if ids := find(f'prompt:"{name},"', NEWEST):
            with contextlib.suppress(PixlStashError):
                made = library.create_character(NOBODY, structs.Create(name=name.title(), colour=color)).id
                library.add_to_character(NOBODY, made, structs.Selection(ids=ids))
                library.edit_character(NOBODY, made, structs.Edit(cover=ids[0]))
    for name, icon, query, most in SETS:
        with contextlib.suppress(PixlStashError):
            made = library.create_set(NOBODY, structs.Create(name=name, icon=icon)).id
            library.add_to_set(NOBODY, made, structs.Selection(ids=find(query, most)))
            if name.startswith("Training"):
                _describe(library, find(query, most), name.rpartition("/")[2].lower())
                library.edit_set(NOBODY, made, structs.EditSet(locked=True))
    _projects(library)
    for name, text in QUERIES:
        with contextlib.suppress(PixlStashError):
            library.save_query(NOBODY, structs.SaveQuery(name, text))
    library.keep_setting(*ARRANGED, "1")


def _words(library: Library, id: int) -> list[str]:
    """The parts of a picture's prompt."""
    return [part.strip() for part in (library.picture(NOBODY, id).prompt or "").split(",")]


def _score(library: Library, newest: list[int]) -> None:
    """Some of each score, and most of none, as in a library people live with."""
    for score, turns in ((1, (12,)), (2, (7,)), (3, (2,)), (4, (4, 10)), (5, (8,))):
        ids = [id for n, id in enumerate(newest) if n * 7 % 13 in turns]
        if ids:
            library.score(NOBODY, structs.ScorePictures(ids=ids, score=score))


def _tag(library: Library, newest: list[int]) -> None:
    """Tags from the words of the prompt, as sure as they come early; some accepted, some rejected, some a person's."""
    tags_by_id: dict[int, list[Tag]] = {}
    for id in newest:
        words = [word for word in dict.fromkeys(_words(library, id)) if _TAG.fullmatch(word)]
        tags_by_id[id] = [Tag(word, max(0.2, 0.97 - 0.07 * n)) for n, word in enumerate(words)]
    library.keep_tags("demo", "1", tags_by_id, threshold=0.4)
    tagged = [(id, tags) for id, tags in tags_by_id.items() if len(tags) > 3]
    for id, tags in tagged[: len(tagged) // 3]:
        library.accept_tags(NOBODY, structs.AcceptTags(ids=[id], tags=[tags[1].name]))
    for id, tags in tagged[::9]:
        library.reject_tags(NOBODY, structs.RejectTags(ids=[id], tags=[tags[3].name]))
    library.add_tags(NOBODY, structs.AddTags(ids=newest[::11], tags=["to print"]))
    names = {tag.name for tag in library.tags(NOBODY, limit=1000)}
    people = [name for name in CHARACTERS if name in names]
    library.categorise_tags(NOBODY, structs.CategoriseTags(tags=people, category="character"))


def _describe(library: Library, ids: list[int], trigger: str) -> None:
    """Captions to train on, the newest of which lacks the trigger word: there is something to find by checking them."""
    for n, id in enumerate(ids):
        text = ", ".join(word for word in _words(library, id) if n or word != trigger)
        library.set_caption(NOBODY, structs.SetCaption(ids=[id], text=text))


def _projects(library: Library) -> None:
    bar = library.sidebar(NOBODY)
    sets = {group.name: group.id for group in bar.sets}
    people = {group.name: group.id for group in bar.characters}
    for (name, icon, in_it, who, note), color in zip(PROJECTS, COLORS, strict=False):
        with contextlib.suppress(PixlStashError):
            made = library.create_project(NOBODY, structs.Create(name=name, icon=icon, colour=color, note=note)).id
            characters = [people[name] for name in who if name in people]
            groups = structs.DropOnProject(sets=[sets[name] for name in in_it], characters=characters, add=True)
            library.drop_on_project(NOBODY, made, groups)


def _stack(library: Library, newest: list[int]) -> None:
    """The seeds of some prompts, one on top of the other."""
    runs: dict[str, list[int]] = {}
    for id in newest[:120]:
        if prompt := library.picture(NOBODY, id).prompt:
            runs.setdefault(prompt, []).append(id)
    for ids in [run for run in runs.values() if len(run) >= 4][:3]:
        library.stack(NOBODY, structs.StackPictures(ids=ids))
