"""The node that saves pictures into the library."""

from __future__ import annotations

import re
from typing import Any

from . import runtime
from .channel import LibraryError
from .groups import Group
from .operations import AddTags, Operations, Selection, SetCaption
from .pixels import encode_png
from .schema import CATEGORY, Character, Node, Project, Set, io


class PictureSaver(Node):
    @classmethod
    def define_schema(cls) -> Any:
        return io.Schema(
            node_id="PixlStash_PictureSaver",
            display_name="PixlStash Save Pictures",
            category=CATEGORY,
            description="Save pictures into the library as PNG, with the workflow, tags and a caption.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("name", default="ComfyUI", tooltip="What the names of the pictures begin with."),
                io.String.Input("tags", default="", tooltip="Tags for all of the pictures, separated by commas."),
                io.String.Input("caption", multiline=True, default="", tooltip="A caption for all of the pictures."),
                Project.Input("project", optional=True, tooltip="Add the pictures to this project."),
                Set.Input("set", optional=True, tooltip="Add the pictures to this set."),
                Character.Input("character", optional=True, tooltip="Add the pictures to this character."),
            ],
            outputs=[
                io.String.Output("ids", display_name="ids", tooltip="The numbers of the pictures in the library."),
                io.Int.Output("count", display_name="count", tooltip="How many of them are new."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        images: Any,
        name: str,
        tags: str,
        caption: str,
        project: Group | None = None,
        set: Group | None = None,
        character: Group | None = None,
    ) -> Any:
        library = runtime.library()
        texts = {} if runtime.metadata_disabled() else cls.metadata()
        ids, added = [], 0
        for done, image in enumerate(images, 1):
            id, new = save(library, f"{file_name(name)}_{done:05}.png", encode_png(image, texts))
            ids.append(id)
            added += new
            runtime.report_progress(done, len(images))
        annotate(library, list(dict.fromkeys(ids)), tags, caption, (project, set, character))
        numbers = ", ".join(map(str, ids))
        return io.NodeOutput(numbers, added, ui={"text": (f"Saved as {numbers}",)})

    @classmethod
    def metadata(cls) -> dict[str, Any]:
        """Return what ComfyUI's own savers embed: the prompt, and the workflow among `extra_pnginfo`."""
        prompt, extra = cls.hidden.prompt, cls.hidden.extra_pnginfo
        return {**({"prompt": prompt} if prompt is not None else {}), **(extra or {})}


def file_name(name: str) -> str:
    """Return a name without folders and characters that file systems reject."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", name.strip())[:100].strip(". ") or "ComfyUI"


def save(library: Operations, name: str, content: bytes) -> tuple[int, bool]:
    """Upload a picture. Return (its id, whether it is new); a duplicate has the id of the picture in the library."""
    uploaded = library.upload(name, content)
    if uploaded.id is None or uploaded.status in ("refused", "archive"):
        raise LibraryError(
            f"PixlStash did not accept {name}: {uploaded.reason or 'it gave no reason'}.".replace("..", ".")
        )
    if uploaded.status == "scrapheaped":
        raise LibraryError(
            f"The library has this picture in its scrapheap, as number {uploaded.id}: restore it there, or delete "
            "it there permanently, then queue the workflow again."
        )
    return uploaded.id, uploaded.status == "imported"


def annotate(
    library: Operations,
    ids: list[int],
    tags: str,
    caption: str,
    groups: tuple[Group | None, Group | None, Group | None],
) -> None:
    """Add tags and a caption to saved pictures, and add them to a project, a set and a character."""
    names = list(dict.fromkeys(tag.strip() for tag in tags.split(",") if tag.strip()))
    try:
        if names:
            library.add_tags(AddTags(ids=ids, tags=names))
        if caption.strip():
            library.set_caption(SetCaption(ids=ids, text=caption.strip()))
        adding = {"project": library.add_to_project, "set": library.add_to_set, "character": library.add_to_character}
        for group in filter(None, groups):
            try:
                adding[group.kind](group.id, Selection(ids=ids))
            except LibraryError as error:
                if error.status != 404:
                    raise
                raise LibraryError(f'The {group.kind} "{group.name}" was deleted: choose another one.') from None
    except LibraryError as error:
        numbers = ", ".join(map(str, ids))
        raise LibraryError(f"The pictures are saved in the library as {numbers}, but: {error}", error.status) from None
