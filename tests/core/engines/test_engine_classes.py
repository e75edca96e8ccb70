"""What plugin authors subclass: the example of fifteen lines, settings, images, and engines badly described."""

from __future__ import annotations

import array
import sys
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_origin, get_type_hints

import msgspec
import pytest
from libraries import PLUGIN
from sources import ROOT

from pixlstash_core import LOAD, RUN, Engine, Facts, Image, Measurer, Meta, Params, Pictured, Secret, Tag, Tagger
from pixlstash_core.plugins.engines import fault
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.plugins.settings import form, plain_params, read_params, secrets, touches

COLOURS = PLUGIN.parent / "colours"
#: As an author writes it: `tests/plugins/colours`.
EXAMPLE = (COLOURS / "pixlstash_colours.py").read_text(encoding="utf-8")
CUBE = Pictured(7, "image", (40, 30))


def test_the_example_of_fifteen_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 15
    (tmp_path / "fifteen_lines.py").write_text(EXAMPLE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    offered = Plugins.load(builtin=(), extra=("fifteen_lines",)).engines()["dominant-colour"]
    del sys.modules["fifteen_lines"]
    assert offered.hook == "taggers" and offered.origin.plugin == "fifteen_lines"
    params = read_params(offered.engine.Params, {"top": 2})
    pixels = bytes([255, 0, 0] * 6 + [0, 0, 255] * 3 + [0, 255, 0] * 1)
    (tags,) = offered.engine.run(None, [Image(CUBE, 5, 2, pixels)], params)
    assert tags == [Tag("#ff0000", 0.6), Tag("#0000ff", 0.3)]
    shown = form(offered.engine.Params)["properties"]["top"]
    assert (shown["title"], shown["minimum"], shown["maximum"], shown["default"]) == ("Colours", 1, 8, 3)


class Fields(Params):
    top: Annotated[int, Meta(ge=1, le=8)] = 3
    precision: Annotated[str, LOAD] = "f16"
    endpoint: Annotated[str, RUN] = ""
    key: Secret = Secret()
    names: list[str] = []


def test_settings_say_what_they_touch() -> None:
    assert {name: one.value for name, one in touches(Fields).items()} == {
        "top": "output",
        "precision": "load",
        "endpoint": "run",
        "key": "output",
        "names": "output",
    }
    assert secrets(Fields) == {"key"}


def test_a_secret_is_shown_nowhere() -> None:
    params = read_params(Fields, {"key": "hush", "top": 4})
    assert params.key.reveal() == "hush" and bool(params.key) and not Secret()
    assert "hush" not in repr(params) + str(params.key) + f"{params.key}" + repr(plain_params(params))
    assert plain_params(params) == {"top": 4, "precision": "f16", "endpoint": "", "names": []}
    assert read_params(Fields, plain_params(params, reveal=True)) == params
    shown = form(Fields)["properties"]["key"]
    assert shown == {"type": "string", "format": "password", "writeOnly": True, "x-touches": "load"}
    said = {name: field["x-touches"] for name, field in form(Fields)["properties"].items()}
    assert said == {"top": "output", "precision": "load", "endpoint": "run", "key": "load", "names": "output"}


@pytest.mark.parametrize(
    ("given", "said"), [({"top": 9}, "<= 8"), ({"tops": 1}, "tops"), ({"key": 7}, "str"), ({"names": "x"}, "array")]
)
def test_settings_that_are_wrong_say_where(given: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        read_params(Fields, given)


def test_an_image_is_looked_at_in_several_ways() -> None:
    image = Image(CUBE, 2, 1, bytes([255, 0, 0, 0, 0, 255]), facts=Facts((), prompt="a cube"), given={"tag": []})
    assert image.pil.getpixel((1, 0)) == (0, 0, 255) and image.area == 2
    assert image.array.shape == (1, 2, 3) and image.array[0, 0].tolist() == [255, 0, 0]
    assert not image.array.flags.writeable and image.frames == (image,) and image.frame is None
    assert image.facts.prompt == "a cube" and image.given == {"tag": []} and bytes(image.buffer)[:3] == b"\xff\0\0"


def test_an_image_without_pixels_says_so() -> None:
    with pytest.raises(ValueError, match="pixels = False"):
        _ = Image(CUBE).pil
    with pytest.raises(ValueError, match="not available"):
        Image(CUBE).open()


class Good(Tagger[None]):
    id, revision = "good", "1"


class Number(Measurer[None]):
    id, revision = "number", "1"


class Odd(Params):
    what: array.array[int] | None = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "Bad Id"}, "`id`"),
        ({"id": 7}, "`id`"),
        ({"revision": ""}, "`revision`"),
        ({"lane": "tpu"}, "gpu, cpu, net"),
        ({"batch_size": 0}, "`batch_size = 0`"),
        ({"frames": True}, "`frames = True`"),
        ({"image_side": "big"}, "`image_side = 'big'`"),
        ({"Params": dict}, "`Params`"),
        ({"Params": Odd}, "cannot become a form"),
    ],
)
def test_an_engine_that_describes_itself_badly(change: dict[str, Any], said: str) -> None:
    assert said in (fault(type("Bad", (Good,), change)()) or "")


def test_engines_that_describe_themselves_well() -> None:
    assert fault(Good()) is None and "`measure`" in (fault(Number()) or "")
    assert fault(type("Named", (Number,), {"measure": "number", "image_side": None})()) is None


def test_a_family_of_engines_needs_no_type_ignore() -> None:
    """Each engine of a family sets its own in `__init__`, so to a type checker they are no class variables."""
    hints = get_type_hints(Measurer)
    for name in ("id", "revision", "label", "license", "batch_size", "image_side", "lane", "measure"):
        assert get_origin(hints[name]) is not ClassVar, name
    assert get_origin(hints["Params"]) is ClassVar
    plugins = [*(ROOT / "pixlstash-plugins").glob("*/src/**/*.py")]
    assert len(plugins) > 6
    assert [path.name for path in plugins if "type: ignore[misc]" in path.read_text("utf-8")] == []


def test_ids_are_shared_by_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
from pixlstash_core import Captioner, Tagger, hookimpl
class T(Tagger):
    id, revision = "same", "1"
class C(Captioner):
    id, revision = "same", "2"
class Bad(Captioner):
    id, revision, lane = "bad", "1", "moon"
@hookimpl
def taggers():
    yield T()
@hookimpl
def captioners():
    yield C()
    yield Bad()
"""
    (tmp_path / "clashing_engines.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins.load(builtin=(), extra=("clashing_engines",))
    found = plugins.engines()
    own = {id: one.hook for id, one in found.items() if one.origin.plugin == "clashing_engines"}
    assert own == {"same": "taggers"}
    (problems,) = [info.problems for info in plugins.infos() if info.name == "clashing_engines"]
    assert len(problems) == 2 and "moon" in problems[0] and "'same' is offered twice" in problems[1]
    del sys.modules["clashing_engines"]


def test_every_engine_is_an_engine() -> None:
    with pytest.raises(NotImplementedError):
        list(Engine().run(None, [], None))
