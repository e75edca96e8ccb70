"""Zip files: those of honest programs are read whole, of hostile ones nothing that could hurt."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from zips import Entry, deflate, pack

from pixlstash_core.errors import Refused
from pixlstash_core.storage import archive
from pixlstash_core.storage.archive import is_archive, members, unpack

WORDS = b"what is in it " * 50


def write(folder: Path, body: bytes) -> Path:
    path = folder / "a.zip"
    path.write_bytes(body)
    return path


def contents(path: Path) -> dict[str, bytes | str]:
    """Each member's bytes, or why it is left alone."""
    found: dict[str, bytes | str] = {}
    with path.open("rb") as file:
        for member in members(path):
            try:
                found[member.name] = b"".join(unpack(file, member))
            except Refused as error:
                found[member.name] = str(error)
    return found


# -- honest ones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stored", "deflated", "streamed", "zip64", "commented"])
def test_what_python_packs_is_read(how: str, tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):  # cannot seek, so that sizes follow the bytes
        def __init__(self) -> None:
            self.body = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, block: object) -> int:
            self.body += bytes(block)  # type: ignore[call-overload]
            return len(bytes(block))  # type: ignore[call-overload]

    pipe, disk = Pipe(), io.BytesIO()
    method = zipfile.ZIP_STORED if how == "stored" else zipfile.ZIP_DEFLATED
    given = {"a.txt": WORDS, "folder/größe.txt": b"", "日本/b.txt": random.Random(1).randbytes(3_000_000)}
    with zipfile.ZipFile(pipe if how == "streamed" else disk, "w", method) as out:
        out.mkdir("folder")
        for name, body in given.items():
            with out.open(name, "w", force_zip64=how == "zip64") as file:
                file.write(body)
        if how == "commented":
            out.comment = b"PK\5\6" + b"x" * 30
    body = bytes(pipe.body) if how == "streamed" else disk.getvalue()
    assert is_archive(body)
    assert contents(write(tmp_path, body)) == given


def test_sizes_beyond_32_bits_are_read_from_where_they_stand(tmp_path: Path) -> None:
    packed = deflate(WORDS)
    wide = struct.pack("<HHQQQ", 1, 24, len(WORDS), len(packed), 0)
    body = pack(Entry(b"a.txt", WORDS))
    at = body.index(b"PK\1\2")
    entry = bytearray(body[at : at + 46])
    struct.pack_into("<LL", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(wide))
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    table = bytes(entry) + b"a.txt" + wide
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(table), at)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at + len(table), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert contents(write(tmp_path, body[:at] + table + end64 + locator + end)) == {"a.txt": WORDS}
    short = bytes(entry[:30]) + struct.pack("<H", 4) + bytes(entry[32:]) + b"a.txt" + b"\1\0\0\0"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(short), at, 0)
    assert contents(write(tmp_path, body[:at] + short + end)) == {"a.txt": archive.DAMAGED}


def test_junk_behind_the_end_is_passed_by(tmp_path: Path) -> None:
    assert contents(write(tmp_path, pack(Entry(b"a", WORDS), after=b"\0" * 500))) == {"a": WORDS}


def test_times_are_those_of_the_members(tmp_path: Path) -> None:
    (member,) = members(write(tmp_path, pack(Entry(b"a", WORDS))))
    assert member.modified is not None
    assert abs(member.modified - 1_735_732_800) < 86_400  # 1 January 2025, in whichever time zone this is


def test_names_are_as_their_makers_meant_them(tmp_path: Path) -> None:
    unicode = b"\x75\x70\x0c\x00\x01" + struct.pack("<L", zlib.crc32(b"?.png")) + "日.png".encode()
    named = {
        "Gr\u00fc\u00dfe": Entry("Grüße".encode(), flags=0x800),
        "unmarked \u00fc": Entry("unmarked ü".encode()),
        "caf\u00e9": Entry(b"caf\x82"),
        "\ufffd.png": Entry(b"\xff.png", flags=0x800),
        "日.png": Entry(b"?.png", extra=unicode),
    }
    assert [member.name for member in members(write(tmp_path, pack(*named.values())))] == list(named)


