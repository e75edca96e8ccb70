"""The command line: every verb, with and without a running server, says the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from libraries import until
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.cli import pixlstash
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.storage import lock
from pixlstash_core.types import DeletePictures, ScorePictures

PROGRAM = [sys.executable, "-c", "from pixlstash_core.cli import main; main()"]


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def say(path: Path | None, *words: object) -> Said:
    """Run a verb in this process."""
    given = ["-L", str(path)] if path else []
    done = CliRunner().invoke(pixlstash, [*given, *map(str, words)])
    if isinstance(done.exception, PixlStashError):
        return Said(1, done.stdout, f"pixlstash: {done.exception}\n")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(*words: object, **options: Any) -> Said:
    """Run the real program."""
    done = subprocess.run(
        [*PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60, env=environment(), **options
    )
    return Said(done.returncode, done.stdout, done.stderr)


class Server:
    """`pixlstash serve` on a port of its own."""

    def __init__(self, path: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "-L", str(path), "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment(), "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline() for _ in range(2)]
        assert "#claim=" in self.lines[1], self.process.communicate(timeout=30)

    @property
    def link(self) -> str:
        return self.lines[1].rpartition(" ")[2].strip()

    @property
    def url(self) -> str:
        return self.link.partition("/#")[0]

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (80, 60), (number, 9, 9)).save(folder / f"picture {number}.png")
        os.utime(folder / f"picture {number}.png", (1_700_000_000 + number, 1_700_000_000 + number))
    (folder / "words.txt").write_text("no picture")
    return folder


class Two(NamedTuple):
    """The same library twice: nobody serves `alone`, somebody serves `served`."""

    alone: Path
    served: Path
    server: Server


@pytest.fixture(scope="module")
def two(blank: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    alone = shutil.copytree(blank, folder / "alone" / "library")
    assert say(alone, "import", pictures).code == 0
    with Library.open(alone) as library:
        library.score(OWNER, ScorePictures(ids=[1], score=4))
        library.delete(OWNER, DeletePictures(ids=[3]))
        until(lambda: all(job.finished for job in library.jobs(OWNER)))
    served = shutil.copytree(alone, folder / "served" / "library")
    server = Server(served)
    try:
        yield Two(alone, served, server)
    finally:
        assert server.stop() == 0


SAME: list[tuple[str, ...]] = [
    ("list",),
    ("list", "--json"),
    ("list", "score:>=3", "--json"),
    ("list", "is:scrapheap"),
    ("list", "picture", "1", "--sort", "name"),
    ("list", "--sort", "size", "--limit", "1", "--offset", "1", "--json"),
    ("list", "nothing-like-it"),
    ("list", "nothing-like-it", "--json"),
    ("list", "modle:x"),
    ("list", 'open "quote'),
    ("list", "score:many"),
    ("list", "--sort", "sideways"),
    ("list", "--limit", "-1"),
    ("list", "--offset", "-5"),
    ("list", "-q"),
    ("find",),
    ("find", "score:>=3", "--json"),
    ("find", "--sort", "name", "--limit", "2"),
    ("find", "(open"),
    ("stats",),
    ("stats", "score:>=3", "--json"),
    ("stats", "modle:x"),
    ("show", "1"),
    ("show", "1", "--json"),
    ("show", "3"),
    ("show", "999"),
    ("show", "0"),
    ("plugin", "list"),
    ("plugin", "list", "--json"),
    ("job", "list"),
    ("job", "list", "--json"),
    ("check",),
    ("check", "--json"),
    ("check", "--verify"),
    ("check", "--verify", "--json"),
    ("import", "/nowhere/at/all"),
    ("import", "/nowhere/at/all", "--json"),
    ("import", "/nowhere/at/all", "--in-place"),
    ("token", "create", "--rights", "everything"),
]


def masked(said: Said, path: Path) -> Said:
    """Without what differs from one run to the next: the folder, times, secrets."""

    def mask(text: str) -> str:
        text = text.replace(str(path), "LIBRARY")
        text = re.sub(r'("(?:started|finished)": )("[^"]*"|null)', r"\1TIME", text)
        text = re.sub(r"pl_\w{3}_[\w-]+", "SECRET", text)
        return re.sub(r'\d+\.\d+ s\b|("seconds": )[\d.]+', r"\1SECONDS", text)

    return Said(said.code, mask(said.out), mask(said.err))


@pytest.mark.parametrize("words", SAME, ids=" ".join)
def test_the_same_with_and_without_a_server(two: Two, words: tuple[str, ...]) -> None:
    alone, served = say(two.alone, *words), say(two.served, *words)
    assert masked(alone, two.alone) == masked(served, two.served)
    assert bool(alone.out.strip()) != bool(alone.err.strip())


def test_the_server_is_really_asked(two: Two) -> None:
    holder = lock.read(two.served / "lock")
    assert holder is not None and holder.url == two.server.url and holder.pid == two.server.process.pid
    assert lock.read(two.alone / "lock") is None


@pytest.mark.parametrize(
    "words", [("list",), ("tag", "add", "sea", "--id", "1"), ("set", "list"), ("undo",)], ids=" ".join
)
def test_what_a_server_does_loads_no_database(two: Two, words: tuple[str, ...]) -> None:
    code = (
        f"import sys; from pixlstash_core.cli import pixlstash; pixlstash({['-L', str(two.served), *words]!r}, "
        "standalone_mode=False); print({'apsw', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment())
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "set()"), done


def test_importing_is_the_same(two: Two, pictures: Path, tmp_path: Path) -> None:
    more = shutil.copytree(pictures, tmp_path / "more")
    Image.new("RGB", (30, 30), (99, 9, 9)).save(more / "new.png")
    for words in (("import", more), ("import", more, "--json"), ("import", more / "new.png", "--json")):
        alone, served = say(two.alone, *words), say(two.served, *words)
        assert masked(alone, two.alone) == masked(served, two.served) and alone.code == 0
    assert say(two.alone, "list").out == say(two.served, "list").out
    assert say(two.alone, "list", "new").out.count("new.png") == 1


def test_tokens_and_the_owner(two: Two) -> None:
    for path in (two.alone, two.served):
        made = say(path, "token", "create", "--rights", "write", "--label", "nodes", "--json")
        assert set(made.json) == {"token", "id", "rights", "expires"} and made.json["rights"] == "write"
        plain = say(path, "token", "create")
        assert re.fullmatch(r"pl_api_\S+\n", plain.out) and "not shown again" in plain.err
        assert say(path, "session", "end-all").out == "Ended 0 sessions.\n"
        assert say(path, "session", "list").out == "No browser is signed in.\n"
        reset = say(path, "owner", "reset")
        assert reset.out.startswith("The password and all sessions are gone.\n")
    assert f"{two.server.url}/#claim=" in say(two.served, "owner", "reset").out
    assert "pixlstash serve" in say(two.alone, "owner", "reset").out
    request = urllib.request.Request(
        f"{two.server.url}/api/v1/library", headers={"Authorization": f"Bearer {made.json['token']}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["name"] == "library"


# -- one verb after the other ------------------------------------------------------------------------------------------


def test_init(tmp_path: Path) -> None:
    said = say(tmp_path / "new", "init", "--name", "Mine")
    assert said == (0, f"Made an empty library at {tmp_path / 'new'}.\n", "")
    assert say(tmp_path / "new", "list").out == "No pictures.\n"
    again = say(tmp_path / "new", "init")
    assert again.code == 1 and "is a library already" in again.err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    assert "not empty" in say(tmp_path / "full", "init").err


def test_init_with_originals_elsewhere(tmp_path: Path, pictures: Path) -> None:
    assert say(tmp_path / "new", "init", "--media", tmp_path / "disk").code == 0
    assert say(tmp_path / "new", "import", pictures, "--json").json["imported"] == 3
    assert len(list((tmp_path / "disk").rglob("*.png"))) == 3 and not list((tmp_path / "new").rglob("*.png"))


def test_import(open_library: Any, tmp_path: Path, pictures: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    first = say(path, "import", pictures, "--json")
    assert set(first.json) == {"imported", "duplicates", "refused", "seconds"}
    assert (first.json["imported"], first.json["duplicates"]) == (3, 0)
    (refused,) = first.json["refused"]
    assert set(refused) == {"path", "reason"} and refused["path"] == str(pictures / "words.txt") and refused["reason"]
    assert 0 < first.json["seconds"] < 60
    plain = say(path, "import", pictures)
    assert plain.out.startswith("0 imported, 3 already there, 1 refused, ") and "words.txt: " in plain.out
    assert say(path, "import", pictures, "--in-place", "--json").json["duplicates"] == 3
    assert "pictures: picture " in say(path, "show", "1").out


def test_a_relative_path_is_one_of_here(
    open_library: Any, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_library().close()
    monkeypatch.chdir(pictures.parent)
    assert say(tmp_path / "library", "import", "pictures", "--json").json["imported"] == 3


def test_check_says_what_is_wrong(open_library: Any, tmp_path: Path, pictures: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    say(path, "import", pictures)
    assert say(path, "check").out == "3 pictures at 3 locations.\nAll is well.\n"
    (one, two, _) = sorted((path / "media").rglob("*.png"))
    one.unlink()
    two.write_bytes(two.read_bytes()[:-1] + b"x")
    plain, deep = say(path, "check"), say(path, "check", "--verify", "--json")
    assert plain.code == 1 == deep.code
    assert plain.out.count("!") == 1 and "is missing" in plain.out
    assert len(deep.json["problems"]) == 2 and "have changed" in " ".join(deep.json["problems"])


# -- the real program --------------------------------------------------------------------------------------------------


def test_errors_are_sentences(tmp_path: Path) -> None:
    said = run("-L", tmp_path / "nowhere", "list")
    assert (said.code, said.out) == (1, "") and said.err.startswith("pixlstash: There is no library at ")
    assert "Traceback" not in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()
    usage = run("-L", tmp_path, "no-such-verb")
    assert usage.code == 2 and "No such command" in usage.err


def test_the_default_library_is_made_when_first_needed(tmp_path: Path, pictures: Path) -> None:
    home = {**environment(), "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    home.pop("PIXLSTASH_LIBRARY", None)
    done = subprocess.run(
        [*PROGRAM, "import", pictures, "--json"], capture_output=True, text=True, env=home, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["imported"] == 3
    done = subprocess.run([*PROGRAM, "list", "--json"], capture_output=True, text=True, env=home, timeout=60)
    assert len(json.loads(done.stdout)) == 3


def test_the_library_may_be_named_by_the_environment(open_library: Any, tmp_path: Path) -> None:
    open_library().close()
    done = subprocess.run(
        [*PROGRAM, "list"],
        capture_output=True,
        text=True,
        env={**environment(), "PIXLSTASH_LIBRARY": str(tmp_path / "library")},
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "No pictures.\n")


def test_undecodable_words(open_library: Any, tmp_path: Path) -> None:
    open_library().close()
    said = run("-L", tmp_path / "library", "list", os.fsdecode(b"caf\xe9"))
    assert said.code == 1 and said.err.startswith("pixlstash: expected") and "Traceback" not in said.err


@pytest.fixture
def greeting(tmp_path: Path) -> dict[str, str]:
    """An environment in which a plugin adds the verb `greet`."""
    site = tmp_path / "site"
    info = site / "verbs-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "verbs.py").write_text(
        "import click\nfrom pixlstash_core import hookimpl\n"
        "@click.command(short_help='Say how many there are.')\n@click.pass_obj\ndef greet(shell):\n"
        "    with shell.connect() as session:\n        click.echo(f'{len(session.pictures())} pictures')\n"
        "@hookimpl\ndef commands():\n    yield greet\n"
    )
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: verbs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pixlstash]\nverbs = verbs\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}


def told(environment: dict[str, str], *words: object) -> Said:
    command = [*PROGRAM, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_plugins_verb(greeting: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "library"
    Library.create(path)
    assert told(greeting, "-L", path, "greet") == (0, "0 pictures\n", "")
    assert re.search(r"^  greet +Say how many there are\.$", told(greeting, "-L", path, "--help").out, re.M)
    with Library.open(path, work=False) as library:
        library.hub.write("insert into setting values ('plugins.disabled', '[\"verbs\"]')")
    refused = told(greeting, "-L", path, "greet")
    assert refused.code == 2 and "No such command 'greet'" in refused.err
    assert "greet" not in told(greeting, "-L", path, "--help").out
    assert "  greet " in told(greeting, "-L", tmp_path / "nowhere", "--help").out


def test_a_plugins_verb_has_the_same_methods_with_and_without_a_server(
    two: Two, greeting: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "site" / "verbs.py").write_text(
        "import click\nfrom pixlstash_core import hookimpl\nfrom pixlstash_core.api import Api, rows\n"
        "from pixlstash_core.types import SetCaption\n"
        "@click.command()\n@click.pass_obj\ndef greet(shell):\n"
        "    with shell.connect() as session:\n"
        "        print(sum(callable(getattr(session, row.name)) for row in rows()) == len(rows()))\n"
        "        print(session.call(Api.count).total, session.find(sort='name').ids, session.picture(1).name)\n"
        "        print(session.set_caption(SetCaption(text='hello', ids=[1])).sentence, session.caption(1).own)\n"
        "        print(session.undo().sentence)\n"
        "@hookimpl\ndef commands():\n    yield greet\n"
    )
    alone, served = (told(greeting, "-L", path, "greet") for path in (two.alone, two.served))
    assert alone == served and alone.code == 0, (alone, served)
    same, counted, captioned, undone = alone.out.splitlines()
    assert same == "True" and counted.startswith(f"{counted.count(',') + 1} [")
    assert captioned == "1 picture captioned hello" and undone == "Undone: 1 picture captioned"


def test_plugins_are_listed_without_a_library(greeting: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    said = told(greeting, "-L", path, "plugin", "list", "--json")
    assert said.code == 0 and not path.exists(), said.err
    found = {one["name"]: one for one in said.json}
    assert found["verbs"]["objects"] == ["commands: greet"]
    assert "pixlstash_core.media.builtin" in found and "web" in found


def test_serving_twice(two: Two) -> None:
    said = run("-L", two.served, "serve", "--port", "0")
    assert said.code == 1 and f"Process {two.server.process.pid} holds this library" in said.err
    assert two.server.url in said.err


def test_serving_and_handing_over(open_library: Any, tmp_path: Path, pictures: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    server = Server(path, "--take", str(pictures))
    try:
        until(lambda: len(say(path, "list", "--json").json) == 3)
        assert {job["kind"] for job in say(path, "job", "list", "--json").json} == {
            "learn",
            "scan",
            "snapshots",
            "stills",
            "tidy",
            "visits",
        }
    finally:
        assert server.stop() == 0
    assert lock.read(path / "lock") is None
    assert len(say(path, "list", "--json").json) == 3  # now opened here
    (one, *_) = say(path, "list", "--json").json
    assert say(path, "show", one["id"], "--json").json["locations"][0]["store"] == "pictures"


def test_serving_read_only(open_library: Any, tmp_path: Path, pictures: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    say(path, "import", pictures)
    server = Server(path, "--read-only")
    try:
        assert len(say(path, "list", "--json").json) == 3
        said = say(path, "import", pictures)
        assert said.code == 1 and "read-only" in said.err
    finally:
        assert server.stop() == 0
