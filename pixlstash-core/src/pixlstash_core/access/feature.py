"""Logins: one-time claim links, tokens, sessions and the owner's password, stored in `hub.db`.

Secrets are 256 random bits, kept as SHA-256 and shown once. Deleting a token's row is revoking it: its sessions go with
it, and the next request is refused. Opened read-only, all of it lives in memory and ends with the process.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import apsw

from ..database.hub import Hub, now
from ..errors import Forbidden, NotFound, PixlStashError, Unauthorised
from ..types import CreateToken, NewToken, Reader, Right, TokenInfo
from . import passwords
from . import tokens as token_format

HOUR = 3_600_000
DAY = 24 * HOUR
CLAIM, IDLE, ABSOLUTE = HOUR, 14 * DAY, 90 * DAY


class Rows(Protocol):
    """The storage of credentials: `hub.db`, or a copy of its rows in memory."""

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]: ...

    def writing(self) -> AbstractContextManager[apsw.Connection]: ...


class Access:
    """The credentials of one library. Thread-safe."""

    def __init__(self, hub: Hub, *, read_only: bool = False) -> None:
        self._rows: Rows = _Memory(hub) if read_only else hub
        self._lent: dict[bytes, Reader] = {}
        self._attempts = passwords.Attempts()
        #: A secret for other processes of the same user, from the lock file; valid while this process lives.
        self.local_secret = self.lend(Reader("local", "owner"))

    def close(self) -> None:
        """Discard credentials that are only in memory."""
        if isinstance(self._rows, _Memory):
            self._rows.close()

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def claimed(self) -> bool:
        """Whether the owner has ever logged in."""
        return self._rows.read("select claimed from owner")[0][0] is not None

    @property
    def has_password(self) -> bool:
        return self._password() is not None

    # -- coming in -----------------------------------------------------------------------------------------------------

    def claim_link(self) -> str:
        """Return the secret of a new one-time link, valid once, for an hour."""
        return self._insert("own", "claim", "owner", expires=now() + CLAIM)[0]

    def void_claims(self) -> None:
        """Invalidate all unused one-time links."""
        with self._rows.writing() as connection:
            connection.execute("delete from token where kind = 'claim'").fetchall()

    def login(
        self, *, claim: str | None = None, password: str | None = None, token: str | None = None, ip: str = ""
    ) -> tuple[str, Reader]:
        """Log in with one credential. Returns (the secret of a new session, its reader).

        Raises `Unauthorised` if the credential is not valid, `TooMany` after too many wrong passwords.
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
                (token_format.digest(claim), now()),
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
            row = self._find(token)
            if row is None or row[1] != "token":
                raise Unauthorised("This token is invalid, expired or revoked.")
            secret, _ = self._insert(
                "own", "session", row[3], expires=now() + ABSOLUTE, idle=IDLE, parent=row[0], label=row[2]
            )
        return secret, Reader(f"token:{row[2]}", _right(row[3]))

    def reader_of(self, secret: str) -> Reader | None:
        """Return the reader of a token, a session or a lent secret; None if it is invalid or has expired."""
        if not token_format.well_formed(secret):
            return None
        lent = next(
            (reader for digest, reader in self._lent.items() if token_format.same(digest, token_format.digest(secret))),
            None,
        )
        if lent is not None:
            return lent
        row = self._find(secret)
        if row is None or row[1] == "claim":
            return None
        id, kind, public_id, rights, used = row
        if used is None or now() - used > HOUR:
            with suppress(PixlStashError):  # a full disk locks nobody out
                self._touch(id)
        return Reader("owner" if kind == "session" and not public_id else f"token:{public_id}", _right(rights))

    def lend(self, reader: Reader) -> str:
        """Return a secret for a reader that is only in memory and valid until the process ends."""
        secret = token_format.new("own")
        self._lent = {**self._lent, token_format.digest(secret): reader}
        return secret

    def logout(self, secret: str) -> None:
        """End a session, if it has not ended yet."""
        with self._rows.writing() as connection:
            connection.execute(
                "delete from token where digest = ? and kind = 'session'", (token_format.digest(secret),)
            ).fetchall()

    # -- the owner -----------------------------------------------------------------------------------------------------

    def set_password(
        self, reader: Reader, new: str, current: str | None = None, *, keep: str | None = None, ip: str = ""
    ) -> None:
        """Set or change the password (at least 12 characters). Ends all sessions of the owner except `keep`."""
        _demand_owner(reader)
        hashed = passwords.hash_password(new)
        if self.has_password:
            self._try_password(current or "", ip)
        with self._rows.writing() as connection:
            connection.execute("update owner set password = ?", (hashed,)).fetchall()
            connection.execute(
                "delete from token where kind = 'session' and parent_id is null and digest != ?",
                (token_format.digest(keep) if keep else b"",),
            ).fetchall()

    def reset(self, reader: Reader) -> str:
        """Remove the password and all sessions, but no tokens; returns the secret of a new one-time link."""
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
        """Return all valid tokens, the oldest first."""
        _demand_owner(reader)
        rows = self._rows.read(
            "select id, label, rights, created, last_used from token where kind = 'token' order by id"
        )
        return [
            TokenInfo(id, label, _right(rights), _time(made), _seen(used)) for id, label, rights, made, used in rows
        ]

    def revoke(self, reader: Reader, id: int) -> None:
        """Revoke a token, and end all sessions created with it."""
        _demand_owner(reader)
        with self._rows.writing() as connection:
            gone = connection.execute(
                "delete from token where id = ? and kind = 'token' returning id", (id,)
            ).fetchall()
        if not gone:
            raise NotFound("There is no such token.")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _find(self, secret: str) -> tuple[int, str, str, str, int | None] | None:
        """Return (id, kind, public id of its token, rights, last use) of a valid secret, or None."""
        digest, at = token_format.digest(secret), now()
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
        if not rows or not token_format.same(rows[0][2], digest):
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
        """Insert a row, and delete expired ones. Returns (secret, id)."""
        secret, at = token_format.new(prefix), now()
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
                (
                    secrets.token_hex(8),
                    token_format.digest(secret),
                    kind,
                    rights,
                    label,
                    at,
                    expires,
                    idle,
                    used,
                    parent,
                ),
            ).fetchall()
            return secret, connection.last_insert_rowid()

    def _password(self) -> str | None:
        password: str | None = self._rows.read("select password from owner")[0][0]
        return password

    def _try_password(self, password: str, ip: str) -> None:
        """Raise unless the password is the owner's. Takes as long if none is set."""
        with self._attempts.attempt(ip):
            if not passwords.matches(password, self._password()):
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

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _demand_owner(reader: Reader) -> None:
    """Raise unless a person asks: a token could otherwise create credentials that outlive its revocation."""
    if not reader.is_person:
        raise Forbidden("Only the owner may do that, logged in and not through a token.")


def _right(text: str) -> Right:
    """Return a stored right. An unknown one grants nothing."""
    return "owner" if text == "owner" else "write" if text == "write" else "read"


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _seen(ms: int | None) -> datetime | None:
    return None if ms is None else _time(ms - ms % HOUR)
