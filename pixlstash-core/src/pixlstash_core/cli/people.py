"""`pixlstash face` and `pixlstash review`: whose faces are whose, and deciding on what engines suggest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from . import show
from .groups import find
from .options import JSON

if TYPE_CHECKING:
    from ..types import FaceInfo, MaybeCharacter
    from .main import Shell

F = TypeVar("F", bound=Callable[..., Any])
QUERY = click.option("-q", "--query", default="", help="Among the pictures a query finds.")
LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)


def which(verb: F) -> F:
    """Options that say which faces."""
    verb = click.option("--said", multiple=True, type=int, help="A face by what was said of it.")(verb)
    return click.option("--face", "faces", multiple=True, type=int, help="A face; may be given more than once.")(verb)


@click.group()
def face() -> None:
    """Faces: whose they are."""


@face.command("list")
@click.argument("id", type=int)
@JSON
@click.pass_obj
def face_list(shell: Shell, id: int, as_json: bool) -> None:
    """List the faces of a picture."""
    with shell.connect() as session:
        found = session.picture_faces(id)
    return show.dump(found) if as_json else _faces(found)


@face.command("assign")
@click.argument("name")
@which
@JSON
@click.pass_obj
def face_assign(shell: Shell, name: str, faces: tuple[int, ...], said: tuple[int, ...], as_json: bool) -> None:
    """Say that faces are the character's of a NAME, who is made when new."""
    from ..types import AssignFaces

    with shell.connect() as session:
        done = session.assign_faces(AssignFaces(faces=list(faces), said=list(said), name=name))
    show.done(done, as_json)


@face.command("reject")
@click.argument("name")
@which
@JSON
@click.pass_obj
def face_reject(shell: Shell, name: str, faces: tuple[int, ...], said: tuple[int, ...], as_json: bool) -> None:
    """Say that faces are not the character's."""
    from ..types import RejectFaces

    with shell.connect() as session:
        ask = RejectFaces(faces=list(faces), said=list(said), character=find(session, "character", name).id)
        done = session.reject_faces(ask)
    show.done(done, as_json)


@face.command("forget")
@which
@JSON
@click.pass_obj
def face_forget(shell: Shell, faces: tuple[int, ...], said: tuple[int, ...], as_json: bool) -> None:
    """Say nothing of faces any longer; those that were drawn go."""
    from ..types import Faces

    with shell.connect() as session:
        done = session.forget_faces(Faces(faces=list(faces), said=list(said)))
    show.done(done, as_json)


@face.command("refer")
@which
@click.option("--not", "no", is_flag=True, help="No longer.")
@JSON
@click.pass_obj
def face_refer(shell: Shell, faces: tuple[int, ...], said: tuple[int, ...], no: bool, as_json: bool) -> None:
    """Have characters be told by these of their faces."""
    from ..types import ReferFaces

    with shell.connect() as session:
        done = session.refer_faces(ReferFaces(faces=list(faces), said=list(said), yes=not no))
    show.done(done, as_json)


@face.command("draw")
@click.argument("name")
@click.argument("picture", type=int)
@click.argument("box", nargs=4, type=float)
@JSON
@click.pass_obj
def face_draw(shell: Shell, name: str, picture: int, box: tuple[float, float, float, float], as_json: bool) -> None:
    """Say that a character is in a BOX of a picture: left, top, right and bottom, from 0 to 1."""
    from ..types import DrawFace

    with shell.connect() as session:
        done = session.draw_face(DrawFace(picture=picture, box=box, name=name))
    show.done(done, as_json)


@face.command("clusters")
@QUERY
@LIMIT
@JSON
@click.pass_obj
def face_clusters(shell: Shell, query: str, limit: int, as_json: bool) -> None:
    """Show faces that are nobody's, by who they seem to be."""
    with shell.connect() as session:
        found = session.face_clusters(q=query, limit=limit)
    if as_json:
        return show.dump(found)
    if not found.ready:
        click.echo("They are still being put together: ask again in a moment.", err=True)
    rows = [(one.size, ", ".join(f"{each.id} in {each.picture}" for each in one.faces[:8])) for one in found.clusters]
    return show.table(("faces", "such as"), rows, frozenset({0}))


