"""Search, people and their faces, and the review queue."""

from __future__ import annotations

from pathlib import Path

from ..types import (
    Alike,
    AssignFaces,
    CharacterFaces,
    CharacterToReview,
    DecideFaces,
    DecideTag,
    Done,
    DrawFace,
    FaceClusters,
    FaceInfo,
    Faces,
    Held,
    Made,
    MaybeCharacter,
    MergeCharacters,
    ReferFaces,
    RejectFaces,
    TagReview,
    TagToReview,
    Why,
)
from .channel import Channel, read


class Search(Channel):
    def hold(self, name: str, path: Path) -> Held:
        """Send a picture to search with; it stays where it is."""
        with path.open("rb") as file:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(path.stat().st_size)}
            return read(self._call("POST", "/held", {"name": name}, file, headers), Held)

    def alike(self, q: str, limit: int = 100) -> list[Alike]:
        return self._get("/pictures/alike", list[Alike], {"q": q, "limit": limit})

    def why(self, id: int, q: str = "") -> Why:
        return self._get(f"/pictures/{id}/why", Why, {"q": q})

    # -- people --------------------------------------------------------------------------------------------------------

    def picture_faces(self, id: int) -> list[FaceInfo]:
        return self._get(f"/pictures/{id}/faces", list[FaceInfo])

    def character_faces(self, id: int) -> CharacterFaces:
        return self._get(f"/characters/{id}/faces", CharacterFaces)

    def suggest_character(self, id: int, q: str = "", limit: int = 50) -> list[MaybeCharacter]:
        return self._get(f"/characters/{id}/suggestions", list[MaybeCharacter], {"q": q, "limit": limit})

    def merge_characters(self, ask: MergeCharacters) -> Done:
        return self._post("/characters/merge", Done, ask)

    def face_clusters(self, q: str = "", limit: int = 50, each: int = 24) -> FaceClusters:
        return self._get("/faces/clusters", FaceClusters, {"q": q, "limit": limit, "each": each})

    def assign_faces(self, ask: AssignFaces) -> Made:
        return self._post("/faces/assign", Made, ask)

    def reject_faces(self, ask: RejectFaces) -> Done:
        return self._post("/faces/reject", Done, ask)

    def forget_faces(self, ask: Faces) -> Done:
        return self._post("/faces/forget", Done, ask)

    def refer_faces(self, ask: ReferFaces) -> Done:
        return self._post("/faces/refer", Done, ask)

    def draw_face(self, ask: DrawFace) -> Made:
        return self._post("/faces/draw", Made, ask)

    # -- the review queue ----------------------------------------------------------------------------------------------

    def review_tags(self, q: str = "", limit: int = 100, veil: bool = False) -> list[TagToReview]:
        query = {"q": q, "limit": limit, "veil": veil}
        return self._get("/review/tags", list[TagToReview], query)

    def review_tag(self, tag: str, q: str = "", offset: int = 0, limit: int = 100, veil: bool = False) -> TagReview:
        query = {"tag": tag, "q": q, "offset": offset, "limit": limit, "veil": veil}
        return self._get("/review/tag", TagReview, query)

    def decide_tag(self, ask: DecideTag) -> Done:
        return self._post("/review/tag", Done, ask)

    def review_characters(self, q: str = "", limit: int = 100, veil: bool = False) -> list[CharacterToReview]:
        query = {"q": q, "limit": limit, "veil": veil}
        return self._get("/review/characters", list[CharacterToReview], query)

    def review_faces(
        self, q: str = "", character: int | None = None, limit: int = 100, veil: bool = False
    ) -> list[MaybeCharacter]:
        query = {"q": q, "character": character, "limit": limit, "veil": veil}
        return self._get("/review/faces", list[MaybeCharacter], query)

    def decide_faces(self, ask: DecideFaces) -> Done:
        return self._post("/review/faces", Done, ask)
