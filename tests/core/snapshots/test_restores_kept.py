"""What a preview wrote out is kept for the restore that follows, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from core.snapshots.test_restores import summary, take
from libraries import add, fill, invented

from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.snapshots.manifests import Manifest
from pixlstash_core.snapshots.repository import Repository
from pixlstash_core.types import OWNER, DeletePictures, Resource, RestoreResources, ScorePictures, Selection


def test_what_was_looked_at_is_not_written_out_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """One snapshot is kept for a while, and compared with what there is then: a purge since counts."""
    ids = fill(library, 6)
    first = take(library)
    (added,) = add(library, invented(50))
    second = take(library)
    written: list[int] = []
    real = Repository.write_out

    def noted(shelf: Repository, manifest: Manifest, *rest: Any) -> None:
        written.append(manifest.id)
        real(shelf, manifest, *rest)

    monkeypatch.setattr(Repository, "write_out", noted)
    scratch = library.path / "snapshots" / "scratch"
    library.score(OWNER, ScorePictures(ids=ids[:2], score=4))
    assert summary(library, second).pictures_to_revert == 2
    library.score(OWNER, ScorePictures(ids=ids[2:4], score=4))
    assert summary(library, second).pictures_to_revert == 4  # the kept one is compared with what there is now
    library.restore_resources(OWNER, second, RestoreResources([Resource("picture", ids[0])]))
    assert library.picture(OWNER, ids[0]).score == 0 and written == [second]
    library.delete(OWNER, DeletePictures(ids=[added]))
    library.purge(OWNER, Selection(ids=[added]))
    assert summary(library, second).permanently_deleted == 1 and written == [second]
    assert summary(library, second).permanently_deleted == 1 and written == [second, second]
    assert library.diff_snapshot(OWNER, first, second).topics and summary(library, first).pictures_to_recreate == 0
    library.delete_snapshot(OWNER, first)
    with pytest.raises(NotFound):
        summary(library, first)
    library.restores.drop_idle(0)
    assert list(scratch.iterdir()) == []
    summary(library, second)
    library.close()
    assert list(scratch.iterdir()) == []
