"""Tags, their vocabulary, and captions."""

from __future__ import annotations

from ..types import (
    AcceptTags,
    AddTags,
    AliasTags,
    CaptionDetail,
    CaptionPreview,
    CaptionReport,
    CategoriseTags,
    Completion,
    Done,
    EditCaptions,
    ImplyTags,
    ImportedTags,
    ImportTags,
    LintCaptions,
    MergeTags,
    NeverTags,
    PictureTag,
    RejectTags,
    RemoveTags,
    RenameTag,
    SetCaption,
    TagDetail,
    Tagging,
    TagInfo,
)
from .channel import Channel


class Tags(Channel):
    def picture_tags(self, id: int) -> list[PictureTag]:
        return self._get(f"/pictures/{id}/tags", list[PictureTag])

    def add_tags(self, ask: AddTags) -> Done:
        return self._post("/pictures/tags/add", Done, ask)

    def remove_tags(self, ask: RemoveTags) -> Done:
        return self._post("/pictures/tags/remove", Done, ask)

    def accept_tags(self, ask: AcceptTags) -> Done:
        return self._post("/pictures/tags/accept", Done, ask)

    def reject_tags(self, ask: RejectTags) -> Done:
        return self._post("/pictures/tags/reject", Done, ask)

    # -- the vocabulary ------------------------------------------------------------------------------------------------

    def tags(self, limit: int = 100, offset: int = 0, never: bool = False) -> list[TagInfo]:
        return self._get("/tags", list[TagInfo], {"limit": limit, "offset": offset, "never": never})

    def complete_tags(self, text: str = "", limit: int = 10, veil: bool = False) -> list[Completion]:
        return self._get("/tags/complete", list[Completion], {"text": text, "limit": limit, "veil": veil})

    def tag(self, name: str) -> TagDetail:
        return self._get("/tags/named", TagDetail, {"name": name})

    def rename_tag(self, ask: RenameTag) -> Done:
        return self._post("/tags/rename", Done, ask)

    def merge_tags(self, ask: MergeTags) -> Done:
        return self._post("/tags/merge", Done, ask)

    def categorise_tags(self, ask: CategoriseTags) -> Done:
        return self._post("/tags/category", Done, ask)

    def alias_tags(self, ask: AliasTags) -> Done:
        return self._post("/tags/alias", Done, ask)

    def imply_tags(self, ask: ImplyTags) -> Done:
        return self._post("/tags/imply", Done, ask)

    def never_tags(self, ask: NeverTags) -> Done:
        return self._post("/tags/never", Done, ask)

    def import_tags(self, ask: ImportTags) -> ImportedTags:
        """At most 1 MiB at once: cut longer files between their lines."""
        return self._post("/tags/import", ImportedTags, ask)

    def tagging(self) -> Tagging:
        return self._get("/tags/combine", Tagging)

    def set_tagging(self, combine: str) -> None:
        self._call("PUT", "/tags/combine", {"combine": combine})

    # -- captions ------------------------------------------------------------------------------------------------------

    def caption(self, id: int) -> CaptionDetail:
        return self._get(f"/pictures/{id}/caption", CaptionDetail)

    def set_caption(self, ask: SetCaption) -> Done:
        return self._post("/pictures/caption", Done, ask)

    def preview_captions(self, ask: EditCaptions) -> CaptionPreview:
        return self._post("/pictures/captions/preview", CaptionPreview, ask)

    def edit_captions(self, ask: EditCaptions) -> Done:
        return self._post("/pictures/captions/edit", Done, ask)

    def lint_captions(self, ask: LintCaptions) -> CaptionReport:
        return self._post("/pictures/captions/lint", CaptionReport, ask)
