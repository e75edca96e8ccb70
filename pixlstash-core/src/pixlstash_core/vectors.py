"""Vectors as they are kept: f16, little-endian, of length 1. Loads no numpy by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST = 16_384


def unit(result: Any, about: dict[str, Any]) -> bytes:
    """A vector of an engine as it is kept. Raises ValueError with what is wrong with it."""
    import numpy as np

    try:
        found = np.frombuffer(result, np.float32) if isinstance(result, bytes) else np.asarray(result, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a vector of float32 was expected, and {type(result).__name__} was given") from error
    if found.ndim != 1 or not 1 <= len(found) <= LONGEST:
        raise ValueError(f"a vector of 1 to {LONGEST} numbers was expected, and one of shape {found.shape} was given")
    wide = found.astype(np.float64)
    if not np.isfinite(wide).all():
        raise ValueError("a vector with NaN or infinity in it was given")
    length = float(np.linalg.norm(wide))
    if not length:
        raise ValueError("a vector of zeros was given")
    if about.setdefault("length", len(found)) != len(found):
        raise ValueError(f"a vector of {len(found)} numbers was given, where others have {about['length']}")
    return (wide / length).astype("<f2").tobytes()


def mean(vectors: Sequence[bytes]) -> bytes:
    """The mean of vectors, of length 1; where they cancel out, the first."""
    import numpy as np

    total = np.sum([np.frombuffer(one, "<f2").astype(np.float64) for one in vectors], axis=0)
    length = float(np.linalg.norm(total))
    return (total / length).astype("<f2").tobytes() if length > 1e-6 else vectors[0]
