"""The demo's pictures: pure recipes, paintings that repeat, and rows that say what the painted files say."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import threading
from itertools import groupby

import msgspec
import pytest
from msgspec import structs
from PIL import Image

from pixlstash_core.errors import NotThere
from pixlstash_core.media.images import ImageKind
from pixlstash_core.media.reading import assemble, of_known
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import Reading
from pixlstash_demo import stores
from pixlstash_demo.art.scene import draw
from pixlstash_demo.embed import paint
from pixlstash_demo.metadata import facts, metadata
from pixlstash_demo.recipe import EPOCH, Recipe, key, recipe
from pixlstash_demo.store import PAINTED, DemoStore

MANY = 4_000
DAY = 86_400_000
SCENES = {*"bottle city dusk flowers forest mountains pair portrait sea snow walk".split()}

READERS = Plugins.load().fact_readers()


@pytest.fixture(scope="module")
def recipes() -> list[Recipe]:
    return [recipe(index) for index in range(MANY)]


@pytest.fixture(scope="module")
def varied(recipes: list[Recipe]) -> list[Recipe]:
    """The first picture of each scene, and of each way a file may be written."""
    first: dict[tuple[object, ...], Recipe] = {}
    for made in recipes:
        first.setdefault((made.scene,), made)
        first.setdefault((made.tool, made.format, made.orientation, made.model, len(made.loras)), made)
    return list({made.index: made for made in first.values()}.values())


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def read(data: bytes) -> Reading:
    """What the library's own kind and readers find in a file."""
    kind = ImageKind()
    form = kind.recognise(data[:4096], "")
    assert form is not None
    media = kind.open(io.BytesIO(data), form)
    media.still(8, 8)  # PNG texts may follow the pixels
    assert media.embedded is not None
    found = [one for one in (reader.read(media.embedded) for reader in READERS) if one is not None]
    return assemble(b"", len(data), kind.id, form, media, None, None, found)


def in_another_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- recipes ----------------------------------------------------------------------------------------------------------


def test_a_recipe_depends_on_its_index_alone(recipes: list[Recipe]) -> None:
    assert [recipe(index) for index in (3999, 17, 0)] == [recipes[3999], recipes[17], recipes[0]]
    said = in_another_process(
        "import hashlib, msgspec; from pixlstash_demo.recipe import recipe\n"
        "print(hashlib.sha256(msgspec.json.encode([recipe(i) for i in range(500)])).hexdigest())"
    )
    assert said.strip() == hashlib.sha256(msgspec.json.encode(recipes[:500])).hexdigest()


