"""The format of tokens and other secrets: creates, checks and hashes them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new(prefix: str) -> str:
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
    return len(secret) == 56 and secret.isascii() and same(_checksum(secret[:50]).encode(), secret[50:].encode())


def digest(secret: str) -> bytes:
    """Return the stored SHA-256 of a secret, which needs no salt because it is random."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def same(first: bytes, second: bytes) -> bool:
    return hmac.compare_digest(first, second)
