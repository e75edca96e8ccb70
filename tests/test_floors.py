"""Modules import lower floors only, and SQL is written on the floors that may write it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

import pytest
from sources import modules

#: A name stands for the module and everything in it. Floor 3 has two landings.
FLOORS: dict[float, str] = {
    0: "types errors names",
    1: "arrays cancellation changesets contracts hookspecs icons nouns facts files engine plugins precedence client"
    " archive passwords bearer threads",
    2: "db hub intents changes marks records sealing write lock media snapshots stores vectors combining clusters"
    " whose thumbnails demo engines",
    3: "backups scope listing pictures places groups tagging query measures terms columns masks memberships caches plan"
    " suggest orders ranking relevance sections views",
    3.5: "features",
    4: "actions creation events holds host intake jobs past people search showcase library unpacking uploads uptake"
    " usecases",
    5: "cli reach testing checking __main__",
}
FLOOR = {f"pixlstash_core.{name}": floor for floor, names in FLOORS.items() for name in names.split()}
FLOOR |= {"pixlstash_core": 1, "pixlstash_web": 5}  # the top level is what plugin authors see

#: Who may import whom on the same floor. Keep it short: each pair is two rooms that have become one.
BESIDE = {
    "pixlstash_core": "contracts engine hookspecs nouns",
    "pixlstash_core.client": "files",
    "pixlstash_core.engine": "contracts",
    "pixlstash_core.hookspecs": "contracts engine",
    "pixlstash_core.precedence": "hookspecs",
    "pixlstash_core.plugins": "contracts engine hookspecs precedence",
    "pixlstash_core.hub": "db",
    "pixlstash_core.intents": "db hub",
    "pixlstash_core.changes": "db",
    "pixlstash_core.records": "db",
    "pixlstash_core.marks": "db hub",
    "pixlstash_core.sealing": "db hub changes marks records",
    "pixlstash_core.write": "db hub changes marks records sealing",
    "pixlstash_core.snapshots": "db",
    "pixlstash_core.thumbnails": "db media",
    "pixlstash_core.pictures": "scope",
    "pixlstash_core.groups": "pictures query scope terms",
    "pixlstash_core.places": "query",
    "pixlstash_core.query": "pictures",
    "pixlstash_core.measures": "query",
    "pixlstash_core.tagging": "query terms",
    "pixlstash_core.terms": "measures pictures query",
    "pixlstash_core.columns": "pictures tagging",
    "pixlstash_core.orders": "columns memberships ranking",
    "pixlstash_core.ranking": "columns plan query terms",
    "pixlstash_core.relevance": "plan terms",
    "pixlstash_core.sections": "columns pictures",
    "pixlstash_core.plan": "query ranking terms columns masks",
    "pixlstash_core.suggest": "pictures query terms plan",
    "pixlstash_core.memberships": "columns",
    "pixlstash_core.caches": "columns masks memberships",
    "pixlstash_core.views": "pictures places query scope terms columns caches masks memberships orders plan ranking"
    " relevance"
    " sections suggest",
    "pixlstash_core.intake": "jobs unpacking",
    "pixlstash_core.jobs": "holds",
    "pixlstash_core.uptake": "jobs unpacking",
    "pixlstash_core.uploads": "jobs unpacking uptake",
    "pixlstash_core.past": "usecases",
    "pixlstash_core.showcase": "usecases",
    "pixlstash_core.library": "actions creation events host intake past people search showcase jobs uploads usecases",
    "pixlstash_core.host": "jobs",
    "pixlstash_core.search": "host",
    "pixlstash_core.usecases": "events host intake jobs people search uploads",
    "pixlstash_core.cli": "reach testing checking",
    "pixlstash_core.testing": "checking",
    "pixlstash_core.__main__": "cli",
}
#: Looked up only when somebody asks for the name, so that plugin authors need not load SQLite.
LAZY = {("pixlstash_core", "pixlstash_core.library"), ("pixlstash_core", "pixlstash_core.client")}
NO_SQL = {0, 1, 4, 5}
SQL = re.compile(
    r"\s*(select\s.+\sfrom|insert(\s+or\s+\w+)?\s+into|update\s+\w+\s+set|delete\s+from|create\s+(temp\s+)?table)\s",
    re.IGNORECASE | re.DOTALL,
)
FILES = dict(modules())


def room(module: str) -> str:
    """What of the map a module belongs to."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "pixlstash_core" else parts[0]


