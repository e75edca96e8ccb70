"""Checks stores and importers; each function returns problems as sentences."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

from ..errors import NotThere, StoreUnreachable
from ..plugins.contracts import Found, Importer, Opened, Stat, Store
from ..plugins.references import source_form
from ..plugins.settings import read_params
from .engines import describe
from .objects import name_faults, settings_faults

#: The number of files of a store or importer that are checked.
MANY = 20
#: The keys and bytes of files that are written to stores; the keys are like those of the library's originals.
KEY, OTHER, BODY = f"c0/{'c0ffee00' * 8}.png", f"c1/{'c1ffee00' * 8}.png", bytes(range(256)) * 8
#: A key that no store has.
NOWHERE = "no-such-folder/no such file.png"
#: Parts of a file: (start, end), where `end` may be None or after the last byte.
PARTS = ((0, None), (0, 1), (10, 20), (len(BODY) - 1, None), (0, len(BODY)), (10, len(BODY) + 10), (7, 7))


class _Interrupted(Exception):
    """Raised by a file in the middle of being read."""


class _Half(BytesIO):
    """A file whose second half cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = len(BODY) // 2 - self.tell()
        if left <= 0 or size is None or size < 0:
            raise _Interrupted("as if the disk had failed")
        return super().read(min(size, left))

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def store_faults(store: Store, params: dict[str, Any] | None = None) -> list[str]:
    """Return problems of a store. `params`: settings for connecting; None: do not connect."""
    wrong = [*name_faults(store, "scheme"), *_form(store), *settings_faults(store)]
    if wrong or params is None:
        return wrong
    try:
        opened: Any = store.connect(read_params(store.Params, params))
        if not isinstance(opened, Opened):
            return [f"`connect` gives {type(opened).__name__}, which is not made from `Opened`"]
        wrong = [*_listed(opened), *_absent(opened, NOWHERE, "that is not there")]
        return [*wrong, *(_written(opened) if opened.writable else [])]
    except (Exception, SystemExit) as error:
        return [f"it fails: {describe(error)}. Raise `StoreUnreachable` where it cannot be reached now"]


def unreachable_faults(store: Store, params: dict[str, Any]) -> list[str]:
    """Return problems of a store with settings with which it cannot be reached."""
    wrong = []
    try:
        opened = store.connect(read_params(store.Params, params))
    except StoreUnreachable:
        return []
    except (Exception, SystemExit) as error:
        return [f"`connect` raises {describe(error)} where it cannot be reached: raise `StoreUnreachable`"]
    uses: dict[str, Callable[[], object]] = {
        "stat": lambda: opened.stat(NOWHERE),
        "read": lambda: opened.read(NOWHERE).read(),
        "list": lambda: next(iter(opened.list()), None),
    }
    for name, use in uses.items():
        try:
            use()
        except StoreUnreachable:
            continue
        except (Exception, SystemExit) as error:
            wrong.append(f"`{name}` raises {describe(error)} where it cannot be reached: raise `StoreUnreachable`")
        else:
            wrong.append(f"`{name}` gives an answer where the store cannot be reached: raise `StoreUnreachable`")
    return wrong


def importer_faults(importer: Importer, params: dict[str, Any] | None = None) -> list[str]:
    """Return problems of an importer. `params`: settings for scanning; None: do not scan."""
    wrong = [*name_faults(importer, "id"), *_form(importer), *settings_faults(importer)]
    if not isinstance(getattr(importer, "reaches", None), str):
        wrong.append("its `reaches` is not a text")
    if wrong or params is None:
        return wrong
    settings = read_params(importer.Params, params)
    try:
        first = list(itertools.islice(importer.scan(settings), MANY))
        second = list(itertools.islice(importer.scan(settings), MANY))
        for find in first:
            wrong += _find(find)
        if not wrong and len({find.key for find in first}) < len(first):
            wrong.append("`scan` yields the same `key` for two files: a key must identify one file permanently")
        if not wrong and {find.key for find in first} != {find.key for find in second}:
            wrong.append("`scan` yields other keys the second time: a key must identify one file permanently")
    except (Exception, SystemExit) as error:
        wrong.append(f"`scan` fails: {describe(error)}")
    return wrong


def _form(source: Any) -> list[str]:
    """Return problems with its label, and with the form in which people enter its settings."""
    if not isinstance(getattr(source, "label", None), str):
        return ["its `label` is not a text"]
    try:
        source_form(source.Params)
    except Exception as error:
        return [f"its `Params` cannot become a form, which needs plain data: {describe(error)}"]
    return []


