"""The page of engines: what there is, its settings, when it is run, fetching its weights, and where it failed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import formed
import pytest
from libraries import until
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Close, Sit, close
from ui.desk import LOOKS, Desk
from ui.engined_desk import Bench, bench
from web.conftest import serving

from pixlstash_core import OWNER, WeightFile
from pixlstash_core.engines import settings as engines
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import AddTags, EngineDetail, SetEngine

pytestmark = pytest.mark.browser
__all__ = ["bench"]
WEIGHTS = bytes(range(256)) * 40


def main(desk: Desk) -> Locator:
    return desk.page.get_by_role("main", name="Engines")


def listed(desk: Desk, name: str) -> Locator:
    return main(desk).get_by_role("navigation", name="Engines").get_by_role("button", name=name)


def form(desk: Desk) -> Locator:
    return main(desk).get_by_role("form")


def known(bench: Bench, id: str = "formed/all") -> EngineDetail:
    return bench.library.engine(OWNER, id)


@pytest.fixture
def host() -> Iterator[str]:
    """Where weights come from: the address of a server that has them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(WEIGHTS)))
            self.end_headers()
            self.wfile.write(WEIGHTS)

        def log_message(self, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/model.onnx"
    server.shutdown()
    server.server_close()


def test_engines_are_listed_by_kind_and_chosen_by_keys(bench: Bench) -> None:
    bench.engined.take_in(3)
    bench.run("odd/colours")
    bench.library.set_engine(OWNER, SetEngine(engine="odd/colours", default=True))
    desk = bench.desk()
    desk.page.get_by_role("button", name="More").last.click()
    desk.page.get_by_role("menuitem", name="Engines").click()
    headings = main(desk).get_by_role("navigation", name="Engines").locator("h2")
    expect(headings).to_have_text(
        ["Taggers", "Captioners", "Face extractors", "Embedders", "Text readers", "Detectors", "Measurers"]
    )
    expect(main(desk).locator(".whole h2").first).to_have_text("Colours")  # the default one
    expect(listed(desk, "Colours")).to_contain_text("default")
    expect(listed(desk, "odd/weighed")).to_contain_text("fetch")
    expect(listed(desk, "Sharpness")).to_contain_text("built in")
    listed(desk, "Colours").focus()
    desk.press("ArrowDown", "Enter")
    desk.becomes(lambda: desk.parameter("about"), "formed/all")
    expect(main(desk).locator(".whole h2").first).to_have_text("Every setting")
    desk.page.go_back()
    expect(main(desk).locator(".whole h2").first).to_have_text("Colours")
    desk.press("Escape")
    expect(main(desk)).to_have_count(0)
    desk.seen()


def test_a_form_for_every_kind_of_setting(bench: Bench) -> None:
    desk = bench.page("formed/all")
    fields = form(desk)
    fields.get_by_label("Least share, slider").fill("0.72")
    fields.get_by_label("Most").fill("12")
    fields.get_by_role("button", name="edge").click()
    fields.get_by_label("rating").check()
    fields.get_by_label("Never say").fill("signature")
    desk.press("Enter")
    fields.get_by_label("Never say").fill("watermark")
    desk.press("Enter")
    fields.get_by_role("button", name="Take signature off").click()
    fields.get_by_label("Upside down").check()
    fields.get_by_label("Opening").fill("two\nlines")
    fields.get_by_label("Wait", exact=True).fill("5")
    assert known(bench).params["share"] == 0.5  # nothing is done while one types
    fields.get_by_role("button", name="Save 8 settings").click()
    desk.says("settings of Every setting were changed")
    assert known(bench).params == {
        "share": 0.72,
        "most": 12,
        "padding": "edge",
        "categories": ["general", "rating"],
        "never_say": ["watermark"],
        "upside_down": True,
        "opening": "two\nlines",
        "wait": 5,
    }
    expect(fields.get_by_role("button", name="Save")).to_have_count(0)
    desk.press("Escape")
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.says("undone")
    assert known(bench).params["share"] == 0.5


def test_what_is_wrong_is_said_at_its_field(bench: Bench) -> None:
    desk = bench.page("formed/all")
    desk.guard.expected = ["status of 4"]
    fields = form(desk)
    fields.get_by_label("Most").fill("twelve")
    expect(fields.get_by_label("Most")).to_have_attribute("aria-invalid", "true")
    fields.get_by_label("Most").fill("200")
    fields.get_by_role("button", name="Save 1 setting").click()
    expect(fields.get_by_role("alert")).to_contain_text("99")
    expect(fields.get_by_label("Most")).to_have_accessible_description("Expected int <= 99")
    fields.get_by_role("button", name="Discard").click()
    expect(fields.get_by_label("Most")).to_have_value("")
    assert known(bench).params["most"] is None


def test_a_secret_is_written_and_never_read(bench: Bench) -> None:
    desk = bench.page("formed/all")
    key = form(desk).get_by_label("Key")
    expect(key).to_have_attribute("type", "password")
    key.fill("hush hush")
    form(desk).get_by_role("button", name="Save 1 setting").click()
    desk.says("were changed")
    assert engines.secrets(bench.library.hub, "formed/all") == {"key": "hush hush"}
    desk.page.reload()
    expect(key).to_have_attribute("placeholder", "kept; nobody can read it again")
    assert key.input_value() == "" and "hush" not in desk.page.content()
    form(desk).get_by_role("button", name="Forget").click()
    form(desk).get_by_role("button", name="Save 1 setting").click()
    until(lambda: engines.secrets(bench.library.hub, "formed/all") == {})


def test_when_it_is_run_and_what_is_meant_by_default(bench: Bench) -> None:
    bench.engined.take_in(3)
    desk = bench.page("formed/all")
    main(desk).get_by_role("button", name="new ones").click()
    desk.says("Every setting: new ones")
    assert known(bench).engine.policy == "new"
    main(desk).get_by_role("button", name="Make default").click()
    desk.says("Every setting is the default of taggers")
    assert known(bench).engine.default
    expect(main(desk).get_by_role("button", name="Default", exact=True)).to_have_attribute("aria-pressed", "true")
    main(desk).get_by_role("button", name="Run on 3 others").click()
    expect(main(desk).get_by_text("3 pictures", exact=True)).to_be_visible()
    assert known(bench).engine.done == 3


def test_a_threshold_moves_what_counts(bench: Bench) -> None:
    (first, *_) = bench.engined.take_in(2)
    bench.run("odd/colours")
    desk = bench.page("odd/colours")
    threshold = main(desk).get_by_label("Threshold", exact=True)
    expect(threshold).to_have_value("0.35")
    threshold.fill("0.05")
    threshold.press("Enter")
    desk.says("Colours counts from 0.05")
    effective = lambda: {one.name for one in bench.library.picture_tags(OWNER, first) if one.effective}  # noqa: E731
    desk.becomes(effective, {"red", "noise"})


def test_opinions_are_combined_afterwards(bench: Bench) -> None:
    bench.engined.take_in(2)
    bench.run("odd/colours")
    bench.run("odd/trouble")
    desk = bench.page("odd/colours")
    group = main(desk).get_by_role("group", name="Tags count by")
    group.get_by_role("button", name="most").click()
    desk.becomes(lambda: bench.library.tagging(OWNER).combine, "vote")
    expect(main(desk).get_by_text("where most of those that looked")).to_be_visible()


def test_weights_are_fetched_once_their_licence_is_agreed_to(
    bench: Bench, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.engined.take_in(3)
    file = WeightFile(host, "model.onnx", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
    monkeypatch.setattr(formed.Licensed, "files", (file,))
    desk = bench.page("formed/licensed")
    expect(listed(desk, "Licensed")).to_contain_text("fetch")
    card = main(desk).get_by_role("region", name="Weights")
    expect(card).to_contain_text("127.0.0.1")
    expect(card).to_contain_text("Research only")
    fetch = card.get_by_role("button", name="Fetch")
    expect(fetch).to_be_disabled()
    card.get_by_label("I have read Research only").check()
    fetch.click()
    asked = main(desk).get_by_role("region", name="What to run it on")
    asked.get_by_role("button", name="New ones").click()
    desk.says("Licensed: new ones")
    found = known(bench, "formed/licensed")
    assert found.weights is not None and found.weights.missing == [] and found.engine.policy == "new"
    expect(card).to_have_count(0)


def test_what_is_out_of_date_is_redone_and_what_failed_tried_again(bench: Bench) -> None:
    ids = bench.engined.take_in(4)
    bench.run("odd/trouble", ids=ids[:2])
    bench.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"what": "raise", "on": ids[:1]}))
    desk = bench.page("odd/trouble")
    main(desk).get_by_role("region", name="Out of date").get_by_role("button", name="Redo").click()
    errors = main(desk).get_by_role("region", name="Errors of odd/trouble")
    expect(errors).to_contain_text("KeyError: 'no such thing'")
    expect(errors.locator("li")).to_have_count(1)
    tried = bench.engined.notes("run")
    errors.get_by_role("button", name="Retry", exact=True).click()
    desk.until(lambda: len(bench.engined.notes("run")) > len(tried))
    assert bench.engined.notes("run")[-1]["images"] == ids[:1]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(bench: Bench, axe: Axe, width: int, theme: str) -> None:
    ids = bench.engined.take_in(3)
    bench.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"what": "raise", "on": ids[:1]}))
    bench.run("odd/trouble")
    found = {}
    for about in ("formed/all", "odd/trouble", "odd/weighed"):
        desk = bench.page(about, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
        found[about] = axe(desk.page)
    assert found == {"formed/all": [], "odd/trouble": [], "odd/weighed": []}


def test_a_phone_shows_the_list_or_one(bench: Bench) -> None:
    desk = bench.page(width=390, height=844)
    expect(listed(desk, "Every setting")).to_be_visible()
    listed(desk, "Every setting").click()
    expect(listed(desk, "Every setting")).to_be_hidden()
    main(desk).get_by_role("button", name="All engines").click()
    expect(listed(desk, "Every setting")).to_be_focused()


def test_what_is_sent_to_another_machine_is_allowed_first(bench: Bench) -> None:
    bench.engined.take_in(2)
    desk = bench.page("formed/asking")
    expect(listed(desk, "Asking")).to_contain_text("net")
    expect(listed(desk, "Asking")).to_contain_text("off")
    card = main(desk).get_by_role("region", name="What it sends")
    expect(card).to_contain_text("Sends each picture to pictures.example")
    expect(main(desk).get_by_role("button", name="Run on")).to_have_count(0)
    card.get_by_role("button", name="Allow pictures.example").click()
    expect(card.get_by_role("button", name="Stop sending to pictures.example")).to_be_visible()
    assert known(bench, "formed/asking").engine.state == "ready"
    expect(main(desk).get_by_role("button", name="Run on 2 others")).to_be_visible()
    by_itself = main(desk).get_by_role("group", name="Run by itself on")
    by_itself.get_by_role("button", name="new ones").click()
    desk.says("Asking: new ones")
    assert known(bench, "formed/asking").engine.policy == "new"
    card.get_by_role("button", name="Stop sending").click()
    expect(listed(desk, "Asking")).to_contain_text("off")
    expect(by_itself.get_by_role("button", name="all", exact=True)).to_be_disabled()
    by_itself.get_by_role("button", name="only when asked").click()  # it can be stopped at any time
    desk.says("Asking: only when asked")
    assert known(bench, "formed/asking").engine.policy == "asked"


@pytest.mark.parametrize("engine", ["unset", "required"])
def test_an_engine_without_an_address_is_set_up_on_its_page(bench: Bench, engine: str) -> None:
    bench.engined.take_in(2)
    desk = bench.page(f"formed/{engine}")
    expect(main(desk).get_by_role("region", name="To be set up")).to_be_visible()
    form(desk).get_by_label("Endpoint").fill("http://127.0.0.1:8081/v1")
    form(desk).get_by_role("button", name="Save 1 setting").click()
    desk.says("were changed")
    main(desk).get_by_role("region", name="What it sends").get_by_role("button", name="Allow 127.0.0.1").click()
    expect(main(desk).get_by_role("button", name="Run on 2 others")).to_be_visible()
    expect(main(desk).get_by_role("region", name="To be set up")).to_have_count(0)


def test_what_has_to_be_set_first_is_said(bench: Bench) -> None:
    bench.engined.take_in(2)
    desk = bench.page("clip/any")
    expect(listed(desk, "CLIP of your choice")).to_contain_text("set")
    card = main(desk).get_by_role("region", name="To be set up")
    expect(card).to_contain_text("Say which repository has the model")
    expect(main(desk).get_by_role("button", name="Run on")).to_have_count(0)
    form(desk).get_by_label("Repository").fill("laion/some-model")
    form(desk).get_by_role("button", name="Save 1 setting").click()
    desk.says("were changed")
    expect(card).to_have_count(0)
    expect(main(desk).get_by_role("region", name="Weights")).to_contain_text("huggingface.co")


def test_what_is_not_installed_says_how_it_would_be(
    open_library: Callable[..., Library], sit: Sit, tabs: list[Close]
) -> None:
    without = Plugins.load(disabled={"clip", "faces", "joycaption", "wd-tagger"})
    with serving(open_library("without", plugins=without)) as served:
        away = served.library.uninstalled_engines(OWNER)[0]
        desk = sit(served)
        desk.page.goto(f"{desk.url}/?page=engines&about={away.id}")
        card = main(desk).get_by_role("region", name="Not installed")
        expect(card).to_contain_text(away.pip)
        expect(card).to_contain_text(away.license)
        expect(main(desk).get_by_role("navigation", name="Engines")).to_contain_text("not installed")
        close(tabs)


def test_a_rehearsal_keeps_nothing_and_says_what_all_would_take(bench: Bench) -> None:
    ids = bench.engined.take_in(6)
    bench.library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["red"]))
    desk = bench.page("odd/colours")
    card = main(desk).get_by_role("region", name="Rehearsal")
    card.get_by_role("button", name="Try on 20").click()
    expect(card).to_contain_text("Rehearsed on 6 pictures")
    expect(card).to_contain_text("100.0 %")
    expect(card).to_contain_text("agree with 1 decided tag")
    expect(card).to_contain_text("for 6 that are left")
    expect(card.locator("li")).to_have_count(6)
    assert bench.engined.tags() == {}
