"""Modules import lower layers only, and only the modules that keep data write SQL."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
from sources import modules

#: From the lowest to the highest: packages and modules of the core. Inside a layer, one may import those before it.
LAYERS = (
    "types errors version cookies outgoing",
    "threads plugins storage database",
    "media query context jobs history",
    (
        "tags collections access captions engines imports texts search people pictures folders sidecars sharing"
        " snapshots backups exports status updates privacy"
    ),
    "api library session client",
    "connect testing cli",
)
PLACES = {name: (layer, place) for layer, row in enumerate(LAYERS) for place, name in enumerate(row.split())}
TOP = (len(LAYERS), 0)
#: Modules that plugin authors and scripts import from the top level when they use them, not before.
LAZY = {("pixlstash_core", "pixlstash_core.library"), ("pixlstash_core", "pixlstash_core.client")}
SQL = re.compile(
    r"\s*(select\s.+\sfrom|insert(\s+or\s+\w+)?\s+into|update\s+\w+\s+set|delete\s+from|create\s+(temp\s+)?table)\s",
    re.IGNORECASE | re.DOTALL,
)
#: What plugins may import: each says in its `__all__` what is public. The last is for plugins with HTTP routes.
PUBLIC = ("pixlstash_core", "pixlstash_core.testing", "pixlstash_web")
#: Layers without SQL. The operations of the layers between have none either.
WITHOUT_SQL = {0, 4, 5, 6}
FILES = dict(modules())


def package(module: str) -> str:
    """What of the layers a module belongs to: `tags` for `pixlstash_core.tags.rows`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "pixlstash_core" and len(parts) > 1 else parts[0]


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The modules that a source imports: at its top, inside a function, and for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            above = parts[: len(parts) - node.level + is_package] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (one if (one := f"{source}.{alias.name}") in FILES else source for alias in node.names)


def against(module: str, target: str) -> tuple[str, str] | None:
    """(package, package) where a module may not import this one."""
    here, there = package(module), package(target)
    if not target.startswith("pixlstash_"):
        outside = here in PLACES and PLACES[here][0] == 0 and target.split(".")[0]
        return (here, target) if outside and outside not in sys.stdlib_module_names | {"msgspec"} else None
    if not module.startswith(("pixlstash_core", "pixlstash_web")) and there != here:  # a plugin
        return None if target in PUBLIC else (here, target)
    if here == there or (module, target) in LAZY or module == "pixlstash_core":
        return None
    if here == "pixlstash_web" and target == "pixlstash_core":
        return None
    return (here, there) if PLACES.get(there, TOP) >= PLACES.get(here, TOP) else None


def found(module: str, source: str, is_package: bool = False) -> set[tuple[str, str]]:
    """The imports of a module against the direction."""
    pairs = (against(module, target) for target in imports(ast.parse(source), module, is_package))
    return {pair for pair in pairs if pair is not None}


def private_names(module: str, source: str) -> list[str]:
    """What a plugin imports from a public package without being in its `__all__`."""
    if module.startswith(("pixlstash_core", "pixlstash_web")):
        return []
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module in PUBLIC]
    named = [(import_module(str(node.module)), alias.name) for node in nodes for alias in node.names]
    return [name for package, name in named if name not in package.__all__]


def is_sql(text: str) -> bool:
    """Whether a string is a statement; "Select … from …" in a docstring is a sentence."""
    return bool(SQL.match(text)) and not text.lstrip()[:2].istitle()


def statements(module: str, source: str) -> list[str]:
    """The SQL in a module that may have none."""
    layer = PLACES.get(package(module), TOP)[0]
    if layer not in WITHOUT_SQL and not module.endswith("operations"):
        return []
    strings = (n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return [text[:60] for text in strings if is_sql(text)]


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_lower_layers_only(module: str) -> None:
    source = FILES[module].read_text(encoding="utf-8")
    assert found(module, source, FILES[module].name == "__init__.py") == set()
    assert statements(module, source) == []
    assert private_names(module, source) == []
    assert package(module) in PLACES or not module.startswith("pixlstash_core.")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pixlstash_core.database.connection", "from .. import library"),
        ("pixlstash_core.database.connection", "def f():\n    from ..tags.feature import add"),
        ("pixlstash_core.database.connection", "if TYPE_CHECKING:\n    from ..library import Library"),
        ("pixlstash_core.storage.files", "from ..database.writer import Write"),
        ("pixlstash_core.tags.feature", "from ..pictures.scores import put"),
        ("pixlstash_core.types", "import pluggy"),
        ("pixlstash_core.cli", "import pixlstash_web"),
        ("pixlstash_clip.engine", "from pixlstash_core.library import Library"),
        ("pixlstash_compat.routes", "from pixlstash_web.adapter import RoutePlan"),
        ("pixlstash_compat.routes", "from pixlstash_web import adapter"),
    ],
)
def test_an_import_against_the_direction_is_found(module: str, source: str) -> None:
    assert found(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pixlstash_core.tags.feature", "from ..database.writer import Write"),
        ("pixlstash_core.database.writer", "from .connection import Database"),
        ("pixlstash_core.pictures.feature", "from ..tags.feature import add"),
        ("pixlstash_clip", "from pixlstash_core import hookimpl"),
        ("pixlstash_compat.routes", "from pixlstash_web import api"),
        ("pixlstash_web.routes", "from pixlstash_core.library import Library"),
    ],
)
def test_an_import_of_a_lower_layer_is_allowed(module: str, source: str) -> None:
    assert found(module, source) == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pixlstash_web.routes", "rows = db.all('SELECT id FROM picture WHERE 1')"),
        ("pixlstash_core.library", "db.run(f'insert or ignore into {name} values (1)')"),
        ("pixlstash_core.tags.operations", "'delete from tag where id = ?'"),
    ],
)
def test_sql_where_it_may_not_be_is_found(module: str, source: str) -> None:
    assert statements(module, source)


def test_a_name_that_is_not_public_is_found() -> None:
    assert private_names("pixlstash_compat", "from pixlstash_web import api, PREFIX\nimport x") == ["PREFIX"]
    assert private_names("pixlstash_web", "from pixlstash_core import PREFIX") == []


def test_a_sentence_is_no_sql() -> None:
    assert statements("pixlstash_core.cli", "'Select pictures from a set, update and delete them'") == []