def _listed(opened: Opened) -> list[str]:
    """Return problems with the files that a store contains."""
    wrong = []
    for key, about in itertools.islice(opened.list(), MANY):
        if not isinstance(key, str) or not key or not isinstance(about, Stat):
            wrong.append(f"`list` gives ({key!r}, {about!r}): a key that is a text, and a Stat")
            continue
        with opened.read(key) as file:
            size = len(file.read())
        if about.size is not None and about.size != size:
            wrong.append(f"`list` says that {key} has {about.size} bytes, and `read` gives {size}")
        if opened.stat(key).size not in (None, size):
            wrong.append(f"`stat` says that {key} has {opened.stat(key).size} bytes, and `read` gives {size}")
        prefix = key[: key.rfind("/") + 1] or key[:1]
        if not any(other == key for other, _ in itertools.islice(opened.list(prefix), 10_000)):
            wrong.append(f"`list({prefix!r})` leaves out {key}: it yields all keys with a prefix")
    return list(dict.fromkeys(wrong))


def _written(opened: Opened) -> list[str]:
    """Return problems with writing files, which are deleted again."""
    taken = [key for key in (KEY, OTHER) if key in dict(opened.list(key))]
    if taken:
        return [f"it has {taken[0]} already, which the check writes: delete it, or use another place"]
    wrong: list[str] = []
    try:
        wrong += _interrupted(opened)
        for _ in range(2):  # repeating it is harmless
            opened.put(KEY, BytesIO(BODY))
        wrong += _parts(opened)
        if opened.stat(KEY).size not in (None, len(BODY)):
            wrong.append("`stat` gives another size than what was `put` has")
        opened.put(OTHER, BytesIO(b""))
        for prefix, keys in (("", {KEY, OTHER}), (KEY[:3], {KEY}), (KEY[:9], {KEY}), (KEY, {KEY}), (KEY + "x", set())):
            listed = [key for key, _ in opened.list(prefix)]
            if not keys <= set(listed):
                wrong.append(f"`list({prefix!r})` leaves out what was `put`")
            if len(set(listed)) < len(listed) or any(not key.startswith(prefix) for key in listed):
                wrong.append(f"`list({prefix!r})` gives keys twice, or without the prefix")
    finally:
        for key in (KEY, OTHER):
            opened.delete(key)
            opened.delete(key)  # harmless when it is gone
    wrong += _absent(opened, KEY, "that is gone")
    if {KEY, OTHER} & {key for key, _ in opened.list()}:
        wrong.append("`list` gives files that were deleted")
    return list(dict.fromkeys(wrong))


def _interrupted(opened: Opened) -> list[str]:
    """Return problems with a file that cannot be read to its end: nothing of it may appear in the store."""
    file: BinaryIO = _Half(BODY)
    try:
        opened.put(KEY, file)
    except Exception:
        pass  # the file's own exception, or another
    else:
        return ["`put` hides the error of a file that cannot be read to the end: let the exception propagate"]
    finally:
        there = KEY in {key for key, _ in opened.list(KEY)}
        opened.delete(KEY)
    return ["`put` left half a file: a file must appear as a whole or not at all"] if there else []


def _parts(opened: Opened) -> list[str]:
    wrong = []
    for start, end in PARTS:
        with opened.read(KEY, start, end) as file:
            data = file.read()
        if data != BODY[start:end]:
            whole = (start, end) == (0, None)
            wrong.append(
                "`read` gives other bytes than were `put`"
                if whole
                else f"`read(key, {start}, {end})` gives other bytes than those from start up to end"
            )
    return wrong[:1]


def _absent(opened: Opened, key: str, which: str) -> list[str]:
    wrong = []
    for name, use in (("read", lambda: opened.read(key).read()), ("stat", lambda: opened.stat(key))):
        try:
            use()
        except NotThere:
            continue
        except Exception as error:
            wrong.append(f"`{name}` of a file {which} raises {describe(error)}: raise `NotThere`")
        else:
            wrong.append(f"`{name}` of a file {which} gives something: raise `NotThere`")
    return wrong


def _find(find: Any) -> list[str]:
    if not isinstance(find, Found) or not isinstance(find.key, str) or not find.key or not find.name:
        return [f"`scan` gives {find!r:.80}: yield Found with a key and a name"]
    with find.open() as file:
        size = len(file.read())
    return (
        [] if find.size in (None, size) else [f"`scan` says that {find.key} has {find.size} bytes, and it has {size}"]
    )
