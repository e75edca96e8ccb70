"""Counting the tokens of captions: exactly, with a tokenizer that is on this machine, or else by an estimate."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Invalid

#: CLIP's pre-tokenization: suffixes such as 's, words, single digits, runs of other characters.
_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)\b|[^\W\d_]+|\d|[^\s\w]+|_+", re.IGNORECASE)
#: The average number of letters per token of a long word.
LETTERS = 9
#: The merges of CLIP's vocabulary: the first ones of the file, without 256 bytes, as many ends of words, and two marks.
MERGES = 49_152 - 256 - 2
#: How CLIP splits a text into words. Each digit is a word.
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
#: Bytes that a tokenizer file may have.
LARGEST = 100 << 20


class Counter(NamedTuple):
    """Counts the tokens of a text, without those that mark its beginning and end. `exact`: it is no estimate."""

    count: Callable[[str], int]
    exact: bool


def counter(path: str | None = None) -> Counter:
    """Return a counter for the tokenizer in a `tokenizer.json`; without a path, for that of CLIP.

    CLIP's tokens are counted with the vocabulary that comes with `open_clip` (`pip install pixlstash-clip`), and
    estimated without it. Raises `Invalid` if the file is not that of a tokenizer.
    """
    if path is not None:
        return Counter(_counting(_from_file(Path(path).expanduser())), True)
    vocabulary = _vocabulary()
    if vocabulary is None or not all(map(find_spec, ("ftfy", "tokenizers"))):
        return Counter(estimate, False)
    from ftfy import fix_text

    count = _counting(_clip(vocabulary))
    return Counter(lambda text: count(html.unescape(html.unescape(fix_text(text))).strip()), True)


def estimate(text: str) -> int:
    """Estimate the number of CLIP tokens of a text; long and foreign words count several times."""
    count = 0
    for piece in _PIECE.findall(text):
        plain = piece.isascii()
        size = len(piece) if plain else len(piece.encode())
        count += -(-size // (LETTERS if plain else 2)) if piece.isalpha() or not plain else 1
    return count


def _counting(tokenizer: Any) -> Callable[[str], int]:
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _from_file(path: Path) -> Any:
    if find_spec("tokenizers") is None:
        raise Invalid("A tokenizer file can be read only with the package tokenizers: pip install tokenizers.")
    from tokenizers import Tokenizer

    try:
        if path.stat().st_size > LARGEST:
            raise Invalid(f"{path} is larger than a tokenizer file can be.")
        tokenizer = Tokenizer.from_buffer(path.read_bytes())
    except OSError as error:
        raise Invalid(f"The tokenizer file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Invalid(f"{path} is no tokenizer file. Name the tokenizer.json of a model.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _vocabulary() -> Path | None:
    """Return the file of merges that `open_clip` comes with, without importing the package."""
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name("bpe_simple_vocab_16e6.txt.gz")
    return path if path.is_file() else None


@cache
def _clip(vocabulary: Path) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    with gzip.open(vocabulary, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")[1 : MERGES + 1]
    merges = [(first, second) for first, second in map(str.split, lines)]
    letters = _letters()
    names = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={name: id for id, name in enumerate(names)},
            merges=merges,
            end_of_word_suffix="</w>",
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _letters() -> list[str]:
    """Return the 256 characters by which byte-level vocabularies write bytes: printable ones as they are."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [*map(chr, printable), *(chr(256 + n) for n, _ in enumerate(others))]
