"""What plugins and scripts may rely on: names are only added, each says what it is, and loading them is light."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import msgspec
import pytest

import pixlstash_core
from pixlstash_core.library import Library

#: What was public once stays so, with these fields or arguments at least, in this order.
PROMISED: dict[str, str] = {
    "Captioner": "run load",
    "Detector": "run load",
    "Embedder": "run load space text",
    "Engine": "accepts background batch_size frames image_side label lane license load needs pixels run weights Params",
    "Face": "box confidence vector landmarks",
    "FaceExtractor": "run load space",
    "Image": "area array buffer open pil",
    "Measurer": "better high low run load",
    "Pictured": "id kind size",
    "Region": "label box confidence",
    "Secret": "reveal",
    "Tag": "name confidence category",
    "Tagger": "run load",
    "TextExtractor": "run load",
    "TextLine": "text box confidence corners",
    "WeightFile": "url path size sha256",
    "Weights": "files license acknowledge",
    "Embedded": "format text exif xmp comment",
    "Fact": "group name label value number",
    "FactReader": "read lift priority",
    "Facts": "facts prompt negative created payloads",
    "Format": "name mime extension inline",
    "Found": "key name open size mtime",
    "Importer": "scan",
    "Kind": "open recognise",
    "Lagged": "revision",
    "Media": "still pixels",
    "Opened": "delete list local put read stat",
    "Params": "",
    "PicturesAdded": "revision count ids",
    "PicturesChanged": "revision count ids fields",
    "PicturesRemoved": "revision count ids",
    "Reader": "principal right scope",
    "RowsChanged": "revision table count",
    "Scope": "ids",
    "Stat": "size mtime",
    "Store": "connect",
    "Table": "name noun picture field",
}
ARGUMENTS: dict[str, str] = {
    "adopt": "plugin statements tables",
    "write": "reader sentence work",
    "derive": "work",
    "read": "sql bindings",
    "repeat": "kind label every run lane",
    "handle": "kind handler",
    "queue_job": "kind label payload lane",
    "subscribe": "subscriber",
    "events_since": "revision limit",
    "create": "path name media",
    "open": "path read_only plugins work",
}


def test_the_list_is_complete() -> None:
    assert len(set(pixlstash_core.__all__)) == len(pixlstash_core.__all__)
    assert all(getattr(pixlstash_core, name) is not None for name in pixlstash_core.__all__)
    assert set(PROMISED) <= set(pixlstash_core.__all__)
    with pytest.raises(AttributeError):
        pixlstash_core.nothing_of_this_name  # noqa: B018


@pytest.mark.parametrize("name", PROMISED)
def test_what_was_promised_is_there(name: str) -> None:
    thing: Any = getattr(pixlstash_core, name)
    promised = PROMISED[name].split()
    if issubclass(thing, msgspec.Struct):
        assert [field.name for field in msgspec.structs.fields(thing)][: len(promised)] == promised
    else:
        assert set(promised) <= set(dir(thing))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_methods_take_what_was_promised(name: str) -> None:
    arguments = [one for one in inspect.signature(getattr(Library, name)).parameters if one not in ("self", "cls")]
    promised = ARGUMENTS[name].split()
    assert arguments[: len(promised)] == promised


@pytest.mark.parametrize(
    "name", [name for name in pixlstash_core.__all__ if name[0].isupper() and not name.isupper() and name != "Meta"]
)
def test_everything_says_what_it_is(name: str) -> None:
    thing = getattr(pixlstash_core, name)
    if inspect.isclass(thing):
        assert thing.__doc__ and not thing.__doc__.startswith(f"{name}("), name


def test_every_use_case_says_its_types() -> None:
    for name, method in inspect.getmembers(Library, inspect.isfunction):
        if not name.startswith("_"):
            signature = inspect.signature(method)
            plain = [one.name for one in signature.parameters.values() if one.annotation is one.empty]
            assert plain == ["self"] and signature.return_annotation is not signature.empty, name


def test_a_plugins_import_loads_no_database() -> None:
    code = (
        "import sys, pixlstash_core\nassert not {'apsw', 'zstandard', 'PIL', 'click'} & set(sys.modules), sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
