"""Captions by an OpenAI-compatible endpoint: vLLM, LM Studio, Ollama, llama.cpp, or a service.

Redirects are not followed, and the length of a response is limited. A picture for which the endpoint returns no caption
fails with the reason.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import Any
from urllib.parse import urlsplit

from pixlstash_core import Captioner, Image, Sends

from .settings import EndpointSettings, instruction

#: The most bytes of a response.
LONGEST = 1 << 20
BLOCK = 1 << 16
SHOWN = 200
#: What models write around their thoughts, where the server does not take them out.
THINKING, AFTER = "<think>", "</think>"


class Endpoint(Captioner[None]):
    id, label, lane, revision = "joycaption/endpoint", "Captions by an endpoint", "net", "1"
    license = "as the endpoint's model says"
    batch_size, image_side, background = 4, 1536, "white"
    Params = EndpointSettings

    def sends(self, params: Any) -> Sends:
        what = f"each picture as a JPEG of at most {params.side:,} pixels, and what is asked about it"
        return Sends((params.endpoint,), what)

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        pool = ThreadPoolExecutor(params.concurrency, thread_name_prefix="endpoint")
        try:
            waiting = [pool.submit(ask, encoded(image, params.side), params) for image in images]
            for future in waiting:
                try:
                    yield future.result(params.timeout + 5 + params.timeout * (len(waiting) // params.concurrency))
                except TooLate:
                    raise TimeoutError(_late(params)) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def encoded(image: Image, side: int) -> str:
    """Return an image as a data URL."""
    from PIL import Image as pil

    picture, out = image.pil, io.BytesIO()
    if max(picture.size) > side:
        picture.thumbnail((side, side), pil.Resampling.BICUBIC)
    picture.save(out, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def request(picture: str, params: Any) -> dict[str, Any]:
    """Return the request for a picture."""
    content = [{"type": "text", "text": instruction(params)}, {"type": "image_url", "image_url": {"url": picture}}]
    talk: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if params.system.strip():
        talk.insert(0, {"role": "system", "content": params.system.strip()})
    sent = {"messages": talk, "max_tokens": params.tokens, "temperature": params.temperature, "top_p": params.top_p}
    return {"model": params.model, "stream": False, **sent}


def ask(picture: str, params: Any) -> str:
    """Return the endpoint's caption of a picture. Raises OSError or ValueError with the reason of a failure."""
    parts = urlsplit(params.endpoint)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "pixlstash"}
    if params.key:
        headers["Authorization"] = f"Bearer {params.key.reveal()}"
    body = json.dumps(request(picture, params)).encode()
    until = time.monotonic() + params.timeout
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, params.timeout)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/chat/completions", body, headers)
        answer = connection.getresponse()
        kind = answer.getheader("Content-Type", "")
        where = answer.getheader("Location", "")
        received = _read(answer, until, params)
    except TimeoutError:
        raise TimeoutError(_late(params)) from None
    except (OSError, http.client.HTTPException) as error:
        raise OSError(f"{_name(params)} does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if 300 <= answer.status < 400:
        raise ValueError(f"{_name(params)} sends on to {where[:SHOWN]}, which is not followed")
    if answer.status != 200:
        raise ValueError(f"{_name(params)} answers {answer.status} {answer.reason}: {_problem(received)}")
    return caption(received, kind, params)


def caption(body: bytes, kind: str, params: Any) -> str:
    """Return the text in a response, without what a model wrote while thinking."""
    reason = None
    try:
        choice: Any = json.loads(body)["choices"][0]
        content: Any = choice["message"]["content"]
        reason = choice.get("finish_reason")
        if content is None and reason == "length":  # vLLM, when all tokens were thoughts
            content = ""
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part.get("type") == "text")
        if not isinstance(content, str):
            raise TypeError
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{_name(params)} answers with no caption ({kind or 'of no kind'}): {_shown(body)}") from None
    text = content.rpartition(AFTER)[2].strip()
    if (not text and reason == "length") or text.startswith(THINKING):
        raise ValueError(
            f"{_name(params)} used all {params.tokens} tokens without a caption: raise the maximum length, or choose a"
            " model that does not think first"
        )
    if not text:
        raise ValueError(f"{_name(params)} answers with an empty caption")
    return text


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout)


def _read(answer: http.client.HTTPResponse, until: float, params: Any) -> bytes:
    body = b""
    while block := answer.read1(BLOCK):
        body += block
        if len(body) > LONGEST:
            raise OSError(f"its answer is longer than {LONGEST:,} bytes")
        if time.monotonic() > until:
            raise TimeoutError
    return body


def _name(params: Any) -> str:
    return str(urlsplit(params.endpoint).netloc)


def _late(params: Any) -> str:
    return f"{_name(params)} gave no answer in {params.timeout:g} seconds"


def _problem(body: bytes) -> str:
    """Return the sentence in an error: servers differ in where they put it."""
    try:
        error: Any = json.loads(body)
        for part in ("error", "message"):
            error = error.get(part, error) if isinstance(error, dict) else error
        if isinstance(error, str) and error.strip():
            return " ".join(error.split())[:SHOWN]
    except (ValueError, RecursionError):
        pass
    return _shown(body)


def _shown(body: bytes) -> str:
    text = " ".join(body[: 4 * SHOWN].decode("utf-8", "replace").split())
    return text[:SHOWN] or "nothing"
