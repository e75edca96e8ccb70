"""The MCP server, as an agent uses it: the official client starts the command, and asks it over standard input."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from web.conftest import OWNER, Served

pytest.importorskip("mcp")
from mcp import Client as Agent
from mcp import StdioServerParameters

from pixlstash_core.api import rows
from pixlstash_core.types import CreateToken, Grant, Total
from pixlstash_mcp.server import MOST_BYTES, OPERATIONS, tools_of

COMMAND = str(Path(sys.executable).with_name("pixlstash"))


def agent(served: Served, token: str, use: Callable[[Agent], Awaitable[Any]]) -> Any:
    """Start the server as an agent does, and return what `use` returns."""

    async def run() -> Any:
        arguments = ["mcp", "--url", served.url]
        server = StdioServerParameters(command=COMMAND, args=arguments, env={"PIXLSTASH_TOKEN": token})
        async with Agent(server) as client:
            return await use(client)

    return asyncio.run(run())


def scoped(served: Served, ids: list[int]) -> str:
    return served.library.create_token(OWNER, CreateToken("read", scope=Grant(pictures=ids))).token


async def ask(client: Agent, tool: str, **arguments: Any) -> Any:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer
    return json.loads(answer.content[0].text)  # type: ignore[union-attr]


def test_an_agent_searches_and_looks(shared: Served) -> None:
    ids = shared.library.find(OWNER, "kind:image").ids[:3]

    async def use(client: Agent) -> None:
        tools = (await client.list_tools()).tools
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
        assert {tool.name for tool in tools} == {tool.__name__ for tool in tools_of(None)}  # type: ignore[arg-type]
        assert all(tool.description for tool in tools)
        assert (await ask(client, "library"))["pictures"] == 3
        found = await ask(client, "search", query="", limit=2)
        assert found["total"] == 3 and len(found["pictures"]) == 2
        assert (await ask(client, "picture", id=ids[0]))["id"] == ids[0]
        for tool in ("picture_tags", "picture_texts"):
            assert await ask(client, tool, id=ids[0]) is not None
        for kind in ("sets", "characters", "projects"):
            assert isinstance(await ask(client, "groups", kind=kind), list)
        assert isinstance(await ask(client, "tags"), list) and isinstance(
            await ask(client, "tags", containing="a"), list
        )
        [image] = (await client.call_tool("view", {"id": ids[0]})).content
        assert image.type == "image" and image.mime_type == "image/webp"
        body = base64.b64decode(image.data)
        assert len(body) <= MOST_BYTES
        with Image.open(io.BytesIO(body)) as opened:
            assert opened.format == "WEBP" and max(opened.size) <= 1024

    agent(shared, scoped(shared, ids), use)


def test_it_sees_nothing_outside_of_the_tokens_scope(shared: Served) -> None:
    everything = shared.library.find(OWNER).ids
    ids, outside = everything[:2], everything[2:]
    names = [shared.library.picture(OWNER, id).name for id in outside]

    async def use(client: Agent) -> None:
        for id in (*outside, 0, -1, 10**6, 10**30, "1; drop table picture", None):
            for tool in ("picture", "picture_tags", "picture_texts", "view"):
                answer = await client.call_tool(tool, {"id": id})
                assert answer.is_error and not any(name in str(answer) for name in names), (tool, id)
        for query in ("", "sort:random", *names, f"name:{names[0]}"):
            found = await ask(client, "search", query=query, limit=100)
            assert {picture["id"] for picture in found["pictures"]} <= set(ids)
        for bad in ('"', "kind:nonsense", "(" * 500, "x" * 5000):
            answer = await client.call_tool("search", {"query": bad})
            assert (answer.is_error or json.loads(answer.content[0].text)["total"] == 0) and "Traceback" not in str(
                answer
            )
        with pytest.raises(Exception, match="[Uu]nknown tool"):
            unknown = await client.call_tool("delete", {"id": ids[0]})
            raise RuntimeError(str(unknown))

    agent(shared, scoped(shared, ids), use)


@pytest.mark.attack
def test_nonsense_is_answered_and_changes_nothing(shared: Served) -> None:
    ids, seed = shared.library.find(OWNER).ids[:2], random.Random(15)
    revision = shared.library.info(OWNER).revision
    values = ["", "\x00", "é" * 300, 0, -1, 2**63, 1.5, None, True, [], {"a": 1}, "tag:", "../../etc/passwd"]

    async def use(client: Agent) -> None:
        tools = (await client.list_tools()).tools
        for _ in range(60):
            tool = seed.choice(tools)
            properties = [*tool.input_schema.get("properties", {}), "extra"]
            arguments = {name: seed.choice(values) for name in properties if seed.random() < 0.8}
            answer = await client.call_tool(tool.name, arguments)
            assert "Traceback" not in str(answer), (tool.name, arguments)
        assert (await ask(client, "library"))["pictures"] == 2

    agent(shared, scoped(shared, ids), use)
    assert shared.library.info(OWNER).revision == revision


def test_a_token_that_may_change_something_is_refused(shared: Served) -> None:
    secrets = [shared.token("write"), shared.token("owner"), "nonsense", "", shared.library.access.local_secret]
    for secret in secrets:
        done = subprocess.run(
            [COMMAND, "mcp", "--url", shared.url],
            env={"PIXLSTASH_TOKEN": secret, "PATH": ""},
            input=b"",
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1 and done.stdout == b"" and b"Traceback" not in done.stderr, done
        assert not secret or secret.encode() not in done.stderr


def test_a_revoked_token_ends_it(served: Served) -> None:
    made = served.library.create_token(OWNER, CreateToken("read"))

    async def use(client: Agent) -> None:
        assert (await ask(client, "search"))["total"]
        await asyncio.to_thread(served.library.revoke_token, OWNER, made.id)
        answer = await client.call_tool("search", {})
        assert answer.is_error and made.token not in str(answer)

    agent(served, made.token, use)


def test_the_token_may_be_in_a_file(shared: Served, tmp_path: Path) -> None:
    file = tmp_path / "token"
    for body in (b"", b"\xff\xfe", None):
        if body is not None:
            file.write_bytes(body)
        command = [COMMAND, "mcp", "--token-file", str(file if body is not None else tmp_path / "absent")]
        done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
        assert done.returncode != 0 and b"Traceback" not in done.stderr
    file.write_text(shared.token("read") + "\n")
    command = [COMMAND, "mcp", "--url", shared.url, "--token-file", str(file)]
    assert subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False).returncode == 0


def test_all_it_sends_needs_only_the_right_to_read() -> None:
    table = {row.name: row for row in rows()}
    assert {(table[name].method, table[name].right) for name in OPERATIONS} == {("GET", "read")}

    class Recording:
        names: list[str] = []

        def __getattr__(self, name: str) -> Callable[..., Any]:
            self.names.append(name)
            answers = {"thumbnail": b"x", "count": Total(0)}
            return lambda *args: answers.get(name, [])

    recording = Recording()
    tools = {tool.__name__: tool for tool in tools_of(recording)}  # type: ignore[arg-type]
    for kind in ("sets", "characters", "projects"):
        tools["groups"](kind)
    for name in ("picture", "picture_tags", "picture_texts", "view"):
        tools[name](1)
    for name in ("library", "search", "tags"):
        tools[name]()
    tools["tags"]("sea")
    assert set(recording.names) == set(OPERATIONS)
