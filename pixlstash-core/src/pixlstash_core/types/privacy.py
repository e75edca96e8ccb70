"""What leaves the machine, what browsers keep, and the privacy policy."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct


class ConnectionKind(Struct, frozen=True):
    """A kind of outgoing connection: when it is made, by whom, to where, why, and what it sends."""

    name: str
    title: str
    when: str
    who: str
    where: str
    why: str
    sends: str


class Connection(ConnectionKind, frozen=True):
    """A kind of outgoing connection. `state`: `off` or `on` by a setting, or made only on `request`.

    `hosts`: where it goes in this library, as far as that is known.
    """

    state: Literal["on", "off", "request"]
    hosts: list[str] = []


class CookieInfo(Struct, frozen=True):
    """A kind of cookie. Names begin with `prefix`, or with `__Host-` before it under https; kept at most `days`."""

    prefix: str
    title: str
    when: str
    who: str
    why: str
    days: int


class PolicySection(Struct, frozen=True):
    heading: str
    paragraphs: list[str]


class Privacy(Struct, frozen=True):
    """All outgoing connections and cookies, and the privacy policy with the date of its last change."""

    connections: list[Connection]
    cookies: list[CookieInfo]
    policy: list[PolicySection]
    updated: date