@click.group()
def review() -> None:
    """What engines suggest and nobody decided on, the most doubtful first."""


@review.command("tags")
@QUERY
@LIMIT
@JSON
@click.pass_obj
def review_tags(shell: Shell, query: str, limit: int, as_json: bool) -> None:
    """List tags to decide on."""
    with shell.connect() as session:
        found = session.review_tags(q=query, limit=limit)
    if as_json:
        return show.dump(found)
    rows = [(one.waiting, one.doubtful, one.name, one.category) for one in found]
    return show.table(("waiting", "doubtful", "tag", "category"), rows, frozenset({0, 1}))


@review.command("tag")
@click.argument("tag")
@QUERY
@LIMIT
@JSON
@click.pass_obj
def review_tag(shell: Shell, tag: str, query: str, limit: int, as_json: bool) -> None:
    """List pictures that may have a tag."""
    with shell.connect() as session:
        found = session.review_tag(tag, q=query, limit=limit)
    if as_json:
        return show.dump(found)
    rows = [
        (one.picture.id, f"{one.doubt:.2f}", f"{one.confidence:.0%}", "yes" if one.effective else "", one.picture.name)
        for one in found.found
    ]
    return show.table(("id", "doubt", "confidence", "counts", "name"), rows, frozenset({0, 1, 2}))


@review.command("decide")
@click.argument("tag")
@click.option("--yes", multiple=True, type=int, help="A picture that has it.")
@click.option("--no", multiple=True, type=int, help="A picture that has it not.")
@JSON
@click.pass_obj
def review_decide(shell: Shell, tag: str, yes: tuple[int, ...], no: tuple[int, ...], as_json: bool) -> None:
    """Say in one step which pictures have a tag and which have not."""
    from ..types import DecideTag

    with shell.connect() as session:
        done = session.decide_tag(DecideTag(tag=tag, yes=list(yes), no=list(no)))
    show.done(done, as_json)


@review.command("characters")
@QUERY
@LIMIT
@JSON
@click.pass_obj
def review_characters(shell: Shell, query: str, limit: int, as_json: bool) -> None:
    """List characters whose faces there may be more of."""
    with shell.connect() as session:
        found = session.review_characters(q=query, limit=limit)
    if as_json:
        return show.dump(found)
    rows = [(one.waiting, one.doubtful, one.id, one.name) for one in found]
    return show.table(("waiting", "doubtful", "id", "character"), rows, frozenset({0, 1, 2}))


@review.command("faces")
@click.option("--character", help="Only this one.")
@QUERY
@LIMIT
@JSON
@click.pass_obj
def review_faces(shell: Shell, character: str | None, query: str, limit: int, as_json: bool) -> None:
    """List faces that are nobody's and may be somebody's."""
    with shell.connect() as session:
        who = find(session, "character", character).id if character else None
        found = session.review_faces(q=query, character=who, limit=limit)
    return show.dump(found) if as_json else maybe(found)


def maybe(found: list[MaybeCharacter]) -> None:
    rows = [
        (
            one.face.id if one.face else "",
            one.picture.id,
            f"{one.likeness:.0%}",
            f"{one.doubt:.2f}",
            one.name,
            one.rival or "",
            one.like,
        )
        for one in found
    ]
    head = ("face", "picture", "likeness", "doubt", "character", "or", "like")
    show.table(head, rows, frozenset({0, 1, 2, 3, 6}))


def _faces(found: list[FaceInfo]) -> None:
    rows = [
        (
            one.id or "",
            one.said or "",
            "" if one.confidence is None else f"{one.confidence:.0%}",
            one.name or "",
            " ".join(f"{edge:.3f}" for edge in one.box),
            "" if one.time is None else f"{one.time:g} s",
            one.engine,
        )
        for one in found
    ]
    show.table(("face", "said", "confidence", "character", "box", "at", "engine"), rows, frozenset({0, 1, 2}))


COMMANDS = (face, review)
