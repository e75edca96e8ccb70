"""The rows of the route table for what orders a library: sets to saved queries, stacks, dates, duplicates."""

from __future__ import annotations

from pixlstash_core.library import Library

from .compat_groups import edit_character
from .specs import api
from .table import Route

GROUP_ROUTES: tuple[Route, ...] = (
    api("GET", "/sidebar", Library.sidebar, "read"),
    api("GET", "/icons", Library.icons, "read"),
    api("GET", "/sets", Library.sets, "read"),
    api("POST", "/sets", Library.create_set, "write"),
    api("GET", "/sets/{id}", Library.find_set, "read"),
    api("PATCH", "/sets/{id}", Library.edit_set, "write"),
    api("DELETE", "/sets/{id}", Library.delete_set, "write"),
    api("GET", "/sets/{id}/members", Library.set_members, "read"),
    api("POST", "/sets/{id}/add", Library.add_to_set, "write"),
    api("POST", "/sets/{id}/take", Library.take_from_set, "write"),
    api("POST", "/sets/{id}/arrange", Library.arrange_set, "write"),
    api("GET", "/characters", Library.characters, "read"),
    api("POST", "/characters", Library.create_character, "write"),
    api("GET", "/characters/{id}", Library.find_character, "read"),
    api("PATCH", "/characters/{id}", edit_character, "write"),
    api("DELETE", "/characters/{id}", Library.delete_character, "write"),
    api("GET", "/characters/{id}/members", Library.character_members, "read"),
    api("POST", "/characters/{id}/add", Library.add_to_character, "write"),
    api("POST", "/characters/{id}/take", Library.take_from_character, "write"),
    api("GET", "/projects", Library.projects, "read"),
    api("POST", "/projects", Library.create_project, "write"),
    api("GET", "/projects/{id}", Library.find_project, "read"),
    api("PATCH", "/projects/{id}", Library.edit_project, "write"),
    api("DELETE", "/projects/{id}", Library.delete_project, "write"),
    api("GET", "/projects/{id}/members", Library.project_members, "read"),
    api("POST", "/projects/{id}/add", Library.add_to_project, "write"),
    api("POST", "/projects/{id}/drop", Library.drop_on_project, "write"),
    api("POST", "/projects/{id}/take", Library.take_from_project, "write"),
    api("POST", "/projects/{id}/links", Library.add_link, "write"),
    api("DELETE", "/projects/{id}/links/{link}", Library.remove_link, "write"),
    api("GET", "/queries", Library.queries, "read"),
    api("POST", "/queries", Library.save_query, "write"),
    api("PATCH", "/queries/{id}", Library.edit_query, "write"),
    api("DELETE", "/queries/{id}", Library.delete_query, "write"),
    api("GET", "/pictures/{id}/stack", Library.picture_stack, "read"),
    api("POST", "/stacks", Library.stack, "write"),
    api("POST", "/stacks/dissolve", Library.unstack, "write"),
    api("POST", "/stacks/take", Library.take_from_stack, "write"),
    api("POST", "/stacks/preview", Library.preview_stacks, "write"),
    api("POST", "/stacks/rule", Library.stack_by_rule, "write"),
    api("POST", "/stacks/{id}/arrange", Library.arrange_stack, "write"),
    api("POST", "/pictures/turn", Library.turn, "write"),
    api("POST", "/pictures/date", Library.date, "write"),
    api("GET", "/duplicates", Library.duplicates, "read"),
    api("POST", "/duplicates/preview", Library.preview_duplicates, "write"),
    api("POST", "/duplicates/resolve", Library.resolve_duplicates, "write"),
    api("POST", "/duplicates/deny", Library.not_duplicates, "write"),
    api("POST", "/scrapheap/preview", Library.preview_empty, "owner"),
    api("POST", "/scrapheap/empty", Library.empty_scrapheap, "owner"),
)
