"""Puts together what is known about one file, within bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

from ..plugins.contracts import Media
from ..types import Fact, Facts, Format, Reading
from .draw import Drawing, aspect
from .mojibake import is_garbled, repaired
from .texts import GENERATION
from .words import PROMPT_LENGTH, clean, kept, one_line

_MOST_FACTS = 200
_MOST_PAYLOADS = 16


class Undrawn(Struct, frozen=True):
    """Why a picture that is kept has no still: a word for programs, and a sentence."""

    cause: str
    why: str


def assemble(
    sha256: bytes,
    size: int,
    kind: str,
    form: Format,
    media: Media,
    drawing: Drawing | None,
    why: Undrawn | None,
    found: list[Facts],
) -> Reading:
    """`found` is in the readers' order: later ones fill blanks, fact by fact name, and replace garbled text."""
    created = media.created
    payloads: dict[str, str] = {}
    for one in found:
        created = one.created if created is None else created
        payloads = {**one.payloads, **payloads}
    return Reading(
        sha256=sha256,
        size=size,
        kind=kind,
        format=form.name,
        mime=form.mime,
        extension=form.extension,
        width=media.width,
        height=media.height,
        orientation=media.orientation,
        moving=media.moving,
        seconds=media.seconds if media.seconds is not None and math.isfinite(media.seconds) else None,
        created=created,
        aspect=aspect(media.width, media.height),
        colour=drawing.colour if drawing else 0,
        phash=drawing.phash if drawing else 0,
        still=drawing.webp if drawing else None,
        why=why.why if why else None,
        cause=why.cause if why else None,
        facts=_fit(_merged(media.facts, found)),
        prompt=_words(_readable([one.prompt for one in found])),
        negative=_words(_readable([one.negative for one in found])),
        payloads=_kept(payloads),
    )


def _merged(own: Iterable[Fact], found: list[Facts]) -> list[Fact]:
    facts, garbled = list(own), []
    for reading in found:
        known = {fact.name for fact in facts}
        unreadable = {fact.name for fact in reading.facts if fact.group == GENERATION and is_garbled(fact.value)}
        facts += [fact for fact in reading.facts if fact.name not in known | unreadable]
        garbled.append([fact for fact in reading.facts if fact.name in unreadable])
    for group in garbled:  # better than nothing where no reader has a readable one
        known = {fact.name for fact in facts}
        facts += [fact for fact in group if fact.name not in known]
    return facts


def _readable(candidates: list[str | None]) -> str | None:
    """The first text that is not garbled; else the first one, repaired if that is certain."""
    texts = [text for text in candidates if text]
    return next((text for text in texts if not is_garbled(text)), repaired(texts[0]) if texts else None)


def _words(text: str | None) -> str | None:
    return clean(text, PROMPT_LENGTH) or None if text else None


def _fit(facts: list[Fact]) -> tuple[Fact, ...]:
    fit: dict[tuple[str, str], Fact] = {}
    for fact in facts[: 4 * _MOST_FACTS]:
        number = fact.number if fact.number is not None and math.isfinite(fact.number) else None
        value = one_line(fact.value)
        if value and len(fit) < _MOST_FACTS:
            name = one_line(fact.name)
            fit.setdefault((name, value), Fact(one_line(fact.group), name, one_line(fact.label), value, number))
    return tuple(fit.values())


def _kept(payloads: dict[str, str]) -> dict[str, str]:
    whole = ((one_line(key), kept(text)) for key, text in list(payloads.items())[:_MOST_PAYLOADS])
    return {key: text for key, text in whole if text is not None}
