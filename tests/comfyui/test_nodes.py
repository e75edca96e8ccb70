"""The nodes, run as V1 nodes, against a real server."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", exc_type=ImportError)

import numpy as np
import torch
from comfyui.conftest import OWNER, Furnished, bring, picture
from comfyui.standin import Blocker, StandIn
from PIL import Image

from comfyui_pixlstash.channel import LibraryError
from pixlstash_core.types import AddTags, Create, DeletePictures, SetCaption, TurnPictures


def saved(furnished: Furnished, id: int) -> Image.Image:
    with furnished.client.original(id) as file:
        return Image.open(BytesIO(file.read()))


def test_a_query_gives_batches_in_its_order(nodes: StandIn, furnished: Furnished) -> None:
    images, masks, prompt, ids, count = nodes.run("Query", query="canary width:64", sort="-imported")
    assert images.shape == (3, 48, 64, 3) and images.dtype == torch.float32
    assert masks.shape == (3, 48, 64) and masks.max() == 0
    assert ids == ", ".join(map(str, reversed(furnished.ids[:3]))) and count == 3
    assert prompt == "canary 2 by the sea\ncanary 1 by the sea\ncanary 0 by the sea"
    expected = np.asarray(saved(furnished, furnished.ids[2]).convert("RGB")) / 255
    assert np.abs(images[0].numpy() - expected).max() < 1e-6


def test_pictures_of_other_sizes_are_fitted(nodes: StandIn, furnished: Furnished) -> None:
    chosen = f"{furnished.ids[0]}, {furnished.ids[3]}"
    cropped, *_ = nodes.run("PictureLoader", pictures=chosen, fit="crop to the first")
    assert cropped.shape == (2, 48, 64, 3)
    padded, masks, *_ = nodes.run("PictureLoader", pictures=chosen, fit="pad to the largest")
    assert padded.shape == (2, 80, 64, 3)
    assert masks[1].mean() == pytest.approx(24 / 64) and masks[1, :, 12:52].max() == 0
    with pytest.raises(LibraryError, match="different sizes .64 x 48 and 40 x 80"):
        nodes.run("PictureLoader", pictures=chosen, fit="require one size")


def test_alpha_sixteen_bits_and_turned_pictures(nodes: StandIn, furnished: Furnished, tmp_path: Path) -> None:
    half = Image.new("RGBA", (8, 6), (255, 0, 0, 64))
    half.save(tmp_path / "half.png")
    deep = Image.fromarray(np.full((6, 8), 40_000, np.uint16))
    deep.save(tmp_path / "deep.png")
    transparent, gray = (bring(furnished.library, tmp_path / name) for name in ("half.png", "deep.png"))
    images, masks, *_ = nodes.run("PictureLoader", pictures=str(transparent))
    assert images[0, 0, 0].tolist() == [1, 0, 0] and masks[0, 0, 0] == pytest.approx(1 - 64 / 255)
    images, *_ = nodes.run("PictureLoader", pictures=str(gray))
    assert images[0, 0, 0].tolist() == pytest.approx([40_000 / 65_535] * 3, abs=1e-6)
    upright, *_ = nodes.run("PictureLoader", pictures=str(furnished.ids[0]))
    furnished.library.turn(OWNER, TurnPictures(ids=[furnished.ids[0]], quarters=1))
    turned, *_ = nodes.run("PictureLoader", pictures=str(furnished.ids[0]))
    assert turned.shape == (1, 64, 48, 3) and torch.equal(turned[0], torch.rot90(upright[0], -1))


def test_groups_narrow_a_query_with_alternatives(nodes: StandIn, furnished: Furnished) -> None:
    set_id = furnished.client.create_set(Create(name="Harbor")).id
    furnished.library.add_to_set(OWNER, set_id, ids_of(furnished.ids[1:2]))
    group, query, id = nodes.run("SetLoader", set="harbor")
    assert (group.term, query, id) == (f"set:{set_id}", f"set:{set_id}", set_id)
    assert nodes.run("Query", query='"canary 0" OR "canary 1"', set=group)[3] == str(furnished.ids[1])


def ids_of(ids: list[int]) -> Any:
    from pixlstash_core.types import Selection

    return Selection(ids=ids)


def test_a_saver_embeds_the_workflow_and_returns_ids(nodes: StandIn, furnished: Furnished) -> None:
    images = torch.rand(2, 6, 8, 3)
    hidden = {"prompt": {"1": {"class_type": "X"}}, "extra_pnginfo": {"workflow": {"nodes": []}}}
    ids, count = nodes.run("PictureSaver", images=images, name="../a/b", tags="sea, boat", caption="c", **hidden)
    first, second = map(int, ids.split(", "))
    assert count == 2
    image = saved(furnished, first)
    assert json.loads(image.info["prompt"]) == hidden["prompt"] and json.loads(image.info["workflow"]) == {"nodes": []}
    assert np.array_equal(np.asarray(image), np.clip(255.0 * images[0].numpy(), 0, 255).astype(np.uint8))
    assert set(furnished.client.find("tag:sea tag:boat caption:c").ids) == {first, second}
    assert furnished.client.picture(first).name == "_a_b_00001.png"
    assert nodes.run("PictureSaver", images=images, name="again", **hidden) == (ids, 0)


def test_metadata_can_be_disabled(nodes: StandIn, furnished: Furnished) -> None:
    nodes.args.disable_metadata = True
    ids, _ = nodes.run("PictureSaver", images=torch.rand(1, 6, 8, 3), prompt={"1": {}}, extra_pnginfo={"workflow": {}})
    assert not {"prompt", "workflow"} & set(saved(furnished, int(ids)).info)


def test_what_is_in_the_scrapheap_is_named(nodes: StandIn, furnished: Furnished) -> None:
    images = torch.rand(1, 6, 8, 3)
    ids, _ = nodes.run("PictureSaver", images=images)
    furnished.library.delete(OWNER, DeletePictures(ids=[int(ids)]))
    with pytest.raises(LibraryError, match=f"scrapheap, as number {ids}: restore it"):
        nodes.run("PictureSaver", images=images)


def test_a_dataset_has_sizes_and_captions_of_its_own(nodes: StandIn, furnished: Furnished) -> None:
    first, *_, last = furnished.ids
    furnished.library.set_caption(OWNER, SetCaption(ids=[first], text="a red shore"))
    furnished.library.add_tags(OWNER, AddTags(ids=[last], tags=["blue_sky", "sea"]))
    inputs = {"query": "caption:red OR tag:sea", "captions": "caption, else tags", "trigger": "ohwx"}
    images, _masks, texts, ids, count = nodes.run("Dataset", **inputs)
    sizes = {id: tuple(image.shape) for id, image in zip(ids.split(", "), images, strict=True)}
    assert sizes == {str(first): (1, 48, 64, 3), str(last): (1, 80, 40, 3)} and count == 2
    assert set(texts) == {"ohwx, a red shore", "ohwx, blue sky, sea"}
    before = nodes.fingerprint("Dataset", **inputs)
    furnished.library.set_caption(OWNER, SetCaption(ids=[first], text="a red rock"))
    assert nodes.fingerprint("Dataset", **inputs) != before


def test_similar_pictures_are_found_and_gated(nodes: StandIn, furnished: Furnished) -> None:
    furnished.look()
    images, *_ = nodes.run("PictureLoader", pictures=", ".join(map(str, furnished.ids[:2])))
    found = nodes.run("LikenessSearch", images=images[:1], limit=2)
    assert found[3].split(", ")[0] == str(furnished.ids[0]) and found[4] == 2
    sampled = nodes.run("LikenessSearch", images=images[:1], limit=1, sample_from=4, seed=3)
    assert sampled[4] == 1
    set_id = furnished.client.create_set(Create(name="Red")).id
    furnished.library.add_to_set(OWNER, set_id, ids_of(furnished.ids[:1]))
    group, *_ = nodes.run("SetLoader", set=f"Red #{set_id}")
    accepted, rejected, *counts, numbers = nodes.run("PictureLikenessGate", images=images, set=group, threshold=0.95)
    assert counts == [1, 1] and torch.equal(accepted, images[:1]) and torch.equal(rejected, images[1:])
    assert float(numbers.split(", ")[0]) == pytest.approx(1, abs=0.01)
    accepted, rejected, *counts, _ = nodes.run("PictureLikenessGate", images=images, set=group, threshold=0.0)
    assert counts == [2, 0] and isinstance(rejected, Blocker)


def test_words_find_pictures(nodes: StandIn, furnished: Furnished) -> None:
    assert nodes.run("SemanticSearch", text='canary 2 by the "sea"', limit=1)[3] == str(furnished.ids[2])
    with pytest.raises(LibraryError, match="no text to search for"):
        nodes.run("SemanticSearch", text=" ")


def test_a_cache_is_renewed_only_by_what_it_reads(nodes: StandIn, furnished: Furnished) -> None:
    widgets = {"query": "tag:mine", "limit": 4}
    furnished.library.add_tags(OWNER, AddTags(ids=furnished.ids[:1], tags=["mine"]))
    before = nodes.fingerprint("Query", **widgets)
    linked = nodes.fingerprint("Query", query=None, limit=4)
    nodes.run("Query", **widgets)
    assert nodes.fingerprint("Query", query=None, limit=4) == linked
    nodes.run("PictureSaver", images=torch.rand(1, 6, 8, 3), tags="other")
    assert nodes.fingerprint("Query", **widgets) == before
    assert nodes.fingerprint("Query", query=None, limit=4) == linked
    furnished.library.add_tags(OWNER, AddTags(ids=furnished.ids[1:2], tags=["mine"]))
    assert nodes.fingerprint("Query", **widgets) != before
    assert nodes.fingerprint("Query", query=None, limit=4) != linked
    before = nodes.fingerprint("Query", **widgets)
    furnished.library.turn(OWNER, TurnPictures(ids=furnished.ids[:1], quarters=2))
    assert nodes.fingerprint("Query", **widgets) != before


def test_errors_say_what_to_do(nodes: StandIn, furnished: Furnished, tmp_path: Path) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("Query", {"query": "tag:nothing"}, "No pictures match 'tag:nothing': change the query"),
        ("Query", {"query": "nonsense:1"}, "nonsense"),
        ("PictureLoader", {"pictures": "4000000000"}, "Picture 4000000000 does not exist in this library"),
        ("PictureLoader", {"pictures": "../1"}, "not a list of picture numbers"),
        ("SetLoader", {"set": "Nowhere"}, 'has no set named "Nowhere": choose it'),
        ("SetLoader", {"set": "Gone #99"}, "'Gone #99' does not exist"),
        ("SetLoader", {"set": ""}, "No set is chosen"),
        ("LikenessSearch", {}, "nothing to compare with: connect images"),
    ]
    for id, inputs, sentence in cases:
        with pytest.raises(LibraryError, match=sentence):
            nodes.run(id, **inputs)
    nodes.args.multi_user = True
    with pytest.raises(LibraryError, match="start ComfyUI without --multi-user"):
        nodes.run("Query", query="canary")


def test_a_deleted_set_is_named_after_saving(nodes: StandIn, furnished: Furnished) -> None:
    set_id = furnished.client.create_set(Create(name="Brief")).id
    group, *_ = nodes.run("SetLoader", set="Brief")
    furnished.client.delete_set(set_id)
    with pytest.raises(LibraryError, match=r"saved in the library as \d+, but: The set \"Brief\" was deleted"):
        nodes.run("PictureSaver", images=torch.rand(1, 6, 8, 3), set=group)


def test_videos_are_left_out_of_queries(nodes: StandIn, furnished: Furnished, corpus: Any) -> None:
    videos = [specimen.path for specimen in corpus.kind("video") if specimen.decodes] if corpus else []
    if not videos:
        pytest.skip("no corpus of real files with a video")
    id = bring(furnished.library, videos[0])
    with pytest.raises(LibraryError, match="is a video"):
        nodes.run("PictureLoader", pictures=str(id))
    assert str(id) not in nodes.run("Query", query="", limit=50)[3].split(", ")


def test_nothing_is_configured(standin: StandIn) -> None:
    with pytest.raises(LibraryError, match="enter the address and a token"):
        standin.run("Query", query="canary")


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    from comfyui_pixlstash.pixels import open_picture

    content = picture(tmp_path / "whole.png", 1).read_bytes()
    with pytest.raises(LibraryError, match="Picture 7 is damaged"):
        open_picture(content[: len(content) // 2], "Picture 7", 0)
    with pytest.raises(LibraryError, match="format that this ComfyUI cannot decode"):
        open_picture(b"\0\0\0\x18ftypheic", "Picture 7", 0)
