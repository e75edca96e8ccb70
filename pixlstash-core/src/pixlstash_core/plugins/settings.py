"""Settings of engines: effects of fields, secrets, network addresses, and the JSON Schema of the form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, NamedTuple, get_type_hints
from urllib.parse import urlsplit

import msgspec

from .contracts import Params

_PORTS = {"http": 80, "https": 443}
#: A host name or an IP address, without port.
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*")
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x20\x7f]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class Touches(Enum):
    """The effect of a field of an engine's `Params`, as in `endpoint: Annotated[str, RUN] = ""`."""

    OUTPUT = "output"
    LOAD = "load"
    RUN = "run"


#: The default: another value means another producer.
OUTPUT = Touches.OUTPUT
#: Another value means another producer, and the model is loaded again.
LOAD = Touches.LOAD
#: The value does not affect results (an endpoint, a time limit).
RUN = Touches.RUN


class Secret:
    """A key or password in `Params`: `key: Secret = Secret()`. Shown nowhere; `reveal()` where it is used."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret text. Keep it out of results and messages."""
        return self._value

    def __repr__(self) -> str:
        return "Secret()" if not self._value else "Secret(…)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def touches(params: type[Params]) -> dict[str, Touches]:
    """Return the effect of each field by name."""
    hints = get_type_hints(params, include_extras=True)
    concerns = {}
    for field in msgspec.structs.fields(params):
        marks = [mark for mark in getattr(hints[field.name], "__metadata__", ()) if isinstance(mark, Touches)]
        concerns[field.name] = marks[-1] if marks else OUTPUT
    return concerns


def secrets(params: type[Params]) -> frozenset[str]:
    """Return the names of secret fields."""
    hints = get_type_hints(params)
    return frozenset(field.name for field in msgspec.structs.fields(params) if hints[field.name] is Secret)


def read_params(params: type[Params], settings: Mapping[str, Any]) -> Any:
    """Convert settings to their struct. Raises `msgspec.ValidationError`, whose text is for users."""
    return msgspec.convert(dict(settings), params, dec_hook=_read)


def plain_params(params: Any, *, reveal: bool = False) -> dict[str, Any]:
    """Convert settings to plain data for JSON, without secrets unless `reveal`."""
    hidden = secrets(type(params))
    names = [field.name for field in msgspec.structs.fields(params) if reveal or field.name not in hidden]
    plain = msgspec.to_builtins({name: getattr(params, name) for name in names}, enc_hook=_plain)
    return dict(plain)


def form(params: type[Params]) -> dict[str, Any]:
    """Return the JSON Schema of settings, for forms; a secret is a `writeOnly` text.

    `x-touches` is the effect of a field: `output`, `load` or `run`.
    """
    hints, hidden = get_type_hints(params, include_extras=True), secrets(params)
    fields: list[Any] = []
    for field in msgspec.structs.fields(params):
        if field.name in hidden:
            fields.append((field.name, _SECRET, ""))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, hints[field.name], msgspec.field(default_factory=field.default_factory)))
        elif field.default is not msgspec.NODEFAULT:
            fields.append((field.name, hints[field.name], field.default))
        else:
            fields.append((field.name, hints[field.name]))
    shown = msgspec.defstruct(params.__name__, fields, kw_only=True, forbid_unknown_fields=True)
    (schema,), parts = msgspec.json.schema_components([shown])
    whole: dict[str, Any] = parts.pop(schema["$ref"].rpartition("/")[2])
    for name, touched in touches(params).items():
        whole["properties"][name]["x-touches"] = LOAD.value if name in hidden else touched.value
    for name in hidden:
        del whole["properties"][name]["default"]
    return {**whole, "$defs": parts} if parts else whole


_SECRET = Annotated[str, msgspec.Meta(extra_json_schema={"format": "password", "writeOnly": True})]


def _read(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise ValueError(f"Expected `str`, got `{type(value).__name__}`" if kind is Secret else f"{kind} is not for Params")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError


class Address(NamedTuple):
    """`host`: a name or an IP address in lower case, without brackets; `origin`: scheme, host and port, where known."""

    host: str
    origin: str = ""


def is_host(text: str) -> bool:
    """Return whether a text is a host name or an IP address, without scheme and port."""
    return _HOST.fullmatch(text) is not None


def read_address(text: str) -> Address:
    """Parse a URL (`https://host:port/…`), a `host`, or a `host:port` of unknown scheme.

    Raises `ValueError` for anything else.
    """
    text = text.strip().lower()
    if _AMBIGUOUS.search(text):  # programs interpret such texts differently
        raise ValueError(f"{text!r} is no address")
    scheme, separator, _ = text.partition("://")
    parts = urlsplit(text if separator else f"//{_bracketed(text)}")
    host, port = parts.hostname or "", parts.port
    if not is_host(host) or (separator and not _SCHEME.fullmatch(scheme)):
        raise ValueError(f"{text!r} is no address")
    if not separator:
        return Address(host)
    name = f"[{host}]" if ":" in host else host
    port = port if port is not None else _PORTS.get(scheme)
    return Address(host, f"{scheme}://{name}" + (f":{port}" if port is not None else ""))


def read_addresses(texts: Iterable[str]) -> list[Address]:
    """Parse addresses, without empty ones: an engine names an empty address until its user sets one."""
    return [read_address(text) for text in texts if text.strip()]


def _bracketed(text: str) -> str:
    """Return an address, an IPv6 address in brackets, so that its colons do not look like a port."""
    return f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
