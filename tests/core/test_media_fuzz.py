"""Every fact reader against real embedded texts, bent: none raises, takes long, or says what is unfit to keep.

Seeded by the corpus and by one specimen of each dialect it lacks. `make torture` gives each reader ten minutes.
"""

from __future__ import annotations

import json
import random
import time
from typing import Any, NamedTuple

import msgspec
import pytest
from conftest import Corpus, Effort
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from pixlstash_core.contracts import FactReader, Media
from pixlstash_core.media.builtin import readers
from pixlstash_core.media.images import ImageKind
from pixlstash_core.media.reading import assemble
from pixlstash_core.media.words import PAYLOAD_BYTES, PROMPT_LENGTH, VALUE_LENGTH
from pixlstash_core.types import Embedded, Facts, Format, Reading

PNG = Format("png", "image/png", "png")
READERS = {reader.id: reader for reader in readers()}
SLOW = 3.0  # CPU seconds for one small specimen: far from it, unless something goes round in circles
NASTY: list[Any] = [
    None,
    True,
    "",
    "\0",
    "\ud800",
    "a" * 5_000,
    -1,
    0,
    1e308,
    10**400,
    [],
    {},
    [[]] * 50,
    ["3", 0],
    "NaN",
]
SHARDS = [
    b"\0",
    b"\xff",
    b"{",
    b"[" * 2_000,
    b'"',
    b"\\",
    b"\x1c\x02\x19\x7f\xff",
    b"<a>" * 90,
    b"<!DOCTYPE x [",
    b"&x;",
]
SHARDS += [
    b"Steps: 1, ",
    b"<lora:",
    b"\nNegative prompt:",
    b"9" * 5_000,
    "\u202e\ud7ff\U0001f984".encode(),
    b"-S ",
    b": ",
    b"{}" * 99,
]
PLACES = ["parameters", "prompt", "workflow", "UserComment", "comment", "Comment", "Dream", "sd-metadata", "stealth"]
LACKING = [
    Embedded(
        "png",
        text={"generation_data": '{"prompt":"a","seed":"1","models":[{"type":"LORA","weight":1}],"baseModel":{}}'},
    ),
    Embedded("png", text={"parameters-json": '{"PositivePrompt":"a","Seed":1,"Steps":2,"ModelName":"m"}'}),
    Embedded(
        "png",
        xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt><rdf:li>'
        b"{&quot;c&quot;:&quot;a&quot;,&quot;scale&quot;:1,&quot;size&quot;:&quot;1x1&quot;}"
        b"</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>",
    ),
]


class Seeds(NamedTuple):
    of_reader: dict[str, list[Embedded]]


@pytest.fixture(scope="module")
def seeds(corpus: Corpus) -> Seeds:
    """What the corpus's files hold, for each reader what it reads something from."""
    found = [*LACKING, *filter(None, map(lift, corpus.kind("gen", "exif", "photo")))]
    return Seeds({id: [one for one in found if reader.read(one)] or LACKING for id, reader in READERS.items()})


def lift(specimen: Any) -> Embedded | None:
    if specimen.path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp") or specimen.path.stat().st_size > 2 << 20:
        return None
    with specimen.path.open("rb") as file:
        try:
            form = ImageKind().recognise(file.read(4_096), "")
            file.seek(0)
            return ImageKind().open(file, form).embedded if form else None
        except Exception:
            return None


def bend(random: random.Random, one: Embedded) -> Embedded:
    """Up to four changes, each to a text, to EXIF, XMP or IPTC."""
    text, rest = dict(one.text), {name: getattr(one, name) for name in ("exif", "xmp", "comment", "iptc")}
    for _ in range(random.randint(1, 4)):
        places = [*text, *(name for name, data in rest.items() if data)]
        place = random.choice(places or ["comment"])
        if place in rest:
            rest[place] = splice(random, rest[place])
        elif random.random() < 0.5:
            text[place] = graft(random, text[place])
        elif random.random() < 0.8:
            text[place] = splice(random, text[place].encode("utf-8", "replace")).decode("utf-8", "surrogateescape")
        else:
            text[random.choice(PLACES)] = text[place]
    return Embedded(one.format, text=text, **rest)


def splice(random: random.Random, data: bytes) -> bytes:
    at, end = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    if end - at > 64 and random.random() < 0.7:
        end = at + random.randint(0, 8)
    shard = random.choice([b"", data[at:end] * 2, bytes([random.randint(0, 255)]), random.choice(SHARDS)])
    return data[:at] + shard + data[end:]


def graft(random: random.Random, text: str) -> str:
    """Replace a value somewhere in JSON, and in JSON within JSON."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text
    at: Any = data
    while isinstance(at, dict | list) and at:
        key = random.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if not isinstance(at[key], dict | list) or not at[key] or random.random() < 0.2:
            old = at[key]
            nested = isinstance(old, str) and old.startswith("{") and random.random() < 0.8
            at[key] = graft(random, old) if nested else random.choice([*NASTY, old])
            break
        at = at[key]
    try:
        return json.dumps(data)
    except RecursionError:
        return text


def check(reader: FactReader, embedded: Embedded) -> None:
    start = time.process_time()
    found = reader.read(embedded)
    assert time.process_time() - start < SLOW
    if found is None:
        return
    assert isinstance(found, Facts)
    media = Media()
    media.width = media.height = 1
    reading = assemble(b"", 1, "image", PNG, media, None, None, [found])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reading), type=Reading) == reading
    for one in reading.facts:
        assert one.value == one.value.strip() and 0 < len(one.value) <= VALUE_LENGTH
        assert one.value.isprintable() or not any(ord(letter) < 32 for letter in one.value)
    assert len(reading.prompt or "") <= PROMPT_LENGTH and len(reading.negative or "") <= PROMPT_LENGTH
    assert all(len(kept.encode()) <= PAYLOAD_BYTES for kept in reading.payloads.values())
    assert -(2**63) <= (reading.created or 0) < 2**63


@pytest.mark.attack
@pytest.mark.parametrize("id", READERS)
def test_bent_texts(id: str, seeds: Seeds, effort: Effort, rng: random.Random) -> None:
    reader, specimens = READERS[id], seeds.of_reader[id]

    @given(st.randoms(use_true_random=False), st.integers(0, len(specimens) - 1))
    @settings(
        max_examples=effort.of(40, 2_000),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def attack(random: random.Random, which: int) -> None:
        check(reader, bend(random, specimens[which]))

    end = time.monotonic() + effort.of(0, 600)
    while True:
        seed(rng.getrandbits(64))(attack)()
        if time.monotonic() >= end:
            break
