"""Names of exported files, none of which is used twice."""

from __future__ import annotations

import unicodedata


class UniqueNames:
    """Gives each file a name of its own, also on file systems that ignore case or normalize Unicode.

    `stems`: names that differ only in their extension count as the same, because a caption file belongs to the stem.
    """

    def __init__(self, *, stems: bool = False, reserved: tuple[str, ...] = ()) -> None:
        self._stems = stems
        self._used: dict[str, int] = {self._key(name): 1 for name in reserved}

    def take(self, name: str) -> str:
        """Return the name, or `stem (2).ext` and so on if it is in use. A name may have folders in front."""
        folder, slash, last = name.rpartition("/")
        stem, dot, end = last.rpartition(".")
        if not stem:
            stem, dot, end = last, "", ""
        key = self._key(name)
        number = self._used.get(key, 0) + 1
        candidate = name
        while number > 1:
            candidate = f"{folder}{slash}{stem} ({number}){dot}{end}"
            if self._key(candidate) not in self._used:
                break
            number += 1
        self._used[key] = number
        if candidate != name:
            self._used[self._key(candidate)] = 1
        return candidate

    def _key(self, name: str) -> str:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
        folder, slash, last = folded.rpartition("/")
        stem = last.rpartition(".")[0] if self._stems else ""
        return f"{folder}{slash}{stem or last}"
