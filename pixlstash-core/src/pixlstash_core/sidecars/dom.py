"""The properties of an XMP packet as a DOM: reading and editing them in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from xml.dom import XMLNS_NAMESPACE, minidom

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
LR = "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM = "http://www.digikam.org/ns/1.0/"
MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
AREA = "http://ns.adobe.com/xmp/sType/Area#"
DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    RDF: "rdf",
    DC: "dc",
    XMP: "xmp",
    LR: "lr",
    DIGIKAM: "digiKam",
    MWG: "mwg-rs",
    AREA: "stArea",
    DIMENSIONS: "stDim",
}
_CONTAINERS = ("Bag", "Seq", "Alt")
Element = minidom.Element


class Packet:
    """An XMP packet. ValueError if there is no `rdf:RDF` in it."""

    def __init__(self, document: minidom.Document) -> None:
        self.document = document
        top = document.documentElement
        roots = [top, *children(top)] if top is not None else []
        self._rdf = next((element for element in roots if is_named(element, RDF, "RDF")), None)
        if self._rdf is None:
            raise ValueError("It is no XMP file: it has no rdf:RDF.")

    def property(self, space: str, name: str) -> Element | None:
        """Return the element of a property, if it has one."""
        matches = (child for top in self._descriptions() for child in children(top) if is_named(child, space, name))
        return next(matches, None)

    def text(self, space: str, name: str) -> str | None:
        """Return a property's text: its attribute, its element, or in its alternatives the default one."""
        owner = self._with_attribute(space, name)
        if owner is not None:
            return owner.getAttributeNS(space, name)
        element = self.property(space, name)
        if element is None:
            return None
        items = list_of(element)
        if not items:
            return text_of(element)
        return text_of(_default(items) or items[0])

    def items(self, space: str, name: str) -> list[str]:
        """Return the texts of a list, without empty ones."""
        element = self.property(space, name)
        if element is None:
            return []
        items = list_of(element) or ([element] if _container(element) is None else [])
        return [text.strip() for item in items if (text := text_of(item)).strip()]

    def set_text(self, space: str, name: str, text: str) -> None:
        """Set a simple property where it is, or as a new attribute."""
        element = self.property(space, name)
        if element is not None and self._with_attribute(space, name) is None:
            fill(element, text)
            return
        owner = self._with_attribute(space, name) or self._first()
        if owner.hasAttributeNS(space, name):
            owner.getAttributeNodeNS(space, name).value = text  # type: ignore[union-attr]  # it has it
        else:
            owner.setAttributeNS(space, f"{self._prefix(owner, space)}:{name}", text)

    def set_alternative(self, space: str, name: str, text: str) -> None:
        """Set the default text of a property in several languages; the others stay."""
        owner, element = self._with_attribute(space, name), self.property(space, name)
        if owner is not None:
            owner.getAttributeNodeNS(space, name).value = text  # type: ignore[union-attr]  # it has it
            return
        if element is not None and _container(element) is None and text_of(element).strip():
            fill(element, text)
            return
        container = self.container(element or self.add_property(space, name), "Alt")
        items = list_of_container(container)
        item = _default(items) or (items[0] if items else None)
        if item is None:
            item = self.add(container, RDF, "li")
            item.setAttributeNS(XML, "xml:lang", "x-default")
        fill(item, text)

    def edit_items(self, space: str, name: str, kind: str, keep: Callable[[str], bool], new: Sequence[str]) -> None:
        """Remove the items of a list that are not kept, and append new ones; a missing list is created for these."""
        element = self.property(space, name)
        if element is None and not new:
            return
        container = self.container(element or self.add_property(space, name), kind)
        for item in list_of_container(container):
            if not keep(text_of(item).strip()):
                remove(item)
        present = {text_of(item).strip() for item in list_of_container(container)}
        for text in new:
            if text not in present:
                fill(self.add(container, RDF, "li"), text)

    def add(self, parent: Element, space: str, name: str) -> Element:
        """Append a new element, on a line of its own."""
        prefix = self._prefix(parent, space)
        element = self.document.createElementNS(space, f"{prefix}:{name}")
        depth, above = 0, parent.parentNode
        while above is not None:
            depth, above = depth + 1, above.parentNode
        last = parent.lastChild
        if isinstance(last, minidom.Text) and not last.data.strip():
            parent.removeChild(last)
        parent.appendChild(self.document.createTextNode("\n" + " " * depth))
        parent.appendChild(element)
        parent.appendChild(self.document.createTextNode("\n" + " " * (depth - 1)))
        return element

    def _descriptions(self) -> Iterator[Element]:
        assert self._rdf is not None, "it was found"
        return (child for child in children(self._rdf) if is_named(child, RDF, "Description"))

    def _first(self) -> Element:
        first = next(self._descriptions(), None)
        if first is None:
            assert self._rdf is not None, "it was found"
            first = self.add(self._rdf, RDF, "Description")
            first.setAttributeNS(RDF, f"{self._prefix(first, RDF)}:about", "")
        return first

    def _with_attribute(self, space: str, name: str) -> Element | None:
        return next((top for top in self._descriptions() if top.hasAttributeNS(space, name)), None)

    def add_property(self, space: str, name: str) -> Element:
        return self.add(self._first(), space, name)

    def set_attribute(self, element: Element, space: str, name: str, text: str) -> None:
        element.setAttributeNS(space, f"{self._prefix(element, space)}:{name}", text)

    def container(self, element: Element, kind: str) -> Element:
        """Return the container of a list; a plain text becomes its first item."""
        container = _container(element)
        if container is not None:
            return container
        text = text_of(element).strip()
        for child in list(element.childNodes):
            element.removeChild(child)
        container = self.add(element, RDF, kind)
        if text:
            fill(self.add(container, RDF, "li"), text)
        return container

    def _prefix(self, element: Element, space: str) -> str:
        """Return the prefix of a namespace at an element; declare it there if it has none."""
        taken: dict[str, str] = {}
        above: minidom.Node | None = element
        while isinstance(above, minidom.Element):
            for name, value in above.attributes.items():
                if name.startswith("xmlns:"):
                    taken.setdefault(name[6:], value)
            above = above.parentNode
        for prefix, value in taken.items():
            if value == space:
                return prefix
        prefix = wanted = _PREFIXES[space]
        number = 1
        while prefix in taken:
            prefix, number = f"{wanted}{number}", number + 1
        element.setAttributeNS(XMLNS_NAMESPACE, f"xmlns:{prefix}", space)
        return prefix


