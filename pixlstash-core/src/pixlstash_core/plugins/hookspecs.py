"""The hooks a plugin may implement. Most of them yield objects; `startup` and `event` are calls.

Each implementation is called separately, and exceptions are caught, also during iteration: a plugin that raises is
recorded as a problem (`pixlstash plugin list`) and does not affect others. A hook may take any subset of its arguments.
The examples need only names of `pixlstash_core`; `docs/hooks.md` repeats them, and a test runs both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

from .contracts import FactReader, Importer, Kind, RenditionStep, Sharer, Store
from .engines import Captioner, Detector, Embedder, FaceExtractor, Measurer, Tagger, TextExtractor
from .operation import Operations

if TYPE_CHECKING:
    import click

    from ..types import Event
    from .library import Library

PROJECT = "pixlstash"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kinds() -> Iterable[Kind]:  # type: ignore[empty-body]
    """Yield media kinds, which recognize files by their first bytes and draw thumbnails of them.

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
    """Yield metadata readers: pure functions from extracted bytes to `Facts`.

    They run in the decoder process, after the kind that extracted the bytes.

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
    """Yield storage backends for picture files, each identified by its `scheme`.

    class Postcard(Opened):
        def list(self, prefix=""):
            yield "front.png", Stat(0)

        def stat(self, key):
            raise StoreUnreachable("The mail has not arrived yet.")

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
    """Yield sources of pictures to copy into the library.

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
def sharers() -> Iterable[Sharer]:  # type: ignore[empty-body]
    """Yield ways to publish pictures for other people, who get renditions of them.

    class Contact(Sharer):
        id, label = "contact", "A contact sheet"

        def share(self, title, renditions, params):
            path = Path.home() / f"{title or 'Pictures'}.txt"
            with path.open("x") as file:  # never over another file
                for rendition in renditions:
                    print(rendition.name, rendition.width, rendition.height, file=file)
            return Shared(str(path), str(path))

        def revoke(self, state):
            Path(state).unlink(missing_ok=True)

    @hookimpl
    def sharers():
        yield Contact()
    """


@hookspec
def rendition_steps() -> Iterable[RenditionStep]:  # type: ignore[empty-body]
    """Yield steps that change the pixels of renditions, by the settings of a share.

    class Gray(RenditionStep):
        id = "gray"

        def apply(self, image, params):
            return image.convert("L").convert("RGB")

    @hookimpl
    def rendition_steps():
        yield Gray()
    """


@hookspec
def taggers() -> Iterable[Tagger[Any]]:  # type: ignore[empty-body]
    """Yield engines that tag pictures.

    class Shape(Tagger):
        id, revision, lane = "shape", "1", "cpu"

        def run(self, model, images, params):
            for image in images:
                yield [Tag("landscape" if image.width > image.height else "portrait", 1.0)]

    @hookimpl
    def taggers():
        yield Shape()
    """


@hookspec
def captioners() -> Iterable[Captioner[Any]]:  # type: ignore[empty-body]
    """Yield engines that describe pictures in words.

    class Plain(Captioner):
        id, revision, lane = "plain", "1", "cpu"

        def run(self, model, images, params):
            for image in images:
                yield f"A picture of {image.picture.size[0]} by {image.picture.size[1]} pixels."

    @hookimpl
    def captioners():
        yield Plain()
    """


@hookspec
def embedders() -> Iterable[Embedder[Any]]:  # type: ignore[empty-body]
    """Yield engines that turn pictures into vectors, which are close together for similar pictures.

    class MeanColor(Embedder):
        id, revision, lane, image_side = "mean-color", "1", "cpu", 32

        def run(self, model, images, params):
            for image in images:
                yield 1 + image.array.mean(axis=(0, 1), dtype="float32")

    @hookimpl
    def embedders():
        yield MeanColor()
    """


@hookspec
def face_extractors() -> Iterable[FaceExtractor[Any]]:  # type: ignore[empty-body]
    """Yield engines that detect faces, each with a vector that identifies the person.

    class Portraits(FaceExtractor):
        id, revision, lane, image_side = "portraits", "1", "cpu", 64

        def run(self, model, images, params):
            for image in images:
                yield [Face((0.25, 0.1, 0.75, 0.7), 0.5, 1 + image.array.mean(axis=(0, 1), dtype="float32"))]

    @hookimpl
    def face_extractors():
        yield Portraits()
    """


@hookspec
def detectors() -> Iterable[Detector[Any]]:  # type: ignore[empty-body]
    """Yield engines that detect objects and their positions.

    class Horizon(Detector):
        id, revision, lane = "horizon", "1", "cpu"

        def run(self, model, images, params):
            for image in images:
                yield [Region("sky", (0.0, 0.0, 1.0, 0.5), 0.5)]

    @hookimpl
    def detectors():
        yield Horizon()
    """


@hookspec
def text_extractors() -> Iterable[TextExtractor[Any]]:  # type: ignore[empty-body]
    """Yield engines that read the text in pictures.

    class Stamp(TextExtractor):
        id, revision, lane = "stamp", "1", "cpu"

        def run(self, model, images, params):
            for image in images:
                yield [TextLine(f"No. {image.picture.id}", (0.1, 0.8, 0.9, 0.9), 1.0)]

    @hookimpl
    def text_extractors():
        yield Stamp()
    """


@hookspec
def measurers() -> Iterable[Measurer[Any]]:  # type: ignore[empty-body]
    """Yield engines that compute one number per picture, named by `measure`.

    class Brightness(Measurer):
        id, revision, lane, image_side = "brightness", "1", "cpu", 64
        measure = "brightness"

        def run(self, model, images, params):
            for image in images:
                yield float(image.array.mean() / 255)

    @hookimpl
    def measurers():
        yield Brightness()
    """


@hookspec
def commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Yield commands. `click.pass_obj` passes an object that connects to the library, whether it is served or not.

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
def operations() -> Iterable[type[Operations]]:  # type: ignore[empty-body]
    """Yield tables of operations. Each row defines a method, an HTTP route, a client method and a command.

    class Counts(Operations, plugin="operations"):
        def of_kind(library: Library, reader: Reader, kind: str = "image") -> int:
            return len(library.find(reader, f"kind:{kind}").ids)

        pictures = op("GET", "/pictures", "read", of_kind)

    @hookimpl
    def operations():
        yield Counts
    """


@hookspec
def startup(library: Library) -> None:
    """Called once when a library is opened for writing, to adopt tables and repeat jobs.

    @hookimpl
    def startup(library):
        library.adopt(
            "weather",
            ["create table weather_seen(id integer primary key autoincrement not null, text text)"],
        )
        library.repeat("weather", "Checking the sky", every=3600, run=lambda task: None)
    """


@hookspec
def event(library: Library, event: Event) -> None:
    """Called at least once after each committed change, in order, from a stored position, on a separate thread.

    A new plugin gets only later changes. If a call raises, it is repeated later.

        @hookimpl
        def event(library, event):
            if isinstance(event, PicturesAdded):
                print(f"{event.count} new pictures")
    """
