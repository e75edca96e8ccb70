"""Plugins: one that is broken is recorded and hurts only itself; the test plugin works through the public hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from libraries import add, finish, invented, truth, until
from sites import Site, forgetting

from pixlstash_core import OWNER, Fact
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import NotFound
from pixlstash_core.history import feature as history
from pixlstash_core.library import Library
from pixlstash_core.plugins import registry
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import ImportPaths, PluginInfo, RunEngine

NOTE = "#note\nShopping\nmilk\nbread\n"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site.path))
    with forgetting(tmp_path):
        yield site


GOOD = """
from pixlstash_core import FactReader, hookimpl
class Reader(FactReader):
    id = "{id}"
    def read(self, embedded): return None
@hookimpl
def readers():
    yield Reader()
"""
BROKEN = {
    "import": "raise RuntimeError('cannot even start')",
    "missing": "import no_such_module_anywhere",
    "syntax": "def (",
    "exit": "import sys; sys.exit(3)",
    "body": "from pixlstash_core import hookimpl\n@hookimpl\ndef readers():\n    raise KeyError('body')\n    yield",
    "half": GOOD.format(id="half") + "    raise KeyError('after the first')\n",
    "nothing": "from pixlstash_core import hookimpl\n@hookimpl\ndef readers():\n    return None",
    "number": "from pixlstash_core import hookimpl\n@hookimpl\ndef readers():\n    return 7",
    "strange": "from pixlstash_core import hookimpl\n@hookimpl\ndef readers():\n    yield 7",
    "arguments": "from pixlstash_core import hookimpl\n@hookimpl\ndef readers(nonsense):\n    yield",
    "nameless": GOOD.format(id="x").replace('id = "x"', "pass"),
    "start": "from pixlstash_core import hookimpl\n@hookimpl\ndef startup(library):\n    raise OSError('no start')",
}


def infos(library: Library) -> dict[str, PluginInfo]:
    return {info.name: info for info in library.plugin_list(OWNER)}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_hurts_only_itself(installed: Site, open_library: Callable[..., Library], name: str) -> None:
    installed.add("aa-good", GOOD.format(id="aa"))
    installed.add(f"bad-{name}", BROKEN[name])
    installed.add("zz-good", GOOD.format(id="zz"))
    library = open_library(work=False)
    found = infos(library)
    assert [reader.id for reader in library.plugins.fact_readers() if reader.id in ("aa", "zz")] == ["aa", "zz"]
    assert found["aa-good"].problems == [] == found["zz-good"].problems
    problems = found[f"bad-{name}"].problems
    assert bool(problems) == (name != "nothing"), problems
    assert all(not info.problems for info in found.values() if info.name != f"bad-{name}")
    if name == "half":
        assert found["bad-half"].objects == ["readers: half"]
    add(library, invented(1))
    assert library.info(OWNER).pictures == 1


def test_of_two_equal_ids_the_first_by_name_is_used_whatever_the_folder_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: Site
) -> None:
    """And both are told. The folder of the other one comes first on the path."""
    installed.add("aa-first", GOOD.format(id="same"), version="1.2")
    earlier = Site(tmp_path / "earlier")
    earlier.add("bb-second", GOOD.format(id="same"), version="3.4")
    monkeypatch.syspath_prepend(str(earlier.path))
    plugins = Plugins.load()
    assert [reader.id for reader in plugins.fact_readers()].count("same") == 1
    found = {info.name: info for info in plugins.infos()}
    assert found["aa-first"].objects == ["readers: same"] and found["bb-second"].objects == []
    assert found["aa-first"].problems == found["bb-second"].problems
    (problem,) = found["aa-first"].problems
    assert "'same' is offered by aa-first (aa-first 1.2) and by bb-second (bb-second 3.4)" in problem
    assert "That of aa-first is used, because it comes first by name" in problem


ENGINE = """
from pixlstash_core import Measurer, hookimpl
class Same(Measurer):
    id, revision, lane, measure = "same-engine", "1", "cpu", "same"
    def run(self, model, images, params):
        for image in images:
            yield {value}
@hookimpl
def measurers():
    yield Same()
