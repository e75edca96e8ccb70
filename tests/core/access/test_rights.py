"""Every operation checks who asks in one place: the right, the scope, and whether the library may be written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pixlstash_core.api import Api
from pixlstash_core.errors import Forbidden, ReadOnly
from pixlstash_core.library import Library
from pixlstash_core.plugins.operation import op
from pixlstash_core.types import OWNER, Reader, Scope

ROWS: list[op[..., object]] = [row for row in vars(Api).values() if isinstance(row, op)]
RANK = {"read": 0, "write": 1, "owner": 2}
#: Changes of pictures, which a reader of a part of the library may make there.
SCOPED = {"score", "delete", "restore", "add_tags", "remove_tags", "accept_tags", "reject_tags"}
SCOPED |= {"set_caption", "edit_captions"}
#: What works in a library open read-only although it is no GET request: previews, jobs, logins, exports, dry runs.
UNCHANGING = {"preview_stacks", "preview_duplicates", "preview_resources", "export_snapshot", "open_snapshot"}
UNCHANGING |= {"restore_snapshot", "preview_steps"}
UNCHANGING |= {"cancel_job", "hold_job", "pause_job", "resume_job", "create_token", "revoke_token", "reset_owner"}
UNCHANGING |= {"end_session", "end_sessions", "try_engine"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("rights") / "library"
    Library.create(path)
    with Library.open(path, work=False) as library:
        yield library


@pytest.fixture(scope="module")
def unwritable(library: Library) -> Iterator[Library]:
    library.read_only = True
    yield library
    library.read_only = False


@pytest.mark.parametrize("row", [row for row in ROWS if row.right != "read"], ids=lambda row: row.name)
def test_too_small_a_right_is_refused(row: op[..., object], library: Library) -> None:
    for right in ("read", "write"):
        if RANK[right] < RANK[row.right]:
            with pytest.raises(Forbidden, match=f"the right to {right}, and {row.right} is needed"):
                library.call(row, Reader("token:a", right))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_scope_is_refused_unless_the_row_allows_it(row: op[..., object], library: Library) -> None:
    assert row.scoped == (row.name in SCOPED or (row.right == "read" and row.name != "duplicates"))
    if not row.scoped:
        with pytest.raises(Forbidden, match="only a part of the library"):
            library.call(row, Reader("token:a", "owner", Scope(frozenset({1}))))


@pytest.mark.parametrize("row", [row for row in ROWS if row.changes], ids=lambda row: row.name)
def test_a_change_of_a_library_open_read_only_is_refused(row: op[..., object], unwritable: Library) -> None:
    with pytest.raises(ReadOnly, match="nothing in it can be changed"):
        unwritable.call(row, OWNER)


def test_every_row_that_may_change_something_says_so() -> None:
    changing = {row.name for row in ROWS if row.method != "GET" and row.right != "read"}
    assert {row.name for row in ROWS if row.changes} == changing - UNCHANGING


def test_who_has_the_right_passes(library: Library) -> None:
    for row in (Api.info, Api.sets, Api.tokens, Api.snapshots):
        library.call(row, OWNER)
    library.call(Api.sets, Reader("token:a", "read"))
