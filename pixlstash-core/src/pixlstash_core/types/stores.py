"""Stores and importers of plugins."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .pictures import Presence


class SourceKind(Struct, frozen=True):
    """A kind of store, or an importer, that a plugin offers. `form` is the JSON Schema of its settings.

    A field with `x-secret` takes `env:NAME` or `file:/path`, never the secret itself. `reaches`: the machines that an
    importer connects to.
    """

    id: str
    label: str
    form: dict[str, Any]
    reaches: str = ""


class SourceKinds(Struct, frozen=True):
    """What can be added with `stores`, and imported from with `importers`."""

    stores: list[SourceKind]
    importers: list[SourceKind]


class StoreState(Struct, frozen=True):
    """A store of a plugin. `pictures` are those not in the scrapheap; `missing` files have disappeared.

    `problem` says why it does not answer. `job`: the scan that is waiting or running.
    """

    id: int
    name: str
    scheme: str
    settings: dict[str, Any]
    state: Presence
    problem: str
    read_only: bool
    pictures: int
    missing: int
    job: int | None = None


class AddStore(Struct, frozen=True):
    """Add a store of a plugin, whose files are indexed in place. `settings`: as its kind's form says."""

    scheme: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    settings: dict[str, Any] = {}


class ImportFrom(Struct, frozen=True):
    """Import from a plugin's importer. `settings`: as its form says."""

    importer: Annotated[str, Meta(min_length=1, max_length=100)]
    settings: dict[str, Any] = {}
