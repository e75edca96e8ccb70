"""Names and sentences: no module is called utils, no sentence says "1 pictures", and texts use standard terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click
import pytest
from sources import ROOT, files, modules
from test_names import assigned, package

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


#: Private words that names of the code once had, with the standard term for each.
PRIVATE = {
    "door": "writer",
    "sealing": "commit",
    "sealed": "commit, hash",
    "seal": "complete, hash",
    "rehearsing": "trial",
    "rehearsal": "trial run",
    "rehearse": "trial run",
    "fence": "network guard",
    "fences": "resource limits",
    "feeding": "prefetch",
    "resay": "derive",
    "proofs": "lint",
    "whose": "nearest, owner",
    "moments": "picture history",
    "uptake": "upload job",
    "unpacking": "archives",
    "arriving": "new pictures",
    "arrivals": "new pictures",
    "uppermost": "leaders",
    "thrown": "scrapheap",
    "veil": "hide and blur",
    "veiled": "hidden",
    "veiling": "hide and blur",
    "hiding": "hidden",
    "past": "as of",
    "pasts": "as of",
    "wired": "session",
    "handbook": "docs",
    "doubles": "duplicates",
    "ledger": "purge log",
    "scribbled": "overlay",
    "sayings": "annotations",
    "pace": "timeout",
    "shelf": "repository",
    "desk": "worker",
    "sitting": "session",
    "bringing": "upload",
    "handed": "inherited",
    "organise": "organize",
    "colour": "color",
    "colours": "colors",
    "centre": "center",
    "behaviour": "behavior",
    "neighbour": "neighbor",
}
#: Names with such a word that are part of an interface, by package: requests and answers over HTTP, options of the
#: command line, stored names (columns, settings, payloads of jobs), and the contract of plugins (`op`). The nouns of
#: the demo are drawing terms.
ALLOWED = {
    # The operations of Hide and blur, and the query parameter with their name.
    "pixlstash_core.api": {"veil", "set_veil", "rehearsal", "rehearse_engine"},
    "pixlstash_core.people": {"veil"},
    "pixlstash_core.pictures": {"veil", "set_veil"},
    "pixlstash_core.status": {"veil"},
    "pixlstash_core.tags": {"veil"},
    "pixlstash_core.types": {"veil", "colour", "thrown", "sayings_to_revert", "Rehearsal", "RehearseEngine"},
    # Trial runs: operations, a kind of job, and a verb.
    "pixlstash_core.engines": {"rehearsal", "rehearse_engine", "rehearse", "REHEARSAL", "arrivals"},
    "pixlstash_core.cli": {"rehearsal", "_rehearse"},
    # `op(…, past=True)`, and the routes derived from it.
    "pixlstash_core.plugins": {"past"},
    "pixlstash_web": {"past"},
    # The generated client of the ComfyUI nodes has the fields of the HTTP API.
    "comfyui_pixlstash": {"colour", "veil"},
    # The column of colors.
    "pixlstash_core.collections": {"_COLOUR"},
    "pixlstash_core.media": {"colour"},
}


def private(source: str) -> set[str]:
    """Return the names that a module defines with a private word in them."""
    return {name for name in assigned(ast.parse(source)) if words(name) & PRIVATE.keys()}


def private_names() -> dict[str, set[str]]:
    """Return the names with private words by package, including those of files."""
    names: dict[str, set[str]] = {}
    for module, path in modules():
        parts = {part for part in module.split(".") if words(part) & PRIVATE.keys()}
        names.setdefault(package(module), set()).update(private(path.read_text(encoding="utf-8")) | parts)
    return names


def test_names_use_standard_terms() -> None:
    odd = {name: names - ALLOWED.get(name, set()) for name, names in private_names().items()}
    assert {name: names for name, names in odd.items() if names} == {}


def test_allowed_private_words_are_still_needed() -> None:
    present = private_names()
    assert {name: names - present[name] for name, names in ALLOWED.items() if names - present[name]} == {}


def test_private_words_are_found_in_every_way_of_writing() -> None:
    assert private("class WriteDoor:\n    def _resay(self, thrown): self.in_the_past = PACE = 1") == {
        *("WriteDoor", "_resay", "thrown", "in_the_past", "PACE"),
    }
    assert private("space = passed = outdoors = 1") == set()


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
