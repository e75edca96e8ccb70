"""A plugin whose kinds do everything a kind must not do; a file's first word says which."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pixlstash_core import Embedded, Fact, FactReader, Facts, Format, Kind, Media, hookimpl

if TYPE_CHECKING:
    from PIL.Image import Image


class Hostile(Media):
    width = height = 32
    embedded = Embedded("hostile")

    def __init__(self, how: str) -> None:
        self.how = how
        if how == "huge":
            self.width, self.height = 70_000, 70_000
        if how == "flat":
            self.width = 0

    def still(self, short: int, long: int) -> Image:
        from PIL import Image

        if self.how == "raise":
            raise RuntimeError("a decoder's complaint")
        if self.how == "undrawable":
            raise NotImplementedError("Sounds have no looks.")
        if self.how == "exit":
            os._exit(3)
        if self.how == "leave":
            sys.exit(4)
        if self.how == "hang":
            time.sleep(3600)
        if self.how.startswith("child "):  # starts a process, notes its id in the file named, waits for it
            program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
            Path(self.how[6:]).write_text(str(program.pid))
            program.wait()
        if self.how == "burn":
            while True:
                pass
        if self.how == "eat":
            held = []
            while True:
                held.append(bytes(16 << 20))  # claimed, never touched: the limit is what runs out
        if self.how == "print":
            print("noise " * 10_000)
            sys.stdin.read()
        if self.how.startswith("wait"):
            time.sleep(float(self.how[4:]))
        return Image.new("RGBA", (2_000, 1_000), "red")


class HostileKind(Kind):
    id = "hostile"

    def recognise(self, head: bytes, name: str) -> Format | None:
        return Format("hostile", "text/plain", "txt") if head.startswith(b"#") else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        return Hostile(file.read().decode()[1:].strip())


class Confused(Kind):
    id = "confused"

    def recognise(self, head: bytes, name: str) -> Format | None:
        raise ValueError("I never know")


class WrongReader(FactReader):
    id = "wrong"

    def read(self, embedded: Embedded) -> Facts | None:
        raise KeyError("nothing here")


class WildReader(FactReader):
    id = "wild"

    def read(self, embedded: Embedded) -> Facts | None:
        if embedded.format != "hostile":
            return None
        facts = [Fact("Wild", "odd", "Odd", "a\x00b\ud800c\u202e" + "d" * 5_000, float("nan"))]
        facts += [Fact("Wild", f"n{n}", "N", "v") for n in range(5_000)]
        return Facts(
            tuple(facts),
            prompt="p\x1b[31m" * 100_000,
            payloads={"big": "x" * (5 << 20), "broken": "\ud800", "small": "{}"},
        )


@hookimpl
def kinds() -> Iterable[Kind]:
    yield Confused()
    yield HostileKind()


@hookimpl
def readers() -> Iterable[FactReader]:
    yield WrongReader()
    yield WildReader()
