"""The recipe of the image agrees with the packages: nobody builds it here, so what can be checked without is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

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


#: Plugins that are in every image, and those that are built in when they are asked for.
ALWAYS = ["compat", "demo", "generation", "learned"]
PLUGINS = sorted({path.parent.name for path in (ROOT / "pixlstash-plugins").glob("*/pyproject.toml")} - set(ALWAYS))


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
    assert {name for name, _ in named} == {
        *PROJECTS,
        "pixlstash-plugins",
        *(f"pixlstash-{plugin}" for plugin in ALWAYS),
    }
    extras = {extra for _, extras in named for extra in extras.split(",") if extra}
    assert extras == {"heif", "search", "video", "watch"} <= set(PROJECTS["pixlstash-core"]["optional-dependencies"])


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_brings_what_it_runs_with(plugin: str) -> None:
    project = tomllib.loads((ROOT / "pixlstash-plugins" / plugin / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == f"pixlstash-{plugin}"
    extras = project.get("optional-dependencies", {})
    brought = [*project["dependencies"], *extras.get("cpu", ()), *extras.get("local", ())]
    assert any(one.startswith(("torch", "onnxruntime", "mcp")) for one in brought)


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell here")
@pytest.mark.parametrize("plugins", ["", "faces", " ".join(PLUGINS)])
def test_plugins_are_built_in_when_asked_for(plugins: str, tmp_path: Path) -> None:
    """The recipe's own lines, in a shell in which pip and the like only say what they were asked."""
    for name in ("pip", "useradd", "install"):
        (tmp_path / name).write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" "" >> "{tmp_path}/asked"\n')
        (tmp_path / name).chmod(0o755)
    index = re.findall(r'^ARG TORCH="(.+)"$', RECIPE, re.M)[0]
    for line in re.findall(r"^RUN (.+)$", RECIPE, re.M):
        line = re.sub(r"^--mount=\S+\s+", "", line)
        environment = {"PATH": str(tmp_path), "PLUGINS": plugins, "TORCH": index}
        subprocess.run([shutil.which("sh") or "sh", "-c", line], env=environment, check=True, cwd=ROOT)
    wheel, install, *_ = (one.split("\n") for one in (tmp_path / "asked").read_text("utf-8").split("\n\n"))
    names = plugins.split()
    core = "pixlstash-core[heif,search,video,watch]"
    assert wheel[wheel.index(f"./{core}") :] == [
        *(f"./{core}", "./pixlstash-web", *(f"./pixlstash-plugins/{name}" for name in ALWAYS)),
        *(f"./pixlstash-plugins/{name}[cpu,local]" for name in names),
    ]
    assert ("--extra-index-url" in wheel, index in wheel) == (bool(names), bool(names))
    assert install[install.index(core) :] == [
        core,
        "pixlstash-web",
        *(f"pixlstash-{name}" for name in ALWAYS),
        *(f"pixlstash-{name}[cpu,local]" for name in names),
    ]


def test_what_was_fetched_outlives_the_container() -> None:
    (kept,) = re.findall(r"^VOLUME (.+)$", RECIPE, re.M)
    folders = re.findall(r"PIXLSTASH_(?:LIBRARY|MODELS)=(\S+)", RECIPE)
    assert kept.split() == folders == ["/library", "/models"] and f"-m 700 {kept}" in RECIPE


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