def test_any_number_covers_three_years_and_the_first_is_the_newest(recipes: list[Recipe]) -> None:
    for count in (200, MANY):
        dates = sorted((made.created for made in recipes[:count]), reverse=True)
        assert dates[0] == recipes[0].created == EPOCH and dates[1] < EPOCH
        assert 1_000 * DAY < EPOCH - dates[-1] < 1_100 * DAY
    months = [len(list(group)) for _, group in groupby(sorted((EPOCH - d) // (30 * DAY) for d in dates))]
    assert max(months) > 8 * min(months)  # busy and quiet months


def test_a_series_is_one_prompt_with_many_seeds(recipes: list[Recipe]) -> None:
    series = [list(group) for _, group in groupby(recipes, key=lambda made: (made.prompt, made.style))]
    generated = [group for group in series if group[0].prompt]
    assert sum(3 <= len(group) <= 8 for group in generated) > len(generated) / 2
    for group in generated:
        again = [made for made in group if made.width > group[0].width]
        once = [made for made in group if made not in again]
        assert len({made.seed for made in once}) == len(once)
        assert len({(made.width, made.height, made.model, made.loras) for made in once}) == 1
        for larger in again:  # the one before once more, by an upscaler
            before = recipes[larger.index - 1]
            assert (larger.seed, larger.width * 2) == (before.seed, before.width * 3)
    assert len(generated) / 30 < sum(made.width > group[0].width for group in generated for made in group) < MANY / 20


def test_the_library_is_varied(recipes: list[Recipe]) -> None:
    few = recipes[:200]
    assert {made.scene for made in few} == SCENES
    assert len({made.character for made in few} - {None}) == 6
    assert {made.tool for made in few} == {"comfyui", "a1111", "camera"}
    assert {made.format for made in few} == {"png", "jpeg", "webp"}
    assert {made.orientation for made in recipes} == {1, 6, 8}
    assert len({made.model for made in few} - {""}) == 2 and len({lora for made in few for lora in made.loras}) == 2
    assert all(0.29e6 < made.width * made.height < 1.61e6 for made in recipes)
    assert len({key(made) for made in recipes}) == len({made.name for made in recipes}) == MANY


def test_pictures_of_earlier_demo_libraries_are_found(recipes: list[Recipe]) -> None:
    """Such libraries hold keys, sizes and dates of pictures that are painted when somebody looks at them."""
    rows = [f"{key(m)} {m.name} {m.width}x{m.height} {m.orientation} {m.created} {m.seed}" for m in recipes]
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    assert digest == "0d8e8f558007dc10eba78929642ee768ec09981a190ef881ea892975f3c8de17"


def test_far_indexes_have_recipes() -> None:
    assert recipe(999_999) == recipe(999_999) != recipe(999_998)
    assert key(recipe(999_999)).startswith("999999.")


# --- paintings --------------------------------------------------------------------------------------------------------


def test_paintings_repeat_byte_for_byte(recipes: list[Recipe]) -> None:
    indexes = (0, 6, 44)
    mine = [hashlib.sha256(paint(recipes[index])).hexdigest() for index in indexes]
    said = in_another_process(
        "import hashlib; from pixlstash_demo.embed import paint; from pixlstash_demo.recipe import recipe\n"
        f"for i in reversed({indexes}): print(hashlib.sha256(paint(recipe(i))).hexdigest())"
    )
    assert said.split()[::-1] == mine


def test_the_painted_file_says_what_the_row_says(varied: list[Recipe]) -> None:
    assert len(varied) >= 30
    for made in varied:
        data = paint(made)
        found, row = read(data), of_known(metadata(made))
        said = facts(made)
        assert found.facts == said.facts == row.facts, made
        assert (found.prompt, found.negative) == (said.prompt, said.negative) == (row.prompt, row.negative), made
        for name in ("kind", "format", "mime", "extension", "width", "height", "orientation", "aspect", "why"):
            assert getattr(found, name) == getattr(row, name), (name, made)
        assert found.created == (made.created if made.tool == "camera" else None)
        assert len(data) / 4 < row.size < len(data) * 4
        _check_colour(opened(data), row.colour)


def _check_colour(image: Image.Image, colour: int) -> None:
    mean = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    guess = (colour >> 11 << 3, (colour >> 5 & 63) << 2, (colour & 31) << 3)
    assert isinstance(mean, tuple)
    assert max(abs(a - b) for a, b in zip(mean, guess, strict=True)) < 90


def test_pictures_are_not_flat(varied: list[Recipe]) -> None:
    for made in varied[:6]:
        light = opened(paint(made)).convert("L").resize((32, 32)).tobytes()
        assert max(light) - min(light) > 60


@pytest.mark.parametrize("scene", ["glass", "window", "desert"])
def test_a_scene_that_is_no_longer_painted_becomes_another(recipes: list[Recipe], scene: str) -> None:
    made = structs.replace(next(one for one in recipes if one.character is None), scene=scene)
    assert draw(made).size == (made.width, made.height)


def test_a_run_shows_one_subject_in_different_pictures(recipes: list[Recipe]) -> None:
    first, second = recipes[0], recipes[1]
    assert first.prompt == second.prompt
    assert opened(paint(first)).tobytes() != opened(paint(second)).tobytes()


# --- what is embedded -------------------------------------------------------------------------------------------------


def test_comfyui_graphs_hold_together(recipes: list[Recipe]) -> None:
    models: dict[str, Recipe] = {}
    for made in recipes:
        if made.tool == "comfyui" and made.format == "png" and len(made.loras) == 2:
            models.setdefault(made.model, made)
    assert len(models) == 2
    for made in models.values():
        graph = json.loads(opened(paint(made)).info["prompt"])
        links = [value for node in graph.values() for value in node["inputs"].values() if isinstance(value, list)]
        assert len(links) >= 10 and all(source in graph for source, _ in links)
        kinds = [node["class_type"] for node in graph.values()]
        assert kinds.count("LoraLoader") == 2 and kinds[-1] == "SaveImage"
        sampler = next(node for node in graph.values() if node["class_type"] == "KSampler")
        assert sampler["inputs"]["seed"] == made.seed


def test_a_camera_lies_on_its_side(recipes: list[Recipe]) -> None:
    for orientation in (6, 8):
        made = next(one for one in recipes if one.orientation == orientation)
        image = opened(paint(made))
        assert image.size == (made.height, made.width)
        assert image.getexif()[0x0112] == orientation
        assert image.getexif().get_ifd(0x8769)[0xA434]  # the lens


# --- rows and the store -----------------------------------------------------------------------------------------------


def test_rows_have_hashes_of_their_own(recipes: list[Recipe]) -> None:
    assert len({metadata(made).sha256 for made in recipes}) == MANY
    row = of_known(metadata(recipes[5]))
    assert (len(row.sha256), row.still, row.why, row.phash, row.created) == (32, None, None, 0, recipes[5].created)


def test_the_store_paints_what_is_read() -> None:
    [store] = stores()
    assert isinstance(store, DemoStore) and store.scheme == "demo"
    demo = store.connect(DemoStore.Params(pictures=50))
    assert (demo.writable, demo.verbatim) == (False, False)
    name, stat = next(iter(demo.list()))
    whole = demo.read(name).read()
    assert whole == paint(recipe(0)) and demo.read(name, 3, 10).read() == whole[3:10]
    assert (stat.size, stat.mtime) == (None, EPOCH * 1_000_000) and demo.stat(name) == stat
    assert demo.local(name) is None and demo.name(name) == recipe(0).name
    assert len(list(demo.list())) == 50 and all(one.startswith("00001") for one, _ in demo.list("00001"))


def test_the_store_knows_all_but_the_first_pictures() -> None:
    demo = DemoStore().connect(DemoStore.Params(pictures=PAINTED + 1))
    assert demo.known(key(recipe(PAINTED - 1))) is None
    assert demo.known(key(recipe(PAINTED))) == metadata(recipe(PAINTED))


@pytest.mark.parametrize(
    "name", ["", "000050.png", "0.png", "000000.jpg", "../000000.png", "000000.png\n", "٠٠٠٠٠٠.png"]
)
def test_other_keys_are_not_there(name: str) -> None:
    assert key(recipe(0)) == "000000.png"
    demo = DemoStore().connect(DemoStore.Params(pictures=50))
    for ask in (demo.read, demo.stat):
        with pytest.raises(NotThere):
            ask(name)


def test_the_store_is_read_from_many_threads() -> None:
    demo = DemoStore().connect(DemoStore.Params(pictures=4))
    names = [name for name, _ in demo.list()]
    seen: dict[str, set[bytes]] = {name: set() for name in names}

    def look(turn: int) -> None:
        for step in range(4):
            name = names[(turn + step) % 4]
            seen[name].add(demo.read(name).read())

    threads = [threading.Thread(target=look, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(data) for data in seen.values()] == [1, 1, 1, 1]


def test_recipes_and_rows_load_no_pillow() -> None:
    said = in_another_process(
        "import sys; from pixlstash_demo.store import metadata, recipe; "
        "metadata(recipe(7)); print('PIL' in sys.modules)"
    )
    assert said.strip() == "False"
