"""Archives as text, and those that are not unpacked."""

import hashlib
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.content import archive as room
from trio_gate.content.archive import MAX_FILES, Inside

GOOD, EVIL = b"print(1)", b"print(2)"
HANDLER = "def handler(event, context):\n    return 1\n"


def packed(files: dict[str, str | bytes], how: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as made:
        made.comment = comment
        for name, content in files.items():
            made.writestr(name, content)
    return data.getvalue()


class Unseekable(io.BytesIO):
    """To this an archive is written as it is streamed: the sizes of a file follow it."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    tell = seek


def streamed(how: int) -> bytes:
    data = Unseekable()
    with zipfile.ZipFile(data, "w", how) as made:
        made.writestr("lib/", "")
        made.writestr("lib/a", HANDLER)
    return data.getvalue()


def own(
    name: bytes, data: bytes, *, flags: int = 0, method: int = 0, crc: int | None = None, extra: bytes = b"", **said: int
) -> bytes:
    """A file with its own header."""
    crc = zlib.crc32(data) if crc is None else crc
    sizes = said.get("packed", len(data)), said.get("size", len(data))
    return struct.pack("<4s5H3L2H", room.ZIP, 20, flags, method, 0, 0, crc, *sizes, len(name), len(extra)) + name + extra + data


def listed(
    name: bytes, data: bytes, at: int = 0, *, flags: int = 0, extra: bytes = b"", mode: int = 0, noted: bytes = b"", disk: int = 0
) -> bytes:
    """Its entry in the directory."""
    sizes = zlib.crc32(data), len(data), len(data), len(name), len(extra), len(noted), disk, 0, mode << 16, at
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, flags, 0, 0, 0, *sizes) + name + extra + noted


def joined(files: bytes, entries: bytes, count: int = 1, comment: bytes = b"") -> bytes:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), len(files), len(comment))
    return files + entries + end + comment


def named(*names: bytes, flags: int = 0) -> bytes:
    files, entries = b"", b""
    for name in names:
        entries += listed(name, GOOD, len(files), flags=flags)
        files += own(name, GOOD, flags=flags)
    return joined(files, entries, len(names))


RENAMED = struct.pack("<HHBL", 0x7075, 13, 1, zlib.crc32(b"a")) + b"index.py"
RESIZED = struct.pack("<HHQQ", 1, 16, 8, 8)
FOLLOWS = struct.pack("<3L", zlib.crc32(b""), 0, 0)


def archive(data: bytes, most: int = room.MAX_UNPACKED) -> tuple[str, bool]:
    """An archive's text, and whether it was read."""
    made = room.archive(data, most)
    return made.text, made.read


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_files_are_listed_and_their_text_follows(how):
    text, read = archive(packed({"index.py": HANDLER, "lib/x.so": b"\0\1", "empty": ""}, how))
    assert read
    lines = text.split("\n")
    assert lines[:3] == [f"3 files, {len(HANDLER) + 2} bytes unpacked", f"{len(HANDLER):>10}  index.py", lines[2]]
    assert lines[2].startswith("         2  lib/x.so (binary, sha256 b413f47d")
    assert lines[4:] == ["", "index.py:", "  def handler(event, context):", "      return 1", "  "]


def test_what_is_streamed_is_read_too():
    text, read = archive(streamed(zipfile.ZIP_DEFLATED))
    assert read
    assert text.split("\n")[1:4] == ["         0  lib/", f"{len(HANDLER):>10}  lib/a", ""]
    follows = own(b"a", b"", flags=8) + FOLLOWS
    assert archive(joined(follows, listed(b"a", b"", flags=8)))[1]
    assert archive(streamed(zipfile.ZIP_STORED)) == (
        "this archive is not unpacked: the end of one of its files is not known from its start",
        False,
    )


def test_text_that_is_not_utf_8_is_shown():
    text, _ = archive(packed({"index.py": "# coding: latin-1\nprint('\xe9')".encode("latin-1")}))
    assert text.split("\n")[1].endswith("index.py (not UTF-8, shown as Latin-1)")
    assert text.endswith("  print('\xe9')")


def test_a_name_in_utf_8_is_read():
    text, _ = archive(packed({"\xfc.py": HANDLER}))
    assert text.split("\n")[1].endswith("  \xfc.py")


ENDS = "it does not end where it says, or at two places"
PARTS = "it is in several parts, has the form zip64, or begins elsewhere"
DIFFER = "its directory and the files' own headers differ"
GAP = "something is between its files, or they overlap"
EXTRA = "an extra field of one of its files renames or resizes it, or is not whole"
CONTROL = "the name of one of its files has a control character or a backslash"
PATH = "the name of one of its files is absolute, or has an empty part, . or .."


def test_no_line_of_a_file_passes_for_the_name_of_another():
    text, _ = archive(packed({"a": "\nharmless.py:\n"}))
    assert "harmless.py:" not in text.split("\n")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed({"a": "b"})[:-1], ENDS),
        (joined(own(b"a", GOOD), listed(b"a", GOOD), 2), "it is not whole"),
        (packed({"a": "b"}) + b"x", ENDS),
        (packed({"a": "b"}, comment=b"PK\5\6" + bytes(18)), ENDS),
        (b"x" + packed({"a": "b"}), PARTS),
        (packed({"a": "b"}).replace(b"PK\x05\x06", b"PK\0\0"), "it has no directory"),
        (packed({"aa": "1", "ab": "2"}).replace(b"ab", b"aa"), "two of its files have one name"),
        (packed({"good": "1"}).replace(b"good", b"evil", 1), DIFFER),
        (joined(own(b"a", GOOD, method=8), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", GOOD, flags=2), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", GOOD, crc=1), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", GOOD, size=3), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", GOOD, packed=3), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", GOOD, packed=0, size=0, crc=0), listed(b"a", GOOD)), DIFFER),
        (joined(own(b"a", b"", flags=8) + bytes(12), listed(b"b", b"", flags=8)), DIFFER),
        (
            joined(own(b"a", b"", flags=8) + b"\1" + bytes(11), listed(b"a", b"", flags=8)),
            "its directory and what follows a file differ",
        ),
        (joined(own(b"a", EVIL) + own(b"a", GOOD), listed(b"a", GOOD, len(own(b"a", EVIL)))), GAP),
        (joined(own(b"a", GOOD) * 2, listed(b"a", GOOD) + listed(b"b", GOOD), 2), GAP),
        (
            joined(own(b"a", GOOD) + b"x", listed(b"a", GOOD)),
            "something is between its files and the directory, or it is not whole",
        ),
        (joined(own(b"a", GOOD), listed(b"a", GOOD) + listed(b"b", GOOD)), "its directory is not whole"),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, disk=1)), "its directory is not whole"),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, noted=b"PK\6\7" + bytes(16))), PARTS),
        (joined(own(b"a", GOOD, extra=RENAMED), listed(b"a", GOOD)), EXTRA),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, extra=RENAMED)), EXTRA),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, extra=RESIZED)), EXTRA),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, extra=RENAMED[:-1])), EXTRA),
        (joined(own(b"a", GOOD), listed(b"a", GOOD, mode=0o120777)), "one of its files is a link or a device"),
        (joined(own(b"a/", GOOD), listed(b"a/", GOOD)), "one of its folders has content"),
        (
            joined(own(b"a", b"") + own(b"a/", b""), listed(b"a", b"") + listed(b"a/", b"", 31), 2),
            "two of its files have one name",
        ),
        (named(b"a\n\nindex.py:\n  pass"), CONTROL),
        (named(b"a\0b"), CONTROL),
        (named(b"a\\b"), CONTROL),
        *((named(b"index.py", name), PATH) for name in (b"./index.py", b"a/../index.py", b"/index.py", b"a//b", b"..", b"")),
        (named(b"\x81"), "the name of one of its files is neither ASCII nor said to be UTF-8"),
        (named(b"\x81", flags=0x800), "the name of one of its files is neither ASCII nor said to be UTF-8"),
        (packed({f"{n}": "" for n in range(MAX_FILES + 1)}), f"it has {MAX_FILES + 1} files, more than {MAX_FILES}"),
        (room.ZIP, "it has no directory"),
    ],
)
def test_what_readers_may_read_differently_is_not_read(data, why):
    assert archive(data) == (f"this archive is not unpacked: {why}", False)


