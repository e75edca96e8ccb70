"""The verbs of `pixlstash face` and `pixlstash review`: assign faces, and decide on suggestions of engines."""

from __future__ import annotations

from typing import get_args

import click

from ..api import Api
from ..types import FaceClusters, ReviewOrder
from . import show
from .options import AMONG, NamedArgument, NamedOption, argument, negative, option
from .verbs import Verb, group

#: Options that say which faces.
FACES = (
    option("--face", "faces", multiple=True, type=int, help="A face; may be repeated."),
    option("--said", multiple=True, type=int, help="A face, by the id of its label."),
)
FACES_OF_PICTURE = show.Table(
    ">face=id | >said | >confidence:.0% | character=name | box | at | engine",
    box=lambda face: " ".join(f"{edge:.3f}" for edge in face.box),
    at=lambda face: "" if face.time is None else f"{face.time:g} s",
)
#: Pictures that may show a character.
MAYBE = show.Table(
    ">face | >picture=picture.id | >likeness:.0% | >doubt:.2f | character=name | or=rival | >like",
    face=lambda maybe: maybe.face.id if maybe.face else "",
)
REVIEWED_TAG = show.Table(
    ">id=picture.id | >doubt:.2f | >confidence:.0% | counts | name=picture.name",
    counts=lambda reviewed: "yes" if reviewed.effective else "",
)
CLUSTERS = show.Table(
    ">faces=size | such as=places",
    places=lambda cluster: ", ".join(f"{face.id} in {face.picture}" for face in cluster.faces[:8]),
)


def _clusters(clusters: FaceClusters) -> None:
    if not clusters.ready:
        click.echo("They are still being put together: ask again in a moment.", err=True)
    CLUSTERS(clusters.clusters)


face = group(
    "face",
    "Faces: list, assign and draw them.",
    Verb("list ID:int", Api.picture_faces, "List the faces of a picture.", show=FACES_OF_PICTURE),
    Verb(
        "assign NAME",
        Api.assign_faces,
        "Assign faces to the character NAME, which is created if it does not exist.",
        *FACES,
    ),
    Verb(
        "reject",
        Api.reject_faces,
        "Mark faces as not the character's.",
        NamedArgument("character", "name", field="character"),
        *FACES,
    ),
    Verb("forget", Api.forget_faces, "Clear face labels; delete hand-drawn boxes.", *FACES),
    Verb(
        "refer",
        Api.refer_faces,
        "Use these faces as references for a character.",
        *FACES,
        negative("--not", "yes", help="No longer."),
    ),
    Verb(
        "draw NAME",
        Api.draw_face,
        "Draw a face of a character: BOX is left, top, right and bottom, from 0 to 1.",
        argument("picture", type=int),
        argument("box", nargs=4, type=float),
    ),
    Verb("clusters", Api.face_clusters, "Show unassigned faces, grouped by similarity.", *AMONG, show=_clusters),
)
review = group(
    "review",
    "Review suggestions of engines, least certain first.",
    Verb(
        "tags",
        Api.review_tags,
        "List tags with suggestions.",
        *AMONG,
        show=show.Table(">waiting | >doubtful | tag=name | category"),
    ),
    Verb(
        "tag TAG",
        Api.review_tag,
        "List pictures that may have a tag.",
        *AMONG,
        option(
            "--order",
            type=click.Choice(get_args(ReviewOrder)),
            help="Least certain first, those that teach a tagger most, or most likely first.",
        ),
        show=lambda review: REVIEWED_TAG(review.found),
    ),
    Verb(
        "decide TAG",
        Api.decide_tag,
        "Accept or reject a tag for several pictures at once.",
        option("--yes", multiple=True, type=int, help="A picture that has the tag."),
        option("--no", multiple=True, type=int, help="A picture that does not have the tag."),
    ),
    Verb(
        "characters",
        Api.review_characters,
        "List characters with possible further faces.",
        *AMONG,
        show=show.Table(">waiting | >doubtful | >id | character=name"),
    ),
    Verb(
        "faces",
        Api.review_faces,
        "List unassigned faces that may belong to a character.",
        NamedOption("character", "--character", field="character", help="Only this character."),
        *AMONG,
        show=MAYBE,
    ),
)
COMMANDS = (face, review)
