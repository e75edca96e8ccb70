"""The text of a secret: how it is made, what is kept of it, and what cannot be one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new(prefix: str) -> str:
    """56 characters: 256 random bits between a prefix of three letters and a checksum."""
    body = f"pl_{prefix}_{secrets.token_urlsafe(32)}"
    return body + _checksum(body)


def _checksum(body: str) -> str:
    """CRC-32 in six characters: a mistyped secret is known for one at once, and scanners can tell a leaked one."""
    rest, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        text = BASE62[digit] + text
    return text


def well_formed(secret: str) -> bool:
    return len(secret) == 56 and secret.isascii() and same(_checksum(secret[:50]).encode(), secret[50:].encode())


def digest(secret: str) -> bytes:
    """What is kept of a secret: so random that it needs no salt."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def same(first: bytes, second: bytes) -> bool:
    return hmac.compare_digest(first, second)
