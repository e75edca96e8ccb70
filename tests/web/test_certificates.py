"""A link is visited as a stranger before it exists and every day, and nothing that leaks gets past the visit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import add, telling_jpeg, telling_png
from libraries import finish, until
from msgspec.structs import replace
from web.conftest import OWNER, Served, serving

from pixlstash_core import RenditionStep
from pixlstash_core.errors import Conflict, NotFound, PixlStashError, TooMany
from pixlstash_core.library import Library
from pixlstash_core.media.thumbnails import Rendered
from pixlstash_core.sharing import certificates, renditions, visits
from pixlstash_core.sharing.link_keys import Link
from pixlstash_core.sharing.links import Links
from pixlstash_core.types import Certificate, CreateLink, DeletePictures, Grant, LinkInfo, StepUse
from pixlstash_web import adapter, shared_routes
from pixlstash_web.table import Call

MARK = [StepUse("resize"), StepUse("watermark", {"text": "Sample", "position": "tile"})]


@pytest.fixture
def telling(served: Served, tmp_path: Path) -> list[int]:
    paths = [telling_jpeg(tmp_path / "canary-a.jpg", 1), telling_png(tmp_path / "canary-b.png", 2)]
    return [add(served.library, path) for path in paths]


def create(served: Served, pictures: list[int], **ask: Any) -> LinkInfo:
    return served.library.create_link(OWNER, CreateLink(scope=Grant(pictures=pictures), **ask))


def certificate(info: LinkInfo) -> Certificate:
    assert info.certificate is not None
    return info.certificate


def test_a_certificate_says_what_a_stranger_can_reach(served: Served, telling: list[int]) -> None:
    info = create(served, telling, steps=MARK, title="Trip")
    found = certificate(info)
    assert (found.pictures, found.fetched, found.unreadable, found.marked, found.compared) == (2, 2, 0, 2, 2)
    assert (found.places, found.prompts, found.names, found.others) == (0, 0, 0, 0)
    assert found.outside == 9 and found.tried > 9 + 60 and found.reached == 0
    assert found.problems == [] and found.changes == [] and found.requests > found.tried
    assert (info.visits, info.last_visit) == (0, None), "the visit is not a recipient's"
    assert certificate(create(served, telling, download=False, password="apple pie")).problems == []
    assert certificate(create(served, telling)).marked is None


def test_it_is_made_over_http_and_without_a_server_by_one_of_its_own(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "canary-a.jpg", 1))
    info = library.create_link(OWNER, CreateLink(scope=Grant(pictures=[id])))
    assert certificate(info).fetched == 1 and certificate(info).tried > 60


# -- what leaks --------------------------------------------------------------------------------------------------------


def file_of(served: Served, picture: int) -> bytes:
    with served.library.original(OWNER, picture).open(0, None) as file:
        return file.read()


def leaking(served: Served, body: Callable[[Rendered], bytes]) -> Callable[..., Rendered]:
    plain = shared_routes.rendition_of

    def rendition_of(context: Any, link: Link, name: str) -> Rendered:
        rendered = plain(context, link, name)
        return replace(rendered, image=body(rendered))

    return rendition_of


@pytest.mark.parametrize(
    ("which", "what"), [(0, "a place"), (0, "other metadata"), (1, "a prompt or workflow")], ids=str
)
def test_a_file_with_metadata_keeps_the_link_from_being_made(
    which: int, what: str, served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = file_of(served, telling[which])
    monkeypatch.setattr(shared_routes, "rendition_of", leaking(served, lambda rendered: original))
    with pytest.raises(Conflict, match="The link was not created") as caught:
        create(served, telling)
    problems = caught.value.more["problems"]
    assert f"A picture is sent with {what}." in problems
    assert "A picture has other bytes than the rendition that was made for it." in problems
    assert served.library.links(OWNER) == []


def test_metadata_in_the_rendition_itself_is_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the bytes are those of the rendition, which is at fault."""
    plain = renditions._jpeg

    def chatty(image: Any, quality: int) -> bytes:
        body = plain(image, quality)
        return body[:2] + b"\xff\xfe\x00\x0ecanary-a.jpg" + body[2:]

    monkeypatch.setattr(renditions, "_jpeg", chatty)
    with pytest.raises(Conflict) as caught:
        create(served, telling)
    assert "A picture is sent with other metadata." in caught.value.more["problems"]
    assert "A picture is sent with a file name or path." in caught.value.more["problems"]


