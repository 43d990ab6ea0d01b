"""A zip archive as text: its files, and of each the text that is in it.

Rule: nothing is unpacked beyond the limits below, and whatever is not shown says why. An archive that readers may read differently is not
read at all. Lines of a file are indented, so that none can pass for the name of another.

Theory: readers find files by the directory at the archive's end (APPNOTE 4.3.12); some by the headers before each file (4.3.7). Here both
must say the same. A bomb declares what it unpacks to, or lies about it: so the output of each file is capped while it is unpacked.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING

from trio_gate.aws.params.readers.pieces import from_utf8
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator

ZIP = b"PK\x03\x04"
"""How an archive with at least one file begins."""

MAX_FILES = 1000
"""Files of an archive that is read."""

MAX_UNPACKED = 2 * 1024 * 1024
"""Bytes that are unpacked in all."""

MAX_RATIO = 200
"""How many times larger than its packed form a file may be that is unpacked; deflate reaches 1,032 (RFC 1951)."""

FREE = 64 * 1024
"""Bytes of a file that may be packed as well as it likes."""

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_COMMENT = 0xFFFF
"""Bytes of the longest comment at an archive's end."""

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1


@value_class
class _File:
    """A file of an archive: its name, size unpacked and packed bytes, and how they are packed."""

    name: str
    size: int
    packed: bytes
    method: int
    flags: int


class _Unclear(Exception):  # noqa: N818 - it says what is wrong with an archive, and does not leave this file
    """Why an archive is not read."""


def archive(data: bytes) -> tuple[str, bool]:
    """The files of a zip archive as text, and whether it was read; else the text says why not. Never fails."""
    try:
        files = list(_files(data))
    except (_Unclear, struct.error) as fault:
        return f"this archive is not unpacked: {fault if isinstance(fault, _Unclear) else 'it is not whole'}", False
    texts, left = list[str](), MAX_UNPACKED
    heads = list[str]()
    for file in files:
        content, why = _unpacked(file, left)
        left -= len(content or b"")
        text = _text(content)
        said = why or ("" if text is not None else f"binary, sha256 {hashlib.sha256(content or b'').hexdigest()}")
        heads.append(f"{file.size:>10}  {file.name}{f' ({said})' if said else ''}")
        if text:
            texts.append("\n".join(["", f"{file.name}:", *(f"  {line}" for line in text.split("\n"))]))
    count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    return "\n".join([f"{count}, {sum(file.size for file in files)} bytes unpacked", *heads, *texts]), True


def _files(data: bytes) -> Iterator[_File]:
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _COMMENT))
    if at < 0:
        raise _Unclear("it has no directory")
    _, disk, first_disk, here, count, length, start, comment = _END.unpack_from(data, at)
    if at + _END.size + comment != len(data):
        raise _Unclear("something follows its end")
    if disk or first_disk or here != count or count == 0xFFFF or start + length != at:
        raise _Unclear("it is in several parts, has the form zip64, or begins elsewhere")
    if count > MAX_FILES:
        raise _Unclear(f"it has {count} files, more than {MAX_FILES}")
    seen = set[bytes]()
    for _ in range(count):
        magic, _, _, flags, method, _, _, _, packed, size, named, extra, noted, *_, local = _ENTRY.unpack_from(data, start)
        name = data[start + _ENTRY.size : start + _ENTRY.size + named]
        if magic != b"PK\x01\x02" or name in seen:
            raise _Unclear("two of its files have one name" if name in seen else "its directory is not whole")
        seen.add(name)
        start += _ENTRY.size + named + extra + noted
        body = _body(data, local, name)
        if body + packed > at:
            raise _Unclear("it is not whole")
        shown = name.decode("utf-8", "backslashreplace")
        yield _File(name=shown, size=size, packed=data[body : body + packed], method=method, flags=flags)


def _body(data: bytes, local: int, name: bytes) -> int:
    """Where the packed bytes of a file begin."""
    magic, *_, named, extra = _LOCAL.unpack_from(data, local)
    begin: int = local + _LOCAL.size
    if magic != ZIP or data[begin : begin + named] != name:
        raise _Unclear("its directory and the files' own headers differ")
    return begin + int(named) + int(extra)


def _unpacked(file: _File, left: int) -> tuple[bytes | None, str]:
    """The content of a file, or None and why it is not unpacked."""
    if file.flags & _ENCRYPTED:
        return None, "encrypted"
    if file.method not in (_STORED, _DEFLATED):
        return None, "packed in a way that is not read"
    if file.size > FREE and file.size > MAX_RATIO * len(file.packed):
        return None, f"not unpacked: more than {MAX_RATIO} times as large as it is packed"
    if file.size > left:
        return None, f"not unpacked: more than {MAX_UNPACKED} bytes in all"
    content = file.packed if file.method == _STORED else _inflated(file)
    if content is None or len(content) != file.size:
        return None, "not unpacked: it is not what the directory says"
    return content, ""


def _inflated(file: _File) -> bytes | None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(file.packed, file.size + 1)
    except zlib.error:
        return None
    return content if inflater.eof and not inflater.unused_data else None


def _text(content: bytes | None) -> str | None:
    if content is None:
        return ""
    try:
        text = from_utf8(content)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
