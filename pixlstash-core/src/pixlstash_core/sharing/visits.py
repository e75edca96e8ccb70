"""Visits of a link as a stranger, over HTTP: what is reachable with its secret, and that nothing else is.

A visit asks the server for everything that the link offers, and compares each answer with the rendition that was made
for it; some are decoded and compared with the original. Then it tries what the link does not offer.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Container
from contextlib import closing

import msgspec
from msgspec import Struct

from ..context import Context
from ..database.hub import now
from ..errors import Cancelled, NotFound, PixlStashError
from ..media.strip import is_stripped
from ..media.thumbnails import Rendered
from ..types import Certificate, Originals
from ..types.times import when
from . import inspection, marks
from .ahead import ahead
from .link_keys import Link
from .links import Links
from .original_visits import REFUSED, OriginalsVisit
from .renditions import Renditions
from .stranger import API, Answer, Server, Stranger

#: Pictures that are decoded and compared, and the mean difference to the original in levels of 255 that is accepted.
COMPARED, CLOSE = 50, 8.0
#: Attempts at pictures that are not shared, and at other links.
OUTSIDE, OTHERS = 2000, 50
#: Problems that a certificate names.
MOST = 20
NAME = re.compile(r"[0-9a-f]{24}")


class Listing(Struct, forbid_unknown_fields=True):
    """The answer that lists a link's pictures, which has nothing else."""

    title: str
    pictures: list[str]
    download: bool
    originals: Originals
    scores: dict[str, int] | None


