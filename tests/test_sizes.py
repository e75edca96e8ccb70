"""Files stay short enough to be read in one go."""

from __future__ import annotations

from sources import ROOT, files


def lines(*suffixes: str) -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_bytes().splitlines()) for path in files(*suffixes)}


def test_no_file_is_long() -> None:
    assert {path: n for path, n in lines(".py", ".ts", ".js", ".svelte").items() if n > 500} == {}


def test_most_are_short() -> None:
    ordered = sorted(lines(".py").values())
    assert ordered[len(ordered) * 9 // 10] <= 330
