"""`pixlstash token` and `pixlstash share`, with and without a running server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core.cli.test_cli import Two, pictures, say, two

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
