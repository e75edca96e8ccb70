"""The recipe of the image agrees with the packages: nobody builds it here, so what can be checked without is."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch

import pytest
from click.testing import CliRunner
from sources import ROOT

from pixlstash_core.cli.main import pixlstash

RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORE = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
PROJECTS = {
    name: tomllib.loads((ROOT / name / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name in ("pixlstash-core", "pixlstash-web")
}


def ignored(path: str) -> bool:
    """As Docker reads it: the last line that fits decides."""
    answer = False
    for line in IGNORE:
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        tails = ["/".join(parts[at:]) for at in range(len(parts))] if "**/" in line else [path]
        if any(fnmatch(tail, pattern) or tail.startswith(f"{pattern}/") for tail in tails):
            answer = not line.startswith("!")
    return answer


@pytest.mark.parametrize("line", re.findall(r"^COPY (?!--)(.+)$", RECIPE, re.M))
def test_what_is_copied_is_there(line: str) -> None:
    for source in line.split()[:-1]:
        assert (ROOT / source).exists() and not ignored(source)


def test_what_is_built_here_stays_here() -> None:
    assert ignored("pixlstash-web/src/pixlstash_web/static/index.html")
    assert ignored("pixlstash-web/web/node_modules/vite/index.js") and ignored(".git/config") and ignored("tests/x.py")
    assert not ignored("pixlstash-web/web/src/main.ts") and not ignored("pixlstash-web/hatch_build.py")


def test_the_packages_and_extras_exist() -> None:
    named = re.findall(r"(pixlstash-\w+)(?:\[([\w,]+)\])?", re.sub(r"^COPY.*$", "", RECIPE, flags=re.M))
    assert {name for name, _ in named} == set(PROJECTS)
    extras = {extra for _, extras in named for extra in extras.split(",") if extra}
    assert extras == {"heif", "search", "video"} <= set(PROJECTS["pixlstash-core"]["optional-dependencies"])


def test_the_python_is_new_enough() -> None:
    versions = set(re.findall(r"^FROM python:(\d+\.\d+)-slim", RECIPE, re.M))
    assert len(versions) == 1
    for project in PROJECTS.values():
        least = project["requires-python"].removeprefix(">=")
        assert [int(part) for part in versions.copy().pop().split(".")] >= [int(part) for part in least.split(".")]


def test_it_serves_to_other_machines_and_not_as_root() -> None:
    command = [json.loads(found) for found in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", RECIPE, re.M)]
    assert command[0] == ["pixlstash"] and command[1][:3] == ["serve", "--host", "0.0.0.0"]
    asked = CliRunner().invoke(pixlstash, [*command[1], "--help"])
    assert asked.exit_code == 0 and "[default: 8020]" in asked.output and "EXPOSE 8020" in RECIPE
    assert re.findall(r"^USER (.+)$", RECIPE, re.M) == ["pixlstash"]
    assert RECIPE.index("USER pixlstash") < RECIPE.index("ENTRYPOINT")
