"""Captions by an endpoint against servers that answer in the form of vLLM and of Ollama for vision models."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image as pil

from pixlstash_core import Image, Pictured
from pixlstash_joycaption.endpoint import Endpoint
from pixlstash_joycaption.settings import EndpointSettings

USAGE = {"prompt_tokens": 1045, "total_tokens": 1060, "completion_tokens": 15}


def vllm(content: str | None, reason: str = "stop", thoughts: str | None = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": None, "audio": None}
    message |= {"function_call": None, "tool_calls": [], "reasoning_content": thoughts}  # type: ignore[dict-item]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason, "stop_reason": None}
    head = {"id": "chatcmpl-5b1f", "object": "chat.completion", "created": 1_760_000_000, "model": "vision"}
    tail = {"service_tier": None, "system_fingerprint": None, "usage": {**USAGE, "prompt_tokens_details": None}}
    return {**head, "choices": [choice], **tail, "prompt_logprobs": None, "kv_transfer_params": None}


def ollama(content: str, reason: str = "stop", thoughts: str | None = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **({"reasoning": thoughts} if thoughts else {})}
    head = {"id": "chatcmpl-482", "object": "chat.completion", "created": 1_760_000_000, "model": "vision"}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**head, "system_fingerprint": "fp_ollama", "choices": [choice], "usage": USAGE}


def vllm_error(message: str, kind: str, code: int) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"message": message, "type": kind, "param": None, "code": code}}


def ollama_error(message: str, code: int) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"message": message, "type": "api_error", "param": None, "code": None}}


class Server:
    def __init__(self) -> None:
        self.status, self.body, self.wait = 200, {}, 0.0  # type: tuple[int, dict[str, Any], float]
        self.asked: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                time.sleep(server.wait)
                body = json.dumps(server.body, separators=(",", ":")).encode()
                try:
                    self.send_response(server.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # it was given up

            def log_message(self, *given: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def caption(self, timeout: float = 20.0) -> str:
        url = f"http://127.0.0.1:{self.http.server_port}/v1"
        params = EndpointSettings(endpoint=url, model="vision", timeout=timeout, side=64)
        picture = pil.new("RGB", (40, 30), "red")
        image = Image(Pictured(1, "image", picture.size), *picture.size, picture.tobytes())
        (text,) = Endpoint().run(None, [image], params)
        return text


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


@pytest.mark.parametrize(
    "body",
    [
        vllm("A red door. "),
        vllm("\n\nA red door.", thoughts="The user wants a caption."),
        vllm("<think>\nIt is a door.\n</think>\n\nA red door."),
        vllm("It is a door.\n</think>\n\nA red door."),  # the template has written the first mark
        ollama("A red door."),
        ollama("A red door.", thoughts="It is a door."),
    ],
)
def test_captions(server: Server, body: dict[str, Any]) -> None:
    server.body = body
    assert server.caption() == "A red door."
    (asked,) = server.asked
    assert asked["stream"] is False and asked["model"] == "vision" and asked["max_tokens"] > 0
    text, picture = asked["messages"][-1]["content"]
    assert text["type"] == "text" and picture["type"] == "image_url" and set(picture["image_url"]) == {"url"}
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize(
    "body",
    [
        vllm(None, "length", "The user wants"),
        vllm("<think>\nThe user wants", "length"),
        ollama("", "length", "The user wants"),
    ],
)
def test_a_model_that_only_thinks_says_what_to_do(server: Server, body: dict[str, Any]) -> None:
    server.body = body
    with pytest.raises(ValueError, match="used all 512 tokens without a caption: raise the maximum length"):
        server.caption()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            vllm_error("The model `vision` does not exist.", "NotFoundError", 404),
            "answers 404 Not Found: The model `vision` does not exist.",
        ),
        (
            vllm_error("vision is not a multimodal model", "BadRequestError", 400),
            "answers 400 Bad Request: vision is not a multimodal model",
        ),
        (
            ollama_error('model "vision" not found, try pulling it first', 404),
            'answers 404 Not Found: model "vision" not found, try pulling it first',
        ),
        ((401, {"error": "Unauthorized"}), "answers 401 Unauthorized: Unauthorized"),
        ((400, {"object": "error", "message": "too long", "code": 400}), "answers 400 Bad Request: too long"),
        ((503, {"detail": "busy"}), 'answers 503 Service Unavailable: {"detail":"busy"}'),
    ],
)
def test_errors_are_shown_as_sentences(server: Server, answer: tuple[int, dict[str, Any]], why: str) -> None:
    server.status, server.body = answer
    with pytest.raises(ValueError) as caught:
        server.caption()
    assert str(caught.value).endswith(why)


def test_a_first_answer_that_waits_for_the_model(server: Server) -> None:
    server.body, server.wait = ollama("A red door."), 1.5
    assert server.caption() == "A red door."
    with pytest.raises(TimeoutError, match="gave no answer in 1 seconds"):
        server.caption(timeout=1.0)
