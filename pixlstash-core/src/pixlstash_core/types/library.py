"""The library as a whole: stores, plugins and status."""

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
    """A plugin: what it registers, or the problems that prevent it or parts of it from loading."""

    name: str
    distribution: str
    version: str
    hooks: list[str]
    objects: list[str]
    enabled: bool
    problems: list[str]


class CheckReport(Struct, frozen=True):
    """The result of `pixlstash check`. `problems` is empty if there are none."""

    pictures: int
    locations: int
    verified: int
    problems: list[str]
