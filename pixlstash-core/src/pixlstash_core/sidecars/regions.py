"""The named faces in an XMP packet: regions as the Metadata Working Group describes them."""

from __future__ import annotations

from .dom import AREA, MWG, RDF, Element, Packet, children, fill, is_named, list_of, remove, text_of
from .values import Region, checked, face_key

#: The most regions that are read.
MOST = 1_000


def read(regions: Element | None) -> list[Region] | None:
    """Return the named faces; None if the property has another form than expected."""
    if regions is None:
        return []
    items = _items(regions)
    if items is None or len(items) > MOST:
        return None
    return [face for item in items if (face := _face(item)) is not None]


def write(packet: Packet, now: list[Region], faces: list[Region]) -> None:
    """Add and remove regions of faces; those of other kinds, and without a name, stay."""
    before, after = {face_key(face) for face in now}, {face_key(face) for face in faces}
    regions = packet.property(MWG, "Regions")
    for item in _items(regions) or [] if regions is not None else []:
        face = _face(item)
        if face is not None and face_key(face) not in after:
            remove(item)
    if new := [face for face in faces if face_key(face) not in before]:
        container = _list(packet, regions)
        for face in new:
            _add(packet, container, face)


def _holder(element: Element) -> Element:
    """Return where the fields of a structure are: in the element, or in an `rdf:Description` in it."""
    return next((child for child in children(element) if is_named(child, RDF, "Description")), element)


def _field(element: Element, space: str, name: str) -> str:
    holder = _holder(element)
    for place in (holder, element):
        if place.hasAttributeNS(space, name):
            return place.getAttributeNS(space, name)
    child = _child(holder, space, name)
    return text_of(child).strip() if child is not None else ""


def _child(element: Element, space: str, name: str) -> Element | None:
    return next((child for child in children(element) if is_named(child, space, name)), None)


def _items(regions: Element) -> list[Element] | None:
    field = _child(_holder(regions), MWG, "RegionList")
    return list_of(field) if field is not None else None


def _face(item: Element) -> Region | None:
    name, area = _field(item, MWG, "Name"), _child(_holder(item), MWG, "Area")
    if not name or area is None or _field(item, MWG, "Type") != "Face":
        return None
    if _field(area, AREA, "unit") not in ("", "normalized"):
        return None
    try:
        x, y, width, height = (float(_field(area, AREA, side)) for side in "xywh")
        sides = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        left, top, right, bottom = (round(min(1.0, max(0.0, side)), 6) for side in sides)
        return checked(Region(name, (left, top, right, bottom)))
    except ValueError:
        return None


def _list(packet: Packet, regions: Element | None) -> Element:
    """Return the container of the regions; create what is missing."""
    if regions is None:
        regions = packet.add_property(MWG, "Regions")
        packet.set_attribute(regions, RDF, "parseType", "Resource")
    holder = _holder(regions)
    field = _child(holder, MWG, "RegionList") or packet.add(holder, MWG, "RegionList")
    return packet.container(field, "Bag")


def _add(packet: Packet, container: Element, face: Region) -> None:
    item = packet.add(container, RDF, "li")
    packet.set_attribute(item, RDF, "parseType", "Resource")
    left, top, right, bottom = face.box
    area = packet.add(item, MWG, "Area")
    sizes = {"x": (left + right) / 2, "y": (top + bottom) / 2, "w": right - left, "h": bottom - top}
    for side, number in sizes.items():
        packet.set_attribute(area, AREA, side, f"{number:.7f}".rstrip("0").rstrip("."))
    packet.set_attribute(area, AREA, "unit", "normalized")
    for name, text in (("Name", face.name), ("Type", "Face")):
        fill(packet.add(item, MWG, name), text)
