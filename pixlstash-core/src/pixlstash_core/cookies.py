"""Every cookie that the server sets, in one table: for the code that sets them, and for Settings → Privacy."""

from __future__ import annotations

from msgspec import Struct

_DAY = 86_400


class Cookie(Struct, frozen=True):
    """A kind of cookie. `prefix`: how its name begins, before a public id. `seconds`: how long browsers keep it."""

    prefix: str
    title: str
    when: str
    who: str
    why: str
    seconds: int


SESSION = Cookie(
    "pl_session_",
    "Login",
    "When somebody logs in",
    "Your browser, and those of people to whom you gave a token",
    "To stay logged in. It is deleted when you log out, and ends after 14 days without use",
    90 * _DAY,
)
LINK = Cookie(
    "pl_link_",
    "Link",
    "When somebody opens a link that you shared",
    "The browsers of recipients",
    "To show the pictures of that link, and nothing else",
    30 * _DAY,
)
GUEST = Cookie(
    "pl_guest_",
    "Guest",
    "When somebody opens a link whose recipients may give scores",
    "The browsers of recipients",
    "To tell one person's scores from another's. It is random, and says nothing about the person",
    30 * _DAY,
)
ROWS = (SESSION, LINK, GUEST)