def test_folders_and_hidden_files_are_passed_by(tmp_path: Path) -> None:
    hidden = [b"f/", b".hidden", b".git/a", b"__MACOSX/a.png", b"b/._a.png", b"g\\"]
    body = pack(Entry(b"./a", WORDS), Entry(b"b\\c", WORDS), *(Entry(name) for name in hidden))
    assert contents(write(tmp_path, body)) == {"./a": WORDS, "b\\c": WORDS}


def test_documents_are_not_looked_into() -> None:
    for name in (b"mimetype", b"[Content_Types].xml"):
        assert not is_archive(pack(Entry(name, b"image/openraster", 0), Entry(b"a.png")))
    assert is_archive(pack(Entry(b"a.png"), Entry(b"mimetype")))
    assert is_archive(pack())
    assert not is_archive(b"\x89PNG\r\n\x1a\n" + pack(Entry(b"a")))


# -- hostile ones ------------------------------------------------------------------------------------------------------

HOSTILE = {
    "../up.png": ("leads out", {}),
    "a/../../up.png": ("leads out", {}),
    "..\\up.png": ("leads out", {}),
    "/etc/passwd": ("leads out", {}),
    "\\\\server\\share": ("leads out", {}),
    "C:\\a.png": ("leads out", {}),
    "c:a.png": ("leads out", {}),
    "link": ("a link", {"external": 0o120777 << 16}),
    "pipe": ("not a plain file", {"external": 0o010644 << 16}),
    "encrypted": ("encrypted", {"flags": 1}),
    "strong": ("encrypted", {"flags": 0x40}),
    "aes": ("encrypted", {"method": 99}),
    "bzip2": ("method 12", {"method": 12}),
    "lzma": ("method 14", {"method": 14}),
    "crc": ("damaged", {"crc": 1}),
    "short": ("damaged", {"size": len(WORDS) + 1}),
    "long": ("more than the zip file says", {"size": len(WORDS) - 1}),
    "cut": ("damaged", {"packed": deflate(WORDS)[:-3]}),
    "noise": ("damaged", {"packed": b"\xff" * 30}),
    "elsewhere": ("damaged", {"at": 40}),
    "beyond": ("damaged", {"at": 1 << 30}),
    "stored": ("more than the zip file says", {"method": 0, "size": 3}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_refused_and_the_others_are_read(name: str, tmp_path: Path) -> None:
    words, how = HOSTILE[name]
    entry = Entry(name.encode(), WORDS, **how)  # type: ignore[arg-type]
    found = contents(write(tmp_path, pack(Entry(b"before", WORDS), entry, Entry(b"after", b"2"))))
    assert words in str(found[name])
    assert (found["before"], found["after"]) == (WORDS, b"2")


def test_a_second_one_of_a_name_is_refused(tmp_path: Path) -> None:
    found = members(write(tmp_path, pack(Entry(b"a", b"1"), Entry(b"a", b"2"))))
    assert [member.problem is None for member in found] == [True, False]


@pytest.mark.parametrize("quoted", [False, True], ids=["one kernel", "quoted headers"])
def test_overlapping_bombs_are_refused(quoted: bool, tmp_path: Path) -> None:
    """As David Fifield's: many members with one kernel, or each one's bytes beginning with the next one's header."""
    kernel = deflate(bytes(1_000_000))
    first = Entry(b"000", bytes(1_000_000), packed=kernel)
    if not quoted:
        body = pack(first, *(first._replace(name=b"%03d" % n, at=0) for n in range(1, 200)))
    else:
        body = quoting(kernel, 50)
    found = members(write(tmp_path, body))
    assert {member.problem for member in found} == {"It shares its bytes with another member, as in zip bombs."}


def quoting(kernel: bytes, count: int) -> bytes:
    """Each member is a stored block that holds the header of the next, and then what the next one is."""
    packed, size, crc = kernel, 1_000_000, zlib.crc32(bytes(1_000_000))
    chain: list[tuple[bytes, bytes, int, int]] = []
    tail, data = b"", bytes(1_000_000)
    for n in reversed(range(count)):
        name = b"%03d" % n
        header = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(packed), size, len(name), 0) + name
        tail = header + (packed if not chain else quote + tail)  # noqa: F821  # made in the round before
        chain.append((name, packed, size, crc))
        quote = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF)
        packed = quote + header + packed
        data = header + data
        size, crc = len(data), zlib.crc32(data)
    table, at = b"", 0
    for name, packed, size, crc in reversed(chain):
        table += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(packed), size, 3, 0, 0, 0, 0, 0, at)
        table += name
        at += 30 + 3 + 5
    return tail + table + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(table), len(tail), 0)


