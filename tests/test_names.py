"""Variables, arguments, functions and attributes are named for what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import pytest
from sources import modules

#: Words that do not tell what a name holds.
VAGUE = set("one found told given known kept asked said thrown".split())

#: Names that are part of an interface: the contract of plugins, and fields of requests and answers over HTTP.
ALLOWED = {
    "pixlstash_core.plugins": {"given", "known"},
    "pixlstash_core.types": {"found", "kept", "one", "said", "thrown"},
    "pixlstash_demo": {"known"},
}


def package(module: str) -> str:
    """Return `pixlstash_core.tags` for a module of the core, and the top-level package of any other module."""
    parts = module.split(".")
    return ".".join(parts[:2] if parts[0] == "pixlstash_core" else parts[:1])


def assigned(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives to variables, arguments, attributes, functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def vague(source: str) -> set[str]:
    return {word for name in assigned(ast.parse(source)) if (word := name.strip("_")) in VAGUE}


@cache
def present() -> dict[str, set[str]]:
    """Return the vague names of each package."""
    names: dict[str, set[str]] = {}
    for module, path in modules():
        names.setdefault(package(module), set()).update(vague(path.read_text(encoding="utf-8")))
    return names


def expected(package: str) -> set[str]:
    return ALLOWED.get(package, set())


def test_no_name_is_vague() -> None:
    assert {name: words for name, found in present().items() if (words := found - expected(name))} == {}


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_exceptions_are_still_needed(name: str) -> None:
    assert expected(name) <= present()[name]


def test_vague_names_are_found_wherever_they_are_given() -> None:
    assert vague("def kept(one):\n    _found = self.told = [given for given in one]\n    return asked") == {
        *("kept", "one", "found", "told", "given"),
    }
    assert vague("picture = found.one(given=known)") == set()
