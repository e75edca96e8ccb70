"""`pixlstash token` and `pixlstash share`, with and without a running server."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from core.cli.test_cli import Two, pictures, say, two
from PIL import Image

__all__ = ["pictures", "two"]  # fixtures


def test_tokens_with_a_scope_are_listed_and_revoked(two: Two) -> None:
    for path in (two.alone, two.served):
        say(path, "set", "create", "Trip")
        made = say(
            path, "token", "create", "--scope-set", "Trip", "--scope-query", "beach", "--expires", "30d", "--json"
        )
        assert made.code == 0, made
        days = datetime.fromisoformat(made.json["expires"]) - datetime.now(UTC)
        assert 29 < days.total_seconds() / 86_400 <= 30
        listed = say(path, "token", "list")
        assert "set 1, beach" in listed.out and made.json["expires"][:10] in listed.out
        assert made.json["token"] not in listed.out + say(path, "token", "list", "--json").out
        assert say(path, "token", "revoke", str(made.json["id"])).out == f"Revoked token {made.json['id']}.\n"
        assert "set 1, beach" not in say(path, "token", "list").out
        for words, problem in (
            (("create", "--scope-set", "Nowhere"), "no set called"),
            (("create", "--scope-picture", "999999"), "no picture 999999"),
            (("create", "--scope-query", "x", "--rights", "owner"), "not all rights"),
            (("create", "--expires", "soon"), "12h, 30d"),
            (("create", "--expires", "2020-01-01"), "in the future"),
            (("revoke", "999999"), "no such token"),
        ):
            failed = say(path, "token", *words)
            assert failed.code != 0 and problem in failed.err and "Traceback" not in failed.err, failed


def test_links_are_created_listed_replaced_and_revoked(two: Two) -> None:
    for path in (two.alone, two.served):
        created = say(
            path,
            "share",
            "link",
            "--scope-query",
            "kind:image",
            "--title",
            "Beach",
            "--password",
            "apple pie",
            "--json",
        )
        link = created.json
        assert created.code == 0 and link["path"].startswith("/s/") and link["password"] is True, created
        assert link["url"] == (f"{two.server.url}{link['path']}" if path == two.served else None)
        listed = say(path, "share", "links")
        assert link["path"] in listed.out and "Beach" in listed.out and "opened 0 times, password" in listed.out
        checked = say(path, "share", "check", str(link["id"]))
        assert checked.code == 0 and "Visited as a stranger" in checked.out and "nothing else" in checked.out, checked
        assert say(path, "share", "gained", str(link["id"])).out == "It has gained no pictures.\n"
        replaced = say(path, "share", "replace", str(link["id"]))
        assert link["path"] not in replaced.out and link["path"].partition("#")[0] in replaced.out
        assert say(path, "share", "revoke", str(link["id"])).out == f"Revoked link {link['id']}.\n"
        assert say(path, "share", "links").out == "There are no links.\n"
        for words, problem in (
            (("link",), "Say what to share"),
            (("link", "--scope-query", "kind:image", "--password", "x"), "at least 6"),
            (("revoke", "9"), "no such link"),
        ):
            failed = say(path, "share", *words)
            assert failed.code != 0 and problem in failed.err, failed


def test_a_file_can_be_the_watermark(two: Two, tmp_path: Path) -> None:
    mark, words = tmp_path / "mark.png", ("share", "link", "--scope-query", "kind:image")
    Image.new("RGBA", (80, 40), (255, 60, 0, 255)).save(mark)
    (tmp_path / "bad.png").write_bytes(b"no PNG")
    for path in (two.alone, two.served):
        more = ("--watermark-position", "center", "--watermark-opacity", "0.9", "--watermark-size", "0.4")
        created = say(path, *words, "--watermark-image", mark, *more, "--json")
        assert created.code == 0 and created.json["certificate"]["marked"] == created.json["pictures"] > 0, created
        for options, problem in (
            (("--watermark-image", tmp_path / "bad.png"), "must be a PNG file"),
            (("--watermark-image", mark, "--watermark", "x"), "either --watermark or"),
            (("--watermark-size", "0.4"), "Say which watermark"),
            (("--watermark", "x", "--watermark-opacity", "7"), "0.05<=x<=1"),
        ):
            failed = say(path, *words, *options)
            assert failed.code != 0 and problem in failed.err, failed


def test_a_share_is_taken_into_another_library(two: Two, blank: Path, tmp_path: Path) -> None:
    link = say(two.served, "share", "link", "--scope-query", "kind:image", "--password", "apple pie", "--json").json
    other = shutil.copytree(blank, tmp_path / "other" / "library")
    words = ("share", "take", link["url"])
    assert "needs a password" in say(other, *words).err
    taken = say(other, *words, "--password", "apple pie", "--json")
    # Pictures that look the same are one file without metadata.
    assert taken.code == 0 and taken.json["imported"] > 0, taken
    assert taken.json["imported"] + taken.json["duplicates"] == link["pictures"]
    again = say(other, *words, "--password", "apple pie")
    assert again.code == 0 and again.out == f"Took 0 pictures, {link['pictures']} already in the library.\n"
    assert say(two.served, *words, "--password", "apple pie").out.startswith("Took ")  # by its server
    say(two.served, "share", "revoke", str(link["id"]))
    assert "no longer valid" in say(other, *words, "--password", "apple pie").err
    private = say(two.served, "share", "link", "--scope-query", "kind:image", "--no-download", "--json").json
    assert "does not offer to save" in say(other, "share", "take", private["url"]).err
    say(two.served, "share", "revoke", str(private["id"]))


def test_a_gallery_is_made_and_taken_back(two: Two, tmp_path: Path) -> None:
    for name, path in (("alone", two.alone), ("served", two.served)):
        target = tmp_path / name
        words = ("--scope-query", "kind:image", "--title", "Beach", "--watermark", "Sample", "--side", "400")
        made = say(path, "share", "gallery", target, *words)
        assert made.code == 0 and made.out.endswith(": done.\n"), made
        assert (target / "index.html").is_file() and list((target / "images").iterdir())
        assert str(target) in say(path, "share", "published").out
        again = say(path, "share", "gallery", target, *words)
        assert again.code == 1 and "no empty folder" in again.err + again.out
        assert say(path, "share", "unpublish", "1").out == "Took back publication 1.\n"
        assert not target.exists()
        assert say(path, "share", "published").out == "Nothing was published.\n"
        assert "Say what to share" in say(path, "share", "gallery", target).err
