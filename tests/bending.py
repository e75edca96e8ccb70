"""Every reader of metadata against real embedded texts, bent: none raises, takes long, or says what is unfit to keep.

Seeded by the corpus and by one specimen of each dialect it lacks; a bent one that makes a reader answer something
new is bent further. `make torture` gives each reader ten minutes of CPU; a round that fails prints what repeats it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from conftest import Corpus, Effort

from pixlstash_core.media.builtin import kinds
from pixlstash_core.media.reading import assemble
from pixlstash_core.media.text_cleaning import PAYLOAD_BYTES, PROMPT_LENGTH, VALUE_LENGTH
from pixlstash_core.plugins.contracts import FactReader, Media
from pixlstash_core.types import Embedded, Facts, Format, Reading

PNG = Format("png", "image/png", "png")
MINUTES = 10  # of CPU for each reader in `make torture`
MOST_SPECIMENS = 5_000
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
GRAPH = json.dumps(
    {
        "1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 2, "positive": ["2", 0]}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": ["3", 0]}},
        "3": {"class_type": "Text Concatenate", "inputs": {"text_a": "a", "text_b": ["4", 0], "delimiter": ", "}},
        "4": {"class_type": "ShowText|pysssss", "inputs": {"text_0": "b"}},
        "5": {"class_type": "LoRA Stacker", "inputs": {"lora_count": 1, "lora_name_1": "l", "switch_1": "Off"}},
        "6": {"class_type": "Lora Loader", "inputs": {"loras": {"__value__": [{"name": "l", "active": True}]}}},
    }
)
LACKING = [
    Embedded(
        "png",
        text={"generation_data": '{"prompt":"a","seed":"1","models":[{"type":"LORA","weight":1}],"baseModel":{}}'},
    ),
    Embedded(
        "png", text={"parameters": '{"prompt":"\u00c3\u00a9","size":"64 x 64","Model":{"Model":"m"},"loras":{"l":1}}'}
    ),
    Embedded("png", text={"parameters-json": '{"PositivePrompt":"a","Seed":1,"Steps":2,"ModelName":"m"}'}),
    Embedded("mp4", text={"prompt": json.dumps(GRAPH), "workflow": "{}"}),
    Embedded("webm", text={"comment": json.dumps({"prompt": GRAPH, "workflow": {"nodes": []}})}),
    Embedded(
        "png",
        xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt><rdf:li>'
        b"{&quot;c&quot;:&quot;a&quot;,&quot;scale&quot;:1,&quot;size&quot;:&quot;1x1&quot;}"
        b"</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>",
    ),
]


KINDS = list(kinds())


@cache
def lift(path: Path) -> Embedded | None:
    if path.stat().st_size > 2 << 20:
        return None
    data = path.read_bytes()
    for kind in KINDS:
        form = kind.recognise(data[:4_096], path.name)
        if form is not None:
            try:
                return kind.open(BytesIO(data), form).embedded
            except Exception:
                return None
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


def check(reader: FactReader, embedded: Embedded) -> frozenset[str]:
    """What kinds of things the reader found."""
    start = time.process_time()
    found = reader.read(embedded)
    assert time.process_time() - start < SLOW
    if found is None:
        return frozenset()
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
    said = {name for name in ("prompt", "negative", "created") if getattr(reading, name) is not None}
    return frozenset({*said, *reading.payloads, *(f"{one.name} {one.number is None}" for one in reading.facts)})


def rounds(name: str, rng: random.Random, effort: Effort, attack: Callable[[random.Random], object]) -> None:
    """A few in `make test`; in `make torture` as many as ten minutes of CPU hold."""
    start, count = time.process_time(), 0
    while count < 500 or time.process_time() - start < effort.of(0, 60 * MINUTES):
        seed = rng.getrandbits(64)
        try:
            attack(random.Random(seed))
        except BaseException:
            print(f"\n{name}: round {count} failed, of random.Random({seed})")
            raise
        count += 1
    if effort.torture:
        print(f"\n{name}: {count:,} rounds in {time.process_time() - start:.0f} s of CPU", flush=True)


def specimens(corpus: Corpus, reader: FactReader) -> list[Embedded]:
    """What the corpus's files hold that the reader reads something from."""
    found = [*LACKING, *filter(None, (lift(one.path) for one in corpus.kind("gen", "exif", "photo", "video")))]
    return [one for one in found if reader.read(one)] or LACKING


def bend_texts(reader: FactReader, specimens: list[Embedded], rng: random.Random, effort: Effort) -> None:
    """Have the reader read bent specimens; one that makes it answer something new is bent further."""
    seen = set[frozenset[str]]()

    def attack(random: random.Random) -> None:
        bent = bend(random, random.choice(specimens))
        found = check(reader, bent)
        if found not in seen and len(specimens) < MOST_SPECIMENS:
            seen.add(found)
            specimens.append(bent)

    rounds(reader.id, rng, effort, attack)
