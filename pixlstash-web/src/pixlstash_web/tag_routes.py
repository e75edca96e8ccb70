"""The routes of tags and captions."""

from __future__ import annotations

from pixlstash_core.library import Library

from .specs import api
from .table import Route

TAG_ROUTES: tuple[Route, ...] = (
    api("GET", "/pictures/{id}/tags", Library.picture_tags, "read"),
    api("POST", "/pictures/tags/add", Library.add_tags, "write"),
    api("POST", "/pictures/tags/remove", Library.remove_tags, "write"),
    api("POST", "/pictures/tags/accept", Library.accept_tags, "write"),
    api("POST", "/pictures/tags/reject", Library.reject_tags, "write"),
    api("GET", "/tags", Library.tags, "read"),
    api("GET", "/tags/complete", Library.complete_tags, "read"),
    api("GET", "/tags/named", Library.tag, "read"),
    api("POST", "/tags/rename", Library.rename_tag, "write"),
    api("POST", "/tags/merge", Library.merge_tags, "write"),
    api("POST", "/tags/category", Library.categorise_tags, "write"),
    api("POST", "/tags/alias", Library.alias_tags, "write"),
    api("POST", "/tags/imply", Library.imply_tags, "write"),
    api("POST", "/tags/never", Library.never_tags, "write"),
    api("POST", "/tags/import", Library.import_tags, "write"),
    api("GET", "/tags/combine", Library.tagging, "owner"),
    api("PUT", "/tags/combine", Library.set_tagging, "write"),
    api("GET", "/pictures/{id}/caption", Library.caption, "read"),
    api("POST", "/pictures/caption", Library.set_caption, "write"),
    api("POST", "/pictures/captions/preview", Library.preview_captions, "read"),
    api("POST", "/pictures/captions/edit", Library.edit_captions, "write"),
    api("POST", "/pictures/captions/lint", Library.lint_captions, "read"),
)
