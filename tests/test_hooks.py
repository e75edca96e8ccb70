"""The hooks are as `docs/hooks.md` says, their examples run, and the test plugin keeps to what is promised."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from libraries import PLUGIN, add, invented, until
from sources import ROOT

import pixlstash_core
from pixlstash_core import (
    OWNER,
    Detector,
    Embedded,
    Embedder,
    Engine,
    Face,
    FaceExtractor,
    Fact,
    FactReader,
    Facts,
    Format,
    Found,
    Image,
    Importer,
    Kind,
    Measurer,
    Media,
    Opened,
    Pictured,
    Region,
    Store,
    Tag,
    Tagger,
    TextExtractor,
    TextLine,
    WeightFile,
    Weights,
)
from pixlstash_core.library import Library
from pixlstash_core.plugins import hookspecs
from pixlstash_core.plugins.library import Library as ForPlugins
from pixlstash_core.plugins.registry import ENGINES, Plugins
from pixlstash_core.session import Session

PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
SPECS = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, "pixlstash_spec")}
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def example(spec: Callable[..., Any]) -> str:
    """The code at the end of a spec's docstring."""
    text = inspect.getdoc(spec) or ""
    begin = re.search(r"^ *(?:class |@)", text, re.M)
    assert begin, f"{spec.__name__} has no example"
    return textwrap.dedent(text[begin.start() :]).strip()


def test_every_hook_is_on_the_page() -> None:
    assert set(SPECS) == {name for name in SECTIONS if name in vars(hookspecs)} != set()
    assert "Every hook here is provisional" in PAGE


@pytest.mark.parametrize("name", SPECS)
def test_the_page_agrees_with_the_code(name: str) -> None:
    section = SECTIONS[name]
    signature = str(inspect.signature(SPECS[name])).replace("'", "")
    assert f"`{name}{signature}`: " in section
    sentence = (inspect.getdoc(SPECS[name]) or "").split("\n\n")[0]
    assert " ".join(sentence.split())[1:] in " ".join(section.split())
    assert re.findall(r"```python\n(.*?)\n```", section, re.S) == [example(SPECS[name])]


@pytest.mark.parametrize("name", SPECS)
def test_the_example_runs(name: str, library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    module = ModuleType(f"example_{name}")
    vars(module).update({one: getattr(pixlstash_core, one) for one in pixlstash_core.__all__})
    vars(module).update(Path=Path, partial=partial, click=click)
    exec(compile(example(SPECS[name]), name, "exec"), vars(module))
    plugins = Plugins.load(builtin=(), disabled=["generation"])  # which has readers, too
    plugins.pm.register(module, name)
    plugins._origins[name] = plugins._origins.get(name) or _origin(name)
    assert [hook.name for hook in plugins.pm.get_hookcallers(module) or ()] == [name]
    if name == "startup":
        plugins.call("startup", library=library)
        assert any(job.label == "Checking the sky" for job in library.jobs(OWNER))
        assert "weather_seen" in library.writer.table_names()
    elif name == "event":
        heard: list[Any] = []
        library.subscribe(heard.append)
        add(library, invented(1), invented(2))
        until(lambda: heard)
        for _, listen in plugins.listeners("event"):
            listen(library=library, event=next(one for one in heard if hasattr(one, "count")))
        assert capsys.readouterr().out == "2 new pictures\n"
    elif name == "operations":
        [table] = [one for one in plugins.operations() if one.plugin == name]
        add(library, invented(1), invented(2))
        assert table(Session(library)).pictures() == 2 and table.pictures.path == "/x/operations/pictures"
    elif name in ENGINES:
        offered = plugins.engines().values()  # others may be installed
        assert [one.hook for one in offered if one.origin.plugin == name] == [name]
    else:
        kind = {"commands": click.Command}.get(name) or getattr(pixlstash_core, _noun(name))
        plugins.objects(name, kind, lambda thing: str(id(thing)))
        assert [thing.plugin for thing in plugins._things[name]].count(name) == 1  # others may be installed
    assert [info.problems for info in plugins.infos() if info.name == name] == [[]]


def test_the_page_names_what_is_promised_of_the_library() -> None:
    section = PAGE.partition("## The library, for plugins\n")[2].partition("\n## ")[0]
    promised = {name for name, value in vars(ForPlugins).items() if inspect.isfunction(value) and name[0] != "_"}
    sentence = section.partition("first argument, and ")[2].partition("whose")[0]
    assert promised == set(re.findall(r"`(\w+)`", sentence))
    for name in promised:
        ours, theirs = (inspect.signature(vars(kind)[name]).parameters for kind in (Library, ForPlugins))
        assert [(one.name, one.kind, one.default) for one in ours.values()] == [
            (one.name, one.kind, one.default) for one in theirs.values()
        ]
        assert inspect.getdoc(getattr(Library, name))


def _origin(name: str) -> Any:
    from pixlstash_core.plugins.registry import Origin

    return Origin(name, "example", "1")


def _noun(name: str) -> str:
    plain = {"kinds": "Kind", "readers": "FactReader", "stores": "Store", "importers": "Importer"}
    return plain.get(name) or {"sharers": "Sharer", "rendition_steps": "RenditionStep"}[name]


def test_everything_public_is_on_the_page_or_in_a_signature() -> None:
    said = PAGE + "".join(inspect.getsource(pixlstash_core.plugins.contracts))
    assert [name for name in pixlstash_core.__all__ if not re.search(rf"\b{name}\b", said)] == []


@pytest.mark.parametrize(
    ("section", "classes"),
    [
        ("kinds", (Kind, Media, Format)),
        ("readers", (FactReader, Embedded, Fact, Facts)),
        ("stores", (Store, Opened)),
        ("importers", (Importer, Found)),
        ("engines", (Engine, Image, Pictured, Weights, WeightFile)),
        ("taggers", (Tagger, Tag)),
        ("embedders", (Embedder,)),
        ("face_extractors", (FaceExtractor, Face)),
        ("detectors", (Detector, Region)),
        ("text_extractors", (TextExtractor, TextLine)),
        ("measurers", (Measurer,)),
    ],
)
def test_every_member_is_on_the_page(section: str, classes: tuple[type, ...]) -> None:
    for one in classes:
        members = {*vars(one), *getattr(one, "__annotations__", ()), *getattr(one, "__struct_fields__", ())}
        public = {name for name in members if not name.startswith("_") and name != "Params"}  # told at the end
        missing = [name for name in sorted(public) if not re.search(rf"`{name}\b", SECTIONS[section])]
        assert missing == [], one


def test_what_the_page_promises_of_the_library_exists() -> None:
    promised = re.findall(r"`(\w+)`", PAGE.partition("## The library")[2].partition("\n## ")[0])
    methods = [name for name in promised if name.islower() and name not in ("startup", "event", "structs")]
    assert len(methods) >= 7 and all(callable(getattr(Library, name)) for name in methods)


@pytest.mark.parametrize("path", sorted(PLUGIN.rglob("*.py")), ids=lambda path: path.name)
def test_the_test_plugin_uses_only_the_top_level(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pixlstash"):
            assert node.module == "pixlstash_core"
            assert {alias.name for alias in node.names} <= set(pixlstash_core.__all__)
