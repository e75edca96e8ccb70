"""An engine on the lane `net`, through the library, against a real server that does whatever can go wrong."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from engined import Engined
from libraries import finish
from PIL import Image as pil

from pixlstash_core import OWNER
from pixlstash_core.engines.limits import Limits
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import AllowHost, Job, RunEngine, SetEngine, TakeSnapshot

ID = "joycaption/endpoint"
KEY = "sk-canary-5e7a1"


class Endpoint:
    """Answers each picture by its colour. `how` is what it does with a blue one; `asked` is what it was sent."""

    def __init__(self) -> None:
        self.how = "well"
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append((self.path, dict(self.headers.items()), body))
                try:
                    endpoint.answer(self, colour(body))
                except OSError:
                    pass  # it was given up

            do_GET = do_POST

            def log_message(self, *given: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, to: BaseHTTPRequestHandler, colour: str) -> None:
        how = self.how if colour == "blue" else "well"
        good = json.dumps({"choices": [{"message": {"role": "assistant", "content": f" It is {colour}. "}}]}).encode()
        if how == "slow":
            time.sleep(3)
        if how == "dead":
            return to.connection.close()
        codes = {"broken": 500, "refused": 401, "elsewhere": 302, "moved": 307}
        to.send_response(codes.get(how, 200))
        to.send_header("Content-Type", "text/html" if how == "page" else "application/json")
        if how in ("elsewhere", "moved"):
            to.send_header("Location", "http://other.example/steal")
        bodies = {
            "page": b"<html><body>Log in first</body></html>",
            "empty": b'{"choices": [{"message": {"content": "  "}}]}',
            "none": b'{"choices": []}',
            "cut": good[:20],
            "deep": b"[" * 100_000,
            "broken": b'{"error": "out of memory"}',
            "refused": json.dumps({"error": f"the key {KEY} is not known"}).encode(),
            "parts": b'{"choices": [{"message": {"content": [{"type": "text", "text": "Blue, in parts."}]}}]}',
        }
        body = bodies.get(how, good)
        if how == "drip":
            to.end_headers()
            for _byte in range(200):
                to.wfile.write(b" ")
                to.wfile.flush()
                time.sleep(0.05)
        elif how == "endless":
            to.end_headers()
            for _ in range(4000):
                to.wfile.write(b"x" * 65536)
        else:
            to.send_header("Content-Length", str(len(body)))
            to.end_headers()
            to.wfile.write(body)
        return None


def picture(body: Any) -> pil.Image:
    (part,) = [one for one in body["messages"][-1]["content"] if one["type"] == "image_url"]
    head, _, text = part["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    return pil.open(io.BytesIO(base64.b64decode(text)))


def colour(body: Any) -> str:
    rgb = picture(body).resize((1, 1)).getpixel((0, 0))
    assert isinstance(rgb, tuple)
    return ("red", "green", "blue")[rgb.index(max(rgb))]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    one = Endpoint()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, endpoint: Endpoint) -> Engined:
    library = open_library(plugins=Plugins.load(extra=("odd",)))
    library.host.limits = Limits(result=60, load=60, memory=None)
    desk = Engined(library, tmp_path / "pictures", tmp_path / "odd.log")
    params = {"endpoint": endpoint.url, "model": "tiny", "timeout": 1.0, "side": 64}
    library.set_engine(OWNER, SetEngine(engine=ID, params=params, secrets={"key": KEY}))
    return desk


def allow(desk: Engined, host: str = "127.0.0.1", on: bool = True) -> Any:
    return desk.library.allow_host(OWNER, AllowHost(ID, host, on))


def run(desk: Engined, **given: Any) -> Job:
    return finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=ID, **given)))


def captions(desk: Engined) -> dict[int, str]:
    return dict(desk.library.db.read("select picture_id, text from caption_output"))


def test_it_is_off_until_its_host_is_allowed_by_name(desk: Engined, endpoint: Endpoint) -> None:
    desk.take_in(1)
    sends = desk.library.engine(OWNER, ID).sends
    assert sends is not None and sends.hosts == ["127.0.0.1"] and not sends.on and sends.allowed == []
    assert sends.what == "each picture as a JPEG of at most 64 pixels, and what is asked about it"
    with pytest.raises(Invalid, match=r"to 127\.0\.0\.1, which is not allowed: `pixlstash engine allow"):
        desk.library.run_engine(OWNER, RunEngine(engine=ID))
    with pytest.raises(Invalid, match="not allowed"):
        desk.library.set_engine(OWNER, SetEngine(engine=ID, policy="new"))
    allow(desk, "example.org")
    with pytest.raises(Invalid, match="not allowed"):
        desk.library.run_engine(OWNER, RunEngine(engine=ID))
    assert endpoint.asked == []
    assert allow(desk).sends.on and run(desk).state == "done" and len(endpoint.asked) == 1
    assert not allow(desk, on=False).sends.on
    with pytest.raises(Invalid, match="not allowed"):
        desk.library.run_engine(OWNER, RunEngine(engine=ID))
    with pytest.raises(Invalid, match="not allowed"):  # another host for once is another host
        desk.library.run_engine(OWNER, RunEngine(engine=ID, params={"endpoint": "http://other.example/v1"}))


def test_a_job_that_waited_is_not_run_once_it_is_forbidden(desk: Engined, endpoint: Endpoint) -> None:
    desk.take_in(1)
    job = desk.run(ID, {"endpoint": endpoint.url})  # as the queue has it: when it was put there is not looked at again
    assert job.state == "failed" and "not allowed" in (job.error or "") and endpoint.asked == []


@pytest.mark.parametrize("host", ["", " ", "http://a", "a/b", "a:80", "a b", "-a"])
def test_what_is_no_host(desk: Engined, host: str) -> None:
    with pytest.raises(Invalid, match="no name of a host"):
        allow(desk, host)


def test_one_that_stays_here_has_nothing_to_allow(desk: Engined) -> None:
    with pytest.raises(Invalid, match="sends nothing"):
        desk.library.allow_host(OWNER, AllowHost("odd/colours", "a"))


def test_what_is_sent(desk: Engined, endpoint: Endpoint) -> None:
    ids = desk.take_in(3, size=(200, 100))
    allow(desk)
    assert run(desk).state == "done"
    assert captions(desk) == dict(zip(ids, ("It is red.", "It is green.", "It is blue.")))
    for path, headers, body in endpoint.asked:
        assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
        assert body["model"] == "tiny" and body["max_tokens"] == 512 and body["messages"][0]["role"] == "system"
        assert body["messages"][1]["content"][0]["text"] == "Write a long detailed description for this image."
        sent = picture(body)
        assert sent.size == (64, 32) and sent.format == "JPEG" and not sent.getexif()
    endpoint.asked.clear()
    assert run(desk).state == "done" and endpoint.asked == []  # what is done is not asked again


FAILS: dict[str, str] = {
    "slow": "gave no answer in 1 seconds",
    "drip": "gave no answer in 1 seconds",
    "dead": "does not answer",
    "broken": "answers 500 Internal Server Error: out of memory",
    "refused": "answers 401 Unauthorized: ",
    "elsewhere": "sends on to http://other.example/steal, which is not followed",
    "moved": "sends on to http://other.example/steal, which is not followed",
    "page": "answers with no caption (text/html): <html><body>Log in first",
    "empty": "answers with an empty caption",
    "none": "answers with no caption",
    "cut": "answers with no caption",
    "deep": "answers with no caption",
    "endless": "its answer is longer than 1,048,576 bytes",
}


@pytest.mark.parametrize("how", FAILS)
def test_a_picture_it_does_not_describe_fails_alone(desk: Engined, endpoint: Endpoint, how: str) -> None:
    ids = desk.take_in(3)
    allow(desk)
    endpoint.how = how
    job = run(desk)
    assert (job.state, job.error) == ("done", None)
    assert captions(desk) == {ids[0]: "It is red.", ids[1]: "It is green."}
    error = desk.errors()[ids[2]]
    assert FAILS[how] in error and KEY not in error and set(desk.errors()) == {ids[2]}
    endpoint.how = "well"
    assert run(desk, retry=True).state == "done" and captions(desk)[ids[2]] == "It is blue."


def test_an_answer_in_parts(desk: Engined, endpoint: Endpoint) -> None:
    ids = desk.take_in(3)
    allow(desk)
    endpoint.how = "parts"
    assert run(desk).state == "done" and captions(desk)[ids[2]] == "Blue, in parts."


def test_one_that_is_not_there_ends_the_job_with_its_name(desk: Engined, endpoint: Endpoint, monkeypatch: Any) -> None:
    from pixlstash_core.engines import running

    monkeypatch.setattr(running, "FAILING", 2)
    desk.take_in(3)
    allow(desk)
    endpoint.server.shutdown()
    endpoint.server.server_close()
    job = run(desk)
    assert (
        job.state == "failed" and "pixlstash-joycaption" in (job.error or "") and "does not answer" in (job.error or "")
    )
    assert desk.errors() == {} and desk.run("odd/redness").state == "done"


def test_its_key_is_sent_to_no_other_address(desk: Engined, endpoint: Endpoint) -> None:
    """The host that was allowed is the same, and so is its name: another port is another server."""
    other = Endpoint()
    try:
        desk.take_in(1)
        allow(desk)
        desk.library.set_engine(OWNER, SetEngine(engine=ID, params={"endpoint": other.url, "timeout": 5.0}))
        assert run(desk).state == "done"
        ((_, headers, _),) = other.asked
        assert "Authorization" not in headers and KEY not in repr(headers) and endpoint.asked == []
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_its_key_is_in_no_file_but_one(desk: Engined, endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    desk.take_in(3)
    allow(desk)
    endpoint.how = "refused"
    run(desk)
    library = desk.library
    library.take_snapshot(OWNER, TakeSnapshot())
    told = [library.engines(OWNER), library.engine(OWNER, ID), library.jobs(OWNER), library.history(OWNER)]
    assert KEY not in repr(told) and KEY not in caplog.text
    folder = library.path
    library.close()
    found = [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert {path.name for path in found} <= {"hub.db", "hub.db-wal"} and found
    for path in (folder / "snapshots").rglob("*"):
        if path.is_file():
            assert KEY.encode() not in unpacked(path)


def unpacked(path: Path) -> bytes:
    """What a file of a snapshot holds, where it is compressed."""
    import zstandard

    body = path.read_bytes()
    found = b""
    for at in range(len(body)):
        if body[at : at + 4] == b"\x28\xb5\x2f\xfd":
            try:
                found += zstandard.ZstdDecompressor().decompressobj().decompress(body[at:])
            except zstandard.ZstdError:
                continue
    return found


ASKING = """
import socket, sys
sys.path[:] = {path!r}
from pixlstash_core.engines import network_guard as fence
fence.close({hosts!r})
for how in sys.argv[1:]:
    host, _, port = how.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
        print("reached")
    except OSError as error:
        print(type(error).__name__, error)
"""


def test_an_engine_s_process_reaches_no_other_host(endpoint: Endpoint) -> None:
    import subprocess
    import sys

    port = endpoint.server.server_port

    def tried(hosts: tuple[str, ...]) -> list[str]:
        code = ASKING.format(path=sys.path, hosts=hosts)
        where = [f"127.0.0.1:{port}", f"localhost:{port}", "other.example:80"]
        return subprocess.run([sys.executable, "-c", code, *where], capture_output=True, text=True).stdout.splitlines()

    assert [line.split()[0] for line in tried(())] == ["PermissionError"] * 3
    assert [line.split()[0] for line in tried(("127.0.0.1",))] == ["reached", "PermissionError", "PermissionError"]
    # By its name, its address may be reached as well.
    assert tried(("localhost",))[1] == "reached"
