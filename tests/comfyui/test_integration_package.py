"""How a real ComfyUI loads the package: nodes, routes, example workflows, and the stand-in's agreement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from comfyui.conftest import OWNER, Furnished, bring
from comfyui.real import PACKAGE, ComfyUI
from comfyui.standin import StandIn

from pixlstash_core.types import Create, Selection

pytestmark = pytest.mark.integration
EXAMPLES = sorted((PACKAGE / "example_workflows").glob("*.json"))
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
#: Nodes that only the newer API has.
NEWER = {"PixlStash_VideoLoader"}


def described(info: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Our nodes in `/object_info`."""
    return {id: node for id, node in info.items() if id.startswith("PixlStash_")}


def test_the_stand_in_agrees_with_the_real_runtime(comfyui: ComfyUI, standin: StandIn) -> None:
    real = described(comfyui.get("/object_info"))
    assert set(real) == {*standin.classes, *NEWER}
    for id, node in standin.classes.items():
        shown, types = real[id], node.INPUT_TYPES()
        assert (shown["display_name"], shown["category"]) == (standin.names[id], node.CATEGORY)
        assert shown["output"] == list(node.RETURN_TYPES) and shown["output_name"] == list(node.RETURN_NAMES)
        assert shown["output_is_list"] == list(node.OUTPUT_IS_LIST) and shown["output_node"] == node.OUTPUT_NODE
        for part in ("required", "optional"):
            inputs, ours = shown["input"].get(part, {}), types.get(part, {})
            assert list(inputs) == list(ours), id
            for name, (type, options) in ours.items():
                real_type, real_options = inputs[name]
                if "remote" in real_options:  # a list that V1 cannot fill
                    assert (real_type, type) == ("COMBO", "STRING")
                    continue
                assert (real_options["options"] if real_type == "COMBO" else real_type) == type
                for option in ("default", "min", "max", "multiline"):
                    assert real_options.get(option) == options.get(option) or option == "multiline", (id, name)
        hidden = {name: value[0] for name, value in shown["input"].get("hidden", {}).items()}
        assert hidden == types.get("hidden", {}), id


def api_graph(workflow: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    """Turn a saved workflow into the graph that the browser sends for it."""
    links = {link[0]: link for link in workflow["links"]}
    graph: dict[str, Any] = {}
    for node in workflow["nodes"]:
        described_inputs = info[node["type"]]["input"]
        linked = {slot["name"]: links[slot["link"]] for slot in node["inputs"] if slot["link"] is not None}
        values: Iterator[Any] = iter(node["widgets_values"])
        inputs: dict[str, Any] = {name: [str(link[1]), link[2]] for name, link in linked.items()}
        for name, spec in [
            pair for part in ("required", "optional") for pair in described_inputs.get(part, {}).items()
        ]:
            if name not in linked and (isinstance(spec[0], list) or spec[0] in WIDGETS):
                inputs[name] = next(values)
                if spec[1].get("control_after_generate"):
                    next(values)
        assert next(values, None) is None, node["type"]
        graph[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return graph


def test_there_is_an_example_of_each_node(comfyui: ComfyUI) -> None:
    used = {node["type"] for path in EXAMPLES for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]}
    assert {id for id in used if id.startswith("PixlStash_")} == set(described(comfyui.get("/object_info")))


def test_the_examples_run(connected: ComfyUI, furnished: Furnished, corpus: Any) -> None:
    client = furnished.client
    for create, add in (
        (client.create_set, furnished.library.add_to_set),
        (client.create_character, furnished.library.add_to_character),
        (client.create_project, furnished.library.add_to_project),
    ):
        add(OWNER, create(Create(name="Example")).id, Selection(ids=furnished.ids[:2]))
    furnished.look()
    video = bring(furnished.library, next(specimen.path for specimen in corpus.kind("video") if specimen.decodes))
    #: What needs a model that is not installed says so.
    expected = {"face-likeness-gate": "No faces are known yet", "tag": "No engine is the default for tag"}
    info = connected.get("/object_info")
    for path in EXAMPLES:
        workflow = json.loads(path.read_text(encoding="utf-8"))
        graph = api_graph(workflow, info)
        for node in graph.values():
            if node["class_type"] == "PixlStash_VideoLoader":
                node["inputs"]["video"] = str(video)
        run = connected.run(graph, workflow)
        assert expected[path.stem] in run.error if path.stem in expected else run.error == "", (path.name, run.error)
        if path.stem not in expected:
            assert run.outputs, path.name
    assert client.find("tag:example set:Example").ids


@pytest.mark.parametrize(
    "path",
    [
        "thumbnail/..%2F..%2Ftokens",
        "thumbnail/1%2Foriginal",
        "thumbnail/1%3Fv=1",
        f"thumbnail/{quote('http://127.0.0.1:1/', safe='')}",
        "thumbnail/%C2%B9",
        "pictures?offset=-1",
        "pictures?offset=1%0d%0aX:1",
    ],
)
def test_routes_reach_nothing_else(connected: ComfyUI, path: str) -> None:
    status, body = connected.fetch(f"/pixlstash/{path}")
    assert status in (404, 502), body
    assert b"RIFF" not in body


def test_routes_ignore_an_address_in_the_request(connected: ComfyUI, furnished: Furnished) -> None:
    status, body = connected.fetch(f"/pixlstash/thumbnail/{furnished.ids[0]}?url=http://127.0.0.1:1&address=x")
    assert status == 200 and body[8:12] == b"WEBP"
    furnished.client.create_set(Create(name="Harbor"))
    (entry,) = connected.get("/pixlstash/sets?url=http://127.0.0.1:1")
    assert entry.startswith("Harbor #")
    rows = connected.get("/pixlstash/pictures?q=canary+sort:imported")
    assert [row["id"] for row in rows] == furnished.ids


def test_without_the_newer_api_they_are_v1_nodes(tmp_path: Path, furnished: Furnished) -> None:
    old = ComfyUI(tmp_path / "base", "--disable-metadata", blocked="comfy_api.v0_0_2")
    try:
        assert set(described(old.get("/object_info"))) >= {"PixlStash_Query", "PixlStash_PictureSaver"}
        assert not NEWER & set(old.get("/object_info"))
        old.connect(furnished.url, furnished.token("write"))
        widgets = {"query": "canary width:64", "sort": "imported", "limit": 1, "seed": 0, "fit": "crop to the first"}
        graph = {
            "1": {"class_type": "PixlStash_Query", "inputs": widgets},
            "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
            "3": {
                "class_type": "PixlStash_PictureSaver",
                "inputs": {"images": ["2", 0], "name": "inverted", "tags": "negative", "caption": ""},
            },
        }
        run = old.run(graph)
        assert not run.error, run.error
        (id,) = furnished.client.find("tag:negative").ids
        assert run.outputs["3"]["text"] == [f"Saved as {id}"]
        assert not {"prompt", "workflow"} & set(furnished.client.picture(id).payloads)
    finally:
        old.stop()
