"""`Search`: turns the references of a query (pictures, words, faces) into vectors, and prepares its ranking."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..database.connection import Database
from ..database.features import Term
from ..engines import settings as engines
from ..engines.host import Host
from ..engines.outputs import Outputs
from ..errors import Invalid, NotFound, PixlStashError, QueryError
from ..query import scope
from ..query.ranking import FACE, Part, Prepared, Ranked
from ..types import FaceInfo, Reader
from .query_images import HeldPictures
from .vectors import Likeness

if TYPE_CHECKING:
    from numpy import bool_, uint32
    from numpy.typing import NDArray

    from ..query.columns import Frame
    from .rankers import Compared

#: Maximum number of cached vectors of words.
WORDS = 1000
NOTHING = (
    "Pictures have not been compared yet, which takes an engine; one is built in"
    " (`pixlstash engine run visual-descriptor`)."
)
NO_FACES = "No faces are known yet: run an engine that finds them, as `pixlstash engine list` names them."


class Search:
    """Similarity search in one library.

    `references(name)`: a character's reference faces; `faces(reader, ids)`: the parts of faces that a reader may see.
    """

    topics = frozenset({"vectors", "regions", "producers", "tags", "captions"})

    def __init__(
        self,
        db: Database,
        likeness: Likeness,
        outputs: Outputs,
        host: Host,
        places: Sequence[Term],
        references: Callable[[str], list[int]],
        faces: Callable[[Reader, Sequence[int]], dict[int, FaceInfo]],
    ) -> None:
        self._db, self._likeness, self._outputs, self._host = db, likeness, outputs, host
        self._places, self._references, self.faces = places, references, faces
        self._words: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self.held = HeldPictures()

    def prepare(self, reader: Reader, ranked: Ranked) -> Prepared:
        """Compute the vectors of all references of a query, and return its ranking."""
        notes: list[str] = []
        if ranked.by == FACE:
            return self._faces(reader, ranked, notes)
        from .rankers import PictureRank

        producer = self.producer(ranked)
        words = [part.value for part in ranked.parts if part.source == "words"]
        if producer is None:
            if len(words) < len(ranked.parts):
                raise Invalid(NOTHING)
            notes.append("Searched words only: no engine that knows what pictures look like has been run.")
            return PictureRank(ranked, None, (), self._places, "words", notes)
        how = "Searched words only" if len(words) == len(ranked.parts) else "Words were searched by themselves only"
        spoken = self._spoken(producer, words, notes, how)
        matrix = self._likeness.matrix(producer)
        compared = [self._picture_part(reader, producer, matrix, part, spoken, notes) for part in ranked.parts]
        there = "".join("-+"[reference.vector is not None] for reference in compared)
        return PictureRank(ranked, matrix, compared, self._places, f"{producer}{there}", notes)

    def gauge(self, reader: Reader, character: int, tokens: Sequence[str], combine: str) -> list[float | None]:
        """Return the similarity of each held picture's most similar face to a character's; None if it has none."""
        import numpy as np

        from .combining import combined

        producer = self._likeness.active("face")
        if producer is None:
            raise Invalid(NO_FACES)
        faces = self._likeness.faces(producer)
        references = [
            face for face in self._references(str(character)) if scope.sees(reader, self._likeness.owner(face) or 0)
        ]
        own = faces.rows[np.flatnonzero(np.isin(faces.ids, references))].astype(np.float32)
        if not len(own):
            raise Invalid("No face is known of this character.")
        similarities: list[float | None] = []
        for token in tokens:
            uploaded = self._upload(reader, producer, Part("upload", token))
            vectors = np.asarray([_vector(face["vector"]) for face in uploaded])
            scores = combined(own @ vectors.T, [1.0] * len(own), combine) if len(vectors) else None
            similarities.append(None if scores is None else float(scores.max()))
        return similarities

    def outliers(self, frame: Frame, mask: NDArray[bool_]) -> NDArray[uint32]:
        from .rankers import outliers

        producer = self._likeness.active()
        if producer is None:
            raise Invalid(NOTHING)
        return outliers(self._likeness.matrix(producer), mask, frame.first)

    def producer(self, ranked: Ranked) -> int | None:
        """Return the producer whose vectors a query uses: one that also embeds words, if the query has some.

        Without words, it is the preferred embedder, which may not embed words.
        """
        if ranked.by == FACE:
            return self._likeness.active("face")
        words = any(part.source == "words" for part in ranked.parts)
        return (self._for_words() if words else None) or self._likeness.active()

    def engine(self, ranked: Ranked) -> str:
        """Return the engine whose results a query uses."""
        producer = self.producer(ranked)
        return self._outputs.producer(producer).engine if producer is not None else ""

    def _for_words(self) -> int | None:
        """Return the producer for words: the default embedder, if it embeds words, or else the newest that does.

        A newer one is not used before it has processed all pictures of the previous one.
        """
        knowing = [producer for producer in self._likeness.counting() if self._host.interactive.understands(producer)]
        default = engines.default(self._db, "vector")
        knowing.sort(key=lambda producer: (self._outputs.producer(producer).engine == default, producer))
        chosen: int | None = None
        for producer in knowing:
            if chosen is None or self._likeness.has_caught_up(producer, chosen):
                chosen = producer
        return chosen

    # -- pictures ------------------------------------------------------------------------------------------------------

    def _picture_part(
        self, reader: Reader, producer: int, matrix: Any, part: Part, spoken: dict[str, bytes], notes: list[str]
    ) -> Compared:
        import numpy as np

        from .rankers import Compared, mean_vector

        if part.source == "words":
            return Compared(part, _vector(spoken.get(part.value)))
        if part.source == "upload":
            body = self._upload(reader, producer, part)
            return Compared(part, _vector(body))
        ids = self._pictures(reader, part)
        places = matrix.places(np.asarray(ids, np.int64))
        if not len(places):
            engine = self._outputs.producer(producer).engine
            notes.append(f"{str(part).capitalize()} has not been looked at by {engine} yet.")
            return Compared(part, None)
        return Compared(part, mean_vector(matrix, places), matrix.ids[places].tolist())

    def _pictures(self, reader: Reader, part: Part) -> list[int]:
        """Return the pictures of a reference that the reader may see."""
        if part.members is not None:
            ids = self._likeness.ids(part.members.sql, part.members.bindings)
            return [picture for picture in ids if scope.sees(reader, picture)]
        picture = int(part.value)
        if not scope.sees(reader, picture):
            raise QueryError(f"there is no picture {picture}", part.at)
        return [picture]

    def _upload(self, reader: Reader, producer: int, part: Part) -> Any:
        try:
            return self.held.make(
                reader.principal, part.value, producer, lambda path, name: self._made(producer, path, name)
            )
        except NotFound as error:
            raise QueryError(str(error), part.at) from error

    def _made(self, producer: int, path: Any, name: str) -> Any:
        return self._host.interactive.picture(producer, path, name)

    def _spoken(self, producer: int, words: Sequence[str], notes: list[str], how: str) -> dict[str, bytes]:
        """Return the vectors of words; none, with a note that begins with `how`, if they cannot be computed now."""
        if not words:
            return {}
        with self._lock:
            cached = {word: self._words[producer, word] for word in words if (producer, word) in self._words}
        new = [word for word in dict.fromkeys(words) if word not in cached]
        if not new:
            return cached
        if not self._host.interactive.understands(producer):
            engine = self._outputs.producer(producer).engine
            notes.append(f"{how}: the engine {engine} knows what pictures look like, but no words.")
            return {}
        try:
            computed = dict(zip(new, self._host.interactive.words(producer, new), strict=True))
        except PixlStashError as error:
            notes.append(f"{how}. {error}")
            return {}
        with self._lock:
            self._words.update({(producer, word): body for word, body in computed.items()})
            while len(self._words) > WORDS:
                self._words.popitem(last=False)
        return {**cached, **computed}

    # -- faces ---------------------------------------------------------------------------------------------------------

    def _faces(self, reader: Reader, ranked: Ranked, notes: list[str]) -> Prepared:
        import numpy as np

        from .rankers import Compared, FaceRank

        producer = self._likeness.active("face")
        if producer is None:
            raise Invalid(NO_FACES)
        faces = self._likeness.faces(producer)
        compared = []
        for part in ranked.parts:
            if part.source == "upload":
                uploaded = self._upload(reader, producer, part)
                vectors = [Compared(part, _vector(face["vector"])) for face in uploaded]
            else:
                at = np.flatnonzero(np.isin(faces.ids, self._face_ids(reader, producer, part)))
                vectors = [Compared(part, faces.rows[n].astype(np.float32), [int(faces.ids[n])]) for n in at]
            if not vectors:
                notes.append(f"No face is known of {part}.")
            compared += vectors
        return FaceRank(ranked, faces, compared, f"{producer}:{len(compared)}", notes)

    def _face_ids(self, reader: Reader, producer: int, part: Part) -> list[int]:
        if part.source == "face":
            owner = self._likeness.owner(int(part.value))
            if owner is None or not scope.sees(reader, owner):
                raise QueryError(f"there is no face {part.value}", part.at)
            return [int(part.value)]
        if part.source == "character" and (references := self._references(part.value)):
            return references
        return self._likeness.faces_of(producer, self._pictures(reader, part))


def _vector(body: bytes | None) -> Any:
    import numpy as np

    return None if body is None else np.frombuffer(body, "<f2").astype(np.float32)
