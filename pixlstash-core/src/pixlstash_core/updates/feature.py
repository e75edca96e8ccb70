"""`UpdateCheck`: asks for newer releases where the owner turned that on, and keeps the last answer in `hub.db`."""

from __future__ import annotations

from typing import Any

import msgspec

from ..database.hub import Hub, now
from ..errors import Invalid, PixlStashError
from ..types import SetUpdates, Updates
from ..types.times import when
from ..version import __version__
from . import answer, request
from .installation import INSTRUCTIONS, detected

ENDPOINT = "https://pixlstash.dev"
#: Seconds between two runs of the job, which asks only if a check is due.
EVERY = 3600.0
#: Milliseconds between two checks: usually, and while the last known release fixed a serious vulnerability.
DAY, HOUR = 86_400_000, 3_600_000
KIND, LABEL = "updates", "Checking for updates"
_EMPTY = answer.Answer([])


class UpdateCheck:
    """The update check of one library. `serving`: a server runs in this process; nothing else asks."""

    def __init__(self, hub: Hub, *, version: str = __version__) -> None:
        self._hub = hub
        self.version, self.installation = version, detected()
        self.serving = False

    @property
    def enabled(self) -> bool:
        return self._read("enabled") == "1"

    def state(self) -> Updates:
        """Return the settings and the last result. When it is off, nothing of an earlier result is shown."""
        endpoint, enabled = self._endpoint(), self.enabled
        releases = answer.newer(self._last(), self.version) if enabled else []
        checked = self._last_check() if enabled else None
        newest, dismissed = answer.parsed(releases[0].version) if releases else None, self._read("dismissed")
        seen = answer.parsed(dismissed) if dismissed else None
        return Updates(
            enabled,
            self.version,
            self.installation,
            endpoint,
            request.address(endpoint, self.version, self.installation),
            None if checked is None else when(checked),
            (self._read("problem") or None) if enabled else None,
            releases,
            answer.highest(releases),
            INSTRUCTIONS[self.installation],
            newest is not None and seen is not None and newest <= seen,
        )

    def set(self, ask: SetUpdates) -> None:
        """Change the settings. Another endpoint makes the last answer invalid, but no check due."""
        endpoint = None if ask.endpoint is None else ask.endpoint and request.demand_endpoint(ask.endpoint)
        with self._hub.writing():
            if endpoint is not None:
                self._write(endpoint=endpoint, answer="", problem="")
            if ask.enabled is not None:
                self._write(enabled="1" if ask.enabled else "0")

    def dismiss(self, version: str) -> None:
        """Do not show a release, or older ones, as a notice again."""
        if answer.parsed(version) is None:
            raise Invalid(f"{version!r} is not a version.")
        self._write(dismissed=version)

    def run(self) -> None:
        """Ask if it is enabled and due. A failure is noted, and not repeated before the next check is due."""
        if not self.serving or not self.enabled or not self._claim():
            return
        url = request.address(self._endpoint(), self.version, self.installation)
        try:
            received = answer.decode(request.fetch(url))
        except PixlStashError as error:
            self._write(problem=str(error))
            return
        if url == request.address(self._endpoint(), self.version, self.installation):  # it was not changed meanwhile
            self._write(problem="", answer=msgspec.json.encode(received).decode())

    def _claim(self) -> bool:
        """Return whether a check is due, and store its time, so that whatever happens it is not repeated too soon."""
        at, checked = now(), self._last_check()
        if checked is None:
            self._write(checked=str(at))
            return True
        if checked > at:  # the clock was set back: the interval begins anew
            self._write(checked=str(at))
            return False
        if at - checked < self._interval():
            return False
        self._write(checked=str(at))
        return True

    def _interval(self) -> int:
        releases = answer.newer(self._last(), self.version)
        return HOUR if releases and releases[0].security in ("high", "critical") else DAY

    def _last(self) -> answer.Answer:
        stored = self._read("answer")
        try:
            return answer.decode(stored) if stored else _EMPTY
        except Invalid:  # of another version of PixlStash
            return _EMPTY

    def _last_check(self) -> int | None:
        stored = self._read("checked")
        return int(stored) if stored and stored.isdecimal() else None

    def _endpoint(self) -> str:
        return self._read("endpoint") or ENDPOINT

    def _read(self, name: str) -> str | None:
        value: Any = self._hub.value("select value from setting where name = ?", (f"updates.{name}",))
        return None if value is None else str(value)

    def _write(self, **values: str) -> None:
        with self._hub.writing() as connection:
            for name, value in values.items():
                connection.execute(
                    "insert into setting values (?, ?) on conflict(name) do update set value = excluded.value",
                    (f"updates.{name}", value),
                ).fetchall()
