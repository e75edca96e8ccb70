"""Downloads and previews of exports contain only what the caller may see."""

from __future__ import annotations

import pytest
from libraries import fill

from pixlstash_core import OWNER
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import PrepareDownload, PreviewExport, Reader, Scope


def test_they_contain_the_scope_and_nothing_else(library: Library) -> None:
    ids = fill(library, 6)
    reader = Reader("token:scoped", "read", Scope(frozenset(ids[:2])))
    assert library.prepare_download(reader, PrepareDownload(q="")).pictures == 2
    preview = library.preview_export(reader, PreviewExport(q=""))
    assert preview.pictures == 2 and {sample.id for sample in preview.samples} == set(ids[:2])
    problems = set()
    for id in (ids[3], 999_999):
        with pytest.raises(PixlStashError) as caught:
            library.prepare_download(reader, PrepareDownload(ids=[id]))
        problems.add(str(caught.value).replace(str(id), "ID"))
    assert len(problems) == 1
    prepared = library.prepare_download(OWNER, PrepareDownload(ids=ids)).id
    with pytest.raises(PixlStashError):
        library.download(reader, prepared)
