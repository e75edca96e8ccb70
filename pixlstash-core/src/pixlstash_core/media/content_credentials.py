"""Detects Content Credentials (C2PA). They are not verified, which would need the signers' certificates."""

from __future__ import annotations

from typing import BinaryIO

from ..types import Facts
from .facts import known_fact

# The start of a C2PA manifest store: a JUMBF description box and its type. The bytes are the same in every container
# and never compressed.
_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
# IPTC's digital source types for pictures that a model made, entirely or in part.
_MADE = (
    (b"trainedAlgorithmicMedia", "made by AI, says its credential"),
    (b"compositeWithTrainedAlgorithmicMedia", "made with AI in part, says its credential"),
)
_MOST = 64 << 20
_REACH = 1 << 20


def credentials(file: BinaryIO) -> Facts:
    """Return the facts from the first 64 MiB of a file, which must be at its start."""
    data = file.read(_MOST)
    at = data.find(_MARK)
    if at < 0:
        return Facts()
    facts = [known_fact("c2pa", "present, not verified", group="Origin")]
    for mark, origin in _MADE:
        if data.find(mark, at, at + _REACH) >= 0:
            facts.append(known_fact("origin", origin, group="Origin"))
            break
    return Facts(tuple(facts))
