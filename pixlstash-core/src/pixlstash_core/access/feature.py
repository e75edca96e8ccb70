"""Logins: one-time claim links, tokens, sessions and the owner's password, stored in `hub.db`.

Secrets are 256 random bits, kept as SHA-256 and shown once. Deleting a token's row is revoking it: its sessions go with
it, and the next request is refused. Opened read-only, all of it lives in memory and ends with the process.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from ..database.hub import Hub, now
from ..errors import Forbidden, Invalid, NotFound, PixlStashError, Unauthorised
from ..types import BrowserSession, CreateToken, Grant, NewToken, Reader, Right, Scope, TokenInfo
from ..types.times import when
from . import credentials, sessions
from .credentials import Memory, Rows
from .scopes import Scopes, read_grant, write_grant

#: Milliseconds. The last use of a token is stored by the minute.
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CLAIM, IDLE, ABSOLUTE = HOUR, 14 * DAY, 90 * DAY
BAD_TOKEN = "This token is invalid, expired or revoked."


class Valid(Struct, frozen=True):
    """A valid credential. `public_id` is that of the token behind it; `scope` is the stored grant of that token."""

    id: int
    kind: str
    public_id: str
    rights: str
    used: int | None
    scope: str | None


class Access:
    """The credentials of one library. Thread-safe."""

    def __init__(self, hub: Hub, scopes: Scopes, *, read_only: bool = False) -> None:
        self._rows: Rows = Memory(hub) if read_only else hub
        self.scopes = scopes
        #: Increases whenever a credential may have become invalid, so that open streams check theirs again.
        self.ended = 0
        self._lent: dict[bytes, Reader] = {}
        self._attempts = credentials.Attempts()
        #: A secret for other processes of the same user, from the lock file; valid while this process lives.
        self.local_secret = self.lend(Reader("local", "owner"))

    def close(self) -> None:
        """What is kept in memory only is gone."""
        if isinstance(self._rows, Memory):
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
        self,
        *,
        claim: str | None = None,
        password: str | None = None,
        token: str | None = None,
        ip: str = "",
        browser: str = "",
    ) -> tuple[str, Reader]:
        """Log in with one credential. Returns (the secret of a new session, its reader).

        `browser` is the name under which the session is listed.

        Raises `Unauthorised` if the credential is not valid, `TooMany` after too many wrong passwords.
        """
        if claim is not None:
            return self._login_claim(claim, browser)
        if token is not None:
            return self._login_token(token, browser)
        self._try_password(password or "", ip)
        return self._new_session("owner", browser), Reader("owner", "owner")

    def _login_claim(self, claim: str, browser: str) -> tuple[str, Reader]:
        with self._rows.writing() as connection:
            gone = connection.execute(
                "delete from token where digest = ? and kind = 'claim' and expires > ? returning id",
                (credentials.digest(claim), now()),
            ).fetchall()
            if not gone:
                raise Unauthorised(
                    "This link was used already, or it is too old. Start the server again, or run"
                    " `pixlstash owner reset`, to get a new one."
                )
            connection.execute("update owner set claimed = coalesce(claimed, ?)", (now(),)).fetchall()
            secret = self._new_session("owner", browser)
        return secret, Reader("owner", "owner")

    def _login_token(self, token: str, browser: str) -> tuple[str, Reader]:
        with self._rows.writing():
            row = self._find(token)
            if row is None or row.kind != "token":
                raise Unauthorised(BAD_TOKEN)
            secret = self._new_session(row.rights, browser, row.id)
        reader = self._reader(row)
        if reader is None:
            raise Unauthorised(BAD_TOKEN)
        return secret, reader

    def _new_session(self, rights: str, browser: str, token: int | None = None) -> str:
        ends = now() + ABSOLUTE
        return self._insert("own", "session", rights, expires=ends, idle=IDLE, parent=token, label=browser[:100])[0]

    def reader_of(self, secret: str) -> Reader | None:
        """Return the reader of a token, a session or a lent secret; None if it is invalid or has expired."""
        if not credentials.well_formed(secret):
            return None
        lent = next(
            (
                reader
                for digest, reader in self._lent.items()
                if credentials.is_same(digest, credentials.digest(secret))
            ),
            None,
        )
        if lent is not None:
            return lent
        row = self._find(secret)
        if row is None or row.kind == "claim":
            return None
        if row.used is None or now() - row.used > MINUTE:
            with suppress(PixlStashError):  # a full disk locks nobody out
                self._touch(row.id)
        return self._reader(row)

    def _reader(self, row: Valid) -> Reader | None:
        if row.kind == "session" and not row.public_id:
            return Reader("owner", _right(row.rights))
        if row.scope is not None and row.rights not in ("read", "write"):
            return None  # such a token cannot be created, so somebody else wrote this row
        scope = Scope() if row.scope is None else self.scopes.resolve(row.scope)
        return Reader(f"token:{row.public_id}", _right(row.rights), scope)

    def only_picture(self, secret: str) -> int | None:
        """Return the picture of a valid token that reads exactly one; None for every other secret."""
        reader = self.reader_of(secret)
        row = self._find(secret) if reader is not None else None
        if reader is None or row is None or row.kind != "token" or row.rights != "read" or row.scope is None:
            return None
        grant = read_grant(row.scope)
        if grant is None or len(grant.pictures) != 1 or grant != Grant(pictures=grant.pictures):
            return None
        [picture] = grant.pictures
        return picture if reader.scope.ids == frozenset({picture}) else None

    def lend(self, reader: Reader) -> str:
        """Return a secret for a reader that is only in memory and valid until the process ends."""
        secret = credentials.new_secret("own")
        self._lent = {**self._lent, credentials.digest(secret): reader}
        return secret

    def logout(self, secret: str) -> None:
        """End a session, if it has not ended yet."""
        with self._rows.writing() as connection:
            connection.execute(
                "delete from token where digest = ? and kind = 'session'", (credentials.digest(secret),)
            ).fetchall()
        self.ended += 1

    def sessions(self, reader: Reader, current: str | None = None) -> list[BrowserSession]:
        """Every valid session, the last used first. `current`: the secret of the caller's own."""
        _demand_owner(reader)
        return sessions.of(self._rows, None if current is None else credentials.digest(current))

    def end_session(self, reader: Reader, id: int) -> None:
        """End a session. Raises `NotFound` if there is none with this number."""
        _demand_owner(reader)
        if not sessions.end(self._rows, id):
            raise NotFound("There is no such session; it has already ended.")
        self.ended += 1

    def end_sessions(self, reader: Reader, keep: int | None = None) -> int:
        """End all sessions except the one with the number `keep`; returns how many. `NotFound` without it."""
        _demand_owner(reader)
        ended = sessions.end_all(self._rows, keep)
        self.ended += 1
        return ended

    # -- the owner -----------------------------------------------------------------------------------------------------

    def set_password(
        self, reader: Reader, new: str, current: str | None = None, *, keep: str | None = None, ip: str = ""
    ) -> None:
        """Set or change the password (at least 12 characters). Ends all sessions of the owner except `keep`."""
        _demand_owner(reader)
        hashed = credentials.hash_password(new)
        if self.has_password:
            self._try_password(current or "", ip)
        with self._rows.writing() as connection:
            connection.execute("update owner set password = ?", (hashed,)).fetchall()
            connection.execute(
                "delete from token where kind = 'session' and parent_id is null and digest != ?",
                (credentials.digest(keep) if keep else b"",),
            ).fetchall()
        self.ended += 1

    def reset(self, reader: Reader) -> str:
        """Remove the password and all sessions, but no tokens; returns the secret of a new one-time link."""
        _demand_owner(reader)
        with self._rows.writing() as connection:
            connection.execute("update owner set password = null, claimed = null").fetchall()
            connection.execute("delete from token where kind in ('session', 'claim')").fetchall()
            self._attempts.clear()
            self.ended += 1
            return self.claim_link()

    # -- tokens --------------------------------------------------------------------------------------------------------

    def create_token(self, reader: Reader, ask: CreateToken) -> NewToken:
        """Create a token. `Invalid` for an expiry that is not in the future, or a scope that makes no sense."""
        _demand_owner(reader)
        if ask.scope is not None:
            if ask.rights == "owner":
                raise Invalid("A token with a scope has the right to read or to write, not all rights.")
            self.scopes.check(ask.scope)
        secret, id = self._insert(
            "api",
            "token",
            ask.rights,
            label=ask.label[:200],
            expires=None if ask.expires is None else in_future(ask.expires),
            scope=None if ask.scope is None else write_grant(ask.scope),
        )
        return NewToken(secret, id, ask.rights, ask.expires)

    def tokens(self, reader: Reader) -> list[TokenInfo]:
        """Every valid token, oldest first."""
        _demand_owner(reader)
        rows = self._rows.read(
            "select id, label, rights, created, last_used, scope, expires from token"
            " where kind = 'token' and (expires is null or expires > ?) order by id",
            (now(),),
        )
        return [
            TokenInfo(
                id,
                label,
                _right(rights),
                when(made),
                None if used is None else when(used - used % MINUTE),
                None if scope is None else read_grant(scope) or Grant(),
                None if expires is None else when(expires),
            )
            for id, label, rights, made, used, scope, expires in rows
        ]

    def revoke(self, reader: Reader, id: int) -> None:
        """Revoke a token, and end all sessions created with it."""
        _demand_owner(reader)
        with self._rows.writing() as connection:
            gone = connection.execute(
                "delete from token where id = ? and kind = 'token' returning id", (id,)
            ).fetchall()
        self.ended += 1
        if not gone:
            raise NotFound("There is no such token.")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _find(self, secret: str) -> Valid | None:
        """The row of a secret that is valid now."""
        digest, at = credentials.digest(secret), now()
        rows = self._rows.read(
            """
            select t.digest, t.id, t.kind,
              case t.kind when 'session' then coalesce(p.public_id, '') else t.public_id end,
              case when p.id is null then t.rights else p.rights end, t.last_used,
              case when p.id is null then t.scope else p.scope end,
              t.expires <= :now or coalesce(t.last_used, t.created) + t.idle <= :now, p.expires <= :now
            from token t left join token p on p.id = t.parent_id where t.digest = :digest
            """,
            {"digest": digest, "now": at},
        )
        if not rows or not credentials.is_same(rows[0][0], digest):
            return None
        valid = Valid(*rows[0][1:7])
        if not any(rows[0][7:]):
            return valid
        # Delete what has expired, so that it stays invalid if the clock is set back.
        with suppress(PixlStashError), self._rows.writing() as connection:
            connection.execute(
                "delete from token where id = ?1 or (?2 and id = (select parent_id from token where id = ?1))",
                (valid.id, bool(rows[0][8])),
            ).fetchall()
        return None

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
        scope: str | None = None,
    ) -> tuple[str, int]:
        """Insert a row, and delete expired ones. Returns (secret, id)."""
        secret, at = credentials.new_secret(prefix), now()
        used = at if kind == "session" else None
        with self._rows.writing() as connection:
            connection.execute(
                "delete from token where expires <= ?1 or coalesce(last_used, created) + idle <= ?1", (at,)
            ).fetchall()
            connection.execute(
                """
                insert into token
                  (public_id, digest, kind, rights, label, created, expires, idle, last_used, parent_id, scope)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    secrets.token_hex(8),
                    credentials.digest(secret),
                    kind,
                    rights,
                    label,
                    at,
                    expires,
                    idle,
                    used,
                    parent,
                    scope,
                ),
            ).fetchall()
            return secret, connection.last_insert_rowid()

    def _password(self) -> str | None:
        password: str | None = self._rows.read("select password from owner")[0][0]
        return password

    def _try_password(self, password: str, ip: str) -> None:
        """Raise unless the password is the owner's. Takes as long if none is set."""
        with self._attempts.attempt(ip):
            if not credentials.matches_password(password, self._password()):
                raise Unauthorised("The password is not right.")


def _demand_owner(reader: Reader) -> None:
    """Raise unless a person asks: a token could otherwise create credentials that outlive its revocation."""
    if not reader.is_person:
        raise Forbidden("Only the owner may do that, logged in and not through a token.")


def _right(text: str) -> Right:
    """Return a stored right. An unknown one grants nothing."""
    return "owner" if text == "owner" else "write" if text == "write" else "read"


def in_future(time: datetime) -> int:
    """Return a time in milliseconds; `Invalid` unless it has a zone and is in the future."""
    if time.tzinfo is None:
        raise Invalid("Give the expiry with its time zone, for instance 2030-01-31T12:00:00Z.")
    milliseconds = int(time.timestamp() * 1000)
    if milliseconds <= now():
        raise Invalid("The expiry must be in the future.")
    return milliseconds
