"""The use cases of a library, as methods: what the web, the CLI and scripts call. Each checks the reader's right.

`pixlstash_core.client.Client` offers the same methods over HTTP, without the reader.
"""

from __future__ import annotations

from .access import Access
from .backups import Backups
from .captions import Captions
from .corrections import Corrections
from .duplicates import Doubles
from .engines import Engines
from .history import History
from .imports import Imports
from .jobs import Jobs
from .likeness import Likeness
from .people import People
from .pictures import Original, Pictures
from .restores import Restores
from .review import Review
from .search import Search
from .snapshots import Snapshots
from .stacks import Stacks
from .state import State
from .tags import Tags
from .vocabulary import Vocabulary


class UseCases(
    State,
    Pictures,
    Stacks,
    Corrections,
    Doubles,
    Tags,
    Vocabulary,
    Captions,
    Engines,
    Likeness,
    Search,
    People,
    Review,
    History,
    Snapshots,
    Restores,
    Backups,
    Imports,
    Jobs,
    Access,
):
    """Mixed into `Library`."""


__all__ = ["Original", "UseCases"]