"""


def test_of_two_equal_ids_the_one_whose_results_the_library_has_is_used(
    installed: Site, open_library: Callable[..., Library]
) -> None:
    installed.add("bb-second", ENGINE.format(value=0.5))
    with open_library() as library:
        (picture,) = add(library, invented(1))
        producer = library.host.catalogue.producer(library.host.catalogue.offered("same-engine"), {})
        library.outputs.store(producer, [Output(picture, 0.5)])[0].result(10)
    installed.add("aa-first", ENGINE.format(value=0.1))
    library = open_library(work=False)
    assert library.host.catalogue.offered("same-engine").origin.plugin == "bb-second"
    problems = [infos(library)[name].problems for name in ("aa-first", "bb-second")]
    assert problems[0] == problems[1] and "because this library has its results" in problems[0][0]
    fresh = open_library("fresh", work=False)
    assert fresh.host.catalogue.offered("same-engine").origin.plugin == "aa-first"
    given = open_library("library-two", work=False, plugins=Plugins.load(results={"same-engine": "bb-second"}))
    assert given.host.catalogue.offered("same-engine").origin.plugin == "aa-first"  # it has no results of any


@pytest.mark.parametrize("how", ["", "tryfirst=True"])
def test_a_plugin_does_not_replace_what_the_core_offers(installed: Site, how: str) -> None:
    installed.add(
        "a-bold-one", GOOD.format(id="exif").replace("@hookimpl", f"@hookimpl({how})" if how else "@hookimpl")
    )
    plugins = Plugins.load()
    (reader,) = [reader for reader in plugins.fact_readers() if reader.id == "exif"]
    assert type(reader).__module__.startswith("pixlstash_core.")
    found = {info.name: info for info in plugins.infos()}
    assert "'exif'" in found["a-bold-one"].problems[0] and "because it is built in" in found["a-bold-one"].problems[0]
    assert found["pixlstash_core.media.builtin"].problems == found["a-bold-one"].problems


def test_two_entry_points_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: Site) -> None:
    """One is used, by the same rule, in this process and in those of the decoder and of engines."""
    installed.add("aa-dist", GOOD.format(id="aa"), points={"same": "aa_dist"})
    earlier = Site(tmp_path / "earlier")
    earlier.add("bb-dist", GOOD.format(id="bb"), points={"same": "bb_dist"})
    monkeypatch.syspath_prepend(str(earlier.path))

    def used(plugins: Plugins) -> list[str]:
        return [reader.id for reader in plugins.fact_readers() if reader.id in ("aa", "bb")]

    plugins = Plugins.load()
    (problem,) = {info.name: info for info in plugins.infos()}["same"].problems
    assert "aa-dist 1.0" in problem and "bb-dist 1.0" in problem and "from aa-dist is used" in problem
    assert used(plugins) == ["aa"] and plugins.disabled == ("same@bb-dist",)
    other = Plugins.load(results={"whatever": "bb-dist"})
    assert used(other) == ["bb"] and other.disabled == ("same@aa-dist",)
    assert used(Plugins.load(disabled=other.disabled)) == ["bb"]
    assert used(Plugins.load(only="same", distribution="bb-dist")) == ["bb"]


REFUSED = ENGINE.format(value=0.5).replace('"1", "cpu"', '"", "cpu"')


def test_running_an_engine_says_why_it_was_refused(installed: Site, open_library: Callable[..., Library]) -> None:
    """Not only the list of plugins does."""
    installed.add("careless", REFUSED)
    installed.add("broken", "raise RuntimeError('cannot even start')")
    library = open_library(work=False)

    def said(engine: str) -> str:
        with pytest.raises(NotFound) as caught:
            library.run_engine(OWNER, RunEngine(engine=engine))
        return str(caught.value)

    assert "careless (careless 1.0): same-engine needs a `revision`" in said("same-engine")
    assert "broken (broken 1.0) has problems: RuntimeError: cannot even start" in said("broken/one")
    assert "These plugins have problems" in said("nobody") and "broken, careless" in said("nobody")
    library.hub.write("insert into setting values ('plugins.disabled', '[\"careless\"]')")
    library.close()
    library = open_library(work=False)
    assert "The plugin careless (careless 1.0) is switched off." in said("careless/any")


def test_switched_off(installed: Site, open_library: Callable[..., Library]) -> None:
    installed.add("quiet", "raise RuntimeError('not even imported')")
    with open_library(work=False) as library:
        assert infos(library)["quiet"].problems
        library.hub.write("insert into setting values ('plugins.disabled', '[\"quiet\"]')")
    info = infos(open_library(work=False))["quiet"]
    assert (info.enabled, info.problems, info.hooks, info.distribution) == (False, [], [], "quiet")


def test_loading_again_sees_what_was_installed_meanwhile(installed: Site) -> None:
    before = {info.name for info in Plugins.load().infos()}
    installed.add("newcomer", GOOD.format(id="new"))
    assert {info.name for info in Plugins.load().infos()} - before == {"newcomer"}


def test_modules_can_be_named_as_well(installed: Site) -> None:
    (installed.path / "loose.py").write_text(GOOD.format(id="loose"), encoding="utf-8")
    plugins = Plugins.load(extra=["loose", "no_such_module"])
    assert "loose" in [reader.id for reader in plugins.fact_readers()]
    found = {info.name: info for info in plugins.infos()}
    assert found["loose"].problems == [] and "no_such_module" in found["no_such_module"].problems[0]


# -- the test plugin: an ordinary package with no privileges -----------------------------------------------------------


def notes(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.note").write_text(NOTE.replace("Shopping", f"List {number}"), encoding="utf-8")
    (folder / "broken.note").write_bytes(b"#note\n\xff\xff\n")
    return folder


def test_a_plugin_from_end_to_end(textstills: Path, open_library: Callable[..., Library], tmp_path: Path) -> None:
    library = open_library()
    info = infos(library)["textstills"]
    assert (info.distribution, info.version, info.problems) == ("pixlstash-textstills", "0.1.0", [])
    assert info.hooks == ["event", "kinds", "operations", "startup"] and info.objects == ["kinds: note"]
    job = finish(library, library.import_paths(OWNER, ImportPaths([str(notes(tmp_path / "notes", 2))], in_place=True)))
    assert job.report is not None and job.report.imported == 2
    assert [(one.path, one.reason) for one in job.report.refused] == [("broken.note", "This note is not UTF-8 text.")]
    (picture,) = library.pictures(OWNER, q='title:="List 1"')
    detail = library.picture(OWNER, picture.id)
    assert (detail.kind, detail.format, detail.mime, detail.width) == ("note", "note", "text/plain", 480)
    assert [(fact.group, fact.name, fact.value, fact.query) for fact in detail.facts] == [
        ("Note", "title", "List 1", 'title:="List 1"'),
        ("Note", "lines", "3", "lines:3"),
    ]
    assert library.thumbnail(OWNER, picture.id)[8:12] == b"WEBP"
    assert len(library.pictures(OWNER, q="kind:note lines:>2")) == 2
    # Its listener kept the titles in its own table, and no one can undo that.
    until(lambda: len(truth(library)["textstills_note"]) == 2)
    assert {row[2] for row in truth(library)["textstills_note"]} == {"List 0", "List 1"}
    assert library.history(OWNER) == []


def test_its_job_finds_what_was_there_before(
    open_library: Callable[..., Library], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(work=False) as library:
        add(library, *(invented(n, kind="note", facts=(Fact("Note", "title", "Title", f"Old {n}"),)) for n in range(3)))
        add(library, invented(9))
    monkeypatch.syspath_prepend(str(site))
    library = open_library()
    until(lambda: len(truth(library)["textstills_note"]) == 3)
    (job,) = [job for job in library.jobs(OWNER) if job.kind == "textstills"]
    assert job.every == 3600 and job.label == "Listing notes"


def test_its_job_finds_what_it_was_not_told(
    open_library: Callable[..., Library], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS", 10)
    note = partial(invented, kind="note")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(site))
        with open_library() as library:
            until(lambda: [job for job in library.jobs(OWNER) if job.kind == "textstills" and job.state == "waiting"])
    with open_library(work=False) as library:
        for number in range(20):
            add(library, note(number, facts=(Fact("Note", "title", "Title", f"Note {number}"),)))
    monkeypatch.syspath_prepend(str(site))
    library = open_library()
    until(lambda: len(truth(library)["textstills_note"]) == 20)
    jobs = [job for job in library.jobs(OWNER) if job.label == "Listing notes that were missed"]
    assert len(jobs) == 1 and jobs[0].every is None


def test_what_was_refused_is_read_once_it_is_there(
    open_library: Callable[..., Library], site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ImportPaths([str(notes(tmp_path / "notes", 2))], in_place=True)
    for expected in (3, 0):  # refused files are not read again and again
        with open_library() as library:
            job = finish(library, library.import_paths(OWNER, ask))
            assert job.report is not None and len(job.report.refused) == expected
    monkeypatch.syspath_prepend(str(site))
    library = open_library()
    job = finish(library, library.import_paths(OWNER, ask))
    assert job.report is not None and (job.report.imported, len(job.report.refused)) == (2, 1)


def test_without_it_its_table_stays_and_nothing_breaks(
    open_library: Callable[..., Library], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(site))
        with open_library() as library:
            add(library, invented(0, kind="note"))
    library = open_library()
    assert library.info(OWNER).pictures == 1 and "textstills" not in infos(library)
    until(lambda: all(job.state != "running" for job in library.jobs(OWNER)))
    assert library.db.value("select count(*) from textstills_note") is not None


@pytest.mark.parametrize(("former", "present"), registry.RENAMED.items())
def test_a_plugin_that_was_renamed_is_known_by_its_former_name(former: str, present: str) -> None:
    assert Plugins.load(disabled=[former, "quiet"]).disabled == (present, "quiet")
    assert present in {*registry.BUILTIN, *registry.OWN} and former not in registry.BUILTIN
