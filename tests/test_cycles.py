"""No two modules import each other, not even through others: at the top, inside functions, or for type checkers."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from test_layers import FILES, imports


def graph() -> dict[str, set[str]]:
    """By module, those of ours that it imports."""
    found = {}
    for module, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[module] = {one for one in imports(tree, module, path.name == "__init__.py") if one in FILES} - {module}
    return found


def cycle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Modules of which each imports the next, the last one being the first again; none where there is no cycle."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_modules_import_each_other() -> None:
    assert " → ".join(cycle(graph())) == ""


def test_a_cycle_is_found_and_shown() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()}) in (["b", "c", "b"], ["c", "b", "c"])
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_of_every_kind_are_seen() -> None:
    source = """
        from . import writer

        if TYPE_CHECKING:
            from .undo import Record

        def f():
            from ..library import Library
    """
    lines = ast.parse(textwrap.dedent(source))
    assert {*imports(lines, "pixlstash_core.database.connection", is_package=False)} == {
        "pixlstash_core.database.writer",
        "pixlstash_core.database.undo",
        "pixlstash_core.library",
    }
