"""The library as a whole: its stores, its plugins, its state."""

from __future__ import annotations

from msgspec import Struct

from .jobs import Job
from .pictures import Presence


class StoreInfo(Struct, frozen=True):
    name: str
    scheme: str
    state: Presence
    read_only: bool
    pictures: int


class LibraryInfo(Struct, frozen=True):
    name: str
    public_id: str
    version: str
    pictures: int
    scrapheap: int
    revision: int
    stores: list[StoreInfo]
    running: list[Job]
    demo: bool
    read_only: bool


class PluginInfo(Struct, frozen=True):
    """One plugin: what it registers, or the problem that keeps it (or part of it) out."""

    name: str
    distribution: str
    version: str
    hooks: list[str]
    objects: list[str]
    enabled: bool
    problems: list[str]


class CheckReport(Struct, frozen=True):
    """What `pixlstash check` found. `problems` is empty when all is well."""

    pictures: int
    locations: int
    verified: int
    problems: list[str]
