"""Operations of similarity search, also with pictures outside the library, and explanations of matches."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..context import Context
from ..engines.outputs import Outputs
from ..errors import Invalid, NotFound
from ..imports.intake import Intake
from ..query import scope
from ..query.language import LONGEST
from ..texts import feature as texts
from ..types import Alike, Combine, FindSimilar, Held, Liked, Reader, Similar, SimilarFound, Why
from .explain import Reasons
from .query_images import KEPT, MOST
from .search import NOTHING, Search
from .vectors import Likeness

#: Pictures that are shown as the reason for a smart score.
SHOWN = 4


def hold(context: Context, reader: Reader, name: str, path: Path) -> Held:
    """Hold a picture for an hour, to search with it without importing it: `like:upload:TOKEN`."""
    if path.stat().st_size > MOST:
        raise Invalid(f"A picture to search with has at most {MOST >> 20} MiB.")
    held = context.part(Intake).temporary(name)
    if path.parent == context.part(Intake).incoming:
        path.rename(held)
    else:
        shutil.copyfile(path, held)
    token = context.part(Search).held.hold(reader.principal, held, name)
    return Held(token, datetime.fromtimestamp(int(time.time() + KEPT), UTC))


def alike(context: Context, reader: Reader, q: str, limit: int = 100) -> list[Alike]:
    """The similarity of each picture that a query with `like:` or `face:` finds, in order."""
    if not 0 < limit <= 1_000_000:
        raise Invalid("limit must be between 1 and 1,000,000.")
    return context.views.alike(reader, q, limit)


def gauge(
    context: Context, reader: Reader, character: int, tokens: list[str], combine: Combine = "mean"
) -> list[float | None]:
    """The similarity of the faces in held pictures to a character's reference faces; None if there is no face.

    The most similar face of a picture counts, as the cosine of the engine's vectors.
    """
    with context.db.reading() as connection:
        groups.find(connection, reader, CHARACTERS, character)
    return context.part(Search).gauge(reader, character, tokens, combine)


def why(context: Context, reader: Reader, id: int, q: str = "") -> Why:
    """Why a query finds a picture: matching words, engines, and similarity."""
    explained = context.views.explain(reader, q[:LONGEST], id)
    engine = context.part(Search).engine(explained.ranked) if explained.ranked is not None else ""
    return Reasons(
        reader, id, engine, context.part(Search).faces, lambda picture, words: texts.snippet(context.db, picture, words)
    ).of(explained)


# -- similar --------------------------------------------------------------------------------------------------------


def similar(context: Context, reader: Reader, ask: FindSimilar) -> SimilarFound:
    """Pictures that are similar to others."""
    from .combining import near

    to = context.views.select(reader, ask)
    if not to:
        raise Invalid("Say which pictures others are to look like.")
    producer = context.part(Likeness).active()
    if producer is None:
        raise Invalid(NOTHING)
    among = context.views.ids(reader, ask.q)
    matrix = context.part(Likeness).matrix(producer)
    matches = near(matrix, to, among, ask.combine, ask.limit)
    by_id = {picture.id: picture for picture in context.views.listed(reader, [match.picture for match in matches])}
    return SimilarFound(
        context.part(Outputs).producer(producer).engine,
        len(to) - len(matrix.places(sorted(set(to)))),
        [
            Similar(by_id[match.picture], round(match.score, 4), match.like)
            for match in matches
            if match.picture in by_id and scope.sees(reader, match.like)
        ],
    )


def liked(context: Context, reader: Reader, id: int) -> Liked:
    """The smart score of a picture, and the most similar pictures that you scored high or low."""
    from .combining import nearest

    try:
        scope.demand(context.db, reader, [id], scrapped=True)
    except NotFound:  # its sentence is about changes
        raise scope.absent() from None
    smart = context.part(Likeness).smart_score(id)
    producer = context.part(Likeness).active()
    if producer is None:
        return Liked(smart, [], [])
    matrix = context.part(Likeness).matrix(producer)

    def similar_among(low: int, high: int) -> list[Similar]:
        scored = context.part(Likeness).scored(low, high)
        among = [picture for picture in scored if picture != id and scope.sees(reader, picture)]
        matches = nearest(matrix, id, among, 2 * SHOWN)
        by_id = {picture.id: picture for picture in context.views.listed(reader, [picture for picture, _ in matches])}
        similar = [Similar(by_id[picture], round(score, 4), id) for picture, score in matches if picture in by_id]
        return similar[:SHOWN]

    return Liked(smart, similar_among(4, 5), similar_among(1, 2))
