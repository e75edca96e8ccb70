"""Links: shares that recipients open in a browser. Rows of `hub.db`; their secrets are derived from a key file.

A secret is the HMAC of a link's public id and version by the key in `links.key`, which is in no snapshot and no backup
(docs/decisions/0037). No secret is stored, links can be copied again, and one without its key cannot be opened.
"""

from __future__ import annotations

import secrets
import threading
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ..access import credentials
from ..access.scopes import write_grant
from ..database.connection import bind_ids
from ..database.hub import Hub, now
from ..errors import Invalid, NotFound, PixlStashError, Unauthorised
from ..types import Certificate, CreateLink, Grant, StepUse
from . import link_keys
from .link_keys import KEY_BYTES, KeyFile, Link

MINUTE = 60_000
SHORTEST = 6
#: Links whose pictures are cached, and for how many seconds at most.
CACHED, SECONDS = 32, 60.0
_COLUMNS = (
    "id, public_id, version, key_id, title, scope, live, steps, hidden, download, password, created, expires, ended,"
    " visits, last_visit, certificate, scores, originals"
)


class Links:
    """The links of one library. Thread-safe."""

    def __init__(self, hub: Hub, folder: Path, *, read_only: bool = False) -> None:
        self._hub, self._keys = hub, KeyFile(folder, read_only=read_only)
        self._lock = threading.Lock()
        self._attempts: dict[int, credentials.Attempts] = {}
        self._pictures: dict[int, tuple[object, float, dict[str, int]]] = {}
        self._uncounted: set[int] = set()
        if not read_only:  # drafts of a process that was killed
            hub.write("delete from link where version = 0")

    # -- for the owner -------------------------------------------------------------------------------------------------

    def add(
        self,
        ask: CreateLink,
        grant: Grant,
        *,
        live: bool,
        steps: list[StepUse],
        expires: int | None,
        pictures: Iterable[int] = (),
    ) -> int:
        """Add a draft of a link, to be published or revoked. Nobody gets its secret, which changes with the version.

        `pictures`: those of a live link now, so that later ones can be listed.
        """
        password = None
        if ask.password is not None:
            password = credentials.hash_password(ask.password, SHORTEST)
        key_id = link_keys.key_id(self._keys.create())
        with self._hub.writing() as connection:
            connection.execute(
                "insert into link(version, public_id, key_id, title, scope, live, steps, hidden, download, password,"
                " created, expires, baseline, scores, originals)"
                " values (0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    secrets.token_hex(8),
                    key_id,
                    ask.title.strip(),
                    write_grant(grant),
                    live,
                    msgspec.json.encode(steps).decode(),
                    ask.hidden,
                    ask.download,
                    password,
                    now(),
                    expires,
                    zlib.compress(array("q", sorted(pictures)).tobytes(), 1) if live else None,
                    ask.scores,
                    ask.originals,
                ),
            ).fetchall()
            return connection.last_insert_rowid()

    def all(self) -> list[Link]:
        """Return all links but drafts, oldest first."""
        return [Link(*row) for row in self._hub.read(f"select {_COLUMNS} from link where version > 0 order by id")]

    def get(self, id: int, *, draft: bool = False) -> Link:
        rows = self._hub.read(f"select {_COLUMNS} from link where id = ? and (version = 0) = ?", (id, draft))
        if not rows:
            raise NotFound("There is no such link.")
        return Link(*rows[0])

    def replace(self, id: int) -> None:
        """Give a link another secret: the previous one, and all browsers that opened it, are locked out.

        The scores that were given with the previous one are deleted, because strangers may have had it.
        """
        link = self.get(id)
        if has_expired(link):
            raise Invalid("This link has expired. Create a new one.")
        key_id = link_keys.key_id(self._keys.create())
        with self._hub.writing() as connection:
            connection.execute(
                "update link set version = version + 1, key_id = ?, certificate = null where id = ?", (key_id, id)
            ).fetchall()
            connection.execute("delete from guest_score where link = ?", (id,)).fetchall()

    def baseline(self, id: int) -> frozenset[int] | None:
        """Return the pictures that a live link had when it was made; None if that is not recorded."""
        packed = self._hub.value("select baseline from link where id = ?", (id,))
        if packed is None:
            return None
        ids = array("q")
        ids.frombytes(zlib.decompress(packed))
        return frozenset(ids)

    def publish(self, id: int, certificate: Certificate) -> None:
        """Make a link of a draft. It gets its first secret, which nobody has used before."""
        text = msgspec.json.encode(certificate).decode()
        self._hub.write("update link set version = 1, certificate = ? where id = ? and version = 0", (text, id))

    def certify(self, id: int, certificate: Certificate) -> None:
        """Keep the certificate of the last visit."""
        self._hub.write("update link set certificate = ? where id = ?", (msgspec.json.encode(certificate).decode(), id))

    def secrets_of(self, link: Link) -> tuple[str, str]:
        """Return the secret and the cookie of a link, also of a draft. `Invalid` if it cannot be opened."""
        key = self._keys.read()
        if key is None or has_expired(link) or link.key_id != link_keys.key_id(key):
            raise Invalid("This link cannot be opened.")
        return link_keys.secret(key, link.public_id, link.version), link_keys.cookie(key, link)

    def is_uncounted(self, id: int) -> bool:
        """Return whether this server is visiting a link now."""
        return id in self._uncounted

    def is_visited(self, public_id: str) -> bool:
        """Return whether this server is visiting a link now, by what is public of it."""
        return bool(self._uncounted) and bool(
            self._hub.read(
                "select 1 from link where public_id = ? and id in carray(?)",
                (public_id, bind_ids(list(self._uncounted))),
            )
        )

    @contextmanager
    def uncounted(self, id: int) -> Iterator[None]:
        """During the block, do not count visits of a link, because this server makes them itself."""
        self._uncounted.add(id)
        try:
            yield
        finally:
            self._uncounted.discard(id)

    def revoke(self, id: int, *, draft: bool = False) -> None:
        self.get(id, draft=draft)
        self._hub.write("delete from link where id = ?", (id,))
        self._attempts.pop(id, None)

    def path(self, link: Link) -> str | None:
        """Return the path of a link with its secret; None if it cannot be opened."""
        key = self._keys.read()
        if key is None or not link.version or has_expired(link) or link.key_id != link_keys.key_id(key):
            return None
        return f"/s/{link.public_id}#{link_keys.secret(key, link.public_id, link.version)}"

    # -- for recipients ------------------------------------------------------------------------------------------------

    def enter(self, public_id: str, secret: str, password: str | None, ip: str) -> tuple[Link, str]:
        """Return a link and the value of its cookie, for its secret and password.

        `NotFound`, the same for links that do not exist, have expired or have another secret; `Unauthorised` without
        the right password; `TooMany`.
        """
        link, key = self._find(public_id)
        expected = link_keys.secret(key, public_id, link.version if link else 0)
        if not credentials.is_same(secret.encode("utf-8", "replace"), expected.encode()) or link is None:
            raise gone()
        if link.password is not None:
            if password is None:
                raise Unauthorised("This link needs a password.", password=True)
            with self._attempts.setdefault(link.id, credentials.Attempts()).attempt(ip):
                if not credentials.matches_password(password, link.password):
                    raise Unauthorised("The password is wrong.", password=True)
        if link.id not in self._uncounted:
            self._count(link)
        return link, link_keys.cookie(key, link)

    def _count(self, link: Link) -> None:
        with suppress(PixlStashError):  # read-only, or a full disk
            self._hub.write("update link set visits = visits + 1, last_visit = ? where id = ?", (now(), link.id))

    def visit(self, public_id: str, cookie: str | None) -> Link:
        """Return the link that a browser has opened; `NotFound` as in `enter`."""
        link, key = self._find(public_id)
        if link is None or cookie is None:
            raise gone()
        if not credentials.is_same(cookie.encode("utf-8", "replace"), link_keys.cookie(key, link).encode()):
            raise gone()
        counted = link.id not in self._uncounted
        if counted and (link.last_visit is None or now() - link.last_visit > MINUTE):
            with suppress(PixlStashError):
                self._hub.write("update link set last_visit = ? where id = ?", (now(), link.id))
        return link

    def pictures(self, link: Link, at: object, find: Callable[[], list[int]]) -> dict[str, int]:
        """Return the pictures that `find` returns, by what recipients call them, which says nothing about the library.

        They are cached as long as `at` is equal, for a minute at most.
        """
        same = (link.version, link.scope, link.hidden, at)
        with self._lock:
            cached = self._pictures.get(link.id)
        if cached is not None and cached[0] == same and time.monotonic() - cached[1] < SECONDS:
            return cached[2]
        names = dict(zip(self.names(link, ids := find()), ids, strict=True))
        with self._lock:
            self._pictures[link.id] = same, time.monotonic(), names
            while len(self._pictures) > CACHED:
                del self._pictures[next(iter(self._pictures))]
        return names

    def names(self, link: Link, pictures: Iterable[int]) -> list[str]:
        """Return what recipients of a link would call these pictures."""
        return link_keys.names(self._keys.read() or b"", link, pictures)

    def visitor(self, link: Link, cookie: str | None) -> bytes | None:
        """Return who a browser's cookie says it is; None for a cookie that was not made for this link."""
        return None if cookie is None else link_keys.visitor_of(self._keys.read() or b"", link, cookie)

    def new_visitor(self, link: Link) -> str:
        """Return a cookie for a browser that may give scores. Nothing is stored before it gives one."""
        return link_keys.new_visitor(self._keys.read() or b"", link)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _find(self, public_id: str) -> tuple[Link | None, bytes]:
        """Return a link that can be opened now, and the key."""
        key = self._keys.read()
        rows = self._hub.read(f"select {_COLUMNS} from link where public_id = ?", (public_id,))
        link = Link(*rows[0]) if rows else None
        if link is not None and has_expired(link):
            if not link.ended:  # so that it stays closed if the clock is set back
                with suppress(PixlStashError):
                    self._hub.write("update link set ended = 1 where id = ?", (link.id,))
            link = None
        if key is None or (link is not None and link.key_id != link_keys.key_id(key)):
            link = None
        return link, key or bytes(KEY_BYTES)


def has_expired(link: Link) -> bool:
    return bool(link.ended) or (link.expires is not None and link.expires <= now())


def gone() -> NotFound:
    return NotFound("This link does not exist, or it is no longer valid. Ask for a new one.")