def children(element: minidom.Node) -> list[Element]:
    return [child for child in element.childNodes if isinstance(child, minidom.Element)]


def is_named(element: Element, space: str, name: str) -> bool:
    return element.namespaceURI == space and element.localName == name


def text_of(element: minidom.Node) -> str:
    return "".join(child.data for child in element.childNodes if isinstance(child, minidom.Text))


def list_of(element: Element) -> list[Element]:
    """Return the items of a property's list."""
    container = _container(element)
    return list_of_container(container) if container is not None else []


def list_of_container(container: Element) -> list[Element]:
    return [child for child in children(container) if is_named(child, RDF, "li")]


def remove(element: Element) -> None:
    """Remove an element, with the space before it."""
    before, parent = element.previousSibling, element.parentNode
    assert isinstance(parent, minidom.Element), "it is an item of a list"
    if isinstance(before, minidom.Text) and not before.data.strip():
        parent.removeChild(before)
    parent.removeChild(element)


def _container(element: Element) -> Element | None:
    return next(
        (child for child in children(element) if child.namespaceURI == RDF and child.localName in _CONTAINERS), None
    )


def _default(items: Sequence[Element]) -> Element | None:
    return next((item for item in items if item.getAttributeNS(XML, "lang") == "x-default"), None)


def fill(element: Element, text: str) -> None:
    for child in list(element.childNodes):
        element.removeChild(child)
    if text:
        owner = element.ownerDocument
        assert owner is not None, "it is in a document"
        element.appendChild(owner.createTextNode(text))
