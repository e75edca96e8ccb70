"""Everything that touches picture bytes: the decoder pool, and what runs inside its processes.

`DecoderPool` is for the library; the other modules run in the decoder processes and may import Pillow.
"""

from __future__ import annotations

from .messages import Limits
from .pool import DecoderPool, Known

__all__ = ["DecoderPool", "Known", "Limits"]
