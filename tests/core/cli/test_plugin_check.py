"""`pixlstash plugin check`: what is wrong with a plugin is told, however it ends its process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import depot_plugin
import pytest
from click.testing import CliRunner
from core.plugins.bad_engines import FAULTS, source
from faults import sources
from libraries import PLUGIN
from sites import Site, forgetting

from pixlstash_core import Format, Found, Importer, Kind, Media, Opened, Params, Stat, Store
from pixlstash_core.cli.plugins import plugin
from pixlstash_core.engines.limits import Limits
from pixlstash_core.errors import NotThere
from pixlstash_core.media import builtin
from pixlstash_core.plugins.precedence import Origin
from pixlstash_core.plugins.registry import ENGINES
from pixlstash_core.storage import builtin as stores
from pixlstash_core.testing import check_importer, check_kind, check_store
from pixlstash_core.testing.limited import PluginCheck, duplicates, others

#: Seconds for the two that never end, for those that only have to start, and bytes.
SHORT, LONG, MEMORY = 10.0, 120.0, 400 << 20


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(made.path))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))  # else all that tests write is temporary
    with forgetting(tmp_path):
        yield made


def wrong(name: str, limits: Limits, rest: list[tuple[str, str, str]] | None = None) -> list[str]:
    """All that is said about a plugin, and how many objects it was said of."""
    check = PluginCheck(Origin(name, name, "1.0"), limits)
    offers = check.offers()
    return [
        *offers.wrong,
        *duplicates(offers, rest or [], tuple(ENGINES)),
        *(sentence for one in check.run(offers) for sentence in one.wrong),
    ]


def test_twenty_faults_are_listed() -> None:
    assert len(FAULTS) == 20


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_an_engine_is_caught(installed: Site, name: str) -> None:
    """In a process of its own, so that none of them ends or hangs the check; nothing but the fault is told."""
    installed.add(name, source(name))
    if name == "torch-at-import":  # its place is taken, as importing the real one takes seconds
        (installed.path / "torch.py").write_text("", encoding="utf-8")
    limits = Limits(
        result=SHORT if name in ("blocking-import", "endless-loop") else LONG,
        memory=MEMORY if name == "memory" else None,
    )
    rest = others([name], Limits(result=LONG, memory=None)).objects if name == "duplicate-id" else []
    said = wrong(name, limits, rest)
    assert len(said) == 1 and re.search(FAULTS[name].sentence, said[0], re.DOTALL), said


def test_an_engine_without_faults_passes(installed: Site) -> None:
    """Else the faults above might be told of any engine."""
    installed.add("none", source(""))
    check = PluginCheck(Origin("none", "none", "1.0"), Limits(result=LONG, memory=None))
    offers = check.offers()
    assert offers.objects == [("none", "taggers", "bad/none")] and offers.wrong == []
    (checked,) = check.run(offers)
    assert (checked.name, checked.wrong, checked.note) == ("bad/none", [], "")


def test_it_is_told_on_the_command_line(
    installed: Site, monkeypatch: pytest.MonkeyPatch, textstills: Path, tmp_path: Path
) -> None:
    installed.add("none", source(""))
    installed.add("exit", source("exit"))
    run = CliRunner().invoke
    done = run(plugin, ["check", "exit"])
    assert done.exit_code == 1 and "bad/exit: `run`: its process ended (exit code 0)" in done.output
    assert "Error: 1 thing is wrong." in done.output
    done = run(plugin, ["check", "none"])
    assert (done.exit_code, done.output) == (0, "bad/none: fine\n")
    done = run(plugin, ["check", "textstills"])
    assert (done.exit_code, done.output) == (0, "kinds: note: fine\n"), done.output
    assert "No plugin called 'nobody' is installed" in run(plugin, ["check", "nobody"]).output


def test_another_plugin_that_cannot_be_loaded_does_not_stop_the_check(installed: Site) -> None:
    installed.add("leaving", "import os\nos._exit(0)\n")
    installed.add("duplicate-id", source("duplicate-id"))
    done = CliRunner().invoke(plugin, ["check", "duplicate-id"])
    assert (
        "Ids are compared with the built-in ones only. Of the other plugins, importing it: its process" in done.output
    )
    assert "the id 'visual-descriptor' is taken by the plugin pixlstash_core.engines.builtin" in done.output


@pytest.mark.parametrize("name", ["core", "web", "pixlstash-core", "clip"])
def test_a_plugin_does_not_take_the_name_of_a_package_that_is_there(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(plugin, ["new", name, "--in", str(tmp_path)])
    assert done.exit_code == 1 and "There is a package pixlstash-" in done.output and not list(tmp_path.iterdir())


# -- kinds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*builtin.kinds()], ids=lambda kind: kind.id)
def test_the_built_in_kinds_pass(kind: Kind) -> None:
    check_kind(kind)


class Swatch(Media):
    width = height = 64

    def still(self, short: int, long: int) -> Any:
        from PIL import Image

        return Image.new("RGB", (min(64, short), min(64, short)), "teal")


class SwatchKind(Kind):
    id = "swatch"

    def recognise(self, head: bytes, name: str) -> Format | None:
        return Format("swatch", "text/plain", "swatch") if head.startswith(b"#swatch") else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        return Swatch()


def changed(base: type, **what: Any) -> Any:
    """One of a class, with some things different."""
    return type("Changed", (base,), what)()


def raises(*given: Any) -> Any:
    raise KeyError("nothing here")


SWATCH = Format("swatch", "text/plain", "swatch")
GREY = changed(Swatch, still=lambda self, short, long: __import__("PIL.Image").Image.new("L", (500, 20)))
KINDS: dict[str, tuple[Any, str]] = {
    "id": (changed(SwatchKind, id="My Kind"), "needs an `id` of small letters"),
    "greedy": (changed(SwatchKind, recognise=lambda self, head, name: SWATCH), "takes a PNG for its own: return None"),
    "noise": (changed(SwatchKind, recognise=lambda self, head, name: SWATCH), "takes noise for its own"),
    "raises": (changed(SwatchKind, recognise=raises), "`recognise` fails on nothing: KeyError.*It returns None"),
    "type": (changed(SwatchKind, recognise=lambda self, head, name: "swatch"), "gives str: return a Format, or None"),
    "extension": (
        changed(SwatchKind, recognise=lambda self, head, name: Format("swatch", "swatch", ".SW")),
        "a MIME type, and an extension without a dot",
    ),
    "unknown": (changed(SwatchKind, recognise=lambda self, head, name: None), "does not know sample.swatch"),
    "open": (changed(SwatchKind, open=raises), "sample.swatch cannot be drawn: KeyError"),
    "media": (changed(SwatchKind, open=lambda self, file, format: 7), "gives int, which is not made from `Media`"),
    "size": (
        changed(SwatchKind, open=lambda self, file, format: changed(Swatch, width=0)),
        "has 0 × 64, orientation 1: whole pixels from 1",
    ),
    "mode": (changed(SwatchKind, open=lambda self, file, format: GREY), "drawn as L of 500 × 20 pixels: RGB was asked"),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_fault_of_a_kind_is_caught(name: str, tmp_path: Path) -> None:
    (tmp_path / "sample.swatch").write_bytes(b"#swatch")
    check_kind(SwatchKind(), samples=[tmp_path / "sample.swatch"])
    with pytest.raises(AssertionError, match=KINDS[name][1]):
        check_kind(KINDS[name][0], samples=[tmp_path / "sample.swatch"])


# -- stores ------------------------------------------------------------------------------------------------------------


def test_the_built_in_stores_pass(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.png").write_bytes(b"a")
    for store in stores.stores():
        check_store(store)
        check_store(store, params={"path": str(tmp_path / "files")})
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == ["a.png"]


class Repository(Opened):
    """A store in memory."""

    writable = True

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {"old.png": b"old"}

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if key not in self.kept:
            raise NotThere(key)
        return BytesIO(self.kept[key][start:end])

    def put(self, key: str, file: BinaryIO) -> None:
        self.kept[key] = file.read()

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def stat(self, key: str) -> Stat:
        if key not in self.kept:
            raise NotThere(key)
        return Stat(len(self.kept[key]))

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        return iter([(key, Stat(len(body))) for key, body in self.kept.items() if key.startswith(prefix)])


class ShelfStore(Store):
    scheme = "shelf"
    opened: Callable[[], Opened] = Repository

    def connect(self, params: Any) -> Opened:
        return type(self).opened()


class Odd(Params):
    path: complex = 1j


def strict(self: Repository, key: str) -> None:
    del self.kept[key]


def bit_by_bit(self: Repository, key: str, file: BinaryIO) -> None:
    self.kept[key] = b""
    while data := file.read(100):
        self.kept[key] += data


def swallowing(self: Repository, key: str, file: BinaryIO) -> None:
    try:
        self.kept[key] = file.read()
    except Exception:
        self.kept.pop(key, None)


def store(**what: Any) -> Store:
    found: Store = changed(ShelfStore, opened=type("Other", (Repository,), what))
    return found


STORES: dict[str, tuple[Store, str]] = {
    "scheme": (changed(ShelfStore, scheme="My Repository"), "needs an `scheme` of small letters"),
    "params": (changed(ShelfStore, Params=Odd), "cannot become a form, which needs plain data"),
    "connect": (changed(ShelfStore, connect=raises), "KeyError.*Raise `StoreUnreachable`"),
    "opened": (changed(ShelfStore, connect=lambda self, params: 7), "gives int, which is not made from `Opened`"),
    "bytes": (store(put=lambda self, key, file: self.kept.update({key: b"x"})), "other bytes than were `put`"),
    "range": (
        store(read=lambda self, key, start=0, end=None: Repository.read(self, key)),
        r"`read\(key, 0, 1\)` gives other bytes than those from start up to end",
    ),
    "size": (store(stat=lambda self, key: Repository.stat(self, key) and Stat(3)), "`stat` gives another size"),
    "list": (store(list=lambda self, prefix="": iter([])), r"`list\('c0/'\)` leaves out"),
    "prefix": (store(list=lambda self, prefix="": Repository.list(self)), "gives keys twice, or without the prefix"),
    "twice": (
        store(list=lambda self, prefix="": [*Repository.list(self, prefix)] * 2),
        "gives keys twice, or without the prefix",
    ),
    "half": (store(put=bit_by_bit), "`put` left half a file"),
    "swallowed": (store(put=swallowing), "`put` hides the error of a file that cannot be read to the end"),
    "label": (changed(ShelfStore, label=3), "its `label` is not a text"),
    "listed": (store(list=lambda self, prefix="": iter([("old.png", Stat(9))])), "has 9 bytes, and `read` gives 3"),
    "delete": (store(delete=strict), "KeyError"),
    "gone": (store(read=lambda self, key, start=0, end=None: BytesIO(self.kept[key][start:end])), "raise `NotThere`"),
}


@pytest.mark.parametrize("name", STORES)
def test_each_fault_of_a_store_is_caught(name: str) -> None:
    check_store(ShelfStore(), params={})
    with pytest.raises(AssertionError, match=STORES[name][1]):
        check_store(STORES[name][0], params={})


class Away(Repository):
    """It cannot be reached, and says so in the wrong way."""

    def stat(self, key: str) -> Stat:
        raise NotThere(key)

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        raise OSError("no route to host")


def test_a_store_that_cannot_be_reached_must_say_so(tmp_path: Path) -> None:
    folders = next(store for store in stores.stores() if store.scheme == "folder")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.png").write_bytes(b"a")
    gone = {"path": str(tmp_path / "gone")}
    check_store(folders, params={"path": str(tmp_path / "files")}, unreachable=gone)
    with pytest.raises(AssertionError, match="`stat` raises NotThere.*`read` raises OSError.*`list` gives an answer"):
        check_store(changed(ShelfStore, opened=Away), unreachable={})


def test_a_third_party_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goods = tmp_path / "goods"
    sources.paint(goods, 3)
    before = {path: path.read_bytes() for path in goods.rglob("*") if path.is_file()}
    with depot_plugin.installed(tmp_path, monkeypatch):
        module = import_module("depot")
        for writable in (False, True):
            check_store(
                module.Depot(),
                params={"folder": str(goods), "writable": writable, "token": "s3cr3t"},
                unreachable={"folder": str(tmp_path / "nowhere")},
            )
        check_importer(module.Crates(), params={"folder": str(goods)})
    assert {path: path.read_bytes() for path in goods.rglob("*") if path.is_file()} == before


# -- importers ---------------------------------------------------------------------------------------------------------


class Card(Importer):
    id, label = "card", "A card"

    def scan(self, params: Any) -> Any:
        for name in ("a.png", "b.png"):
            yield Found(name, name, lambda: BytesIO(b"abc"), 3)


class Growing(Card):
    count = 0

    def scan(self, params: Any) -> Any:
        type(self).count += 1
        yield Found(str(self.count), "a.png", lambda: BytesIO(b""))


IMPORTERS: dict[str, tuple[Any, str]] = {
    "id": (changed(Card, id=7), "needs an `id`"),
    "params": (changed(Card, Params=Odd), "cannot become a form"),
    "raises": (changed(Card, scan=raises), "`scan` fails: KeyError"),
    "type": (changed(Card, scan=lambda self, params: ["a.png"]), "yield Found with a key and a name"),
    "keys": (
        changed(Card, scan=lambda self, params: [Found("x", n, lambda: BytesIO(b"")) for n in ("a", "b")]),
        "yields the same `key` for two files",
    ),
    "again": (Growing(), "other keys the second time"),
    "size": (
        changed(Card, scan=lambda self, params: [Found("x", "a", lambda: BytesIO(b"abc"), 9)]),
        "x has 9 bytes, and it has 3",
    ),
}


@pytest.mark.parametrize("name", IMPORTERS)
def test_each_fault_of_an_importer_is_caught(name: str) -> None:
    check_importer(Card(), params={})
    with pytest.raises(AssertionError, match=IMPORTERS[name][1]):
        check_importer(IMPORTERS[name][0], params={})


def test_those_of_a_plugin_are_checked_in_their_process(installed: Site) -> None:
    """Kinds, stores and importers as well as engines."""
    code = (
        (PLUGIN.parent / "colours" / "pixlstash_colours.py").read_text("utf-8")
        + """
import os
from pixlstash_core import Importer, Store, Kind, hookimpl
class K(Kind):
    id = "crashing"
    def recognise(self, head, name): os._exit(0)
class S(Store):
    scheme = "BAD"
class I(Importer):
    id = "fine"
@hookimpl
def kinds(): yield K()
@hookimpl
def stores(): yield S()
@hookimpl
def importers(): yield I()
"""
    )
    installed.add("mixed", code)
    check = PluginCheck(Origin("mixed", "mixed", "1.0"), Limits(result=LONG, memory=None))
    found = {one.name: (one.wrong, one.note) for one in check.run(check.offers())}
    assert found.keys() == {"dominant-colour", "kinds: crashing", "stores: BAD", "importers: fine"}
    assert found["dominant-colour"] == ([], "") and found["importers: fine"] == ([], "without its settings")
    assert "its process ended (exit code 0)" in found["kinds: crashing"][0][0]
    assert "needs an `scheme`" in found["stores: BAD"][0][0]
