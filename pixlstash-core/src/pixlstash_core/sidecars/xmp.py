"""XMP sidecars, which are edited and not rewritten: properties that PixlStash does not know stay as they are.

expat reads the file first and refuses what an XMP file never has, above all a document type, with which entities are
declared; then the standard library's DOM, which keeps prefixes, comments and processing instructions, is edited.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from xml.dom import minidom
from xml.parsers import expat

from ..tags.names import folded
from . import regions
from .dom import DC, DIGIKAM, LR, MWG, XMP, Packet
from .values import FIELDS, Values, caption_of, rating_of, tag_of
from .write_xml import serialized

#: The most bytes, levels and elements that are read.
LONGEST, DEEPEST, MOST = 4 << 20, 64, 100_000
#: Lists of tags with those above them, and what separates these.
_HIERARCHIES = (((LR, "hierarchicalSubject"), "|"), ((DIGIKAM, "TagsList"), "/"))
_NEW = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="PixlStash">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""/>
 </rdf:RDF>
</x:xmpmeta>
"""


def parse(body: bytes) -> tuple[Values, frozenset[str]]:
    """Return the values, and the fields that can be edited. ValueError if it is no XMP file."""
    packet = _open(body)
    fields = set(FIELDS)
    rating, caption = 0, ""
    try:
        rating = rating_of(float(packet.text(XMP, "Rating") or 0))
    except ValueError:
        fields.discard("rating")
    try:
        caption = caption_of(packet.text(DC, "description") or "")
    except ValueError:
        fields.discard("caption")
    faces = regions.read(packet.property(MWG, "Regions"))
    if faces is None:
        fields.discard("faces")
    tags = {folded(tag): tag for tag in _tags(packet)}
    return Values([*tags.values()], caption, rating, faces or []), frozenset(fields)


def render(body: bytes | None, values: Values, fields: Iterable[str]) -> bytes:
    """Return the packet with these values in these fields."""
    packet = _open(body or _NEW)
    now, _ = parse(body) if body else (Values(), None)
    if "tags" in fields:
        _set_tags(packet, now.tags, values.tags)
    if "caption" in fields and values.caption != now.caption:
        packet.set_alternative(DC, "description", values.caption)
    if "rating" in fields and values.rating != now.rating:
        packet.set_text(XMP, "Rating", str(values.rating))
    if "faces" in fields:
        regions.write(packet, now.faces, values.faces)
    return serialized(packet.document, (body or _NEW).lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"))


def _open(body: bytes) -> Packet:
    _check(body)
    return Packet(minidom.parseString(body))


def _check(body: bytes) -> None:
    """Raise ValueError if the bytes are not well-formed, or have what XMP never has."""
    depth = count = 0

    def start(name: str, attributes: object) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEEPEST or count > MOST:
            raise ValueError("It is nested too deeply, or has too many elements.")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise ValueError("It declares a document type, which an XMP file never does.")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"It is not well-formed XML: {error}.") from error
    except LookupError as error:
        raise ValueError("Its encoding is unknown.") from error


def _tags(packet: Packet) -> Iterable[str]:
    texts = packet.items(DC, "subject")
    for name, separator in _HIERARCHIES:
        texts += [path.rpartition(separator)[2] for path in packet.items(*name)]
    for text in texts:
        with suppress(ValueError):  # what cannot be a tag stays in the file
            yield tag_of(text)


def _set_tags(packet: Packet, now: list[str], tags: list[str]) -> None:
    before, after = {folded(tag) for tag in now}, {folded(tag) for tag in tags}
    added = [tag for tag in tags if folded(tag) not in before]
    gone = before - after
    packet.edit_items(DC, "subject", "Bag", lambda text: folded(text) not in gone, added)
    for name, separator in _HIERARCHIES:
        if packet.property(*name) is not None:
            _edit_hierarchy(packet, name, separator, gone, [tag for tag in added if separator not in tag])


def _edit_hierarchy(packet: Packet, name: tuple[str, str], separator: str, gone: set[str], new: list[str]) -> None:
    packet.edit_items(*name, "Bag", lambda text: folded(text.rpartition(separator)[2].strip()) not in gone, new)
