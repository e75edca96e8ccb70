"""The documents are true where a machine can tell: marked examples run, links lead somewhere, commands exist.

A block runs when the line before it is `<!-- run -->`; every block of a document runs by itself in an empty folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from sources import ROOT, files

DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files(".md")}
FENCED = re.compile(r"(<!-- run -->\n)?^```(\w*)\n(.*?)^```", re.M | re.S)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


class Example(NamedTuple):
    where: str
    language: str
    code: str


EXAMPLES = [
    Example(f"{name}:{text[: match.start()].count(chr(10)) + 1}", match[2], match[3])
    for name, text in DOCUMENTS.items()
    for match in FENCED.finditer(text)
    if match[1]
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.where)
def test_examples_run(example: Example, tmp_path: Path) -> None:
    command = {"python": [sys.executable, "-W", "error", "-c"], "sh": ["sh", "-euc"]}[example.language]
    home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, example.code],
        cwd=tmp_path,
        env={**os.environ, **home, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_some_examples_run() -> None:
    assert any(example.where.startswith("README.md") for example in EXAMPLES)


def anchors(text: str) -> set[str]:
    """The names that headings get on code hosting sites."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", FENCED.sub("", DOCUMENTS[name])):
        path, _, anchor = "".join(target).partition("#")
        if path.startswith(("http://", "https://", "mailto:")):
            continue
        linked = (ROOT / name).parent / path if path else ROOT / name
        if not linked.exists() or (anchor and anchor not in anchors(linked.read_text(encoding="utf-8"))):
            dead.append("".join(target))
    assert dead == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"(?:`|^)(?:[A-Z]+=\S+ )*make ([a-z-]+)", DOCUMENTS[name], re.M))
    assert named <= targets


def test_settings_exist() -> None:
    script = (ROOT / "run.py").read_text(encoding="utf-8")
    settings = set(re.findall(r"(?<!--build-arg )\b([A-Z]+)=", DOCUMENTS["README.md"]))
    assert settings >= {"PICTURES", "COPY", "PORT"}
    assert [one for one in settings if f'"{one}"' not in script] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decisions_have_their_form(path: Path) -> None:
    text = DOCUMENTS[str(path.relative_to(ROOT))]
    number = path.name[:4]
    assert text.startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", text, re.M) == ["What was decided", "Why", "What it costs"]
    assert len(text.splitlines()) <= 40
    assert f"]({path.name})" in DOCUMENTS[str(Path("docs/decisions/README.md"))]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
