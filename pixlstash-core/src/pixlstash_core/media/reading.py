"""Assembles the reading of one file, within limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress

from msgspec import Struct, structs

from ..plugins.contracts import FactReader, Media
from ..types import Fact, Facts, Format, KnownPicture, Reading
from ..types.files import GENERATION
from .draw import Drawing, aspect, packed
from .text_cleaning import PROMPT_LENGTH, clean, is_garbled, one_line, payload, repaired
from .texts import are_read, note

_MOST_FACTS = 200
_MOST_PAYLOADS = 16


class Undrawn(Struct, frozen=True):
    """Why an imported picture has no thumbnail: `cause` is a word for programs, `why` a sentence for people."""

    cause: str
    why: str


def read_facts(readers: Sequence[FactReader], media: Media) -> list[Facts]:
    """Return what the readers find, in their order. A reader that fails is ignored; it never refuses the file."""
    readings: list[Facts] = []
    embedded = media.embedded
    if embedded is None:
        return readings
    hidden: dict[str, str] = {}
    if media.pixels is not None:
        for reader in readers:
            with suppress(Exception):
                hidden |= {str(keyword): str(text) for keyword, text in reader.lift(media.pixels).items()}
    embedded = structs.replace(embedded, text={**embedded.text, **hidden})
    for read in (*(reader.read for reader in readers), *(() if are_read(readers) else (note,))):
        with suppress(Exception):
            facts = read(embedded)
            if facts is not None:
                readings.append(facts)
    return readings


def assemble(
    sha256: bytes,
    size: int,
    kind: str,
    form: Format,
    media: Media,
    drawing: Drawing | None,
    why: Undrawn | None,
    facts: list[Facts],
) -> Reading:
    """Combine what is known about a file.

    `facts` is in the readers' order: later ones add facts with new names, and replace garbled text.
    """
    created = media.created
    payloads: dict[str, str] = {}
    for reading in facts:
        created = reading.created if created is None else created
        payloads = {**reading.payloads, **payloads}
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
        facts=_fit(_merged(media.facts, facts)),
        prompt=_words(_readable([reading.prompt for reading in facts])),
        negative=_words(_readable([reading.negative for reading in facts])),
        payloads=_fit_payloads(payloads),
    )


def of_known(picture: KnownPicture) -> Reading:
    """Return the reading of a picture whose file was not opened; it has no thumbnail yet."""
    red, green, blue = (max(0, min(255, value)) for value in picture.color)
    return Reading(
        sha256=picture.sha256,
        size=picture.size,
        kind=picture.kind,
        format=picture.format.name,
        mime=picture.format.mime,
        extension=picture.format.extension,
        width=picture.width,
        height=picture.height,
        orientation=picture.orientation,
        created=picture.facts.created,
        aspect=aspect(picture.width, picture.height),
        colour=packed(red, green, blue),
        facts=_fit(list(picture.facts.facts)),
        prompt=_words(picture.facts.prompt),
        negative=_words(picture.facts.negative),
        payloads=_fit_payloads(picture.facts.payloads),
    )


def _merged(own: Iterable[Fact], readings: list[Facts]) -> list[Fact]:
    facts, garbled = list(own), []
    for reading in readings:
        names = {fact.name for fact in facts}
        unreadable = {fact.name for fact in reading.facts if fact.group == GENERATION and is_garbled(fact.value)}
        facts += [fact for fact in reading.facts if fact.name not in names | unreadable]
        garbled.append([fact for fact in reading.facts if fact.name in unreadable])
    for group in garbled:  # used only if no reader has a readable one
        names = {fact.name for fact in facts}
        facts += [fact for fact in group if fact.name not in names]
    return facts


def _readable(candidates: list[str | None]) -> str | None:
    """Return the first text that is not garbled, otherwise the first one, repaired if possible."""
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


def _fit_payloads(payloads: dict[str, str]) -> dict[str, str]:
    whole = ((one_line(key), payload(text)) for key, text in list(payloads.items())[:_MOST_PAYLOADS])
    return {key: text for key, text in whole if text is not None}
