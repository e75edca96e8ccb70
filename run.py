"""Sets PixlStash up beside this file and starts it: `python run.py`, which is also what `make run` does.

Needs only Python's standard library and nothing installed before. Settings come from the environment or as arguments:
PICTURES=folder (indexed where it lies), COPY=1 (copied into the library instead), PORT, HOST, LIBRARY=folder.
`python run.py install` only prepares `.venv`, with the test tools, for `make test`.

Older Pythons must be able to parse this file, so that they can say what is missing: no syntax newer than 3.6.
"""

import errno
import hashlib
import importlib.util
import io
import os
import platform
import shutil
import socket
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"PixlStash needs Python 3.11 or newer and this is Python {platform.python_version()}: install a newer one from"
        " https://www.python.org/downloads/ and name it, for example `PYTHON=python3.12 make run`."
    )

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
LOG = os.path.join(VENV, "run.log")
STAMP = os.path.join(VENV, "run.stamp")

PLUGINS = "./pixlstash-plugins/"
PACKAGES = ["-e", "./pixlstash-core[heif,search,video,watch]", "-e", "./pixlstash-web"]
PACKAGES += ["-e", PLUGINS + "compat", "-e", PLUGINS + "demo", "-e", PLUGINS + "generation", "-e", PLUGINS + "learned"]
PACKAGES += ["-e", PLUGINS + "faces[cpu]", "-e", PLUGINS + "ocr[cpu]", "-e", PLUGINS + "wd-tagger[cpu]"]
TEST_TOOLS = ["-r", "tests/requirements.txt", "-e", PLUGINS + "joycaption", "-e", PLUGINS + "mcp"]
#: What the plugins with torch need, and one of them. Where there is no torch for this Python, their tests are skipped.
TORCH = ["-e", PLUGINS + "clip", "-e", PLUGINS + "joycaption[local]", "torchvision"]

#: What pip prints when a step begins; the steps' times are read from it.
STEPS = ["environment", "packages", "browser interface", "installation", "start"]
MARKS = {"Building editable": "browser interface", "Installing collected packages": "installation"}

PLUGIN_NAMES = "clip compat demo faces generation joycaption learned mcp ocr wd-tagger".split()
#: What decides whether pip must run again. Python sources are not among it: the packages are installed editable.
INPUTS = [
    "constraints.txt",
    "pixlstash-core/pyproject.toml",
    *(f"pixlstash-plugins/{name}/pyproject.toml" for name in PLUGIN_NAMES),
    "pixlstash-web/pyproject.toml",
    "pixlstash-web/hatch_build.py",
]
BUILT = {"node_modules", "dist", "test-results"}


class Stop(Exception):
    """A sentence for the person who started this: what is wrong and what to do."""


class Progress:
    """Prints one short line for each step, with the time it took."""

    def __init__(self) -> None:
        self._step = -1
        self._since = time.monotonic()

    def reach(self, step: str) -> None:
        """Begin a step; those before it are over."""
        while self._step < STEPS.index(step):
            self.close()
            self._step += 1
            print(f"{self._step + 1}/{len(STEPS)} {STEPS[self._step]} … ", end="", flush=True)

    def close(self) -> None:
        """End the step that is under way."""
        now = time.monotonic()
        if self._step >= 0:
            print(f"{now - self._since:.1f} s", flush=True)
        self._since = now

    def fail(self) -> None:
        if self._step >= 0:
            print("failed", flush=True)


def digest(test: bool) -> str:
    """What the installation depends on, as one line of the stamp. The folder counts: a moved environment is broken."""
    name = "test" if test else "run"
    total = hashlib.sha256("\0".join([name, ROOT, *PACKAGES, *(TORCH if test else [])]).encode())
    paths = [os.path.join(ROOT, *path.split("/")) for path in INPUTS]
    if test:
        paths.append(os.path.join(ROOT, "tests", "requirements.txt"))
    for folder, folders, files in os.walk(os.path.join(ROOT, "pixlstash-web", "web")):
        folders[:] = sorted(one for one in folders if one not in BUILT and not one.startswith("."))
        paths += [os.path.join(folder, one) for one in sorted(files)]
    for path in paths:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).digest()
            total.update(os.path.relpath(path, ROOT).encode() + b"\0" + content)
    return f"{name} {total.hexdigest()} {ROOT}"


