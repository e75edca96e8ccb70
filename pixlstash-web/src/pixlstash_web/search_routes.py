"""The routes of search, of people and their faces, and of the review queue."""

from __future__ import annotations

from pathlib import Path

from pixlstash_core.library import Library
from pixlstash_core.search.query_images import MOST
from pixlstash_core.types import Held

from .offload import run_in_threadpool
from .specs import api
from .table import Call, Route
from .uploads import foresee_length, keep, saying_why


async def hold(call: Call, name: str) -> Held:
    """Keep a picture to search with, the raw body, for an hour, without taking it in."""
    foresee_length(call, MOST)
    path: Path = call.library.intake.temporary(name)
    with saying_why():
        try:
            await keep(call, path, MOST)
            return await run_in_threadpool(call.library.hold, call.reader, name, path)
        finally:
            path.unlink(missing_ok=True)


SEARCH_ROUTES: tuple[Route, ...] = (
    api("POST", "/held", hold, "read"),
    api("GET", "/pictures/alike", Library.alike, "read"),
    api("GET", "/pictures/{id}/why", Library.why, "read"),
    api("GET", "/pictures/{id}/faces", Library.picture_faces, "read"),
    api("GET", "/characters/{id}/faces", Library.character_faces, "read"),
    api("GET", "/characters/{id}/suggestions", Library.suggest_character, "write"),
    api("POST", "/characters/merge", Library.merge_characters, "write"),
    api("GET", "/faces/clusters", Library.face_clusters, "write"),
    api("POST", "/faces/assign", Library.assign_faces, "write"),
    api("POST", "/faces/reject", Library.reject_faces, "write"),
    api("POST", "/faces/forget", Library.forget_faces, "write"),
    api("POST", "/faces/refer", Library.refer_faces, "write"),
    api("POST", "/faces/draw", Library.draw_face, "write"),
    api("GET", "/review/tags", Library.review_tags, "write"),
    api("GET", "/review/tag", Library.review_tag, "write"),
    api("POST", "/review/tag", Library.decide_tag, "write"),
    api("GET", "/review/characters", Library.review_characters, "write"),
    api("GET", "/review/faces", Library.review_faces, "write"),
    api("POST", "/review/faces", Library.decide_faces, "write"),
)