def test_what_grows_beyond_reason_is_refused(tmp_path: Path) -> None:
    flat = Entry(b"flat", packed=deflate(bytes(4_000)), size=archive.BOMB + 1)
    assert "far more" in str(contents(write(tmp_path, pack(flat)))["flat"])
    large = Entry(b"large", packed=deflate(b"x"), size=archive.LARGEST + 1)
    wide = large._replace(size=0xFFFFFFFF, extra=struct.pack("<HHQ", 1, 8, archive.LARGEST + 1))
    assert "more than 20 GB" in str(contents(write(tmp_path, pack(wide)))["large"])


def test_more_than_50_gb_in_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "TOTAL", 2 * len(WORDS) - 1)
    members(write(tmp_path, pack(Entry(b"a", WORDS))))
    with pytest.raises(Refused, match="Split it"):
        members(write(tmp_path, pack(Entry(b"a", WORDS), Entry(b"b", WORDS))))


def test_more_than_50000_files_are_refused_whatever_it_claims(tmp_path: Path) -> None:
    body = pack(*(Entry(b"%05d" % n, method=0) for n in range(archive.MOST)))
    assert len(members(write(tmp_path, body))) == archive.MOST
    for count in (None, 1):
        body = pack(*(Entry(b"%05d" % n, method=0) for n in range(archive.MOST + 1)), count=count)
        with pytest.raises(Refused, match="50,000"):
            members(write(tmp_path, body))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no table"),
        (b"PK\3\4" + bytes(100), "no table"),
        (pack(), "no files"),
        (pack(Entry(b"a/"), Entry(b".b")), "no files"),
        (pack(Entry(b"a", WORDS))[:-10], "no table"),
        (pack(Entry(b"a", WORDS)).replace(b"PK\1\2", b"PK\1\3"), "damaged"),
        (b"PK\3\4" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 1 << 31, 0, 0), "damaged"),
        (b"PK\3\4" + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 1 << 31, 0), "damaged"),
        (b"PK\3\4" + struct.pack("<4s4H2LH", b"PK\5\6", 1, 0, 1, 2, 0, 4, 0), "split"),
        (
            struct.pack("<4sLQL", b"PK\6\7", 0, 1 << 60, 1) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0, 0, 0),
            "damaged",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_said_to(body: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=words):
        members(write(tmp_path, body))


def test_a_large_table_or_member_is_never_in_memory(tmp_path: Path) -> None:
    big = pack(Entry(b"big", bytes(40 << 20)), Entry(b"noise", random.Random(1).randbytes(16 << 20)))
    path = write(tmp_path, big)
    table = write(tmp_path / "..", b"PK\3\4" + bytes(200 << 20) + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 200 << 20, 4, 0))  # fmt: skip
    tracemalloc.start()
    with path.open("rb") as file:
        for member in members(path):
            assert sum(len(block) for block in unpack(file, member)) == member.size
    with pytest.raises(Refused):
        members(table)
    assert tracemalloc.get_traced_memory()[1] < 12 << 20
    tracemalloc.stop()
    table.unlink()


def test_other_programs_read_what_we_read(tmp_path: Path) -> None:
    """The helper that packs by hand is no private dialect."""
    path = write(tmp_path, pack(Entry(b"a.txt", WORDS), Entry(b"b.txt", b"b", 0), comment=b"words"))
    with zipfile.ZipFile(path) as known:
        assert known.testzip() is None
        assert contents(path) == {name: known.read(name) for name in known.namelist()}
    done = subprocess.run([sys.executable, "-m", "zipfile", "-t", str(path)], capture_output=True, text=True)
    assert "Done testing" in done.stdout
