"""Background work: how fast and how far it is, halting it and going on, taking a run back, trying again what failed."""

from __future__ import annotations

import pytest
from libraries import finish
from playwright.sync_api import Locator, expect
from ui.conftest import Axe
from ui.desk import Desk
from ui.engined_desk import Bench, bench

from pixlstash_core import OWNER
from pixlstash_core.types import RunEngine, SetEngine

pytestmark = pytest.mark.browser
__all__ = ["bench"]


def panel(desk: Desk) -> Locator:
    desk.page.get_by_role("button", name="Tasks:").click()
    return desk.page.get_by_role("dialog", name="Tasks")


def test_a_run_is_halted_goes_on_and_ends(bench: Bench) -> None:
    bench.engined.take_in(40)
    bench.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={"slow": 0.2}))
    desk = bench.desk()
    tasks = panel(desk)
    job = bench.library.run_engine(OWNER, RunEngine(engine="odd/colours"))
    row = tasks.locator("[data-state=running]")
    expect(row).to_contain_text("Tagging all pictures with Colours")
    expect(row).to_contain_text("pictures/s")
    expect(row).to_contain_text("of 40")
    expect(row).to_contain_text("left · done")
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Tasks: Tagging all")).to_contain_text("left ·")
    row.get_by_role("button", name="Pause").click()
    paused = tasks.locator("[data-state=paused]")
    expect(paused).to_contain_text("paused")
    far = bench.library.job(OWNER, job.id).done
    assert 0 < far < 40
    paused.get_by_role("button", name="Resume").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Cancel").click()
    over = tasks.locator("[data-state=cancelled]")
    expect(over).to_contain_text("cancelled")
    assert len(bench.engined.done()) >= far  # what it finished stays


def test_a_run_is_taken_back_and_that_undone(bench: Bench) -> None:
    ids = bench.engined.take_in(4)
    bench.run("odd/colours", ids=ids[:3])
    desk = bench.desk()
    row = panel(desk).locator("[data-state=done]", has_text="Tagging 3 pictures")
    assert len(bench.engined.tags()) == 3
    row.get_by_role("button", name="Revert").click()
    desk.says("in 3 pictures was taken back")
    assert bench.engined.tags() == {}
    expect(row.get_by_role("button", name="Revert")).to_be_disabled()
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.says("undone")
    assert len(bench.engined.tags()) == 3


def test_where_an_engine_failed_is_tried_again_by_itself(bench: Bench) -> None:
    ids = bench.engined.take_in(4)
    bench.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"what": "raise", "on": ids[1:3]}))
    bench.run("odd/trouble")
    runs = len(bench.engined.notes("run"))
    desk = bench.desk()
    tasks = panel(desk)
    expect(tasks.get_by_text("2 errors")).to_be_visible()
    tasks.get_by_role("button", name="Retry where odd/trouble failed").click()
    desk.until(lambda: len(bench.engined.notes("run")) > runs)
    assert {one for note in bench.engined.notes("run")[runs:] for one in note["images"]} == set(ids[1:3])
    tasks.get_by_role("button", name="Show the errors of odd/trouble").click()
    expect(desk.page.get_by_role("region", name="Errors of odd/trouble").locator("li")).to_have_count(2)


def test_what_is_out_of_date_is_redone(bench: Bench) -> None:
    bench.engined.take_in(3)
    bench.run("odd/colours")
    bench.library.set_engine(OWNER, SetEngine(engine="odd/colours", params={"prefix": "a "}))
    desk = bench.desk()
    tasks = panel(desk)
    expect(
        tasks.get_by_text("3 pictures with output of an older revision or other settings of Colours")
    ).to_be_visible()
    tasks.get_by_role("button", name="Redo with Colours").click()
    desk.until(lambda: "a red" in {tag for found in bench.engined.tags().values() for tag in found})


def test_a_failed_job_says_why_and_goes_on(bench: Bench) -> None:
    bench.engined.take_in(2)
    bench.library.set_engine(OWNER, SetEngine(engine="odd/trouble", params={"load": "raise"}))
    job = finish(bench.library, bench.library.run_engine(OWNER, RunEngine(engine="odd/trouble")))
    assert job.state == "failed"
    desk = bench.desk()
    expect(desk.page.get_by_role("button", name="Tasks:")).to_contain_text("1 task failed")
    row = panel(desk).locator("[data-state=failed]")
    expect(row).to_contain_text("no such thing")
    row.get_by_role("button", name="Try again").click()
    desk.until(lambda: len(bench.engined.notes("load")) > 1)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everybody_can_use_it(bench: Bench, axe: Axe, theme: str) -> None:
    bench.engined.take_in(3)
    bench.run("odd/colours")
    desk = bench.desk(color_scheme=theme, reduced_motion="reduce")
    expect(panel(desk).locator("[data-state=done]").first).to_be_visible()
    assert axe(desk.page) == []


def test_a_run_with_settings_for_once_says_where_it_failed(bench: Bench) -> None:
    """Its errors are not those of the engine as it is set: only the job can show them."""
    ids = bench.engined.take_in(4)
    bench.run("odd/trouble", params={"what": "raise", "on": ids[1:3]})
    runs = len(bench.engined.notes("run"))
    desk = bench.desk()
    row = panel(desk).locator("[data-state=done]", has_text="Tagging all pictures")
    expect(row).to_contain_text("Failed on 2: KeyError: 'no such thing'")
    row.get_by_role("button", name="Retry").click()
    desk.until(lambda: len(bench.engined.notes("run")) > runs)
    assert {one for note in bench.engined.notes("run")[runs:] for one in note["images"]} == set(ids[1:3])
