"""Sets, characters, projects and saved queries."""

from __future__ import annotations

from ..types import (
    AddLink,
    ArrangeSet,
    CharacterInfo,
    Create,
    Done,
    DropOnProject,
    Dropped,
    Edit,
    EditQuery,
    EditSet,
    Made,
    Members,
    ProjectInfo,
    SavedQuery,
    SaveQuery,
    Selection,
    SetInfo,
    Sidebar,
    TakeFromProject,
)
from .channel import Channel


class Groups(Channel):
    def sidebar(self, veil: bool = False) -> Sidebar:
        return self._get("/sidebar", Sidebar, {"veil": veil})

    def icons(self) -> list[str]:
        return self._get("/icons", list[str])

    # -- sets ----------------------------------------------------------------------------------------------------------

    def sets(self) -> list[SetInfo]:
        return self._get("/sets", list[SetInfo])

    def find_set(self, id: int) -> SetInfo:
        return self._get(f"/sets/{id}", SetInfo)

    def set_members(self, id: int) -> Members:
        return self._get(f"/sets/{id}/members", Members)

    def create_set(self, ask: Create) -> Made:
        return self._post("/sets", Made, ask)

    def edit_set(self, id: int, ask: EditSet) -> Done:
        return self._patch(f"/sets/{id}", Done, ask)

    def delete_set(self, id: int) -> Done:
        return self._delete(f"/sets/{id}", Done)

    def add_to_set(self, id: int, ask: Selection) -> Done:
        return self._post(f"/sets/{id}/add", Done, ask)

    def take_from_set(self, id: int, ask: Selection) -> Done:
        return self._post(f"/sets/{id}/take", Done, ask)

    def arrange_set(self, id: int, ask: ArrangeSet) -> Done:
        return self._post(f"/sets/{id}/arrange", Done, ask)

    # -- characters ----------------------------------------------------------------------------------------------------

    def characters(self) -> list[CharacterInfo]:
        return self._get("/characters", list[CharacterInfo])

    def find_character(self, id: int) -> CharacterInfo:
        return self._get(f"/characters/{id}", CharacterInfo)

    def character_members(self, id: int) -> Members:
        return self._get(f"/characters/{id}/members", Members)

    def create_character(self, ask: Create) -> Made:
        return self._post("/characters", Made, ask)

    def edit_character(self, id: int, ask: Edit) -> Done:
        return self._patch(f"/characters/{id}", Done, ask)

    def delete_character(self, id: int) -> Done:
        return self._delete(f"/characters/{id}", Done)

    def add_to_character(self, id: int, ask: Selection) -> Done:
        return self._post(f"/characters/{id}/add", Done, ask)

    def take_from_character(self, id: int, ask: Selection) -> Done:
        return self._post(f"/characters/{id}/take", Done, ask)

    # -- projects ------------------------------------------------------------------------------------------------------

    def projects(self) -> list[ProjectInfo]:
        return self._get("/projects", list[ProjectInfo])

    def find_project(self, id: int) -> ProjectInfo:
        return self._get(f"/projects/{id}", ProjectInfo)

    def project_members(self, id: int) -> Members:
        return self._get(f"/projects/{id}/members", Members)

    def create_project(self, ask: Create) -> Made:
        return self._post("/projects", Made, ask)

    def edit_project(self, id: int, ask: Edit) -> Done:
        return self._patch(f"/projects/{id}", Done, ask)

    def delete_project(self, id: int) -> Done:
        return self._delete(f"/projects/{id}", Done)

    def add_to_project(self, id: int, ask: Selection) -> Done:
        return self._post(f"/projects/{id}/add", Done, ask)

    def drop_on_project(self, id: int, ask: DropOnProject) -> Dropped:
        return self._post(f"/projects/{id}/drop", Dropped, ask)

    def take_from_project(self, id: int, ask: TakeFromProject) -> Done:
        return self._post(f"/projects/{id}/take", Done, ask)

    def add_link(self, id: int, ask: AddLink) -> Made:
        return self._post(f"/projects/{id}/links", Made, ask)

    def remove_link(self, id: int, link: int) -> Done:
        return self._delete(f"/projects/{id}/links/{link}", Done)

    # -- saved queries -------------------------------------------------------------------------------------------------

    def queries(self) -> list[SavedQuery]:
        return self._get("/queries", list[SavedQuery])

    def save_query(self, ask: SaveQuery) -> Made:
        return self._post("/queries", Made, ask)

    def edit_query(self, id: int, ask: EditQuery) -> Done:
        return self._patch(f"/queries/{id}", Done, ask)

    def delete_query(self, id: int) -> Done:
        return self._delete(f"/queries/{id}", Done)
