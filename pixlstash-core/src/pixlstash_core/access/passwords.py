"""Hashes and compares the owner's password, and limits how often it can be guessed."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Invalid, TooMany

SHORTEST, LONGEST = 12, 1024
#: scrypt's cost as a power of two, block size and parallelism: 32 MiB and about 0.1 s.
COST = (15, 8, 1)
FREE, SLOWEST = 5, 900


def hash_password(password: str, shortest: int = SHORTEST) -> str:
    """Return the salted hash of a password. Raises `Invalid` if it has fewer than `shortest` characters."""
    if not shortest <= len(password) <= LONGEST:
        raise Invalid(f"A password has at least {shortest} characters (and at most {LONGEST}).")
    salt = secrets.token_bytes(16)
    return "scrypt${}${}${}${}${}".format(*COST, salt.hex(), _stretch(password, salt, *COST).hex())


def matches(password: str, hashed: str | None) -> bool:
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
        keys = ("account", _network(ip))
        with self._lock:
            at = time.monotonic()
            wait = max(self._failed.get(key, (0, at))[1] - at for key in keys)
            if wait > 0:
                seconds = int(wait) + 1
                raise TooMany(f"Too many wrong passwords. Try again in {seconds} s.", seconds)
            if len(self._failed) > 10_000:
                self._failed = {key: value for key, value in self._failed.items() if value[1] > at}
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


def _network(ip: str) -> str:
    """Return the network whose attempts count together: for IPv6 a /64, which one customer controls."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else ip
