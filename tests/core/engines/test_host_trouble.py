"""Engines that do whatever can go wrong: the library lives, the job says which plugin and why, neighbours are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engined
import pytest
from engined import Engined

from pixlstash_core import OWNER
from pixlstash_core.engines import running
from pixlstash_core.engines import settings as engines
from pixlstash_core.library import Library


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch)


def lives(desk: Engined) -> None:
    """The library answers, and its engines work."""
    assert desk.library.info(OWNER).pictures
    assert desk.run("odd/redness").state == "done"


FAILS: dict[str, str] = {
    "raise": "KeyError: 'no such thing'",
    "exit": "SystemExit: 3",
    "nothing": "TypeError: run gave NoneType, and not one result for each image",
    "few": "run gave 0 results for 1 images",
    "many": "run gave more than 1 results for 1 images",
    "type": "a list of Tag was expected, and str was given",
    "number": "a list of Tag was expected, and int was given",
    "struct": "a Tag was expected, and {} was given",
    "nan": "the confidence of 'x' is nan, and not between 0 and 1",
    "over": "the confidence of 'x' is 1.5, and not between 0 and 1",
    "flood": "100,001 tags were given for one image, and 100,000 are the most",
    "escape": "\N{REPLACEMENT CHARACTER}[2J it is \N{REPLACEMENT CHARACTER} gone",
    "memory": "There is too little memory for it.",
    "leave": "On this picture its process ended (exit code 3).",
    "crash": "On this picture its process crashed (signal 11).",
    "device": "RuntimeError: CUDA error: device lost",
}


@pytest.mark.parametrize("what", FAILS)
def test_one_bad_picture_fails_alone(desk: Engined, what: str) -> None:
    ids = desk.take_in(7)
    job = desk.run("odd/trouble", {"what": what, "on": [ids[3]]})
    assert (job.state, job.error, job.done, job.total) == ("done", None, 7, 7)
    assert desk.errors() == {ids[3]: FAILS[what]}
    assert desk.tags() == {id: ["fine"] for id in ids if id != ids[3]}
    lives(desk)


def test_what_a_process_wrote_is_in_the_log_with_its_name_and_without_its_key(
    desk: Engined, caplog: pytest.LogCaptureFixture
) -> None:
    ids = desk.take_in(2)
    engines.keep_secrets(desk.library.hub, "odd/trouble", {"key": "hush-hush-0815"})
    desk.run("odd/trouble", {"what": "tell", "on": [ids[1]]})
    assert "The engine odd/trouble: its process ended (exit code 3). It wrote:\n" in caplog.text
    assert "[2J I tell you …" in caplog.text and "hush-hush" not in caplog.text and "\x1b" not in caplog.text


@pytest.mark.parametrize("key", ["hush-hush-0815", "hush  hush", "hush\thush\u202e"])
def test_an_error_does_not_tell_the_key(desk: Engined, key: str) -> None:
    ids = desk.take_in(2)
    engines.keep_secrets(desk.library.hub, "odd/trouble", {"key": key})
    desk.run("odd/trouble", {"what": "blab", "on": [ids[1]]})
    assert desk.errors() == {ids[1]: "… is refused"}


@pytest.mark.parametrize(
    ("what", "limits", "said"),
    [
        ("hang", {"result": 5.0}, "On this picture it hung: nothing came of it in time."),
        (
            "grow",
            {"memory": 400 << 20},
            "On this picture it took more than 0.391 GiB of memory, the limit (PIXLSTASH_ENGINE_MEMORY).",
        ),
    ],
)
def test_one_that_never_ends(desk: Engined, what: str, limits: dict[str, Any], said: str) -> None:
    ids = desk.take_in(6)
    desk.limit(**limits)
    job = desk.run("odd/trouble", {"what": what, "on": [ids[3]]})
    assert (job.state, job.error) == ("done", None)
    assert desk.errors() == {ids[3]: said} and len(desk.tags()) == 5
    lives(desk)


@pytest.mark.parametrize("what", ["raise", "nan", "few"])
def test_an_engine_that_always_fails_ends_its_job(desk: Engined, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FAILING", 5)
    desk.take_in(12)
    job = desk.run("odd/trouble", {"what": what})
    assert job.state == "failed" and job.error is not None
    assert job.error.startswith("odd/trouble (extra 0): 5 pictures in a row failed, the last one with: ")
    assert desk.done() == set()  # nothing is written down that says something about the engine only
    lives(desk)


@pytest.mark.parametrize(("what", "said"), [("crash", "crashed (signal 11)"), ("leave", "exit code 3"), ("device", "")])
def test_an_engine_that_always_dies_ends_its_job(desk: Engined, what: str, said: str) -> None:
    desk.take_in(12)
    job = desk.run("odd/trouble", {"what": what})
    assert job.state == "failed" and job.error is not None
    assert job.error.startswith("odd/trouble (extra 0): ") and said in job.error and "4 times in a row" in job.error
    assert desk.done() == set()
    lives(desk)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise", "it cannot be loaded: KeyError: 'no such thing'"),
        ("exit", "it cannot be loaded: SystemExit: 3"),
        ("crash", "it cannot be loaded: its process crashed (signal 11)"),
        ("leave", "it cannot be loaded: its process ended (exit code 3)"),
        ("memory", "it cannot be loaded: MemoryError: there is too little"),
    ],
)
def test_a_model_that_cannot_be_loaded(desk: Engined, what: str, said: str) -> None:
    desk.take_in(3)
    job = desk.run("odd/trouble", {"load": what})
    assert (job.state, job.error) == ("failed", f"odd/trouble (extra 0): {said}")
    assert desk.done() == set()
    lives(desk)


def test_a_model_that_hangs_while_it_is_loaded(desk: Engined) -> None:
    desk.take_in(2)
    desk.limit(load=1.0)
    job = desk.run("odd/trouble", {"load": "hang"})
    assert job.state == "failed" and "it cannot be loaded: it hung" in (job.error or "")
    desk.limit(load=60.0)
    lives(desk)


def test_a_load_can_be_cancelled(desk: Engined) -> None:
    from libraries import finish, until

    desk.take_in(2)
    job = desk.put("odd/trouble", {"load": "hang"})
    until(lambda: desk.notes("load"))
    desk.library.cancel_job(OWNER, job.id)
    assert finish(desk.library, job).state == "cancelled"
    lives(desk)


def test_less_at_once_where_memory_is_short_and_it_is_remembered(desk: Engined) -> None:
    """D22."""
    ids = desk.take_in(9)
    job = desk.run("odd/trouble", {"what": "crowd"})
    assert (job.state, job.error, desk.errors()) == ("done", None, {})
    assert desk.tags() == {id: ["fine"] for id in ids}
    sizes = [len(one["images"]) for one in desk.notes("run")]
    assert sizes[0] == 4 and 2 in sizes and sizes[-1] == 1
    more = desk.take_in(5, first=100)
    desk.run("odd/trouble", {"what": "crowd"})
    assert {len(one["images"]) for one in desk.notes("run")[len(sizes) :]} == {1} and set(more) <= desk.done()


def test_one_picture_that_is_too_large_makes_no_batch_smaller(desk: Engined) -> None:
    ids = desk.take_in(8)
    desk.run("odd/trouble", {"what": "memory", "on": [ids[2]]})
    assert list(desk.errors()) == [ids[2]]
    seen = len(desk.notes("run"))
    desk.take_in(6, first=50)
    desk.run("odd/trouble", {"what": "memory", "on": [ids[2]]})
    assert [len(one["images"]) for one in desk.notes("run")[seen:]] == [4, 2]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nan", "NaN or infinity"),
        ("zero", "a vector of zeros"),
        ("longer", "a vector of 4 numbers was given, where others have 3"),
        ("text", "a vector of float32 was expected, and str was given"),
    ],
)
def test_vectors_that_are_none(desk: Engined, what: str, said: str) -> None:
    desk.take_in(3)
    desk.run("odd/vectors", {"what": what}) if what != "longer" else desk.run("odd/vectors", {"what": what})
    errors = desk.errors()
    if what == "longer":  # alone, each has three numbers: the batch as a whole was not to be trusted
        assert errors == {} and len(desk.done()) == 3
        return
    assert len(errors) == 3 and all(said in text for text in errors.values())


def test_errors_can_be_tried_again(desk: Engined) -> None:
    ids = desk.take_in(3)
    (desk.folder / "0001.png").write_bytes(b"")
    desk.run("odd/trouble", {"what": "raise", "on": [ids[0]]})
    producer = desk.library.db.value("select producer_id from done")
    assert desk.errors() == {ids[0]: FAILS["raise"]}
    assert desk.library.outputs.forget_errors(producer) == 1
    assert desk.library.outputs.missing(producer) == sorted([ids[0], ids[1]], reverse=True)


WEIGHTS: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "model.onnx is missing (0.0 MB). Put it at "),
    "truncated": (b"", "model.onnx is cut short: 0 bytes instead of 1"),
    "longer": (b"ab", "model.onnx is too long: 2 bytes instead of 1"),
    "other": (b"b", "its SHA-256 differs"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
    "pickle": (b"\x80\x04K\x01.", "is a pickle, which may hold a program"),
    "archive": (b"PK\x03\x04torch", "is a pickle, which may hold a program"),
}


@pytest.mark.parametrize("what", WEIGHTS)
def test_weights_that_are_not_right(desk: Engined, tmp_path: Path, what: str) -> None:
    body, said = WEIGHTS[what]
    place = tmp_path / "models" / "odd" / "weighed"
    if body is not None:
        place.mkdir(parents=True)
        (place / "model.onnx").write_bytes(body)
    desk.take_in(1)
    job = desk.run("odd/weighed")
    assert job.state == "failed" and said in (job.error or "") and "odd/weighed" in (job.error or "")
    if what == "missing":
        assert f"{place / 'model.onnx'}" in (job.error or "") and "https://example.org/" in (job.error or "")
    assert desk.done() == set()
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.onnx").write_bytes(b"a")
    assert desk.run("odd/weighed").state == "done" and set(map(tuple, desk.tags().values())) == {("a",)}


@pytest.mark.parametrize("file", ["model.bin", "model.pt", "../model.onnx", "/etc/model.onnx", "model.ckpt"])
def test_weights_of_a_kind_that_is_not_loaded(desk: Engined, file: str) -> None:
    desk.take_in(1)
    job = desk.run("odd/weighed", {"file": file})
    assert job.state == "failed" and file in (job.error or "")


def test_weights_are_checked_once(desk: Engined, tmp_path: Path) -> None:
    from pixlstash_core.engines import weights

    place = tmp_path / "models" / "odd" / "weighed"
    place.mkdir(parents=True)
    (place / "model.onnx").write_bytes(b"a")
    catalogue = desk.library.host.catalogue
    offered = catalogue.offered("odd/weighed")
    needed = catalogue.weights(offered, catalogue.params(offered, {}))
    assert needed is not None
    weights.checked(tmp_path / "models", "odd/weighed", needed)
    stamp = (place / "model.onnx").stat()
    (place / "model.onnx").write_bytes(b"b")
    with pytest.raises(Exception, match="SHA-256"):
        weights.checked(tmp_path / "models", "odd/weighed", needed)
    (place / "model.onnx").write_bytes(b"b")
    os.utime(place / "model.onnx", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    weights.checked(tmp_path / "models", "odd/weighed", needed)  # it was not read again