def test_names_of_files_in_place_of_names_that_say_nothing_are_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Links, "names", lambda self, link, pictures: [f"canary-{id}.jpg" for id in pictures])
    with pytest.raises(Conflict, match="has more in it than names"):
        create(served, telling)


def test_pictures_that_are_not_shared_are_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shared_routes.rendition_of
    links = served.library.part(Links)

    def rendition_of(context: Any, link: Link, name: str) -> Rendered:
        if name == links.names(link, [1])[0]:
            return Rendered(1, 1, b"x", b"x")
        return plain(context, link, name)

    monkeypatch.setattr(shared_routes, "rendition_of", rendition_of)
    with pytest.raises(Conflict, match="not shared is reachable"):
        create(served, telling)


def test_a_request_of_the_owner_that_is_answered_is_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = adapter.admit

    def admit(call: Call, route: Any) -> None:
        if "/pictures/" in route.path and any(name.startswith("pl_link") for name in call.request.cookies):
            call.who = OWNER
            return
        plain(call, route)

    monkeypatch.setattr(adapter, "admit", admit)
    with pytest.raises(Conflict) as caught:
        create(served, telling)
    assert "A request of the owner is answered: GET /api/v1/pictures/{id}/original." in caught.value.more["problems"]


def test_a_link_that_opens_without_its_password_is_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pixlstash_core.sharing import links

    enter = Links.enter
    monkeypatch.setattr(Links, "enter", lambda self, a, b, password, ip: enter(self, a, b, password or "apple pie", ip))
    monkeypatch.setattr(links.credentials, "matches_password", lambda password, stored: True)
    with pytest.raises(Conflict, match="without its password"):
        create(served, telling, password="apple pie")


class Invisible(RenditionStep):
    id = "invisible"
    marks = True

    def apply(self, image: Any, params: Any) -> Any:
        return image


