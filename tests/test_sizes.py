"""Files stay short enough to be read in one go."""

from __future__ import annotations

from sources import GENERATED, ROOT, files, modules


def lines(*suffixes: str) -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_bytes().splitlines()) for path in files(*suffixes)}


def source_lines() -> dict[str, int]:
    """Return the number of lines of every module of the packages that somebody wrote."""
    return {module: len(path.read_bytes().splitlines()) for module, path in modules() if path not in GENERATED}


def ninetieth(counts: dict[str, int]) -> int:
    """Return the 90th percentile."""
    ordered = sorted(counts.values())
    return ordered[len(ordered) * 9 // 10]


def test_no_file_is_long() -> None:
    assert {path: n for path, n in lines(".py", ".ts", ".js", ".svelte").items() if n > 500} == {}


def test_no_module_is_long() -> None:
    counts = source_lines()
    assert len(counts) > 300
    assert {module: n for module, n in counts.items() if n > 400} == {}


def test_most_are_short() -> None:
    assert ninetieth(lines(".py")) <= 330
    assert ninetieth(source_lines()) <= 250
