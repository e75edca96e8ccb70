"""The verbs as a whole: which operations they do, and what becomes of their arguments and options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter

import click
from sources import modules
from test_layers import imports

from pixlstash_core import api
from pixlstash_core.cli import pixlstash
from pixlstash_core.cli.options import JSON, Named, Pictures
from pixlstash_core.cli.verbs import Verb, is_struct

FILES = {module: path for module, path in modules() if module.startswith("pixlstash_core.cli.")}
#: Operations that no verb does, and why.
WITHOUT_VERB = {
    "what the browser shows, or shows beside it": "sidebar block details info count suggest thumbnail original payload "
    "tag alike picture_stack find_set find_character find_project character_faces arrange_set arrange_stack "
    "guest_scores take_from_stack add_link remove_link decide_faces gauge preview_steps tag_confidences",
    "for the browser: `pixlstash export` writes to a file": "prepare_download download",
    "settings of the browser": "veil set_veil queries save_query edit_query delete_query tagging set_tagging",
    "only printed: `pixlstash icons`, which needs no library": "icons",
    "uploads": "uploads begin_upload find_upload cancel_upload uploaded_files upload upload_batch upload_files "
    "upload_piece",
    "jobs that people see": "pause_job resume_job",
    "used by `pixlstash demo`": "fill_demo",
    "for the nodes in ComfyUI: `pixlstash engine rehearse` tries an engine on pictures of the library": "try_engine",
    "only within the process of the server": "add_store scan purge open_snapshot edit_snapshot text_lengths",
}


def verbs(command: click.Command = pixlstash) -> Iterator[Verb]:
    if isinstance(command, Verb):
        yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None and found.name == name
            yield from verbs(found)


def names_in(source: str) -> set[str]:
    """The operations that a source names, as `session.find`, `Api.find` or `f"create_{noun}"`."""
    parts = re.findall(r'f"(\w*){noun}(\w*)"', source)
    of_nouns = {f"{before}{noun}{after}" for before, after in parts for noun in ("set", "character", "project")}
    return of_nouns | set(re.findall(r"\b(?:session|Api)\.(\w+)", source))


def test_every_operation_has_a_verb_or_has_none_on_purpose() -> None:
    named = set().union(*(names_in(path.read_text(encoding="utf-8")) for path in FILES.values()))
    without = {name for names in WITHOUT_VERB.values() for name in names.split()}
    assert set(api.every()) - named - without == set()
    assert named & without == set()


def inputs(verb: Verb) -> set[str]:
    """What a row takes from the command line: its parameters, and the fields of its struct."""
    assert verb.row is not None
    names = set()
    for parameter in verb.row.signature.parameters.values():
        is_body = is_struct(parameter.annotation)
        names |= set(parameter.annotation.__struct_fields__) if is_body else {parameter.name}
    return names


def outputs(verb: Verb) -> set[str | None]:
    """The names under which a verb passes on what was typed."""
    names = {one.field if isinstance(one, Named) else one.name for one in verb.params if one is not JSON}
    return names - {"query"} if any(isinstance(one, Pictures) for one in verb.params) else names


def test_what_is_typed_reaches_the_operation() -> None:
    derived = [verb for verb in verbs() if verb.row is not None]
    assert len(derived) > 60
    for verb in derived:
        assert outputs(verb) <= inputs(verb), verb.name


def test_modules_import_each_other_in_no_circle() -> None:
    """Not even for type checkers."""
    graph = {
        module: set(imports(ast.parse(path.read_text(encoding="utf-8")), module, False)) & set(FILES)
        for module, path in FILES.items()
    }
    assert set(TopologicalSorter(graph).static_order()) == set(FILES)  # or a CycleError
