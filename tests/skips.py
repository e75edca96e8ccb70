"""A pytest plugin for CI, where nobody reads a list of skips: each is a failure, unless `ALLOWED` explains it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

#: How the reason of an allowed skip begins, and why CI may do without that test.
ALLOWED = {
    "root may write everywhere": "CI runs as root. The same cases run there on a disk that is mounted read-only.",
    "no ComfyUI": "It is a large program under another license, which not every machine has or can install.",
    "root reads every folder": "CI runs as root. Missing, unmounted and empty folders are tested there as well.",
    "no corpus of real files": "The files may be read but not distributed, so a fork of the project has none.",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """`importorskip` at the top of a file skips the whole file while it is collected."""
    return fail_if_skipped((yield))


def fail_if_skipped(report: Report) -> Report:
    """Turn a skip into a failure that names its reason, unless that reason is allowed."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = reason_of(report)
        if not reason.startswith(tuple(ALLOWED)):
            report.outcome = "failed"
            report.longrepr = f"Skipped on CI, where every test must run: {reason}"
    return report


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The sentence given to `pytest.skip`, `skipif` or `importorskip`."""
    message = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return message.removeprefix("Skipped: ")
