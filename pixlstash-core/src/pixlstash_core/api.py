"""The use cases of a library, as methods: what the web, the CLI and scripts call. Each checks the reader's right.

`pixlstash_core.client.Client` offers the same methods over HTTP, without the reader.
"""

from __future__ import annotations

from .access.operations import Access
from .backups.operations import Backups
from .captions.operations import Captions
from .collections.stacks_operations import Stacks
from .engines.operations import Engines
from .history.operations import History
from .imports.operations import Imports
from .jobs.operations import Jobs
from .people.operations import People
from .people.review_operations import Review
from .pictures.corrections_operations import Corrections
from .pictures.duplicates_operations import Doubles
from .pictures.operations import Original, Pictures
from .search.operations import Search
from .search.similar_operations import Likeness
from .snapshots.operations import Snapshots
from .snapshots.restore_operations import Restores
from .status.operations import State
from .tags.operations import Tags
from .tags.vocabulary_operations import Vocabulary


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