def is_module(name: str) -> bool:
    return name in FILES or name in FLOOR


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only a type checker sees."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        todo += node.orelse if checking else ast.iter_child_nodes(node)


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The modules that a source imports when it runs, at its top or inside a function."""
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            above = parts[: len(parts) - node.level + is_package] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (one if is_module(one := f"{source}.{alias.name}") else source for alias in node.names)


def forbidden(module: str, target: str) -> bool:
    """Whether a module may not import this one."""
    here, there = room(module), room(target)
    floor = FLOOR.get(here, 5)
    if not there.startswith("pixlstash_"):
        return floor == 0 and target.split(".")[0] not in sys.stdlib_module_names | {"msgspec"}
    if here not in FLOOR and there != here:  # a plugin
        return target not in ("pixlstash_core", "pixlstash_core.testing")
    if there == here:
        return here == "pixlstash_core.features" and module != here and target != here
    beside = [f"pixlstash_core.{name}" for name in BESIDE.get(here, "").split()]
    return FLOOR.get(there, 5) >= floor and there not in beside and (module, target) not in LAZY


def is_sql(text: str) -> bool:
    """Whether a string is a statement; "Select … from …" in a docstring is a sentence."""
    return bool(SQL.match(text)) and not text.lstrip()[:2].istitle()


def offences(module: str, source: str, is_package: bool = False) -> list[str]:
    tree = ast.parse(source)
    found = [f"{module} imports {target}" for target in imports(tree, module, is_package) if forbidden(module, target)]
    if FLOOR.get(room(module), 5) in NO_SQL:
        strings = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        found += [f"{module} writes SQL: {text[:60]!r}" for text in strings if is_sql(text)]
    if room(module).startswith("pixlstash_core") and room(module) not in FLOOR:
        found.append(f"{module} is on no floor of the map")
    return found


@pytest.mark.parametrize("module", FILES)
def test_every_module_keeps_to_its_floor(module: str) -> None:
    path = FILES[module]
    assert offences(module, path.read_text(encoding="utf-8"), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pixlstash_core.db", "from . import library"),
        ("pixlstash_core.db", "def f():\n    from .features.tags import add"),
        ("pixlstash_core.db", "from .write import Write"),
        ("pixlstash_core.media.still", "import pixlstash_core.stores.folder"),
        ("pixlstash_core.features.tags", "from .scores import put"),
        ("pixlstash_core.types", "import pluggy"),
        ("pixlstash_core.cli", "import pixlstash_web"),
        ("pixlstash_clip.engine", "from pixlstash_core.library import Library"),
        ("pixlstash_core.somewhere", "import os"),
        ("pixlstash_web.routes", "rows = db.all('SELECT id FROM picture WHERE 1')"),
        ("pixlstash_core.library", "db.run(f'insert or ignore into {name} values (1)')"),
    ],
)
def test_the_map_notices(module: str, source: str) -> None:
    assert offences(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pixlstash_core.features.tags", "from ..write import Write"),
        ("pixlstash_core.db", "if TYPE_CHECKING:\n    from .library import Library"),
        ("pixlstash_core.media.still", "from .exif import read"),
        ("pixlstash_clip", "from pixlstash_core import hookimpl"),
        ("pixlstash_core.cli", "'Select pictures from a set, update and delete them'"),
    ],
)
def test_the_map_allows(module: str, source: str) -> None:
    assert offences(module, source) == []
