"""Names and sentences: no module is called utils, no sentence says "1 pictures", and texts use standard terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click
import pytest
from sources import ROOT, files, modules

from pixlstash_core.cli.main import pixlstash

EMPTY = set("util utils helper helpers manager managers service services common base misc stuff".split())


def words(name: str) -> set[str]:
    """The words of a file's or folder's name, in snake_case, kebab-case or CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)}


def test_names_say_something() -> None:
    paths = [path.relative_to(ROOT) for path in files(".py", ".ts", ".js", ".svelte")]
    named = [path for path in paths if any(words(part) & EMPTY for part in path.with_suffix("").parts)]
    assert named == []


def test_every_way_of_writing_is_seen() -> None:
    assert all(words(name) & EMPTY for name in ("utils", "tag_helpers", "JobManager", "io-common"))
    assert not words("database") & EMPTY


#: A number in a text before a plural, as in `f"{count} pictures"` and `{count(n)} pictures`. Constants are never 1.
PLURAL = re.compile(
    r"(?<!\w)\$?\{(?![A-Z_]+\}|count\([A-Z_]+\)\})[^{}]*\} ?(?:<[^>]+> ?)?"
    r"(?:pictures|snapshots|originals|stacks|locations|projects|sets|folders|faces|groups)\b"
)
SINGULAR = re.compile(r"== 1|=== 1|\b1 \w+\b|\bmore than\b|\bat most\b")


def test_numbers_have_a_singular() -> None:
    said = [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in files(".py", ".ts", ".svelte")
        if not {"tests", "bench"} & set(path.relative_to(ROOT).parts) and ".test." not in path.name
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PLURAL.search(line) and not SINGULAR.search(line)
    ]
    assert said == []


def test_every_way_of_counting_is_seen() -> None:
    for line in ('f"{len(ids)} pictures"', "`${count(n)} pictures`", "{count(n)} pictures", '{n}<span class="s"> sets'):
        assert PLURAL.search(line), line
    for line in ('f"{FEW} pictures"', "`${count(MOST)} pictures`", "Move pictures to", 'f"/pictures/{id}/pictures"'):
        assert not PLURAL.search(line), line


#: Words and phrases that read as translated, and British spellings: not in headings, error messages and help texts.
PHRASES = re.compile(
    r"\b(whoever|for good|where (?:it|they) lies?|sayings?|veil|doubles|likest|nobody's|mended|rehearsals?|fences?"
    r"|ledger|scribbled?|tak(?:e|en|ing) in|br(?:ing|ought) in|looks? at (?:it|them)|go(?:es)? on (?:with|where|there)"
    r"|let go of|had by|be had|unfit|perhaps|anew|not any more|at hand|be told|is told|are told|nothing runs"
    r"|colou?r?ed? one|colours?|licences?|organis\w+|recognis\w+|favou?rites?|greys?|centres?|catalogues?|behaviours?"
    r"|normalis\w+|categoris\w+|neighbours?|unauthoris\w+)\b",
    re.IGNORECASE,
)


def headings() -> Iterator[tuple[str, str]]:
    """Each heading of a document, with its place."""
    for path in files(".md"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(r"#+ ", line):
                yield f"{path.relative_to(ROOT)}:{number}", line


def error_texts(source: str) -> Iterator[str]:
    """The texts in `raise` statements."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            for part in ast.walk(node.exc):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def help_texts(command: click.Command, parent: click.Context | None = None) -> Iterator[str]:
    """The help of a command, of its options, and of the commands below it."""
    context = click.Context(command, parent=parent)
    yield from filter(None, (command.help, *(getattr(option, "help", None) for option in command.params)))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from help_texts(below, context)


def test_headings_use_standard_terms() -> None:
    assert [place for place, line in headings() if PHRASES.search(line)] == []


def test_errors_use_standard_terms() -> None:
    wrong = [
        (module, text)
        for module, path in modules()
        for text in error_texts(path.read_text(encoding="utf-8"))
        if PHRASES.search(text)
    ]
    assert wrong == []


def test_help_uses_standard_terms() -> None:
    texts = list(help_texts(pixlstash))
    assert len(texts) > 200
    assert [text for text in texts if PHRASES.search(text)] == []


@pytest.mark.parametrize(
    "text", ["Delete it for good.", "Whoever asks", "The licence of the weights", "It is taken in"]
)
def test_odd_phrases_are_found(text: str) -> None:
    assert PHRASES.search(text)
    assert list(error_texts(f"raise ValueError({text!r})")) == [text]
