"""A link as it is stored, and what is derived for it from the key file of the library (docs/decisions/0037).

No secret is stored. Without the key that a link was made with, nobody can open it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ..access.credentials import is_same
from ..access.scopes import read_grant
from ..errors import PixlStashError, ReadOnly
from ..storage.files import writing_new
from ..types import Certificate, Grant, Originals, StepUse

KEY_FILE, KEY_BYTES = "links.key", 32


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
    certificate: str | None
    scores: int
    originals: str

    @property
    def checked(self) -> Certificate | None:
        """The certificate of the last visit; None if this version cannot read it."""
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(self.certificate, type=Certificate) if self.certificate else None
        return None

    @property
    def offered(self) -> Originals:
        """Whether originals may be downloaded; an unknown value offers nothing."""
        return "stripped" if self.originals == "stripped" else "untouched" if self.originals == "untouched" else "none"

    @property
    def grant(self) -> Grant:
        return read_grant(self.scope) or Grant()

    @property
    def uses(self) -> list[StepUse]:
        return msgspec.json.decode(self.steps, type=list[StepUse])


class KeyFile:
    """The file with the key of a library, which is made when it is first needed. Thread-safe."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._path, self._read_only = folder / KEY_FILE, read_only
        self._lock = threading.Lock()
        self._cached: bytes | None = None

    def read(self) -> bytes | None:
        """Return the key; None if there is none."""
        with self._lock:
            return self._read()

    def create(self) -> bytes:
        """Return the key, and make it before if there is none."""
        with self._lock:
            key = self._read()
            if key is None:
                if self._read_only:
                    raise ReadOnly("This library is open read-only, so nothing in it can be changed.")
                key = secrets.token_bytes(KEY_BYTES)
                with writing_new(self._path) as file:
                    file.write(key)
                self._cached = key
            return key

    def _read(self) -> bytes | None:
        if self._cached is None:
            with suppress(FileNotFoundError):
                body = self._path.read_bytes()
                if len(body) != KEY_BYTES:
                    raise PixlStashError(f"{self._path} is damaged. Move it away, then replace each link.")
                self._cached = body
        return self._cached


def key_id(key: bytes | None) -> str:
    """Return a hash by which links remember the key that they were made with."""
    return hashlib.sha256(b"pixlstash links.key" + (key or b"")).hexdigest()[:16]


def secret(key: bytes, public_id: str, version: int) -> str:
    return base64.urlsafe_b64encode(_mac(key, f"link {public_id} {version}")).decode().rstrip("=")


def cookie(key: bytes, link: Link) -> str:
    """Return the cookie of a link. It ends with the version and the password that it was given for."""
    return _mac(key, f"cookie {link.public_id} {link.version} {link.password}").hex()


def new_visitor(key: bytes, link: Link) -> str:
    """Return a cookie by which one browser's scores are told from others'. It is signed, so that nobody invents any."""
    visitor = secrets.token_hex(16)
    return visitor + _mac(key, f"visitor {link.public_id} {link.version} {visitor}")[:16].hex()


def visitor_of(key: bytes, link: Link, cookie: str) -> bytes | None:
    """Return the visitor of a cookie; None unless it was made for this link with its present secret."""
    visitor = cookie[:32]
    expected = visitor + _mac(key, f"visitor {link.public_id} {link.version} {visitor}")[:16].hex()
    if not is_same(cookie.encode("utf-8", "replace"), expected.encode("utf-8", "replace")):
        return None
    return bytes.fromhex(visitor)


def names(key: bytes, link: Link, pictures: Iterable[int]) -> list[str]:
    """Return what recipients of a link would call these pictures, which says nothing about the library."""
    begin = f"picture {link.public_id} {link.version} "
    return [_mac(key, f"{begin}{id}")[:12].hex() for id in pictures]


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).digest()
