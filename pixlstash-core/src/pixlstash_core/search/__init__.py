"""Search by likeness: what is compared with what, by whom, and why a picture was found."""

from __future__ import annotations

from .held import HeldPictures as HeldPictures
from .search import NOTHING as NOTHING
from .search import Search as Search