def lies(size: int) -> bytes:
    """An archive that gives another size of its file, twice."""
    data = bytearray(packed({"a": "x" * 1000}))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, size)
    struct.pack_into("<L", data, 22, size)
    return bytes(data)


def flagged(flag: int) -> bytes:
    return joined(own(b"a", GOOD, flags=flag), listed(b"a", GOOD, flags=flag))


def damaged() -> bytes:
    return named(b"a").replace(GOOD, EVIL)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed({"a": "\0" * 20_000_000}), "not unpacked: more than 200 times as large as it is packed"),
        (packed({"a": "x" * 3_000_000}, zipfile.ZIP_STORED), "not unpacked: more than is unpacked in all"),
        (packed({"a": "b"}, zipfile.ZIP_BZIP2), "packed in a way that is not read"),
        (lies(10), "not unpacked: it is not what the directory says"),
        (lies(1001), "not unpacked: it is not what the directory says"),
        (damaged(), "not unpacked: it is not what the directory says"),
        (flagged(1), "encrypted"),
        (flagged(0x20), "packed in a way that is not read"),
    ],
)
def test_what_is_not_unpacked_says_why(data, why):
    text, read = archive(data)
    assert read
    assert text.split("\n")[1].endswith(f"a ({why})")
    assert len(text) < 200


def test_all_files_share_what_may_be_unpacked():
    made = room.archive(packed({"a": "12345678", "b": "1234", "c": "12"}), 10)
    assert [line.endswith("unpacked in all)") for line in made.text.split("\n")[1:4]] == [False, True, False]
    assert (made.unpacked, made.whole) == (10, False)
    assert room.archive(packed({"a": "12345678"}), 8).whole


@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=3))
def test_it_never_fails(tail, at, change):
    whole = packed({"a": "b", "c": "d"})
    archive(room.ZIP + tail)
    archive(whole[:at] + change + whole[at + len(change) :])
    archive(whole[:-at] + change + whole[len(whole) - at + len(change) :])


def test_the_files_are_there_one_by_one():
    found = room.archive(packed({"a/b.py": "x = 1\n", "logo": b"\0\1", "old.txt": b"caf\xe9", "empty": ""})).files
    assert [(one.name, one.size, one.text) for one in found] == [
        *(("a/b.py", 6, "x = 1\n"), ("logo", 2, ""), ("old.txt", 4, "caf\u00e9"), ("empty", 0, ""))
    ]
    assert [one.said.partition(",")[0] for one in found] == ["", "binary", "not UTF-8", ""]
    assert found[0].sha256 == hashlib.sha256(b"x = 1\n").hexdigest()
    assert room.archive(packed({"a": "long", "b": "x"}), 3).files[0] == Inside(
        name="a", size=4, sha256=None, said="not unpacked: more than is unpacked in all", text=""
    )