def stamped() -> "list[str]":
    try:
        with open(STAMP, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []


def prepare(test: bool, progress: Progress) -> None:
    """Bring `.venv` up to date; does nothing, in milliseconds, where it is."""
    progress.reach("environment")
    done = stamped()
    if os.path.exists(PYTHON) and digest(test) in done:
        return
    moved = any(not line.endswith(f" {ROOT}") for line in done)
    if moved or not os.path.exists(PYTHON):
        create()
    elif done:
        os.remove(STAMP)  # what is interrupted from here on is done again
    progress.reach("packages")
    install(PACKAGES + (TEST_TOOLS if test else []), progress)
    if test:
        try:
            install(TORCH, progress)
        except Stop as stop:
            print(f"torch cannot be had, so the tests of what needs it will be skipped: {stop}", file=sys.stderr)
    progress.reach("installation")
    with open(STAMP, "w", encoding="utf-8") as file:
        # The test tools come on top of what a run needs.
        file.write("\n".join([digest(False), digest(True)] if test else [digest(False)]))


def create() -> None:
    """Make an empty `.venv`."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Stop(
            "This Python cannot make virtual environments because its venv or ensurepip module is missing:"
            " on Debian and Ubuntu, `apt install python3-venv` brings it."
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if made.returncode:
        last = (made.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise Stop(f"The virtual environment could not be made in {VENV}: {last}")


def install(what: "list[str]", progress: Progress) -> None:
    """Install in one pip call, so that pip resolves everything together."""
    command = [PYTHON, "-m", "pip", "install", "--no-input", "--progress-bar", "off", "--disable-pip-version-check"]
    command += ["-c", "constraints.txt", *what]
    tail: list[str] = []
    with open(LOG, "w", encoding="utf-8") as log:
        pip = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            log.flush()
            tail = [*tail[-7:], line.rstrip()]
            for mark, step in MARKS.items():
                if line.strip().startswith(mark):
                    progress.reach(step)
    if pip.wait():
        raise Stop("\n".join([*tail, f"pip could not install the packages; its whole report is in {LOG}."]))


def choose(settings: "dict[str, str]") -> "list[str]":
    """The arguments of `pixlstash` for these settings. Raises Stop where one of them cannot be."""
    host, port = settings.get("HOST", ""), settings.get("PORT", "").strip() or "8020"
    if not host or host.split(".")[0] == platform.node().split(".")[0]:
        # Some shells export HOST as the machine's name; that must not open the library to the network.
        host = "127.0.0.1"
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise Stop(f"PORT={port} is no port: give a number from 1 to 65535, for example `{again('8021')}`.")
    check(host, int(port))
    where = ["--port", port, "--host", host]
    copies = settings.get("COPY", "").lower() not in ("", "0", "no", "false")
    if settings.get("PICTURES"):
        pictures = resolve(settings["PICTURES"])
        if not os.path.isdir(pictures):
            raise Stop(f"PICTURES names {pictures}, and there is no such folder: give the one your pictures are in.")
        return ["serve", "--take", pictures, *(["--copy"] if copies else []), *where]
    if copies:
        raise Stop("COPY=1 needs to know what to copy: add PICTURES=folder.")
    named = settings.get("LIBRARY") or settings.get("PIXLSTASH_LIBRARY")
    return ["serve", *where] if named else ["demo", "--serve", *where]


def resolve(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def again(port: str) -> str:
    return f"python run.py PORT={port}" if os.name == "nt" else f"PORT={port} make run"


def check(host: str, port: int) -> None:
    """Say now, not after a minute of installing, that the port cannot be had."""
    try:
        bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = next((n for n in range(port + 1, min(port + 50, 65536)) if free(host, n)), 8020)
            raise Stop(
                f"Port {port} is taken, perhaps by a PixlStash that is already running at http://{host}:{port}/:"
                f" stop it, or start with `{again(str(other))}`."
            ) from None
        if error.errno == errno.EACCES:
            raise Stop(f"Port {port} is reserved by the system: start with `{again('8020')}`.") from None
        raise Stop(f"HOST={host} cannot be listened on ({error.strerror}): leave HOST out to use 127.0.0.1.") from None


def bind(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        if os.name != "nt":  # there it would allow two listeners; elsewhere it forgives a server that just stopped
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def free(host: str, port: int) -> bool:
    try:
        bind(host, port)
    except OSError:
        return False
    return True


def start(arguments: "list[str]") -> int:
    """Become `pixlstash`, which prints the address to open."""
    program = shutil.which("pixlstash", path=BIN)
    if program is None:
        raise Stop(f"The installation in {VENV} has no `pixlstash` command: delete that folder and start again.")
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(program, [program, *arguments])
    return subprocess.call([program, *arguments])  # Windows' exec returns to the shell while the program still runs


def main(arguments: "list[str]") -> int:
    settings = dict(os.environ)
    for argument in arguments:
        name, given, value = argument.partition("=")
        if given:
            settings[name] = value
    verbs = [argument for argument in arguments if "=" not in argument]
    began = time.monotonic()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a Windows console may not know every character
    progress = Progress()
    try:
        if verbs not in ([], ["install"]):
            raise Stop(f"{' '.join(verbs)!r} is not understood: `python run.py` or `python run.py install`.")
        chosen = [] if verbs else choose(settings)
        if settings.get("LIBRARY"):
            # Not as an option: a library named so is made where it does not exist.
            os.environ["PIXLSTASH_LIBRARY"] = resolve(settings["LIBRARY"])
        prepare(bool(verbs), progress)
        if verbs:
            progress.close()
            return 0
        progress.reach("start")
        print(f"ready after {time.monotonic() - began:.1f} s", flush=True)
        return start(chosen)
    except Stop as stop:
        progress.fail()
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
