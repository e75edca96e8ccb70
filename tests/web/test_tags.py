"""Tags and captions over HTTP: what goes in, what comes out, and to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from web.asking import API
from web.conftest import COUNT, OWNER, Served

from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, PixlStashError
from pixlstash_core.types import (
    AcceptTags,
    AddTags,
    AliasTags,
    CategoriseTags,
    EditCaptions,
    ImplyTags,
    ImportTags,
    LintCaptions,
    MergeTags,
    NeverTags,
    RejectTags,
    RemoveTags,
    RenameTag,
    SetCaption,
)

#: Every route here that reads.
READS = {
    "/pictures/{id}/tags",
    "/pictures/{id}/caption",
    "/pictures/captions/preview",
    "/pictures/captions/lint",
    "/tags",
    "/tags/complete",
    "/tags/confidences",
    "/tags/named",
}
SECRET = re.compile(rb"secret (word|caption)")
EVERY = list(range(1, COUNT))


@pytest.fixture
def tagged(served: Served) -> Served:
    """Pictures 1 to 3 have what everybody may know, the others what is secret."""
    outputs = served.library.outputs
    engine = outputs.register("tag", "synthetic", "1", {})
    outputs.activate(engine, 0.5)
    found = [Output(one, [("shore", 0.9), ("secret word" if one > 3 else "open word", 0.8)]) for one in EVERY]
    for future in outputs.store(engine, found):
        future.result(10)
    for one in EVERY:
        text = "a secret caption" if one > 3 else "an open caption"
        served.client.set_caption(SetCaption(ids=[one], text=text))
    return served


def test_the_client_gives_what_the_library_gives(tagged: Served) -> None:
    library, client = tagged.library, tagged.client
    reads: list[tuple[str, dict[str, Any]]] = [
        ("picture_tags", {"id": 2}),
        ("caption", {"id": 2}),
        ("tags", {}),
        ("tags", {"limit": 1, "offset": 1, "never": False}),
        ("complete_tags", {"text": "wo"}),
        ("tag_confidences", {"name": "open word", "q": "score:0"}),
        ("tag", {"name": "Open Word"}),
        ("preview_captions", {"ask": EditCaptions(ids=EVERY, find="secret", replace="x")}),
        ("lint_captions", {"ask": LintCaptions(ids=EVERY, trigger="ohwx")}),
    ]
    for name, given in reads:
        assert getattr(client, name)(**given) == getattr(library, name)(OWNER, **given), name


def test_writes(tagged: Served) -> None:
    client = tagged.client

    def of(picture: int) -> dict[str, str]:
        return {one.name: one.state for one in client.picture_tags(picture)}

    assert client.add_tags(AddTags(ids=[1, 2], tags=["a/b?c", "😀"])).sentence == "2 pictures tagged a/b?c, 😀"
    assert of(1) == {"shore": "suggested", "open word": "suggested", "a/b?c": "yours", "😀": "yours"}
    assert client.remove_tags(RemoveTags(ids=[1], tags=["😀", "shore"])).changed == 1
    assert client.accept_tags(AcceptTags(ids=[1])).changed == 1
    assert client.reject_tags(RejectTags(ids=[1], tags=["a/b?c"])).changed == 1
    assert of(1) == {"shore": "rejected", "open word": "accepted", "a/b?c": "rejected"}
    assert client.undo().changed == 1 and of(1)["a/b?c"] == "yours"
    view = client.view("").header.view
    assert client.add_tags(AddTags(view=view, ranges=[(0, 3), (5, 8)], tags=["ranged"])).changed == 6
    assert client.rename_tag(RenameTag("a/b?c", "slash")).changed == 1
    assert client.merge_tags(MergeTags(["slash"], "open word")).changed == 1
    assert client.categorise_tags(CategoriseTags(["shore"], "place")).changed == 1
    assert client.alias_tags(AliasTags(["beach"], "shore")).changed == 1
    assert client.imply_tags(ImplyTags("shore", ["water"])).changed == 1
    assert client.never_tags(NeverTags(["secret word"])).changed == 1
    assert client.import_tags(ImportTags("sea,0,1,ocean\n")).aliases == 1
    assert client.tagging().combine == "union"
    client.set_tagging("vote")
    assert client.tagging() == tagged.library.tagging(OWNER) and client.tagging().combine == "vote"
    assert client.tag("beach").tag.alias_of == "shore" and client.tag("shore").implies == ["water"]
    assert set(of(4)) == {"shore", "water", "ranged"} or set(of(4)) == {"shore", "water"}
    assert client.set_caption(SetCaption(ids=[1], text="")).changed == 1
    assert client.edit_captions(EditCaptions(ids=EVERY, prefix="ohwx")).changed == COUNT - 1
    assert client.caption(1).text == "ohwx" and client.caption(2).text == "ohwx, an open caption"


def test_errors_are_the_librarys_own(tagged: Served) -> None:
    library, client = tagged.library, tagged.client
    tries: list[tuple[type[PixlStashError], str, Any]] = [
        (Invalid, "add_tags", AddTags(ids=[1], tags=["x" * 10_000])),
        (Invalid, "add_tags", AddTags(ids=[1], tags=["a\x00b"])),
        (Invalid, "add_tags", AddTags(tags=["a"])),
        (NotFound, "remove_tags", RemoveTags(ids=[1], tags=["nothing of the kind"])),
        (Conflict, "imply_tags", ImplyTags("a", ["a"])),
        (Conflict, "rename_tag", RenameTag("shore", "open word")),
        (NotFound, "merge_tags", MergeTags(["nothing"], "shore")),
        (Invalid, "set_caption", SetCaption(ids=[1], text="a\x1bb")),
    ]
    for kind, name, ask in tries:
        with pytest.raises(kind) as there:
            getattr(client, name)(ask)
        with pytest.raises(kind) as here:
            getattr(library, name)(OWNER, ask)
        assert str(there.value) == str(here.value)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pictures/tags/add", {"ids": [1], "tags": []}),
        ("/pictures/tags/add", {"ids": [1], "tags": "cat"}),
        ("/pictures/tags/add", {"ids": [1]}),
        ("/pictures/tags/add", {"ids": [-1], "tags": ["cat"]}),
        ("/pictures/caption", {"ids": [1], "text": "x" * 10_001}),
        ("/pictures/captions/lint", {"ids": [1], "tokens": 0}),
        ("/tags/import", {"text": "x", "kind": "pictures"}),
        ("/tags/category", {"tags": ["shore"], "category": "x" * 51}),
    ],
)
def test_what_is_malformed(tagged: Served, path: str, body: Any) -> None:
    before = tagged.library.revision
    answer = tagged.local.post(path, body)
    assert answer.status == 400 and answer.json["detail"].endswith(".")
    assert tagged.library.revision == before


def test_a_scoped_reader_learns_of_no_other_words(tagged: Served) -> None:
    peer = tagged.scoped()
    for path in ("/tags", "/tags/complete?text=", "/tags/complete?text=se", "/tags/complete?text=word"):
        answer = peer.get(path)
        assert answer.status == 200 and not SECRET.search(answer.body), path
    assert [one["pictures"] for one in peer.get("/tags/complete?text=shore").json] == [3]
    assert peer.get("/tags/named?name=secret%20word").status == 403
    assert peer.get("/tags/named?name=no%20such%20word").status == 403
    secret, absent = (peer.get(f"/tags/confidences?name={name}").json for name in ("secret%20word", "no%20such%20word"))
    assert secret["at_least"] == absent["at_least"] == [0] * 101
    assert peer.get("/tags/confidences?name=shore").json["at_least"][80] == 3
    for path in ("tags", "caption"):
        absent = peer.get(f"/pictures/4000000/{path}")
        assert absent.status == 404
        for picture in range(4, COUNT):
            answer = peer.get(f"/pictures/{picture}/{path}")
            assert (answer.status, answer.body) == (absent.status, absent.body)
        assert peer.get(f"/pictures/1/{path}").status == 200
    for path in ("preview", "lint"):
        answer = peer.post(f"/pictures/captions/{path}", {"ids": EVERY, "find": "caption", "trigger": "x"})
        assert answer.status == 200 and not SECRET.search(answer.body)
        assert 3 in answer.json.values()


def test_a_scoped_writer_changes_only_its_own(tagged: Served) -> None:
    peer = tagged.scoped("write")
    mine = sorted(tagged.mine)
    for path, body in (("/pictures/tags/add", {"tags": ["mine"]}), ("/pictures/captions/edit", {"prefix": "p"})):
        assert peer.post(path, {"ids": EVERY, **body}).status == 404
        assert peer.post(path, {"ids": mine, **body}).json["changed"] == 3
    for path, body in (
        ("/tags/rename", {"tag": "shore", "name": "x"}),
        ("/tags/never", {"tags": ["shore"]}),
        ("/tags/import", {"text": "x"}),
    ):
        assert peer.post(path, body).status == Forbidden.status
    assert peer.ask("PUT", f"{API}/tags/combine?combine=vote").status == Forbidden.status
