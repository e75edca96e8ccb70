"""Snapshots as clients of the public PixlStash ask about them: one thing restored, and which pictures differ."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from pixlstash_core import (
    Library,
    Reader,
    Resource,
    ResourceType,
    RestorePreview,
    RestoreReport,
    RestoreResources,
)
from pixlstash_web import Route, api

#: Pictures that one preview names.
NAMED = 200
#: What differs and is not what people would see of a picture.
UNSEEN = frozenset({"producers", "vectors", "measures", "locations"})


class RestoreOne(Struct, frozen=True):
    confirm_restore_dependencies: bool = False


class ComparePictures(Struct, frozen=True):
    picture_ids: Annotated[list[int], Meta(max_length=1000)]


class ComparedPictures(Struct, frozen=True):
    """`changed_ids`: also those that the snapshot does not have, or that are gone since."""

    identical_ids: list[int]
    changed_ids: list[int]


def preview_one(library: Library, reader: Reader, id: int, type: ResourceType, resource: int) -> RestorePreview:
    """Preview restoring one picture, set, character or project."""
    return library.preview_resources(reader, id, RestoreResources([Resource(type, resource)]))


def restore_one(
    library: Library, reader: Reader, id: int, type: ResourceType, resource: int, ask: RestoreOne
) -> RestoreReport:
    """Restore one picture, set, character or project, in one step that can be undone."""
    some = RestoreResources([Resource(type, resource)], ask.confirm_restore_dependencies)
    report = library.restore_resources(reader, id, some)
    return replace(report, resource_type=type)


def compare_pictures(library: Library, reader: Reader, id: int, ask: ComparePictures) -> ComparedPictures:
    """Which of some pictures are unchanged since a snapshot, and which are not."""
    ids = list(dict.fromkeys(ask.picture_ids))
    changed: set[int] = set()
    for at in range(0, len(ids), NAMED):
        some = [Resource("picture", picture) for picture in ids[at : at + NAMED]]
        for resource in library.preview_resources(reader, id, RestoreResources(some)).resources:
            alike = (
                resource.exists_in_live
                and resource.exists_in_snapshot
                and {change.topic for change in resource.changes} <= UNSEEN
            )
            if resource.type == "picture" and not alike:
                changed.add(resource.id)
    return ComparedPictures(
        [picture for picture in ids if picture not in changed], [picture for picture in ids if picture in changed]
    )


ROUTES: tuple[Route, ...] = (
    api("GET", "/snapshots/{id}/restore/{type}/{resource}/preview", preview_one, "owner", at="api"),
    api("POST", "/snapshots/{id}/restore/{type}/{resource}", restore_one, "owner", at="api"),
    api("POST", "/snapshots/{id}/hash-compare", compare_pictures, "owner", at="api"),
)
