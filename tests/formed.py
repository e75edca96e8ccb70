"""Engines for tests: settings of every kind that a form knows, weights to be agreed to, a machine that is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import field

from pixlstash_core import (
    RUN,
    Captioner,
    Image,
    Meta,
    Params,
    Secret,
    Sends,
    Tag,
    Tagger,
    WeightFile,
    Weights,
    hookimpl,
)


class Formed(Tagger[None]):
    id, revision, label, license, lane = "formed/all", "7", "Every setting", "MIT", "cpu"

    class Params(Params):
        share: Annotated[float, Meta(ge=0, le=1, title="Least share", description="Of all pixels.")] = 0.5
        most: Annotated[int, Meta(ge=1, le=99)] | None = None
        padding: Literal["white", "edge"] = "white"
        categories: list[Literal["general", "character", "rating"]] = field(default_factory=lambda: ["general"])
        never_say: list[str] = []
        upside_down: bool = False
        opening: Annotated[str, Meta(max_length=500)] = ""
        wait: Annotated[int, RUN, Meta(ge=1, le=60)] = 30
        key: Secret = Secret()

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("formed", 1.0)]


class Licensed(Tagger[None]):
    """Its weights are set by the test that fetches them."""

    id, revision, label, lane = "formed/licensed", "1", "Licensed", "cpu"
    files: tuple[WeightFile, ...] = ()

    def weights(self, params: Any) -> Weights:
        return Weights(self.files, "Research only", acknowledge=True)

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("licensed", 1.0)]


class Asking(Captioner[None]):
    """Asks a machine that is named in its settings."""

    id, revision, label, lane = "formed/asking", "1", "Asking", "net"

    class Params(Params):
        host: Annotated[str, RUN] = "pictures.example"

    def sends(self, params: Any) -> Sends:
        return Sends((params.host,), "each picture")

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for _ in images:
            yield "asked"


class Unset(Captioner[None]):
    """Asks a machine that nobody has named yet."""

    id, revision, label, lane = "formed/unset", "1", "Unset", "net"

    class Params(Params):
        endpoint: Annotated[str, RUN] = ""
        key: Secret = Secret()

    def sends(self, params: Any) -> Sends:
        return Sends((params.endpoint,), "each picture")

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for _ in images:
            yield "unset no more"


class Required(Unset):
    """The same where the setting must be given."""

    id, label = "formed/required", "Required"

    class Params(Params):
        endpoint: Annotated[str, RUN]


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    yield Asking()
    yield Unset()
    yield Required()


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield Formed()
    yield Licensed()
