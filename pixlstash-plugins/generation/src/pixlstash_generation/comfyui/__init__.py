"""ComfyUI embeds a graph of nodes: it is followed from the picture back to what it was made from."""

from __future__ import annotations