class Visit:
    """One visit of a link. `check()` is called between requests, and raises if it must end.

    `expected()`: the pictures of the link now, by the names that recipients use. `most`: pictures that are fetched.
    """

    def __init__(
        self,
        context: Context,
        link: Link,
        server: Server,
        expected: Callable[[], dict[str, int]],
        *,
        progress: Callable[[int, int], None],
        most: int,
        seed: int | None = None,
    ) -> None:
        self._context, self._link, self._server, self._expected = context, link, server, expected
        self._progress, self._most = progress, most
        self._renditions = context.part(Renditions)
        self._stranger = Stranger(server.url, link.public_id)
        self._seed = secrets.randbits(32) if seed is None else seed
        self._random = random.Random(self._seed)
        self._has_mark = self._renditions.has_mark(link.uses)
        self._problems: dict[str, None] = {}
        self._counts: Counter[str] = Counter()
        self._samples: dict[int, bytes] = {}
        self._usual: dict[str, str] = {}
        self._originals = OriginalsVisit(context, link, self._ask, self._problem, lambda name: name in expected())

    def certificate(self, password: str | None = None) -> Certificate:
        """Make the visit. The password is known while the link is made; later, it is only checked that it is needed."""
        began = time.monotonic()
        try:
            shared: dict[str, int] = {}
            if self._enter(password):
                shared = self._listed()
                self._fetch(shared)
                self._compare()
            self._try_others(set(shared.values()))
        finally:
            self._stranger.close()
        counts = self._counts
        return Certificate(
            at=when(now()),
            seconds=round(time.monotonic() - began, 2),
            requests=self._stranger.requests,
            pictures=len(shared),
            fetched=counts["fetched"],
            unreadable=counts["unreadable"],
            places=counts["place"],
            prompts=counts["prompt"],
            names=counts["name"],
            others=counts["other"],
            marked=counts["marked"] if self._has_mark else None,
            compared=counts["compared"],
            seed=self._seed,
            outside=counts["outside"],
            tried=counts["tried"],
            reached=counts["reached"],
            problems=list(self._problems)[:MOST],
            originals=self._originals.summary(),
        )

    def _ask(self, method: str, path: str) -> Answer:
        """Ask for something of the link."""
        return self._stranger.ask(method, f"{API}/shared/{self._link.public_id}{path}")

    def _problem(self, sentence: str) -> None:
        self._problems[sentence] = None

    # -- the link ------------------------------------------------------------------------------------------------------

    def _enter(self, password: str | None) -> bool:
        """Enter as recipients do, after attempts without the secret and without the password."""
        stranger, link = self._stranger, self._link
        secret, cookie = self._context.part(Links).secrets_of(link)
        refused = stranger.get("")
        self._usual = refused.headers
        self._demand(refused, REFUSED, "The pictures are listed without the secret.")
        self._demand(stranger.enter(secrets.token_urlsafe(32)), REFUSED, "A wrong secret opens the link.")
        page, other = (stranger.ask("GET", f"/s/{name}") for name in (link.public_id, "0" * 16))
        if page.status != 200 or page.body != other.body:
            self._problem("The page of the link is not the same as that of a link that does not exist.")
        if link.password is not None:
            self._demand(stranger.enter(secret), REFUSED, "The link opens without its password.")
            stranger.cookie = ""
            if password is None:
                stranger.cookie = f"pl_link_{link.public_id}={cookie}"
                return True
        answer = stranger.enter(secret, password)
        if answer.status != 204:
            self._problem(f"Recipients cannot open the link: {inspection.sentence_of(answer)}")
        return answer.status == 204

    def _demand(self, answer: Answer, statuses: Container[int], otherwise: str) -> None:
        if answer.status not in statuses:
            self._problem(otherwise)

    def _listed(self) -> dict[str, int]:
        """Return the listed pictures, which must be those of the link and nothing else."""
        for again in (True, False):  # the library may change between two requests
            answer, expected = self._stranger.get(""), self._expected()
            try:
                listing = msgspec.json.decode(answer.body, type=Listing)
            except msgspec.DecodeError:
                self._problem("The list of pictures has more in it than names that say nothing.")
                return {}
            if set(listing.pictures) == set(expected) or not again:
                break
        if set(listing.pictures) != set(expected) or len(listing.pictures) != len(expected):
            self._problem("The list has other pictures than the owner shares.")
        if listing.scores or (listing.scores is None) == bool(self._link.scores):
            self._problem("The list shows the scores of others, or offers to give some although that is not allowed.")
        if listing.title != self._link.title or not all(NAME.fullmatch(name) for name in listing.pictures):
            self._problem("The list of pictures has more in it than names that say nothing.")
        return expected

    # -- its pictures --------------------------------------------------------------------------------------------------

    def _fetch(self, shared: dict[str, int]) -> None:
        """Fetch each picture in each way, and compare the answers with the renditions."""
        names = list(shared)
        if len(names) > self._most:
            names = self._random.sample(names, self._most)
        drawn = set(self._random.sample(names, min(COMPARED, len(names))))
        words = inspection.words_of(self._context, [shared[name] for name in names])
        uses = self._link.uses

        def make(name: str) -> Rendered:
            return self._renditions.make(shared[name], uses)

        with closing(ahead(names, make)) as made:
            for number, (name, rendered) in enumerate(made):
                self._progress(number, len(names))
                if isinstance(rendered, Rendered):
                    self._look(name, shared[name], rendered, words.get(shared[name], set()), keep=name in drawn)
                    self._originals.look(
                        name, shared[name], words.get(shared[name], set()), self._usual, read=name in drawn
                    )
                elif isinstance(rendered, Cancelled) or not isinstance(rendered, PixlStashError):
                    raise rendered
                else:
                    self._counts["unreadable"] += 1
                    self._demand(
                        self._stranger.get(f"/pictures/{name}/image"), REFUSED, "A picture that fails is shown."
                    )
        if names and self._counts["unreadable"] == len(names):
            self._problem("None of the pictures can be shown.")

    def _look(self, name: str, picture: int, rendered: Rendered, words: set[str], *, keep: bool) -> None:
        path = f"/pictures/{name}"
        answers = [
            (self._stranger.get(f"{path}/preview"), rendered.preview),
            (image := self._stranger.get(f"{path}/image"), rendered.image),
        ]
        saved = self._stranger.get(f"{path}/image?save=true")
        if self._link.download:
            answers.append((saved, rendered.image))
        else:
            self._demand(saved, REFUSED, "Saving is offered although it is not allowed.")
        failed = [answer for answer, _ in answers if answer.status != 200]
        if failed:
            if name in self._expected():  # it may have been deleted meanwhile
                self._problem(f"A picture cannot be loaded: {inspection.sentence_of(failed[0])}")
            return
        self._counts["fetched"] += 1
        if keep:
            self._samples[picture] = image.body
        tells = set()
        for answer, body in answers:
            if answer.body != body:
                self._problem("A picture has other bytes than the rendition that was made for it.")
            if not is_stripped(answer.body):
                tells |= inspection.metadata_in(self._renditions, answer.body, words)
            if inspection.headers_tell(answer, self._usual, words):
                tells.add("name")
        for what in tells:
            self._tell(what)
        if self._has_mark:
            self._counts["marked"] += rendered.marked
            if not rendered.marked:
                self._problem("A picture has no verified watermark.")

    def _tell(self, what: str) -> None:
        self._counts[what] += 1
        self._problem(f"A picture is sent with {inspection.TELLS[what]}.")

    def _compare(self) -> None:
        """Decode the pictures that were drawn, compare them with their originals, and read them as an import would."""

        def differs(picture: int) -> list[str]:
            body = self._samples[picture]
            marked, plain = self._renditions.drawn(picture, self._link.uses)
            try:
                image = marks.opened(body)
            except Exception:  # Pillow raises anything for what is no JPEG
                return ["A picture cannot be decoded.", *inspection.facts_of(self._renditions.read(body))]
            problems = [] if marks.distance(marked, image) < CLOSE else ["A picture does not look like its original."]
            if plain is not None and not marks.shows(marked, plain, image):
                problems.append("A picture does not show the watermark.")
            return [*problems, *inspection.facts_of(self._renditions.read(body))]

        with closing(ahead(sorted(self._samples), differs)) as compared:
            for _, result in compared:
                self._progress(self._counts["fetched"], self._counts["fetched"])
                if isinstance(result, NotFound):  # deleted meanwhile
                    continue
                if isinstance(result, BaseException):
                    raise result
                self._counts["compared"] += 1
                for problem in result:
                    (self._tell if problem in inspection.TELLS else self._problem)(problem)

    # -- everything else -----------------------------------------------------------------------------------------------

    def _try_others(self, shared: set[int]) -> None:
        """Try what the link does not offer: pictures by name and number, other links, and the owner's requests."""
        outside = [id for (id,) in self._context.db.read("select id from picture") if id not in shared]
        self._counts["outside"] = len(outside)
        if len(outside) > OUTSIDE:
            outside = self._random.sample(outside, OUTSIDE)
        links = self._context.part(Links)
        for name in links.names(self._link, outside):
            self._refuse(f"/pictures/{name}/preview", "A picture that is not shared is reachable.")
        for id in [*outside[:10], *sorted(shared)[:10]]:
            self._refuse(f"/pictures/{id}/image", "A picture is reachable by its number.")
        for other in [link for link in links.all() if link.id != self._link.id][:OTHERS]:
            answer = self._stranger.ask("GET", f"/api/v1/shared/{other.public_id}")
            self._count_refused(answer, "Another link is reachable.")
        for path in self._server.private:
            for id in (outside[:1], sorted(shared)[:1]):
                url = re.sub(r"\{[^}]+\}", str(id[0] if id else 1), path)
                answer = self._stranger.ask("GET", url)
                self._count_refused(answer, f"A request of the owner is answered: GET {path}.")
                if "{" not in path:
                    break

    def _refuse(self, path: str, otherwise: str) -> None:
        self._count_refused(self._stranger.get(path), otherwise)

    def _count_refused(self, answer: Answer, otherwise: str) -> None:
        self._progress(self._counts["fetched"], self._counts["fetched"])
        self._counts["tried"] += 1
        if answer.status not in REFUSED:
            self._counts["reached"] += 1
            self._problem(otherwise)
