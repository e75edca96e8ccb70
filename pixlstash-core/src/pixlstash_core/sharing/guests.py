"""Scores that recipients of links give. They are rows of `hub.db`, apart from the owner's, and in no snapshot.

Recipients have no accounts. A visitor is a browser with a cookie that is signed for the link. Deleting the cookie makes
a new visitor, so the number of scores is limited for each link and for each address.
"""

from __future__ import annotations

from msgspec import Struct

from ..access.rates import Rates
from ..database.connection import Database, bind_ids, fetch
from ..database.hub import Hub, now
from ..errors import TooMany
from .link_keys import Link

#: Scores of a link, and visitors with any.
MOST, VISITORS = 20_000, 200
#: Scores that one address may give at once, and seconds until it may give another; the same for new visitors.
RATE, NEW = (60, 0.5), (10, 360.0)


class Opinion(Struct, frozen=True):
    """What the visitors of a link think of a picture: how many of them gave a score, and the sum of these."""

    link: int
    picture: int
    visitors: int
    total: int

    @property
    def mean(self) -> float:
        return self.total / self.visitors

    @property
    def score(self) -> int:
        """The mean in whole stars; a half is rounded up."""
        return (2 * self.total + self.visitors) // (2 * self.visitors)


class Guests:
    """The scores of recipients. Thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rates, self._new = Rates(*RATE), Rates(*NEW)

    def give(self, link: Link, visitor: bytes, picture: int, score: int, ip: str) -> None:
        """Store the score of a visitor, 1 to 5, in the place of an earlier one; 0 takes it back. `TooMany`."""
        self._rates.take(ip)
        key = (link.id, visitor, picture)
        with self._hub.writing() as connection:
            if score == 0:
                sql = "delete from guest_score where link = ? and visitor = ? and picture = ?"
                connection.execute(sql, key).fetchall()
                return
            sql = (
                "select count(*), count(distinct visitor), coalesce(sum(visitor = ?2), 0),"
                " coalesce(sum(visitor = ?2 and picture = ?3), 0) from guest_score where link = ?1"
            )
            scores, visitors, earlier, there = fetch(connection, sql, key)[0]
            if not earlier:
                if visitors >= VISITORS:
                    raise TooMany("As many people as this link allows have given scores.", 86_400)
                self._new.take(ip)
            if not there and scores >= MOST:
                raise TooMany("This link has as many scores as it can have.", 86_400)
            connection.execute(
                "insert into guest_score values (?, ?, ?, ?, ?) on conflict do update"
                " set score = excluded.score, at = excluded.at",
                (*key, score, now()),
            ).fetchall()

    def own(self, link: Link, visitor: bytes) -> dict[int, int]:
        """Return the scores of one visitor by picture."""
        sql = "select picture, score from guest_score where link = ? and visitor = ?"
        return dict(self._hub.read(sql, (link.id, visitor)))

    def of_link(self, id: int) -> list[Opinion]:
        return self._opinions("link", id)

    def of_picture(self, picture: int) -> list[Opinion]:
        return self._opinions("picture", picture)

    def pictures(self, id: int) -> list[int]:
        """Return the pictures of a link that have scores."""
        return [
            picture for (picture,) in self._hub.read("select distinct picture from guest_score where link = ?", (id,))
        ]

    def _opinions(self, column: str, value: int) -> list[Opinion]:
        sql = f"select link, picture, count(*), sum(score) from guest_score where {column} = ? group by 1, 2"
        return [Opinion(*row) for row in self._hub.read(sql, (value,))]


def owners_scores(db: Database, ids: list[int]) -> dict[int, int]:
    """Return the owner's scores (0: none) of those of these pictures that are in the library, not in the scrapheap."""
    sql = (
        "select p.id, coalesce(s.score, 0) from picture p left join score s on s.picture_id = p.id"
        " where p.id in carray(?) and p.id not in (select picture_id from scrapheap)"
    )
    return dict(db.read(sql, (bind_ids(ids),)))
