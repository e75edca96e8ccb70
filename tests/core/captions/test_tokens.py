"""Tokens of captions are counted as models count them, with a tokenizer's own files."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from pixlstash_core.captions import tokens
from pixlstash_core.errors import Forbidden, Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ExportOptions, LintCaptions, PreviewExport, Reader, Scope

tokenizers = pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
if not tokens.counter().exact:
    pytest.skip("the package open_clip is not installed", allow_module_level=True)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("   \n", 0),
        ("a photo of a cat", 5),
        ("1girl, solo, long hair", 7),
        ("it's 2026!", 7),
        ("photorealistic masterpiece", 3),
        ("<lora:x:0.8>", 10),
    ],
)
def test_clip_tokens_are_counted(text: str, count: int) -> None:
    assert tokens.counter().count(text) == count


WORDS = (
    "a an Über café naïve 你好 世界 привет 1girl, (masterpiece:1.2), long_hair <lora:x:0.8> it's don't 12345 😀👍🏽"
    " \n\t &amp; \"quoted\" ___ ^_^ ½ ﬁ Å Ω İ straße 'll I'd x'y --- @#$ supercalifragilistic ｆｕｌｌ \ud7ff"
)
COMPARE = """
import sys
sys.path[:0] = sys.argv[1:3]
import torchvision_shim
torchvision_shim.ensure()
from open_clip.tokenizer import SimpleTokenizer
reference = SimpleTokenizer()
for line in sys.stdin.buffer.read().decode().split("\\0"):
    print(len(reference.encode(reference.clean_fn(line))))
"""


@pytest.mark.slow
def test_they_are_what_open_clip_counts() -> None:
    """In a process of its own: open_clip imports PyTorch."""
    rng, words = random.Random(18), WORDS.split(" ")
    texts = [rng.choice([" ", ", ", ""]).join(rng.choices(words, k=rng.randrange(30))) for _ in range(2000)]
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-c", COMPARE, str(tests), str(tests / "plugins")]
    told = subprocess.run(command, input="\0".join(texts).encode(), capture_output=True, timeout=300)
    assert told.returncode == 0, told.stderr.decode()
    expected = list(map(int, told.stdout.split()))
    counter = tokens.counter()
    wrong = [(text, counter.count(text), count) for text, count in zip(texts, expected) if counter.count(text) != count]
    assert wrong == []


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A tokenizer file that counts words between spaces."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"unknown": 0}, unk_token="unknown"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=7)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_the_tokenizer_of_another_model_is_used(letters: Path) -> None:
    counter = tokens.counter(str(letters))
    assert counter.exact and counter.count("four words, not seven!") == 4


def test_files_that_are_no_tokenizer_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    for contents in (b"", b"{}", b'{"model": {"type": "BPE"}}', b"\xff\xfe", b"[" * 100_000):
        other.write_bytes(contents)
        with pytest.raises(Invalid, match="is no tokenizer file"):
            tokens.counter(str(other))
    with other.open("wb") as file:
        file.truncate(tokens.LARGEST + 1)
    with pytest.raises(Invalid, match="larger"):
        tokens.counter(str(other))
    with pytest.raises(Invalid, match="No such file"):
        tokens.counter(str(tmp_path / "none.json"))
    with pytest.raises(Invalid, match="cannot be read"):
        tokens.counter(str(tmp_path))


def test_only_the_owner_names_files_of_the_server(library: Library, letters: Path) -> None:
    asked = LintCaptions(ids=[], tokenizer=str(letters))
    assert library.lint_captions(OWNER, asked).pictures == 0
    preview = PreviewExport(ids=[], options=ExportOptions(), tokenizer=str(letters))
    assert library.preview_export(OWNER, preview).exact
    for reader in (
        Reader("token:r", "read"),
        Reader("token:w", "write"),
        Reader("token:s", "read", Scope(frozenset())),
    ):
        with pytest.raises(Forbidden):
            library.lint_captions(reader, asked)
        with pytest.raises(Forbidden):
            library.preview_export(reader, preview)
