"""Results of `make torture` reach the page one by one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torture

PAGE = "# Results\n\n" + "\n".join([*torture.HEAD, "| `b` | passed | 1 kill | 1 | x, y |"]) + "\n\nThe end.\n"


def report(name: str, outcome: str, printed: str) -> pytest.TestReport:
    sections = [("Captured stdout call", printed)]
    return pytest.TestReport(name, ("", 0, ""), {}, outcome, None, "call", sections, 61.0)  # type: ignore[arg-type]


def test_a_result_replaces_that_of_the_same_test(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    rows = torture.Rows(7, page)
    rows.pytest_runtest_logreport(report("tests/a", "failed", "\n3 kills|2 hit\n"))
    rows.pytest_runtest_logreport(report("b", "passed", ""))
    text = page.read_text()
    assert re.search(
        r"\| `a` \| failed \| 3 kills\\\|2 hit \| 7 \| \w+\+?, [\d-]+ \|\n\| `b` \| passed \| 61 s \| 7 ", text
    )
    assert text.count("| `b` |") == 1 and text.endswith("\n\nThe end.\n")


def test_the_page_has_the_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(torture.PAGE.read_bytes())
    torture.write(page, "| `test` | passed | | 1 | |")
    assert "| `test` | passed |" in page.read_text()


def test_steps_other_than_the_test_itself_are_left_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    setup = report("a", "passed", "")
    setup.when = "setup"
    torture.Rows(7, page).pytest_runtest_logreport(setup)
    assert page.read_text() == PAGE
