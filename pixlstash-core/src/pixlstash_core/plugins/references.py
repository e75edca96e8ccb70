"""Secrets in the settings of stores and importers.

A field of the type `Secret` is stored as a reference, never as the secret itself: `env:NAME` names an environment
variable of the server, `file:/path` a file. The secret is read when it is needed. Libraries, snapshots and backups
contain the reference only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ..errors import Invalid, PixlStashError, StoreUnreachable, describe
from .contracts import Params
from .settings import Secret, form, plain_params, read_params, secrets

#: What a reference looks like, for forms and errors.
PATTERN = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)?$"
HELP = "env:NAME for an environment variable of the server, or file:/path for a file; never the secret itself."
#: Bytes of the largest file with a secret.
LARGEST = 64 << 10


def source_form(params: type[Params]) -> dict[str, Any]:
    """Return the JSON Schema of settings for a form in which secrets are references, marked by `x-secret`."""
    schema = form(params)
    for name in secrets(params):
        field = schema["properties"][name]
        for key in ("format", "writeOnly"):
            field.pop(key, None)
        field |= {"x-secret": True, "pattern": PATTERN, "description": field.get("description", HELP)}
    for field in schema["properties"].values():
        field.pop("x-touches", None)
    required = [field.name for field in msgspec.structs.fields(params) if field.required]
    if required:
        schema["required"] = required
    return schema


def checked(params: type[Params], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are stored. `Invalid` says which field is wrong; a secret must be a valid reference."""
    try:
        values = read_params(params, settings)
        for name in secrets(params):
            _resolve(name, getattr(values, name).reveal())
    except (msgspec.ValidationError, StoreUnreachable) as error:
        raise Invalid(f"{error}".rstrip(".") + ".") from error
    return plain_params(values, reveal=True)


def resolved(params: type[Params], settings: Mapping[str, Any]) -> Any:
    """Return stored settings as their struct, with the secrets. `StoreUnreachable` if one cannot be read now."""
    try:
        values = read_params(params, settings)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error
    hidden = {name: Secret(_resolve(name, getattr(values, name).reveal())) for name in secrets(params)}
    return msgspec.structs.replace(values, **hidden) if hidden else values


@contextmanager
def redacting(values: Any) -> Iterator[None]:
    """Replace secrets of settings in the texts of exceptions from the block."""
    try:
        yield
    except Exception as error:
        text = describe(error)
        hidden = [secret for name in secrets(type(values)) if (secret := getattr(values, name).reveal())]
        if not any(secret in text for secret in hidden):
            raise
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, "…")
        kind = type(error) if type(error) in (StoreUnreachable, Invalid) else PixlStashError
        raise kind(text) from None


def _resolve(name: str, reference: str) -> str:
    kind, _, rest = reference.partition(":")
    if not reference:
        return ""
    if kind == "env" and rest:
        secret = os.environ.get(rest)
        if not secret:
            raise StoreUnreachable(f"{name}: the server has no environment variable {rest}; set it, then restart.")
        return secret
    if kind == "file" and Path(rest).is_absolute():
        return _read(name, rest)
    raise Invalid(f"{name}: write {HELP}")


def _read(name: str, path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StoreUnreachable(f"{name}: {path} is not a file.")
            data = file.read(LARGEST + 1)
        text = data.decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise StoreUnreachable(f"{name}: {path} cannot be read: {reason}.") from error
    if not text or len(data) > LARGEST:
        raise StoreUnreachable(f"{name}: {path} must contain one secret, and nothing else.")
    return text