def test_a_watermark_that_cannot_be_seen_shares_nothing(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = served.library.plugins.rendition_steps()
    monkeypatch.setattr(served.library.plugins, "rendition_steps", lambda: {**steps, "invisible": Invisible()})
    with pytest.raises(Conflict, match="None of the pictures can be shown"):
        create(served, telling, steps=[StepUse("invisible")])


def test_a_mark_that_is_lost_after_it_was_verified_is_found(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are equal to those of the cache, but they are of the unmarked picture."""
    library = served.library
    made = renditions.Renditions.make

    def unmarked(self: renditions.Renditions, picture: int, steps: Any) -> Rendered:
        return replace(made(self, picture, steps[:1]), marked=True)

    monkeypatch.setattr(renditions.Renditions, "make", unmarked)
    with pytest.raises(Conflict, match="does not show the watermark"):
        create(served, telling, steps=MARK)
    assert library.links(OWNER) == []


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_the_secret_of_the_visit_opens_nothing_afterwards(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[str, str]] = []
    plain = Links.secrets_of

    def secrets_of(self: Links, link: Link) -> tuple[str, str]:
        assert self.path(link) is None and [other.id for other in self.all()] == []
        for act in (lambda: served.library.replace_link(OWNER, link.id), lambda: self.get(link.id)):
            with pytest.raises(NotFound):
                act()
        used.append(plain(self, link))
        return used[-1]

    monkeypatch.setattr(Links, "secrets_of", secrets_of)
    info = create(served, telling)
    assert info.path is not None
    public_id, _, secret = info.path.removeprefix("/s/").partition("#")
    [(draft, cookie)] = used
    assert secret != draft
    for attempt in (
        lambda: served.library.part(Links).enter(public_id, draft, None, ""),
        lambda: served.library.part(Links).visit(public_id, cookie),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_drafts_of_a_killed_process_are_gone(open_library: Callable[..., Library], tmp_path: Path) -> None:
    library = open_library()
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    ask = CreateLink(scope=Grant(pictures=[id]))
    library.part(Links).add(ask, Grant(pictures=[id]), live=False, steps=[], expires=None)
    assert library.links(OWNER) == [] and library.hub.value("select count(*) from link") == 1
    library.close()
    library = open_library()
    assert library.hub.value("select count(*) from link") == 0


def test_a_cancelled_check_makes_no_link(served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    library = served.library
    plain = visits.Visit._enter

    def enter(self: visits.Visit, password: str | None) -> bool:
        [job] = [job for job in library.jobs(OWNER) if job.kind == certificates.VISIT]
        library.cancel_job(OWNER, job.id)
        return plain(self, password)

    monkeypatch.setattr(visits.Visit, "_enter", enter)
    with pytest.raises(PixlStashError, match="Cancelled"):
        create(served, telling)
    assert library.hub.value("select count(*) from link") == 0


def test_requests_do_not_wait_for_many_visits(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [certificates._turns.acquire(blocking=False) for _ in range(certificates.AT_ONCE)]
    try:
        with pytest.raises(TooMany):
            create(served, telling)
    finally:
        for _ in taken:
            certificates._turns.release()
    assert served.library.hub.value("select count(*) from link") == 0


def test_a_password_of_the_owner_comes_first(library: Library, tmp_path: Path) -> None:
    with serving(library, public_url="https://pictures.example.org"):
        id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
        with pytest.raises(Conflict, match="before the owner has set a password"):
            library.create_link(OWNER, CreateLink(scope=Grant(pictures=[id])))


# -- every day ---------------------------------------------------------------------------------------------------------


def age(served: Served, info: LinkInfo) -> None:
    """Have the last visit of a link be of yesterday."""
    [listed] = [link for link in served.library.links(OWNER) if link.id == info.id]
    found = certificate(listed)
    served.library.part(Links).certify(info.id, replace(found, at=found.at - timedelta(days=1)))


def repeat(served: Served) -> None:
    """Run the repeating job, and wait for what it queues."""
    library = served.library
    library.hub.write("update job set due = 0 where kind = ?", (certificates.REPEAT,))
    library.queue._wake["cpu"].set()
    ended = "select due > 0 and state = 'waiting' from job where kind = ?"
    until(lambda: library.hub.value(ended, (certificates.REPEAT,)))
    for job in library.jobs(OWNER):
        if job.kind == certificates.VISIT:
            finish(library, job)


def test_visits_are_repeated_and_changes_reported(
    served: Served, telling: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = served.library
    info = create(served, telling, title="For Ann", password="apple pie")
    first = certificate(info)
    repeat(served)
    assert certificate(library.links(OWNER)[0]) == first, "it is not its turn"
    age(served, info)
    repeat(served)
    second = certificate(library.links(OWNER)[0])
    assert second.at > first.at and (second.problems, second.changes, second.fetched) == ([], [], 2)
    original = file_of(served, telling[0])
    with monkeypatch.context() as patched:
        patched.setattr(shared_routes, "rendition_of", leaking(served, lambda rendered: original))
        age(served, info)
        repeat(served)
        third = certificate(library.links(OWNER)[0])
        assert "A picture is sent with a place." in third.problems == third.changes
        [failed] = [job for job in library.jobs(OWNER) if job.state == "failed"]
        assert failed.error is not None and failed.error.startswith('The link "For Ann" changed: ')
        age(served, info)
        repeat(served)  # it is the same as before, so nothing is reported again
        assert len([job for job in library.jobs(OWNER) if job.state == "failed"]) == 1
    visited = library.visit_link(OWNER, info.id)
    assert certificate(visited).problems == [] and certificate(visited).changes == [
        "What was wrong before is right again."
    ]
    library.delete(OWNER, DeletePictures(ids=telling[:1]))
    assert certificate(library.visit_link(OWNER, info.id)).changes == ["It has 1 picture, and had 2."]
    assert library.links(OWNER)[0].visits == 0


def test_a_link_that_cannot_be_opened_is_not_visited(served: Served, telling: list[int]) -> None:
    info = create(served, telling)
    served.library.hub.write("update link set expires = 1")
    with pytest.raises(PixlStashError, match="Nobody can open this link"):
        served.library.visit_link(OWNER, info.id)
    age(served, info)
    assert certificates.due(served.library.part(Links)) == []
    with pytest.raises(NotFound):
        served.library.visit_link(OWNER, 999)


def test_a_replaced_link_is_visited_soon(served: Served, telling: list[int]) -> None:
    info = create(served, telling)
    replaced = served.library.replace_link(OWNER, info.id)
    assert replaced.certificate is None
    repeat(served)
    assert certificate(served.library.links(OWNER)[0]).fetched == 2
