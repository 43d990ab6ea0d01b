"""Archives as text, and those that are not unpacked."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.content import archive as room
from trio_gate.content.archive import MAX_FILES, archive

HANDLER = "def handler(event, context):\n    return 1\n"


def packed(files: dict[str, str | bytes], how: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as made:
        made.comment = comment
        for name, content in files.items():
            made.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_files_are_listed_and_their_text_follows(how):
    text, read = archive(packed({"index.py": HANDLER, "lib/x.so": b"\0\1", "empty": ""}, how))
    assert read
    lines = text.split("\n")
    assert lines[:3] == [f"3 files, {len(HANDLER) + 2} bytes unpacked", f"{len(HANDLER):>10}  index.py", lines[2]]
    assert lines[2].startswith("         2  lib/x.so (binary, sha256 b413f47d")
    assert lines[4:] == ["", "index.py:", "  def handler(event, context):", "      return 1", "  "]


def test_no_line_of_a_file_passes_for_the_name_of_another():
    text, _ = archive(packed({"a": "\nharmless.py:\n"}))
    assert "harmless.py:" not in text.split("\n")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed({"a": "b"})[:-1], "it is not whole"),
        (packed({"a": "b"}) + b"x", "something follows its end"),
        (b"x" + packed({"a": "b"}), "it is in several parts, has the form zip64, or begins elsewhere"),
        (packed({"a": "b"}).replace(b"PK\x05\x06", b"PK\0\0"), "it has no directory"),
        (packed({"aa": "1", "ab": "2"}).replace(b"ab", b"aa"), "two of its files have one name"),
        (packed({"good": "1"}).replace(b"good", b"evil", 1), "its directory and the files' own headers differ"),
        (packed({f"{n}": "" for n in range(MAX_FILES + 1)}), f"it has {MAX_FILES + 1} files, more than {MAX_FILES}"),
        (room.ZIP, "it has no directory"),
    ],
)
def test_what_readers_may_read_differently_is_not_read(data, why):
    assert archive(data) == (f"this archive is not unpacked: {why}", False)


def lies(size: int) -> bytes:
    """An archive whose directory gives another size of its file."""
    data = bytearray(packed({"a": "x" * 1000}))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, size)
    return bytes(data)


def locked() -> bytes:
    data = bytearray(packed({"a": "b"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed({"a": "\0" * 20_000_000}), "not unpacked: more than 200 times as large as it is packed"),
        (packed({"a": "x" * 3_000_000}, zipfile.ZIP_STORED), "not unpacked: more than 2097152 bytes in all"),
        (packed({"a": "b"}, zipfile.ZIP_BZIP2), "packed in a way that is not read"),
        (lies(10), "not unpacked: it is not what the directory says"),
        (lies(1001), "not unpacked: it is not what the directory says"),
        (locked(), "encrypted"),
    ],
)
def test_what_is_not_unpacked_says_why(data, why):
    text, read = archive(data)
    assert read
    assert text.split("\n")[1].endswith(f"a ({why})")
    assert len(text) < 200


def test_all_files_share_what_may_be_unpacked(monkeypatch):
    monkeypatch.setattr(room, "MAX_UNPACKED", 10)
    text, _ = archive(packed({"a": "12345678", "b": "1234", "c": "12"}))
    assert [line.endswith("bytes in all)") for line in text.split("\n")[1:4]] == [False, True, False]


@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=3))
def test_it_never_fails(tail, at, change):
    whole = packed({"a": "b", "c": "d"})
    archive(room.ZIP + tail)
    archive(whole[:at] + change + whole[at + len(change) :])
    archive(whole[:-at] + change + whole[len(whole) - at + len(change) :])
