"""Notes that a file carries Content Credentials (C2PA). They are not verified: that needs the signers' certificates."""

from __future__ import annotations

from typing import BinaryIO

from ..types import Facts
from .texts import fact

# The start of a C2PA manifest store: a JUMBF description box and its type. The same bytes in every container, never
# compressed, and too many to turn up by chance.
_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
# What IPTC calls pictures that a model made, or that were put together from its and others.
_MADE = (
    (b"trainedAlgorithmicMedia", "made by AI, says its credential"),
    (b"compositeWithTrainedAlgorithmicMedia", "made with AI in part, says its credential"),
)
_MOST = 64 << 20
_REACH = 1 << 20


def credentials(file: BinaryIO) -> Facts:
    """From the first 64 MiB of a file at its start."""
    data = file.read(_MOST)
    at = data.find(_MARK)
    if at < 0:
        return Facts()
    facts = [fact("Origin", "c2pa", "present, not verified")]
    for mark, origin in _MADE:
        if data.find(mark, at, at + _REACH) >= 0:
            facts.append(fact("Origin", "origin", origin))
            break
    return Facts(tuple(facts))
