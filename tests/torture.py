"""A pytest plugin for `make torture`: as each attack ends, it writes the result into a table of `docs/reliability.md`.

A run of hours can thus be interrupted, and the rest done on another day with `ROWS=…`.
"""

from __future__ import annotations

import datetime
import os
import subprocess
from pathlib import Path

import pytest
from sources import ROOT

PAGE = ROOT / "docs" / "reliability.md"
#: The table's first two lines. The rows are those that follow.
HEAD = ["| test | result | what it printed | seed | commit, date |", "|---|---|---|---|---|"]


class Rows:
    """Writes one row for each test of this run."""

    def __init__(self, seed: int, page: Path = PAGE) -> None:
        self._seed, self._page = seed, page

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            write(self._page, row(report, self._seed, commit()))


def row(report: pytest.TestReport, seed: int, commit: str) -> str:
    """The line of a test: its name, "passed" or "failed", and the last line that it printed."""
    printed = [line for line in report.capstdout.splitlines() if line.strip()]
    summary = printed[-1].strip().replace("|", "\\|") if printed else f"{report.duration:,.0f} s"
    name = report.nodeid.removeprefix("tests/")
    return f"| `{name}` | {report.outcome} | {summary} | {seed} | {commit}, {datetime.date.today()} |"


def write(page: Path, line: str) -> None:
    """Replace the row of the same test, or add one. The file is replaced as a whole: a run may be killed meanwhile."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEAD[0]) + len(HEAD)
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith("|")), len(lines))
    name = line.split(" | ")[0]
    rows = [row for row in lines[start:end] if row.split(" | ")[0] != name]
    lines[start:end] = sorted([*rows, line])
    temporary = page.with_suffix(".md.new")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(temporary, page)


def commit() -> str:
    """The short name of the checked-out commit, with "+" where files were changed since."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    changed = subprocess.run([*git, "status", "--porcelain", "--", "*.py", "*.sql"], capture_output=True, text=True)
    return name.stdout.strip() + ("+" if changed.stdout.strip() else "")
