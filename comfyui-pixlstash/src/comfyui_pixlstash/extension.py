"""All nodes, and what ComfyUI calls to find them."""

from __future__ import annotations

from typing import Any

from . import routes
from .node_engines import Describe, Tag
from .node_groups import CharacterLoader, ProjectLoader, SetLoader
from .node_likeness import FaceLikenessGate, LikenessSearch, PictureLikenessGate
from .node_pictures import Dataset, PictureLoader, Query, SemanticSearch, VideoLoader
from .node_saver import PictureSaver
from .schema import V3, ComfyExtension

NODES: tuple[Any, ...] = (
    *(ProjectLoader, SetLoader, CharacterLoader, PictureLoader, Query, SemanticSearch, LikenessSearch),
    *(PictureLikenessGate, FaceLikenessGate, Tag, Describe, Dataset, PictureSaver),
    *((VideoLoader,) if V3 else ()),  # V1 has no common class for videos
)


class PixlStash(ComfyExtension):  # type: ignore[misc]  # ComfyUI's, or `object`
    """The nodes, for ComfyUI's V3 loader."""

    async def get_node_list(self) -> list[Any]:
        return list(NODES)


async def comfy_entrypoint() -> PixlStash:
    routes.register()
    return PixlStash()


def mappings() -> tuple[dict[str, Any], dict[str, str]]:
    """Return V1's mappings: ids to classes, and ids to the names that are shown."""
    routes.register()
    schemas = {node: node.define_schema() for node in NODES}
    classes = {schema.node_id: node for node, schema in schemas.items()}
    return classes, {schema.node_id: schema.display_name for schema in schemas.values()}
