"""The nodes in a real ComfyUI, through its HTTP API, with a real server of a library."""

from __future__ import annotations

import json
from typing import Any

import pytest
from comfyui.conftest import COLORS, Furnished
from comfyui.real import ComfyUI
from PIL import Image

from pixlstash_core.types import AddTags, Create

pytestmark = pytest.mark.integration
TESTED = "PixlStash_"


def query(text: str, **inputs: Any) -> dict[str, Any]:
    widgets = {"query": text, "sort": "imported", "limit": 8, "seed": 0, "fit": "crop to the first"}
    return {"class_type": "PixlStash_Query", "inputs": {**widgets, **inputs}}


def keep(node: str, slot: int = 0) -> dict[str, Any]:
    return {"class_type": "SaveImage", "inputs": {"images": [node, slot], "filename_prefix": "test"}}


def color(value: int) -> dict[str, Any]:
    return {"class_type": "EmptyImage", "inputs": {"width": 32, "height": 24, "batch_size": 1, "color": value}}


def saver(images: str, **inputs: Any) -> dict[str, Any]:
    widgets = {"images": [images, 0], "name": "made", "tags": "", "caption": ""}
    return {"class_type": "PixlStash_PictureSaver", "inputs": {**widgets, **inputs}}


def chooser(kind: str, text: str) -> dict[str, Any]:
    return {"class_type": f"PixlStash_{kind.capitalize()}Loader", "inputs": {kind: text}}


def test_a_query_arrives_as_a_batch(connected: ComfyUI) -> None:
    run = connected.run({"1": query('"canary" width:64'), "2": keep("1")})
    pictures = [Image.open(path) for path in run.files("2")]
    assert [image.size for image in pictures] == [(64, 48)] * 3
    assert [image.getpixel((60, 40)) for image in pictures] == COLORS[:3]


def test_pictures_are_saved_with_their_workflow(connected: ComfyUI, furnished: Furnished) -> None:
    client = furnished.client
    client.create_set(Create(name="Results"))
    client.create_character(Create(name="Ann"))
    client.create_project(Create(name="Show"))
    graph = {
        "1": color(0x336699),
        "2": chooser("set", "results"),
        "3": chooser("character", "Ann"),
        "4": chooser("project", f"Show #{client.projects()[0].id}"),
        "5": saver("1", tags="sea, old boat", caption="a boat", set=["2", 0], character=["3", 0], project=["4", 0]),
    }
    run = connected.run(graph, workflow={"nodes": [], "version": 0.4, "mark": "kept"})
    assert not run.error
    (id,) = client.find("set:Results character:Ann project:Show tag:sea tag:old_boat").ids
    assert run.outputs["5"]["text"] == [f"Saved as {id}"]
    assert client.caption(id).text == "a boat"
    assert set(client.picture(id).payloads) >= {"prompt", "workflow"}
    assert json.loads(client.payload(id, "workflow"))["mark"] == "kept"
    assert json.loads(client.payload(id, "prompt"))["5"]["class_type"] == "PixlStash_PictureSaver"


def test_a_saver_does_not_rerun_a_loader_that_it_does_not_affect(connected: ComfyUI, furnished: Furnished) -> None:
    furnished.client.create_set(Create(name="Mine"))
    furnished.client.add_tags(AddTags(ids=furnished.ids[:2], tags=["mine"]))

    def run(value: int) -> set[str]:
        graph = {
            "1": query("tag:mine"),
            "2": keep("1"),
            "3": chooser("set", "Mine"),
            "4": query("tag:mine", set=["3", 0]),
            "5": color(value),
            "6": saver("5", tags="other", set=["3", 0]),
            "7": query("tag:mine", limit=["8", 0]),
            "8": {"class_type": "PrimitiveInt", "inputs": {"value": 3}},
            "9": keep("7"),
        }
        done = connected.run(graph)
        assert not done.error, done.error
        return done.cached

    run(1)
    assert {"1", "3", "7", "9"} <= run(2)
    furnished.client.add_tags(AddTags(ids=[furnished.ids[2]], tags=["mine"]))
    cached = run(2)
    assert "1" not in cached and "7" not in cached and "6" in cached


def test_failures_are_sentences_and_the_queue_continues(connected: ComfyUI, furnished: Furnished) -> None:
    graph = {"1": query("tag:nothing"), "2": keep("1")}
    assert "No pictures match 'tag:nothing': change the query" in connected.run(graph).error
    connected.connect(furnished.url, furnished.token("read"))
    error = connected.run({"1": color(5), "2": saver("1")}).error
    assert "right that this node needs (write for saving)" in error
    connected.connect(furnished.url, "pl_api_wrong")
    error = connected.run({"1": query("canary"), "2": keep("1")}).error
    assert "Create a token" in error and "wrong" not in error
    connected.connect("http://127.0.0.1:1", "x")
    assert "start it with `pixlstash serve`" in connected.run({"1": query("canary"), "2": keep("1")}).error
    connected.connect(furnished.url, furnished.token("read"))
    assert connected.run({"1": query("canary"), "2": keep("1")}).files("2")


def test_the_token_stays_in_the_settings(connected: ComfyUI, furnished: Furnished) -> None:
    token = furnished.token("write")
    connected.connect(furnished.url, token)
    connected.run({"1": query("canary"), "2": keep("1"), "3": saver("1")}, workflow={"nodes": []})
    connected.run({"1": query("tag:nothing"), "2": keep("1")})
    places = {path: path.read_bytes() for path in connected.base.rglob("*") if path.is_file()}
    with_token = [path.name for path, content in places.items() if token.encode() in content]
    assert with_token == ["comfy.settings.json"]
    for path in ("/history", "/object_info", "/queue", "/extensions", "/internal/logs"):
        assert token.encode() not in connected.fetch(path)[1], path
    for id in furnished.client.find("name:made").ids:
        with furnished.client.original(id) as file:
            assert token.encode() not in file.read()
