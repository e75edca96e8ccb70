"""Links: shares that recipients open in a browser. Rows of `hub.db`; their secrets are derived from a key file.

A secret is the HMAC of a link's public id and version by the key in `links.key`, which is in no snapshot and no backup
(docs/decisions/0037). No secret is stored, links can be copied again, and one without its key cannot be opened.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ..access import passwords
from ..access import tokens as token_format
from ..access.scopes import read_grant, write_grant
from ..database.hub import Hub, now
from ..errors import Invalid, NotFound, PixlStashError, ReadOnly, Unauthorised
from ..storage.files import writing_new
from ..types import CreateLink, Grant, StepUse

KEY_FILE, KEY_BYTES = "links.key", 32
MINUTE = 60_000
SHORTEST = 6
#: Links whose pictures are cached, and for how many seconds at most.
CACHED, SECONDS = 32, 60.0
_COLUMNS = (
    "id, public_id, version, key_id, title, scope, live, steps, hidden, download, password, created, expires, ended,"
    " visits, last_visit"
)


class Link(Struct, frozen=True):
    """A row of the table `link`. `title` is shown to recipients; times are in milliseconds."""

    id: int
    public_id: str
    version: int
    key_id: str
    title: str
    scope: str
    live: int
    steps: str
    hidden: int
    download: int
    password: str | None
    created: int
    expires: int | None
    ended: int
    visits: int
    last_visit: int | None

    @property
    def grant(self) -> Grant:
        return read_grant(self.scope) or Grant()

    @property
    def uses(self) -> list[StepUse]:
        return msgspec.json.decode(self.steps, type=list[StepUse])


class Links:
    """The links of one library. Thread-safe."""

    def __init__(self, hub: Hub, folder: Path, *, read_only: bool = False) -> None:
        self._hub, self._path, self._read_only = hub, folder / KEY_FILE, read_only
        self._lock = threading.Lock()
        self._cached: bytes | None = None
        self._attempts: dict[int, passwords.Attempts] = {}
        self._pictures: dict[int, tuple[object, float, dict[str, int]]] = {}

    # -- for the owner -------------------------------------------------------------------------------------------------

    def add(self, ask: CreateLink, grant: Grant, *, live: bool, steps: list[StepUse], expires: int | None) -> int:
        password = None
        if ask.password is not None:
            password = passwords.hash_password(ask.password, SHORTEST)
        key_id = self._key_id(self._key(create=True))
        with self._hub.writing() as connection:
            connection.execute(
                "insert into link(public_id, key_id, title, scope, live, steps, hidden, download, password, created,"
                " expires) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                ),
            ).fetchall()
            return connection.last_insert_rowid()

    def all(self) -> list[Link]:
        return [Link(*row) for row in self._hub.read(f"select {_COLUMNS} from link order by id")]

    def get(self, id: int) -> Link:
        rows = self._hub.read(f"select {_COLUMNS} from link where id = ?", (id,))
        if not rows:
            raise NotFound("There is no such link.")
        return Link(*rows[0])

    def replace(self, id: int) -> None:
        """Give a link another secret: the previous one, and all browsers that opened it, are locked out."""
        link = self.get(id)
        if has_expired(link):
            raise Invalid("This link has expired. Create a new one.")
        key_id = self._key_id(self._key(create=True))
        self._hub.write("update link set version = version + 1, key_id = ? where id = ?", (key_id, id))

    def revoke(self, id: int) -> None:
        self.get(id)
        self._hub.write("delete from link where id = ?", (id,))
        self._attempts.pop(id, None)

    def path(self, link: Link) -> str | None:
        """Return the path of a link with its secret; None if it cannot be opened."""
        key = self._key()
        if key is None or has_expired(link) or link.key_id != self._key_id(key):
            return None
        return f"/s/{link.public_id}#{self._secret(key, link.public_id, link.version)}"

    # -- for recipients ------------------------------------------------------------------------------------------------

    def enter(self, public_id: str, secret: str, password: str | None, ip: str) -> tuple[Link, str]:
        """Return a link and the value of its cookie, for its secret and password.

        `NotFound`, the same for links that do not exist, have expired or have another secret; `Unauthorised` without
        the right password; `TooMany`.
        """
        link, key = self._find(public_id)
        expected = self._secret(key, public_id, link.version if link else 0)
        if not token_format.same(secret.encode("utf-8", "replace"), expected.encode()) or link is None:
            raise gone()
        if link.password is not None:
            if password is None:
                raise Unauthorised("This link needs a password.", password=True)
            with self._attempts.setdefault(link.id, passwords.Attempts()).attempt(ip):
                if not passwords.matches(password, link.password):
                    raise Unauthorised("The password is wrong.", password=True)
        with suppress(PixlStashError):  # read-only, or a full disk
            self._hub.write("update link set visits = visits + 1, last_visit = ? where id = ?", (now(), link.id))
        return link, self._cookie(key, link)

    def visit(self, public_id: str, cookie: str | None) -> Link:
        """Return the link that a browser has opened; `NotFound` as in `enter`."""
        link, key = self._find(public_id)
        if link is None or cookie is None:
            raise gone()
        if not token_format.same(cookie.encode("utf-8", "replace"), self._cookie(key, link).encode()):
            raise gone()
        if link.last_visit is None or now() - link.last_visit > MINUTE:
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
        key = self._key() or b""
        begin = f"picture {link.public_id} {link.version} "
        names = {_mac(key, f"{begin}{id}")[:12].hex(): id for id in find()}
        with self._lock:
            self._pictures[link.id] = same, time.monotonic(), names
            while len(self._pictures) > CACHED:
                del self._pictures[next(iter(self._pictures))]
        return names

    # -- inside --------------------------------------------------------------------------------------------------------

    def _find(self, public_id: str) -> tuple[Link | None, bytes]:
        """Return a link that can be opened now, and the key."""
        key = self._key()
        rows = self._hub.read(f"select {_COLUMNS} from link where public_id = ?", (public_id,))
        link = Link(*rows[0]) if rows else None
        if link is not None and has_expired(link):
            if not link.ended:  # so that it stays closed if the clock is set back
                with suppress(PixlStashError):
                    self._hub.write("update link set ended = 1 where id = ?", (link.id,))
            link = None
        if key is None or (link is not None and link.key_id != self._key_id(key)):
            link = None
        return link, key or bytes(KEY_BYTES)

    def _key(self, *, create: bool = False) -> bytes | None:
        """Return the key; None if there is none and it is not to be made."""
        with self._lock:
            if self._cached is None:
                with suppress(FileNotFoundError):
                    body = self._path.read_bytes()
                    if len(body) != KEY_BYTES:
                        raise PixlStashError(f"{self._path} is damaged. Move it away, then replace each link.")
                    self._cached = body
            if self._cached is None and create:
                if self._read_only:
                    raise ReadOnly("This library is open read-only, so nothing in it can be changed.")
                body = secrets.token_bytes(KEY_BYTES)
                with writing_new(self._path) as file:
                    file.write(body)
                self._cached = body
            return self._cached

    @staticmethod
    def _key_id(key: bytes | None) -> str:
        return hashlib.sha256(b"pixlstash links.key" + (key or b"")).hexdigest()[:16]

    @staticmethod
    def _secret(key: bytes, public_id: str, version: int) -> str:
        return base64.urlsafe_b64encode(_mac(key, f"link {public_id} {version}")).decode().rstrip("=")

    @staticmethod
    def _cookie(key: bytes, link: Link) -> str:
        """The cookie ends with the version and the password that it was given for."""
        return _mac(key, f"cookie {link.public_id} {link.version} {link.password}").hex()


def has_expired(link: Link) -> bool:
    return bool(link.ended) or (link.expires is not None and link.expires <= now())


def gone() -> NotFound:
    return NotFound("This link does not exist, or it is no longer valid. Ask for a new one.")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).digest()
