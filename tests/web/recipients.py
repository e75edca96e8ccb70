"""Somebody who got a link, over HTTP, for tests."""

from __future__ import annotations

from typing import Any

from web.asking import SAME, Answer, Peer
from web.conftest import Served


def create(served: Served, **ask: Any) -> dict[str, Any]:
    answer = served.browser().post("/links", ask)
    assert answer.status == 201, answer
    info: dict[str, Any] = answer.json
    return info


class Recipient:
    """Somebody who got a link."""

    def __init__(self, served: Served, info: dict[str, Any]) -> None:
        self.public_id, _, self.secret = info["path"].removeprefix("/s/").partition("#")
        self.peer = Peer(served.url, SAME)
        self.cookies: dict[str, str] = {}

    def enter(self, password: str | None = None, **more: Any) -> Answer:
        body = {"secret": self.secret, **({"password": password} if password is not None else {}), **more}
        answer = self.peer.post(f"/shared/{self.public_id}/open", body)
        if answer.status == 204:
            self.cookies |= dict(
                value.partition(";")[0].split("=") for value in answer.headers.get_all("Set-Cookie") or ()
            )
            sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            self.peer = Peer(self.peer.url, {**self.peer.headers, "Cookie": sent})
        return answer

    def get(self, path: str = "", headers: dict[str, str] | None = None) -> Answer:
        return self.peer.get(f"/shared/{self.public_id}{path}", headers)

    @property
    def pictures(self) -> list[str]:
        names: list[str] = self.get().json["pictures"]
        return names

    def score(self, name: str, score: object, headers: dict[str, str] | None = None) -> Answer:
        return self.peer.post(f"/shared/{self.public_id}/pictures/{name}/score", {"score": score}, headers)
