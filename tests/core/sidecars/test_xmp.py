"""XMP sidecars of other programs are read, and edited without losing what PixlStash does not know."""

from __future__ import annotations

from xml.dom import minidom

import pytest

from pixlstash_core.sidecars import xmp
from pixlstash_core.sidecars.values import FIELDS, Region, Values

#: As darktable writes them: flat subjects, its own hierarchy and history, everything in attributes and lists.
DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   exif:DateTimeOriginal="2026:01:02 10:11:12"
   xmp:Rating="3"
   xmpMM:DerivedFrom="IMG_1.CR3"
   darktable:xmp_version="5"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="exposure" darktable:params="00008082&#10;0f"/>
    </rdf:Seq>
   </darktable:history>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Berlin</rdf:li>
     <rdf:li>places</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>places|Berlin</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">A tower &amp; a lake</rdf:li>
     <rdf:li xml:lang="de">Ein Turm</rdf:li>
    </rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
#: As digiKam writes them: a packet with other prefixes, a list of tags with those above them, and regions.
DIGIKAM = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- kept -->
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <r:Description r:about="" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">
   <digiKam:TagsList>
    <r:Seq>
     <r:li>People/Grace</r:li>
     <r:li>Animals/Fox</r:li>
    </r:Seq>
   </digiKam:TagsList>
   <mwg-rs:Regions r:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="4000" stDim:h="3000" stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <r:Bag>
      <r:li>
       <r:Description mwg-rs:Name="Grace" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:x="0.5" stArea:y="0.25" stArea:w="0.2" stArea:h="0.3" stArea:unit="normalized"/>
       </r:Description>
      </r:li>
      <r:li r:parseType="Resource">
       <mwg-rs:Name>A lake</mwg-rs:Name>
       <mwg-rs:Type>Focus</mwg-rs:Type>
       <mwg-rs:Area stArea:x="0.1" stArea:y="0.1" stArea:w="0.1" stArea:h="0.1"/>
      </r:li>
     </r:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </r:Description>
  <r:Description r:about="" xmlns:x1="http://ns.adobe.com/xap/1.0/"><x1:Rating>4</x1:Rating></r:Description>
 </r:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
GRACE = Region("Grace", (0.4, 0.1, 0.6, 0.4))


def elements(body: bytes) -> set[tuple[str, str]]:
    """All elements and attributes with their values, by full name."""
    found: set[tuple[str, str]] = set()
    pending: list[minidom.Node] = [minidom.parseString(body)]
    while pending:
        node = pending.pop()
        pending += node.childNodes
        if isinstance(node, minidom.Element):
            found |= {(f"{node.tagName} {name}", value) for name, value in node.attributes.items()}
            found.add((node.tagName, "".join(t.data for t in node.childNodes if isinstance(t, minidom.Text)).strip()))
        elif isinstance(node, (minidom.Comment, minidom.ProcessingInstruction)):
            found.add((node.nodeName, node.data))
    return found


def test_darktable_is_read_and_edited() -> None:
    values, fields = xmp.parse(DARKTABLE)
    assert values == Values(["Berlin", "places"], "A tower & a lake", 3) and fields == set(FIELDS)
    new = Values(["places", "fox"], "A lake", 5)
    body = xmp.render(DARKTABLE, new, fields)
    assert xmp.parse(body) == (new, fields)
    before, after = elements(DARKTABLE), elements(body)
    assert after - before == {
        *(("rdf:li", "fox"), ("rdf:li", "A lake"), ("rdf:Description xmp:Rating", "5")),
    }
    assert before - after == {
        *(("rdf:li", "Berlin"), ("rdf:li", "places|Berlin"), ("rdf:li", "A tower & a lake")),
        ("rdf:Description xmp:Rating", "3"),
    }
    assert b"&#10;0f" in body and b'xml:lang="de">Ein Turm' in body


def test_digikam_is_read_and_edited() -> None:
    values, fields = xmp.parse(DIGIKAM)
    assert values == Values(["Grace", "Fox"], "", 4, [GRACE])
    ada = Region("Ada", (0.1, 0.2, 0.3, 0.5))
    new = Values(["Fox", "Grace", "snow"], "A fox.", 2, [ada])
    body = xmp.render(DIGIKAM, new, fields)
    again = xmp.parse(body)[0]
    assert (set(again.tags), again.caption, again.rating, again.faces) == (set(new.tags), "A fox.", 2, [ada])
    after = elements(body)
    assert {("r:li", "Animals/Fox"), ("r:li", "snow"), ("x1:Rating", "2"), ("mwg-rs:Name", "A lake")} <= after
    assert ("#comment", " kept ") in after and body.rstrip().endswith(b'<?xpacket end="w"?>')
    assert ("mwg-rs:AppliedToDimensions stDim:w", "4000") in after


def test_a_new_file() -> None:
    new = Values(["fox & owl", "snow"], 'A "fox" <in> snow\nat night', 1, [GRACE])
    body = xmp.render(None, new, FIELDS)
    assert xmp.parse(body)[0] == new
    nothing = xmp.render(body, Values(), FIELDS)
    assert xmp.parse(nothing)[0] == Values()
    again = xmp.render(body, new, FIELDS)
    assert elements(again) == elements(body) and xmp.render(again, new, FIELDS) == again


def test_a_rejected_picture_keeps_its_rating() -> None:
    body = DARKTABLE.replace(b'Rating="3"', b'Rating="-1"')
    assert xmp.parse(body)[1] == set(FIELDS) - {"rating"}
    assert b'Rating="-1"' in xmp.render(body, Values(rating=4), xmp.parse(body)[1])


def test_taken_prefixes_are_left_alone() -> None:
    body = DIGIKAM.replace(b'xmlns:digiKam="http://www.digikam.org/ns/1.0/"', b'xmlns:dc="urn:x" dc:y="z"', 1)
    body = body.replace(b"digiKam:TagsList", b"dc:TagsList")
    edited = xmp.render(body, Values(["fox"]), {"tags"})
    assert xmp.parse(edited)[0].tags == ["fox"] and ("r:Description dc:y", "z") in elements(edited)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings(encoding: str) -> None:
    text = DARKTABLE.decode().replace("UTF-8", encoding).replace("Berlin", "Köln")
    values, fields = xmp.parse(text.encode(encoding))
    assert values.tags == ["Köln", "places"]
    assert xmp.parse(xmp.render(text.encode(encoding), values, fields)) == (values, fields)


BOMB = b"<!DOCTYPE x [" + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n + 1, n, n) for n in range(40)) + b"]>"


@pytest.mark.parametrize(
    "body",
    [
        BOMB + b"<x>&a40;</x>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        BOMB.decode().encode("utf-16"),
        b"<x>" * 100_000,
        b"<x>" * 65 + b"</x>" * 65,
        b"<x>" + b"<y/>" * 100_001 + b"</x>",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"fox, snow",
        b"<x>&undeclared;</x>",
        b'<?xml version="1.0" encoding="no-such"?><x/>',
        b"<html><body/></html>",
        b"<x a='1' a='2'/>",
        DARKTABLE[:-30],
        DARKTABLE.replace(b"Berlin", b"K\xf6ln"),
        b"",
    ],
)
def test_what_is_no_xmp_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="It"):
        xmp.parse(body)
