"""Who is not the owner never learns where files lie on this machine, from any answer of any route."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from conftest import Effort
from web.asking import Answer, Peer, bearer
from web.conftest import OWNER, Served
from web.extremes import Maker
from web.furnished import Sender, every_plan, furnish, place, there

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.query.scope import hide, hide_in_query
from pixlstash_core.types import SaveQuery
from pixlstash_web.routes import refuse_change


@pytest.fixture
def furnished(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    with furnish(open_library, tmp_path, monkeypatch) as served:
        served.library.save_query(
            OWNER, SaveQuery("where", f'"folder:{tmp_path}/pictures" OR folder:{tmp_path}/pictures')
        )
        served.library.save_query(OWNER, SaveQuery("above", f"folder:{tmp_path}"))
        yield served


def tells(answer: Answer, path: Path) -> bool:
    """Whether an answer has a path, in its body or its headers, in whatever way it is written."""
    text = answer.body.decode("utf-8", "replace") + str(answer.headers)
    plain = text.replace("\\\\", "\\").replace("\\/", "/")
    return any(str(path) in one or path.as_posix() in one for one in (text, plain, unquote(text)))


def callers(served: Served) -> dict[str, Peer]:
    served.mine = frozenset((1, 2, 3))
    return {
        "read": bearer(served.url, served.token("read")),
        "write": bearer(served.url, served.token("write")),
        "scoped": served.scoped(),
    }


def leaks(served: Served, secret: Path, ids: dict[str, str], rng: random.Random, most: int) -> list[str]:
    """Requests of tokens below the owner's to every route whose answers tell a path."""
    found = []
    every = sorted(every_plan(served.library), key=place)
    for name, peer in callers(served).items():
        sender = Sender(peer)
        for plan in every:
            if plan.route.right == "owner" or plan.route.function is refuse_change:
                continue
            if name != "write" and plan.route.right == "write":
                continue
            for request in Maker(plan, ids).requests(rng, most):
                answer = sender.send(request)
                if tells(answer, secret):
                    found.append(f"{name}: {request} -> {answer}")
        sender.close()
    return found


@pytest.mark.attack
def test_no_answer_tells_a_token_where_files_lie(
    furnished: Served, tmp_path: Path, rng: random.Random, effort: Effort
) -> None:
    """While everything is there, and while neither the reference folder nor the library's own originals are."""
    ids = there(furnished)
    assert leaks(furnished, tmp_path, ids, rng, effort.of(1, 20)) == []
    shutil.rmtree(tmp_path / "pictures")
    shutil.rmtree(furnished.library.stores.own()[1].root)
    assert leaks(furnished, tmp_path, ids, rng, effort.of(1, 20)) == []


@pytest.mark.parametrize("gone", ["file", "folder", "empty"])
def test_why_an_original_cannot_be_read_is_told_to_the_owner_alone(
    gone: str, furnished: Served, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    if gone == "file":
        local = furnished.library.original(OWNER, 1).local
        assert local is not None
        local.unlink()
    else:
        shutil.rmtree(folder)
        if gone == "empty":
            folder.mkdir()
    status = 404 if gone == "file" else 503
    said = {name: peer.get("/pictures/1/original") for name, peer in callers(furnished).items()}
    for answer in said.values():
        assert answer.status == status, answer
        assert not tells(answer, tmp_path) and ".png" not in answer.json["detail"], answer
    owner = furnished.local.get("/pictures/1/original")
    assert owner.status == status
    assert tells(owner, tmp_path) or gone == "file"


def test_an_absolute_folder_finds_something_for_the_owner_alone(furnished: Served, tmp_path: Path) -> None:
    """What it finds would tell, one folder after the other, where files lie."""
    peers = callers(furnished)
    for text in (f"folder:{tmp_path}/pictures", f"folder:{tmp_path}", "folder:/", f'folder:="{tmp_path}/pictures"'):
        asked = f"/pictures/count?veil=false&q={quote(text)}"
        if text != "folder:/":
            assert furnished.local.get(asked).json["total"] == 6
        for name in ("read", "write"):
            answer = peers[name].get(asked)
            assert answer.status in (200, 400) and (answer.status == 400 or answer.json["total"] == 0), (name, text)
    for name in ("read", "write"):
        assert peers[name].get("/pictures/count?veil=false&q=folder:pictures").json["total"] == 6


def test_a_saved_query_on_an_absolute_folder_is_the_same_for_others_by_the_stores_name(
    furnished: Served, tmp_path: Path
) -> None:
    reader = callers(furnished)["read"]
    texts = {one["name"]: one["text"] for one in reader.get("/queries").json}
    assert texts["where"] == '"folder:pictures" OR folder:pictures'
    assert str(tmp_path) not in texts["above"]
    assert reader.get("/pictures/count?veil=false&q=query:where").json["total"] == 6
    assert reader.get("/pictures/count?veil=false&q=query:above").json["total"] == 0
    owner = {one["name"]: one["text"] for one in furnished.local.get("/queries").json}
    assert owner["above"] == f"folder:{tmp_path}"
    assert furnished.local.get("/pictures/count?veil=false&q=query:above").json["total"] == 6


def test_paths_are_hidden_wherever_they_stand_in_a_sentence(furnished: Served, tmp_path: Path) -> None:
    library, pictures = furnished.library, tmp_path / "pictures"
    with library.db.reading() as connection:
        for text, shown in (
            (f"{pictures} is empty: is its disk mounted?", "pictures is empty: is its disk mounted?"),
            (f"[Errno 2] '{pictures}/a.png'", "[Errno 2] 'pictures/a.png'"),
            (f"{pictures}: {library.path}.", "pictures: the library."),
            (f"{library.path}/media/incoming", "Library files/incoming"),
            (f"{pictures}2 is another", f"{pictures}2 is another"),
            ("nothing here", "nothing here"),
        ):
            assert hide(connection, text) == shown
        assert hide_in_query(connection, f'-"folder:{pictures}" union(folder:{pictures}/b, set:A)').count("/") == 1
        assert hide_in_query(connection, "folder:/elsewhere score:5") == "folder:… score:5"


def test_an_error_without_a_database_to_ask_says_nothing(furnished: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the names of the folders cannot be read, no sentence with a path is shown."""
    library = furnished.library
    reader = callers(furnished)["read"]

    def fail(*given: object) -> object:
        raise PixlStashError(f"The database cannot be opened: {library.path}/library.db.")

    monkeypatch.setattr(library.db, "_borrow", fail)
    answer = reader.get("/pictures/1")
    assert answer.status == 500
    assert not tells(answer, library.path), answer
