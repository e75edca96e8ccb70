"""The hooks a plugin may implement. Nouns are yielded objects; `startup` and `event` are verbs.

Every implementation is called by itself and guarded, iteration included: a plugin that raises is recorded as a
problem and shown (`pixlstash plugin list`), and never hides another. A hook may take any subset of its arguments.
The examples need only names of `pixlstash_core`; `docs/hooks.md` repeats them, and both are run by a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from .contracts import FactReader, Importer, Kind, Store

if TYPE_CHECKING:
    import click

    from .library import Library
    from .types import Event

PROJECT = "pixlstash"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kinds() -> Iterable[Kind]:  # type: ignore[empty-body]
    """Yield media kinds: what recognises a file by its first bytes and draws a still of it.

    Objects run in the limited decoder process, so they must be importable there and keep no state.

        class Swatch(Media):
            width = height = 64

            def still(self, short, long):
                from PIL import Image

                return Image.new("RGB", (64, 64), "teal")

        class SwatchKind(Kind):
            id = "swatch"

            def recognise(self, head, name):
                return Format("swatch", "text/plain", "swatch") if head.startswith(b"#swatch") else None

            def open(self, file, format):
                return Swatch()

        @hookimpl
        def kinds():
            yield SwatchKind()
    """


@hookspec
def readers() -> Iterable[FactReader]:  # type: ignore[empty-body]
    """Yield readers of embedded facts: pure functions from lifted bytes to `Facts`.

    They run in the decoder process, after the kind that lifted the bytes out.

        class Weather(FactReader):
            id = "weather"

            def read(self, embedded):
                text = embedded.text.get("weather")
                return Facts((Fact("Weather", "weather", "Weather", text),)) if text else None

        @hookimpl
        def readers():
            yield Weather()
    """


@hookspec
def stores() -> Iterable[Store]:  # type: ignore[empty-body]
    """Yield places that keep picture bytes, each known by its `scheme`.

    class Postcard(Opened):
        def list(self, prefix=""):
            yield "front.png", Stat(0)

        def stat(self, key):
            raise StoreUnreachable("The postman has not come yet.")

    class PostcardStore(Store):
        scheme = "postcard"

        def connect(self, params):
            return Postcard()

    @hookimpl
    def stores():
        yield PostcardStore()
    """


@hookspec
def importers() -> Iterable[Importer]:  # type: ignore[empty-body]
    """Yield sources of pictures, whose finds are copied into the library.

    class Card(Importer):
        id, label = "card", "The camera's card"

        def scan(self, params):
            for path in Path("/media/card").glob("*.jpg"):
                yield Found(str(path), path.name, partial(path.open, "rb"))

    @hookimpl
    def importers():
        yield Card()
    """


@hookspec
def commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Yield command-line verbs. `click.pass_obj` gives what connects to the library, served or not.

    @click.command()
    @click.pass_obj
    def count(shell):
        with shell.connect() as library:
            click.echo(library.info().pictures)

    @hookimpl
    def commands():
        yield count
    """


@hookspec
def startup(library: Library) -> None:
    """Called once when a library is opened for writing: adopt tables, repeat jobs.

    @hookimpl
    def startup(library):
        library.adopt(
            "weather",
            ["create table weather_seen(id integer primary key autoincrement not null, text text)"],
        )
        library.repeat("weather", "Looking at the sky", every=3600, run=lambda task: None)
    """


@hookspec
def event(library: Library, event: Event) -> None:
    """Called after each committed change: at least once, in order, from a stored position, on a thread of its own.

    A plugin that is new begins with what happens from now on. One that raises is told again later.

        @hookimpl
        def event(library, event):
            if isinstance(event, PicturesAdded):
                print(f"{event.count} new pictures")
    """
