"""The stack and the groups of a picture, as its metadata and a view's details give them."""

from __future__ import annotations

import libraries

from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    Create,
    DeletePictures,
    DropOnProject,
    HideAndBlur,
    InGroups,
    InStack,
    Reader,
    Scope,
    ScorePictures,
    Selection,
    StackPictures,
)


def test_a_picture_knows_its_stack(library: Library) -> None:
    libraries.add(library, *(libraries.invented(n) for n in range(1, 6)))
    stack = library.stack(OWNER, StackPictures(ids=[1, 2, 3], leader=2)).id
    assert library.picture(OWNER, 2).stack == InStack(stack, 3, cover=True)
    assert library.picture(OWNER, 3).stack == InStack(stack, 3, cover=False)
    assert library.picture(OWNER, 4).stack is None
    sizes = {row.id: row.stack for row in library.details(OWNER, library.view(OWNER).header.view, 0).rows}
    assert sizes == {2: 3, 4: None, 5: None}
    library.delete(OWNER, DeletePictures(ids=[1]))
    assert library.picture(OWNER, 2).stack == InStack(stack, 2, cover=True)
    library.delete(OWNER, DeletePictures(ids=[3]))
    assert library.picture(OWNER, 2).stack is None


def test_hidden_pictures_are_not_counted_on_request(library: Library) -> None:
    libraries.add(library, *(libraries.invented(n) for n in range(1, 5)))
    stack = library.stack(OWNER, StackPictures(ids=[1, 2, 3], leader=1)).id
    library.score(OWNER, ScorePictures(ids=[2], score=1))
    library.set_veil(OWNER, HideAndBlur(hide="score:1"))
    assert library.picture(OWNER, 1, veil=True).stack == InStack(stack, 2, cover=True)
    assert library.picture(OWNER, 1).stack == InStack(stack, 3, cover=True)
    view = library.view(OWNER, veil=True).header.view
    assert [row.stack for row in library.details(OWNER, view, 0, veil=True).rows if row.id == 1] == [2]
    assert [row.stack for row in library.details(OWNER, view, 0).rows if row.id == 1] == [3]


def test_a_scope_hides_pictures_and_groups(library: Library) -> None:
    libraries.add(library, *(libraries.invented(n) for n in range(1, 5)))
    library.stack(OWNER, StackPictures(ids=[1, 2, 3], leader=1))
    first, second = (library.create_set(OWNER, Create(name=name)).id for name in ("One", "Two"))
    for id in (first, second):
        library.add_to_set(OWNER, id, Selection(ids=[1]))
    reader = Reader("token:x", "read", Scope(frozenset({1, 4}), frozenset({("set", first)})))
    detail = library.picture(reader, 1)
    assert (detail.stack, detail.groups) == (None, InGroups(sets=[first]))
    rows = library.details(reader, library.view(reader).header.view, 0).rows
    assert [row.stack for row in rows] == [None, None]
    both = Reader("token:x", "read", Scope(frozenset({1, 2})))
    shown = library.picture(both, 1).stack
    assert shown is not None and shown.pictures == 2


def test_groups_include_projects_of_sets_and_characters(library: Library) -> None:
    libraries.add(library, *(libraries.invented(n) for n in range(1, 4)))
    group = library.create_set(OWNER, Create(name="Harbour")).id
    person = library.create_character(OWNER, Create(name="Ann")).id
    projects = [library.create_project(OWNER, Create(name=name)).id for name in ("Calendar", "Prints", "Other")]
    library.add_to_set(OWNER, group, Selection(ids=[1]))
    library.add_to_character(OWNER, person, Selection(ids=[1]))
    library.drop_on_project(OWNER, projects[0], DropOnProject(sets=[group]))
    library.drop_on_project(OWNER, projects[1], DropOnProject(characters=[person]))
    library.add_to_project(OWNER, projects[2], Selection(ids=[2]))
    assert library.picture(OWNER, 1).groups == InGroups([group], [person], projects[:2])
    assert library.picture(OWNER, 2).groups == InGroups(projects=[projects[2]])
    assert library.picture(OWNER, 3).groups == InGroups()
