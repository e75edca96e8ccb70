"""Secrets of tokens, passwords, and the rows of credentials, in `hub.db` or in memory."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import apsw

from ..database.hub import Hub
from ..errors import Invalid, TooMany

SHORTEST, LONGEST = 12, 1024
#: scrypt's cost as a power of two, block size and parallelism: 32 MiB and about 0.1 s.
COST = (15, 8, 1)
FREE, SLOWEST = 5, 900
#: Addresses with wrong passwords that are remembered.
REMEMBERED = 10_000
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Rows(Protocol):
    """Where credentials are kept: `hub.db`, or a copy of it in memory."""

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]: ...

    def writing(self) -> AbstractContextManager[apsw.Connection]: ...


class Memory:
    """A copy of the owner and the tokens in memory, for a library that may not be written."""

    def __init__(self, hub: Hub) -> None:
        self._lock = threading.RLock()
        self._connection = apsw.Connection(":memory:")
        self._connection.pragma("foreign_keys", True)
        for name in ("owner", "token"):
            self._connection.execute(hub.value("select sql from sqlite_schema where name = ?", (name,))).fetchall()
            rows = hub.read(f"select * from {name} order by 1")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._connection.executemany(f"insert into {name} values ({marks})", rows).fetchall()

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, bindings).fetchall()

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def hash_password(password: str, shortest: int = SHORTEST) -> str:
    """Return the salted hash of a password. Raises `Invalid` if it has fewer than `shortest` characters."""
    if not shortest <= len(password) <= LONGEST:
        raise Invalid(f"A password has at least {shortest} characters (and at most {LONGEST}).")
    salt = secrets.token_bytes(16)
    return "scrypt${}${}${}${}${}".format(*COST, salt.hex(), _stretch(password, salt, *COST).hex())


def matches_password(password: str, hashed: str | None) -> bool:
    """Return whether a password matches a hash. Takes as long if there is no hash."""
    if hashed is None or len(password) > LONGEST:
        _stretch(password[:LONGEST], bytes(16), *COST)
        return False
    _, cost, block, parallel, salt, digest = hashed.split("$")
    stretched = _stretch(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(stretched, bytes.fromhex(digest))


def _stretch(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    plain = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    memory = 129 * block * (1 << cost) + (1 << 20)
    return hashlib.scrypt(plain, salt=salt, n=1 << cost, r=block, p=parallel, maxmem=memory, dklen=32)


class Attempts:
    """Delays after wrong passwords: from the sixth on, the wait doubles, per address and account, up to 15 minutes.

    An attempt counts when it begins, so that parallel attempts gain nothing. A correct password clears both counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hashing = threading.Semaphore(2)
        self._failed: dict[str, tuple[int, float]] = {}

    @contextmanager
    def attempt(self, ip: str) -> Iterator[None]:
        """Wrap one attempt; an exception in the block marks it as failed. Raises `TooMany` if it comes too early."""
        keys = ("account", network_of(ip))
        with self._lock:
            at = time.monotonic()
            wait = max(self._failed.get(key, (0, at))[1] - at for key in keys)
            if wait > 0:
                seconds = int(wait) + 1
                raise TooMany(f"Too many wrong passwords. Try again in {seconds} s.", seconds)
            self._forget(at)
            for key in keys:
                count = self._failed.get(key, (0, at))[0] + 1
                self._failed[key] = (count, at + (min(2 ** min(count - FREE, 10), SLOWEST) if count >= FREE else 0))
        with self._hashing:
            yield
        with self._lock:
            for key in keys:
                self._failed.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._failed.clear()

    def _forget(self, at: float) -> None:
        """Drop addresses that need not wait; and if too many must, those that wait for the shortest time."""
        if len(self._failed) <= REMEMBERED:
            return
        waiting = sorted((value[1], key) for key, value in self._failed.items() if value[1] > at and key != "account")
        keys = {key for _, key in waiting[-REMEMBERED // 2 :]} | {"account"}
        self._failed = {key: value for key, value in self._failed.items() if key in keys}


def network_of(ip: str) -> str:
    """Return the network whose attempts count together: for IPv6 a /64, which one customer controls."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else ip


def new_secret(prefix: str) -> str:
    """Create a secret of 56 characters: a prefix of three letters, 256 random bits and a checksum."""
    body = f"pl_{prefix}_{secrets.token_urlsafe(32)}"
    return body + _checksum(body)


def _checksum(body: str) -> str:
    """Return the CRC-32 in six characters, with which typing errors and leaked secrets are recognized."""
    rest, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        text = BASE62[digit] + text
    return text


def well_formed(secret: str) -> bool:
    return len(secret) == 56 and secret.isascii() and is_same(_checksum(secret[:50]).encode(), secret[50:].encode())


def digest(secret: str) -> bytes:
    """Return the stored SHA-256 of a secret, which needs no salt because it is random."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def is_same(first: bytes, second: bytes) -> bool:
    return hmac.compare_digest(first, second)
