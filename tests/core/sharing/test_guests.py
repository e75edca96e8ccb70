"""Scores of recipients: apart from the owner's, bounded, and gone with what they belong to."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import add, telling_jpeg

from pixlstash_core import OWNER
from pixlstash_core.errors import NotFound, PixlStashError, TooMany
from pixlstash_core.library import Library
from pixlstash_core.sharing import guests
from pixlstash_core.sharing.guest_operations import give_score, own_scores
from pixlstash_core.sharing.guests import Guests
from pixlstash_core.sharing.link_keys import Link
from pixlstash_core.sharing.link_operations import pictures_of
from pixlstash_core.sharing.links import Links
from pixlstash_core.types import (
    AcceptScores,
    CreateLink,
    DeletePictures,
    EmptyScrapheap,
    Grant,
    LinkInfo,
    PreviewEmpty,
    RestorePictures,
    RestoreSnapshot,
    ScorePictures,
    TakeSnapshot,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def ids(library: Library, tmp_path: Path) -> list[int]:
    return [add(library, telling_jpeg(tmp_path / f"p{n}.jpg", n)) for n in range(4)]


@pytest.fixture
def info(library: Library, ids: list[int]) -> LinkInfo:
    return library.create_link(OWNER, CreateLink(scope=Grant(pictures=ids), title="For Ann", scores=True))


def link_of(library: Library, info: LinkInfo) -> Link:
    return library.part(Links).get(info.id)


class Guest:
    """Somebody with a link."""

    def __init__(self, library: Library, info: LinkInfo, ip: str = "192.0.2.1") -> None:
        self.library, self.info, self.ip = library, info, ip
        self.cookie = library.part(Links).new_visitor(link_of(library, info))

    def give(self, picture: int, score: int) -> None:
        link = link_of(self.library, self.info)
        name = {id: name for name, id in pictures_of(self.library, link).items()}[picture]
        give_score(self.library, link, name, self.cookie, score, self.ip)

    def own(self) -> Any:
        link = link_of(self.library, self.info)
        names = pictures_of(self.library, link)
        return {names[name]: score for name, score in (own_scores(self.library, link, self.cookie) or {}).items()}


def stored(library: Library) -> int:
    return int(library.hub.value("select count(*) from guest_score"))


def score_of(library: Library, id: int) -> int:
    return library.picture(OWNER, id).score


def test_s29_scores_of_guests_are_the_owners_only_when_accepted(
    library: Library, ids: list[int], info: LinkInfo
) -> None:
    library.score(OWNER, ScorePictures(ids=ids[:1], score=2))
    ann, ben = (Guest(library, info, f"192.0.2.{n}") for n in (1, 2))
    for guest, picture, score in ((ann, 0, 5), (ben, 0, 4), (ann, 1, 1), (ben, 2, 3), (ben, 2, 4)):
        guest.give(ids[picture], score)
    assert (ann.own(), ben.own()) == ({ids[0]: 5, ids[1]: 1}, {ids[0]: 4, ids[2]: 4})
    assert [score_of(library, id) for id in ids] == [2, 0, 0, 0]
    listed = [(each.picture, each.visitors, each.mean, each.score, each.own) for each in library.link_scores(OWNER, 1)]
    assert listed == [(ids[0], 2, 4.5, 5, 2), (ids[2], 1, 4.0, 4, 0), (ids[1], 1, 1.0, 1, 0)]
    [beside] = library.guest_scores(OWNER, ids[0])
    assert (beside.title, beside.link, beside.mean) == ("For Ann", info.id, 4.5)
    [link] = library.links(OWNER)
    assert (link.scores, link.scored) == (True, 3)
    assert library.accept_scores(OWNER, info.id, AcceptScores([ids[2]])).sentence == "1 picture scored as guests did"
    done = library.accept_scores(OWNER, info.id, AcceptScores())
    assert (done.sentence, [score_of(library, id) for id in ids]) == ("2 pictures scored as guests did", [5, 1, 4, 0])
    library.undo(OWNER)
    assert [score_of(library, id) for id in ids] == [2, 0, 4, 0]
    library.undo(OWNER)
    assert [score_of(library, id) for id in ids] == [2, 0, 0, 0] and stored(library) == 4
    with pytest.raises(NotFound):
        library.accept_scores(OWNER, info.id, AcceptScores([ids[3]]))
    with pytest.raises(NotFound):
        library.accept_scores(OWNER, 999, AcceptScores())


def test_no_stars_takes_a_score_back(library: Library, ids: list[int], info: LinkInfo) -> None:
    guest = Guest(library, info)
    guest.give(ids[0], 5)
    guest.give(ids[0], 0)
    guest.give(ids[1], 0)
    assert guest.own() == {} and stored(library) == 0 and library.links(OWNER)[0].scored == 0


def test_a_link_without_scores_takes_none(library: Library, ids: list[int]) -> None:
    plain = library.create_link(OWNER, CreateLink(scope=Grant(pictures=ids)))
    with pytest.raises(NotFound):
        Guest(library, plain).give(ids[0], 5)
    assert stored(library) == 0 and own_scores(library, link_of(library, plain), None) is None


def test_a_visitor_is_one_whose_cookie_was_made_for_this_link(library: Library, ids: list[int], info: LinkInfo) -> None:
    other = library.create_link(OWNER, CreateLink(scope=Grant(pictures=ids), scores=True))
    guest, stranger = Guest(library, info), Guest(library, other)
    good, seed = guest.cookie, random.Random(15)
    bad = [stranger.cookie, "", "0" * 64, good[:-1], good + "0", good.upper(), good[32:] + good[:32], "é" * 64]
    for _ in range(50):
        at = seed.randrange(len(good))
        bad.append(good[:at] + seed.choice([c for c in "0123456789abcdef\x00g" if c != good[at]]) + good[at + 1 :])
    for cookie in bad:
        guest.cookie = cookie
        with pytest.raises(NotFound):
            guest.give(ids[0], 5)
    assert stored(library) == 0
    guest.cookie = good
    guest.give(ids[0], 5)
    assert stored(library) == 1


def test_visitors_cannot_fill_the_disk(library: Library, ids: list[int], info: LinkInfo, monkeypatch: Any) -> None:
    monkeypatch.setattr(guests, "VISITORS", 3)
    monkeypatch.setattr(guests, "MOST", 5)
    several = [Guest(library, info, f"10.0.0.{n}") for n in range(20)]
    for guest in several:
        for _ in range(2):
            for id in ids:
                try:
                    guest.give(id, 3)
                except TooMany:
                    pass
    assert stored(library) == 5
    assert library.hub.value("select count(distinct visitor) from guest_score") == 2
    several[0].give(ids[0], 1)  # who has a score may change it
    assert several[0].own()[ids[0]] == 1
    several[0].give(ids[1], 0)
    several[0].give(ids[1], 2)


def test_one_address_is_a_few_visitors_and_not_fast(library: Library, ids: list[int], info: LinkInfo) -> None:
    accepted = 0
    for _ in range(30):
        try:
            Guest(library, info).give(ids[0], 3)
            accepted += 1
        except TooMany:
            pass
    assert accepted == guests.NEW[0] == stored(library)
    guest = Guest(library, info, "192.0.2.77")
    with pytest.raises(TooMany) as refused:
        for number in range(200):
            guest.give(ids[0], 1 + number % 5)
    assert refused.value.more["seconds"] >= 1


def test_they_go_with_the_link_its_secret_and_the_picture(library: Library, ids: list[int], info: LinkInfo) -> None:
    guest = Guest(library, info)
    for id in ids:
        guest.give(id, 4)
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    assert {each.picture for each in library.link_scores(OWNER, info.id)} == set(ids[2:])
    assert library.accept_scores(OWNER, info.id, AcceptScores()).changed == 2
    library.restore(OWNER, RestorePictures(ids=ids[1:2]))
    assert {each.picture for each in library.link_scores(OWNER, info.id)} == set(ids[1:])
    token = library.preview_empty(OWNER, PreviewEmpty()).token
    library.empty_scrapheap(OWNER, EmptyScrapheap(token=token))
    assert stored(library) == 3 and library.guest_scores(OWNER, ids[0]) == []
    old, score = guest.cookie, score_of(library, ids[2])
    library.replace_link(OWNER, info.id)
    assert stored(library) == 0 and score_of(library, ids[2]) == score == 4
    with pytest.raises(NotFound):
        guest.give(ids[1], 5)
    guest = Guest(library, info)
    guest.give(ids[1], 5)
    assert guest.cookie != old and stored(library) == 1
    library.revoke_link(OWNER, info.id)
    assert stored(library) == 0
    with pytest.raises(NotFound):
        library.link_scores(OWNER, info.id)


def test_a_restore_changes_no_guests(library: Library, ids: list[int], info: LinkInfo) -> None:
    guest = Guest(library, info)
    guest.give(ids[0], 5)
    library.accept_scores(OWNER, info.id, AcceptScores())
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    guest.give(ids[1], 2)
    library.revoke_link(OWNER, info.id)
    library.score(OWNER, ScorePictures(ids=ids[:1], score=1))
    library.restore_snapshot(OWNER, snapshot.id, RestoreSnapshot())
    assert stored(library) == 0, "nothing that was revoked comes back"
    assert score_of(library, ids[0]) == 5, "what was accepted is the owner's"


def test_they_outlive_a_restart(library: Library, ids: list[int], info: LinkInfo) -> None:
    Guest(library, info).give(ids[0], 5)
    assert Guests(library.hub).of_link(info.id)[0].score == 5


def test_bad_requests_get_an_error(library: Library, ids: list[int], info: LinkInfo) -> None:
    link, links = link_of(library, info), library.part(Links)
    for name in ("", "0" * 24, str(ids[0]), "..", "\x00"):
        with pytest.raises(PixlStashError):
            give_score(library, link, name, links.new_visitor(link), 5, "192.0.2.1")
    assert stored(library) == 0
