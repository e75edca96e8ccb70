"""Two libraries that differ only in what is not shared answer a scoped token and a link with the same bytes.

The libraries are copies of one, to which different pictures, tags, names, scores, sets and people were added in the
same number of commits. Any byte that differs tells the caller something about what it must not see.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from conftest import Effort
from libraries import add, invented
from web.asking import SAME, Answer, Peer, bearer, cookie_of, paint
from web.conftest import OWNER, serving

from pixlstash_core import Fact
from pixlstash_core.library import Library
from pixlstash_core.query.language import SORTS
from pixlstash_core.types import (
    AddTags,
    Create,
    CreateLink,
    CreateToken,
    DeletePictures,
    Grant,
    SaveQuery,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
)

SHARED = 8
#: Of what is not shared: how many pictures, and which words are in their names, prompts, tags, sets and people.
SIDES = {"one": (5, "alpha"), "other": (17, "omega")}


class Caller(NamedTuple):
    """The same caller of both libraries."""

    peers: tuple[Peer, Peer]

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> list[Answer]:
        return [peer.ask(method, path, body, headers) for peer in self.peers]


class Callers(NamedTuple):
    scoped: Caller
    by_query: Caller
    recipient: Caller
    link: str


def fill(library: Library, folder: Path) -> list[int]:
    """What is shared: pictures with prompts, tags, scores and captions, in a set, some of them of a character."""
    ids = []
    for number in range(1, SHARED + 1):
        text = {"parameters": f"stone{number} river alpha\nSteps: {number}, Seed: {number}, Model: m{number % 3}"}
        path = paint(library.incoming / f"shared-{number}.png", number, text)
        answer = library.upload(OWNER, path.name, path)
        assert answer.id is not None
        ids.append(answer.id)
    library.add_tags(OWNER, AddTags(ids=ids[:5], tags=["sea", "sky"]))
    library.add_tags(OWNER, AddTags(ids=ids[3:], tags=["tree"]))
    library.score(OWNER, ScorePictures(ids=ids[::2], score=4))
    library.set_caption(OWNER, SetCaption(ids=ids[:2], text="a river at dusk"))
    trip = library.create_set(OWNER, Create(name="Trip")).id
    library.add_to_set(OWNER, trip, Selection(ids=ids))
    ann = library.create_character(OWNER, Create(name="Ann")).id
    library.add_to_character(OWNER, ann, Selection(ids=ids[:3]))
    return ids


def differ(library: Library, count: int, word: str, shared: list[int]) -> None:
    """Add what is not shared. The same commits in both libraries, with different contents."""
    facts = (Fact("Note", word, word, f"{word} fact"), Fact("Generation", "model", "Model", f"{word}-model"))
    readings = [
        invented(n + 100 * len(word) + ord(word[0]), prompt=f"{word} stone{n} river", facts=facts, created=10**12 + n)
        for n in range(count)
    ]
    ids = add(library, *readings, names=f"{word}-{{}}.png".format)
    library.add_tags(OWNER, AddTags(ids=ids, tags=[f"{word} tag", "sea"]))
    library.score(OWNER, ScorePictures(ids=ids[: count // 2], score=5))
    library.set_caption(OWNER, SetCaption(ids=ids, text=f"{word} caption"))
    library.delete(OWNER, DeletePictures(ids=ids[-1:]))
    for create, fill_ in (
        (library.create_set, library.add_to_set),
        (library.create_character, library.add_to_character),
        (library.create_project, library.add_to_project),
    ):
        group = create(OWNER, Create(name=f"{word} group")).id
        fill_(OWNER, group, Selection(ids=ids[:-1]))
    library.save_query(OWNER, SaveQuery(f"{word} query", f"tag:{word}"))
    library.stack(OWNER, StackPictures(ids=ids[:2]))


@pytest.fixture(scope="module")
def callers(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    folder = tmp_path_factory.mktemp("both")
    template = shutil.copytree(blank, folder / "template" / "library")
    with Library.open(template, work=False) as library:
        ids = fill(library, folder)
        scope = Grant(pictures=ids[:1], sets=[1], characters=[1])
        tokens = [library.create_token(OWNER, CreateToken("read", scope=scope)).token]
        tokens.append(library.create_token(OWNER, CreateToken("read", scope=Grant(query="name:shared"))).token)
        link = library.create_link(OWNER, CreateLink(scope=Grant(sets=[1])))
    assert link.path is not None
    with ExitStack() as stack:
        urls = []
        for name, (count, word) in SIDES.items():
            path = shutil.copytree(template, folder / name / "library")
            library = stack.enter_context(Library.open(path, work=False))
            differ(library, count, word, ids)
            urls.append(stack.enter_context(serving(library)).url)
        public_id, _, secret = link.path.removeprefix("/s/").partition("#")
        visitors = []
        for url in urls:
            opened = Peer(url, SAME).post(f"/shared/{public_id}/open", {"secret": secret})
            assert opened.status == 204, opened
            visitors.append(Peer(url, {"Cookie": cookie_of(opened)}))
        scoped, by_query = (Caller((bearer(urls[0], token), bearer(urls[1], token))) for token in tokens)
        yield Callers(scoped, by_query, Caller((visitors[0], visitors[1])), public_id)


def same(answers: list[Answer]) -> tuple[int, bytes]:
    """Fail unless both answers are the same but for the date and the port; return their status and body."""
    one, other = (
        (answer.status, answer.body, sorted((name, value) for name, value in answer.headers.items() if name != "date"))
        for answer in answers
    )
    assert one == other
    return one[0], one[1]


# -- requests ----------------------------------------------------------------------------------------------------------

WORDS = ["alpha", "omega", "stone1", "stone7", "river", "sea", "sky", "dusk", "shared", "png", "trip", "ann", "zz", ""]
TERMS = [
    *(
        f"{field}:{{word}}"
        for field in ("tag", "name", "model", "prompt", "set", "character", "project", "query", "folder")
    ),
    *(
        "score:>={n}",
        "seed:{n}",
        "steps:<{n}",
        "size:>10{n}0",
        "created:202{n}",
        "width:>4{n}",
        "format:png",
        "kind:image",
    ),
    *(
        "is:scrapheap",
        "is:stacked",
        "is:covered",
        "is:locked",
        "is:missing",
        "in:any",
        "in:none",
        "faces:{n}",
        "stack:{n}",
    ),
    *(
        "{word}",
        '"{word} {word}"',
        "alpha:{word}",
        "omega:{word}",
        "like:picture:{n}",
        "like:words:{word}",
        "caption:{word}",
    ),
    *(
        "set:{n}",
        "character:{n}",
        "project:{n}",
        "id:{n}",
        "tag:",
        "(",
        "overlap(set:1,set:2)",
        "unique(set:1,character:1)",
    ),
]
PATHS = [
    "/library",
    "/sidebar",
    "/sets",
    "/sets/{n}/members",
    "/characters",
    "/characters/{n}/members",
    "/projects",
    "/projects/{n}/members",
    "/queries",
    "/views?q={q}&sort={sort}&at={id}",
    "/views/suggest?q={q}&limit=20",
    "/pictures?q={q}&sort={sort}&offset={n}&limit={n}",
    "/pictures/find?q={q}&sort={sort}",
    "/pictures/count?q={q}",
    "/pictures/statistics?q={q}",
    "/pictures/alike?q={q}",
    "/pictures/{id}",
    "/pictures/{id}/why?q={q}",
    "/pictures/{id}/thumbnail",
    "/pictures/{id}/original",
    "/pictures/{id}/payloads/parameters",
    "/pictures/{id}/tags",
    "/pictures/{id}/caption",
    "/pictures/{id}/faces",
    "/pictures/{id}/stack",
    "/pictures/{id}/text",
    "/tags?q={word}",
    "/tags/complete?text={word}",
    "/tags/named?tag={word}",
    "/engines",
    "/snapshots",
    "/tokens",
    "/jobs",
    "/session",
    "/picture_sets",
    "/picture_sets/{n}/members",
    "/pictures/{id}/metadata",
    "/pictures/search?query={word}",
    "/pictures?sort=SCORE&set_id={n}&character_id={n}",
    "/asof/{n}/pictures",
    "/nowhere/{word}",
]


def term(rng: random.Random) -> str:
    text = rng.choice(TERMS).format(word=rng.choice(WORDS), n=rng.randrange(12))
    return f"-{text}" if rng.random() < 0.2 else text


def query(rng: random.Random) -> str:
    terms = [term(rng) for _ in range(rng.randrange(4))]
    return rng.choice([" ", " OR "]).join(terms)


def request(rng: random.Random) -> str:
    path = rng.choice(PATHS)
    values = {
        "q": quote(query(rng)),
        "sort": quote(rng.choice([*SORTS, "nonsense", "-name"])),
        "n": str(rng.randrange(12)),
        "id": str(rng.randrange(40)),
        "word": quote(rng.choice(WORDS)),
    }
    return "/api/v1" + path.format(**values)


def ask_for_more(caller: Caller, path: str, body: bytes, differs: Callable[[list[Answer]], tuple[int, bytes]]) -> None:
    """The blocks and details of a view that was opened."""
    from pixlstash_core.client import read_view

    if path.startswith("/api/v1/views?"):
        view = read_view(body).header.view
        for part in ("blocks/0", "details/0", "details/1"):
            differs(caller.ask("GET", f"/api/v1/views/{view}/{part}"))


@pytest.mark.attack
def test_a_scoped_token_learns_nothing_of_what_is_not_shared(
    callers: Callers, rng: random.Random, effort: Effort
) -> None:
    answered = 0
    for _ in range(effort.of(700, 50_000)):
        caller, path = rng.choice([callers.scoped, callers.by_query]), request(rng)
        method = "HEAD" if rng.random() < 0.05 else "GET"
        try:
            status, body = same(caller.ask(method, path))
            if status == 200 and method == "GET":
                answered += 1
                ask_for_more(caller, path, body, same)
                if "omega" not in path and "alpha" not in path:  # a query is repeated in its answer
                    assert not any(word in body for word in (b"alpha-", b"omega", b"alpha tag", b"alpha group"))
            assert status < 500
        except AssertionError as error:
            raise AssertionError(f"{method} {path}: {error}") from None
    assert answered > effort.of(100, 10_000)


@pytest.mark.attack
def test_a_recipient_learns_nothing_of_what_is_not_shared(callers: Callers, rng: random.Random, effort: Effort) -> None:
    base = f"/api/v1/shared/{callers.link}"
    status, body = same(callers.recipient.ask("GET", base))
    assert status == 200 and body.count(b'"') > 2 * SHARED
    names = body.decode().split("[")[1].split("]")[0].replace('"', "").split(",")
    assert len(names) == SHARED
    for _ in range(effort.of(60, 2_000)):
        name = rng.choice([*names, names[0][:-1] + "0", "0" * 24, str(rng.randrange(40)), "x"])
        kind = rng.choice(["preview", "image", "image?save=true", "original", ""])
        for path in (f"{base}/pictures/{name}/{kind}", request(rng)):
            try:
                same(callers.recipient.ask("GET", path))
            except AssertionError as error:
                raise AssertionError(f"{path}: {error}") from None


def test_the_libraries_do_differ(callers: Callers) -> None:
    """A test that finds no difference must be able to find one: the rights to the whole library do."""
    with pytest.raises(AssertionError):
        same([peer._replace(status=index) for index, peer in enumerate(callers.scoped.ask("GET", "/api/v1/library"))])
