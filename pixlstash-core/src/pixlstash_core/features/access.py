"""Who may come in: one-time claim links, tokens, sessions and the owner's password, on `hub.db`.

Secrets are 256 random bits, kept as SHA-256 and shown once. Deleting a token's row is revoking it: its sessions go with
it, and the next request is refused. Opened read-only, all of it lives in memory and ends with the process.
"""

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
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import apsw

from ..errors import Forbidden, Invalid, NotFound, PixlStashError, TooMany, Unauthorised
from ..hub import Hub, now
from ..types import CreateToken, NewToken, Reader, Right, TokenInfo

HOUR = 3_600_000
DAY = 24 * HOUR
CLAIM, IDLE, ABSOLUTE = HOUR, 14 * DAY, 90 * DAY
SHORTEST, LONGEST = 12, 1024
#: scrypt's cost as a power of two, block size and parallelism: 32 MiB and about 0.1 s.
COST = (15, 8, 1)
FREE, SLOWEST = 5, 900
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Rows(Protocol):
    """Where credentials are kept: `hub.db`, or a copy of it in memory."""

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]: ...

    def writing(self) -> AbstractContextManager[apsw.Connection]: ...


class Access:
    """The credentials of one library. Thread-safe."""

    def __init__(self, hub: Hub, *, read_only: bool = False) -> None:
        self._rows: Rows = _Memory(hub) if read_only else hub
        self._lent: dict[bytes, Reader] = {}
        self._attempts = Attempts()
        #: Good while this process lives: for other processes of the same user, through the lock file.
        self.local_secret = self.lend(Reader("local", "owner"))

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def claimed(self) -> bool:
        """Whether the owner has ever come in."""
        return self._rows.read("select claimed from owner")[0][0] is not None

    @property
    def has_password(self) -> bool:
        return self._password() is not None

    # -- coming in -----------------------------------------------------------------------------------------------------

    def claim_link(self) -> str:
        """The secret of a new one-time link: good once, for an hour."""
        return self._insert("own", "claim", "owner", expires=now() + CLAIM)[0]

    def void_claims(self) -> None:
        """No link given out before is good any more."""
        with self._rows.writing() as connection:
            connection.execute("delete from token where kind = 'claim'").fetchall()

    def login(
        self, *, claim: str | None = None, password: str | None = None, token: str | None = None, ip: str = ""
    ) -> tuple[str, Reader]:
        """(secret of a new session, its reader), for exactly one proof.

        `Unauthorised` when the proof is not good, `TooMany` after too many wrong passwords.
        """
        if claim is not None:
            return self._login_claim(claim)
        if token is not None:
            return self._login_token(token)
        self._try_password(password or "", ip)
        return self._insert("own", "session", "owner", expires=now() + ABSOLUTE, idle=IDLE)[0], Reader("owner", "owner")

    def _login_claim(self, claim: str) -> tuple[str, Reader]:
        with self._rows.writing() as connection:
            gone = connection.execute(
                "delete from token where digest = ? and kind = 'claim' and expires > ? returning id",
                (_digest(claim), now()),
            ).fetchall()
            if not gone:
                raise Unauthorised(
                    "This link was used already, or it is too old. Start the server again, or run"
                    " `pixlstash owner reset`, to get a new one."
                )
            connection.execute("update owner set claimed = coalesce(claimed, ?)", (now(),)).fetchall()
            secret, _ = self._insert("own", "session", "owner", expires=now() + ABSOLUTE, idle=IDLE)
        return secret, Reader("owner", "owner")

    def _login_token(self, token: str) -> tuple[str, Reader]:
        with self._rows.writing():
            found = self._find(token)
            if found is None or found[1] != "token":
                raise Unauthorised("This token is not good, or not any more.")
            secret, _ = self._insert(
                "own", "session", found[3], expires=now() + ABSOLUTE, idle=IDLE, parent=found[0], label=found[2]
            )
        return secret, Reader(f"token:{found[2]}", _right(found[3]))

    def reader_of(self, secret: str) -> Reader | None:
        """Whom a token, a session or a lent secret speaks for; None when it is not good, or not any more."""
        if not _well_formed(secret):
            return None
        lent = next((reader for digest, reader in self._lent.items() if _same(digest, _digest(secret))), None)
        if lent is not None:
            return lent
        found = self._find(secret)
        if found is None or found[1] == "claim":
            return None
        id, kind, public_id, rights, used = found
        if used is None or now() - used > HOUR:
            with suppress(PixlStashError):  # a full disk locks nobody out
                self._touch(id)
        return Reader("owner" if kind == "session" and not public_id else f"token:{public_id}", _right(rights))

    def lend(self, reader: Reader) -> str:
        """A secret for this reader that is kept in memory only and good until the process ends."""
        secret = _new("own")
        self._lent = {**self._lent, _digest(secret): reader}
        return secret

    def logout(self, secret: str) -> None:
        """End a session; harmless when it has ended."""
        with self._rows.writing() as connection:
            connection.execute("delete from token where digest = ? and kind = 'session'", (_digest(secret),)).fetchall()

    # -- the owner -----------------------------------------------------------------------------------------------------

    def set_password(
        self, reader: Reader, new: str, current: str | None = None, *, keep: str | None = None, ip: str = ""
    ) -> None:
        """Set or change the password (12 characters at least). Every session of the owner but `keep` ends."""
        _demand_owner(reader)
        sealed = _seal(new)
        if self.has_password:
            self._try_password(current or "", ip)
        with self._rows.writing() as connection:
            connection.execute("update owner set password = ?", (sealed,)).fetchall()
            connection.execute(
                "delete from token where kind = 'session' and parent_id is null and digest != ?",
                (_digest(keep) if keep else b"",),
            ).fetchall()

    def reset(self, reader: Reader) -> str:
        """Forget the password, the claim and every session; the secret of a new one-time link. Tokens stay."""
        _demand_owner(reader)
        with self._rows.writing() as connection:
            connection.execute("update owner set password = null, claimed = null").fetchall()
            connection.execute("delete from token where kind in ('session', 'claim')").fetchall()
            self._attempts.clear()
            return self.claim_link()

    # -- tokens --------------------------------------------------------------------------------------------------------

    def create_token(self, reader: Reader, ask: CreateToken) -> NewToken:
        _demand_owner(reader)
        secret, id = self._insert("api", "token", ask.rights, label=ask.label[:200])
        return NewToken(secret, id, ask.rights)

    def tokens(self, reader: Reader) -> list[TokenInfo]:
        """Every live token, oldest first."""
        _demand_owner(reader)
        rows = self._rows.read(
            "select id, label, rights, created, last_used from token where kind = 'token' order by id"
        )
        return [
            TokenInfo(id, label, _right(rights), _time(made), _seen(used)) for id, label, rights, made, used in rows
        ]

    def revoke(self, reader: Reader, id: int) -> None:
        """End a token and every session made from it."""
        _demand_owner(reader)
        with self._rows.writing() as connection:
            gone = connection.execute(
                "delete from token where id = ? and kind = 'token' returning id", (id,)
            ).fetchall()
        if not gone:
            raise NotFound("There is no such token.")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _find(self, secret: str) -> tuple[int, str, str, str, int | None] | None:
        """(id, kind, public id of the token behind it, rights, last used) of what is good now."""
        digest, at = _digest(secret), now()
        rows = self._rows.read(
            """
            select t.id, t.kind, t.digest, t.rights, t.last_used,
                   case t.kind when 'session' then coalesce(p.public_id, '') else t.public_id end
            from token t left join token p on p.id = t.parent_id
            where t.digest = :digest and (t.expires is null or t.expires > :now)
              and (t.idle is null or coalesce(t.last_used, t.created) + t.idle > :now)
              and (p.expires is null or p.expires > :now)
            """,
            {"digest": digest, "now": at},
        )
        if not rows or not _same(rows[0][2], digest):
            return None
        id, kind, _, rights, used, public_id = rows[0]
        return id, kind, public_id, rights, used

    def _touch(self, id: int) -> None:
        with self._rows.writing() as connection:
            connection.execute(
                "update token set last_used = ?1 where id = ?2 or id = (select parent_id from token where id = ?2)",
                (now(), id),
            ).fetchall()

    def _insert(
        self,
        prefix: str,
        kind: str,
        rights: str,
        *,
        label: str = "",
        expires: int | None = None,
        idle: int | None = None,
        parent: int | None = None,
    ) -> tuple[str, int]:
        """(secret, id) of a new row. What has expired is swept on the way."""
        secret, at = _new(prefix), now()
        used = at if kind == "session" else None
        with self._rows.writing() as connection:
            connection.execute(
                "delete from token where expires <= ?1 or coalesce(last_used, created) + idle <= ?1", (at,)
            ).fetchall()
            connection.execute(
                """
                insert into token(public_id, digest, kind, rights, label, created, expires, idle, last_used, parent_id)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (secrets.token_hex(8), _digest(secret), kind, rights, label, at, expires, idle, used, parent),
            ).fetchall()
            return secret, connection.last_insert_rowid()

    def _password(self) -> str | None:
        found: str | None = self._rows.read("select password from owner")[0][0]
        return found

    def _try_password(self, password: str, ip: str) -> None:
        """Raise unless it is the owner's; costs the same when there is none."""
        with self._attempts.one(ip):
            if not _matches(password, self._password()):
                raise Unauthorised("The password is not right.")


class _Memory:
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


class Attempts:
    """Wrong passwords: five are free, then each doubles the wait, by address and for the account, up to 15 minutes.

    An attempt counts when it begins, so that many at once are no way around; a right password clears both counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hashing = threading.Semaphore(2)
        self._failed: dict[str, tuple[int, float]] = {}

    @contextmanager
    def one(self, ip: str) -> Iterator[None]:
        """Around one attempt, which raises when it fails. `TooMany` when it is too early for one."""
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
    """An IPv6 customer has a whole /64 to come from."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else ip


def _seal(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has at least {SHORTEST} characters (and at most {LONGEST}).")
    salt = secrets.token_bytes(16)
    return "scrypt${}${}${}${}${}".format(*COST, salt.hex(), _stretch(password, salt, *COST).hex())


def _matches(password: str, sealed: str | None) -> bool:
    """Compare; where there is nothing to compare with, take as long."""
    if sealed is None or len(password) > LONGEST:
        _stretch(password[:LONGEST], bytes(16), *COST)
        return False
    _, cost, block, parallel, salt, digest = sealed.split("$")
    found = _stretch(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return _same(found, bytes.fromhex(digest))


def _stretch(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    plain = unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
    memory = 129 * block * (1 << cost) + (1 << 20)
    return hashlib.scrypt(plain, salt=salt, n=1 << cost, r=block, p=parallel, maxmem=memory, dklen=32)


def _demand_owner(reader: Reader) -> None:
    """Only a person manages credentials: a token could otherwise outlive its own revocation."""
    if not reader.may("owner") or not reader.scope.all or reader.principal not in ("owner", "local"):
        raise Forbidden("Only the owner may do that, logged in and not through a token.")


def _new(prefix: str) -> str:
    body = f"pl_{prefix}_{secrets.token_urlsafe(32)}"
    return body + _checksum(body)


def _checksum(body: str) -> str:
    """CRC-32 in six characters: a mistyped secret is known for one at once, and scanners can tell a leaked one."""
    rest, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        text = BASE62[digit] + text
    return text


def _well_formed(secret: str) -> bool:
    return len(secret) == 56 and secret.isascii() and _same(_checksum(secret[:50]).encode(), secret[50:].encode())


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


def _right(text: str) -> Right:
    """An unknown right fails closed."""
    return "owner" if text == "owner" else "write" if text == "write" else "read"


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _seen(ms: int | None) -> datetime | None:
    return None if ms is None else _time(ms - ms % HOUR)
