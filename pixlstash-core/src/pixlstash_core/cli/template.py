"""The template of a plugin's package for `pixlstash plugin new`."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of engine in the template: class, hook, imports, attributes, and an example result."""

    base: str
    hook: str
    imports: str
    about: str
    yields: str


KINDS = {
    "tagger": Kind(
        "Tagger", "taggers", "Tag, Tagger", "", '[Tag("wide" if image.width > image.height else "tall", 0.9)]'
    ),
    "captioner": Kind("Captioner", "captioners", "Captioner", "", 'f"A picture of {image.picture.size[0]} pixels."'),
    "embedder": Kind("Embedder", "embedders", "Embedder", "", '1 + image.array.mean(axis=(0, 1), dtype="float32")'),
    "face-extractor": Kind(
        "FaceExtractor", "face_extractors", "Face, FaceExtractor", "", "[Face((0.2, 0.1, 0.8, 0.7), 0.5, [1.0, 0.0])]"
    ),
    "detector": Kind(
        "Detector", "detectors", "Detector, Region", "", '[Region("middle", (0.25, 0.25, 0.75, 0.75), 0.9)]'
    ),
    "text-extractor": Kind(
        "TextExtractor",
        "text_extractors",
        "TextExtractor, TextLine",
        "",
        '[TextLine("text", (0.1, 0.1, 0.9, 0.2), 0.9)]',
    ),
    "measurer": Kind(
        "Measurer", "measurers", "Measurer", '    measure = "brightness"\n', "float(image.array.mean() / 255)"
    ),
}


def files(name: str, kind: str) -> dict[str, str]:
    """Return the files of a package by path. `name`: the part after `pixlstash-`."""
    module, title = f"pixlstash_{name.replace('-', '_')}", "".join(part.title() for part in name.split("-"))
    template = KINDS[kind]
    return {
        "pyproject.toml": _filled(PROJECT, name=name, module=module, kind=kind.replace("-", " ")),
        f"{module}.py": _filled(
            MODULE, **template._asdict(), name=name, title=title, a="An" if kind[0] in "aeiou" else "A"
        ),
        f"test_{module}.py": _filled(TEST, module=module, title=title),
        "README.md": _filled(README, name=name, kind=kind.replace("-", " ")),
    }


def _filled(text: str, **words: str) -> str:
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    return text.lstrip("\n")


PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "pixlstash-<name>"
version = "0.1.0"
description = "A <kind> for PixlStash"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["pixlstash-core"]

[project.entry-points.pixlstash]
<name> = "<module>"

[tool.hatch.build.targets.wheel]
only-include = ["<module>.py"]
"""

MODULE = '''
"""What this does, in a sentence. Import what is heavy in `load` and `run`."""

from typing import Annotated

from pixlstash_core import Meta, Params, <imports>, hookimpl


class <title>(<base>):
    id, revision, label, lane = "<name>", "1", "<title>", "cpu"
<about>
    class Params(Params):
        """Its settings: remembered with every result, a form in the browser, `-p strength=2` on the command line."""

        strength: Annotated[float, Meta(ge=0, le=10, description="Unused so far")] = 1.0

    def run(self, model, images, params):
        for image in images:
            yield <yields>


@hookimpl
def <hook>():
    yield <title>()
'''

TEST = """
from <module> import <title>

from pixlstash_core.testing import check


def test_it_is_as_the_library_expects():
    check(<title>())
"""

README = """
# pixlstash-<name>

A <kind> for [PixlStash](https://pypi.org/project/pixlstash-core/).

```sh
pip install -e .
pixlstash plugin check <name>
pixlstash engine run <name>
```
"""
