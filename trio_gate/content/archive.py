"""A zip archive as text: its files, and of each the text that is in it.

Rule: nothing is unpacked beyond the limits below, and whatever is not shown says why. An archive that readers may read differently is not
read at all. No name of a file has a line feed, and lines of a file are indented, so that none can pass for the name of another.

Theory: readers find files by the directory at the archive's end (APPNOTE 4.3.12); some by the headers before each file (4.3.7), or by
going through it from the start. So all of it must be said twice alike, and files and directory must fill the archive without a gap. A
bomb declares what it unpacks to, or lies about it: so the output of each file is capped while it is unpacked.
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
_SIZES = struct.Struct("<3L")
_FIELD = struct.Struct("<2H")
_ENDS, _LISTS, _AFTER, _ZIP64 = b"PK\x05\x06", b"PK\x01\x02", b"PK\x07\x08", b"PK\x06\x07"
"""How the end of the directory begins, an entry of it, what follows a file, and the end of zip64's directory."""

_LOCATOR = 20
"""Bytes of zip64's locator, which would stand before the end (APPNOTE 4.3.15)."""

_COMMENT = 0xFFFF
"""Bytes of the longest comment at an archive's end."""

_RENAMES, _RESIZES = 0x7075, 0x0001
"""Extra fields that give a file another name or other sizes (APPNOTE 4.6.9, 4.5.3)."""

_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SPEED, _FOLLOWED, _UTF8 = 1, 6, 8, 0x800
"""Flags: encrypted, how well it is packed, sizes after the file, a name in UTF-8 (APPNOTE 4.4.4)."""

_HOW, _PLAIN = 0o170000, (0, 0o040000, 0o100000)
"""The bits of a Unix mode that say what a file is, and those of what is none of Unix's, a folder, and a file."""

_TOO_MUCH = "not unpacked: more than is unpacked in all"

_NAMELESS = ("", ".", "..")
"""Parts of a path that lead elsewhere, or are dropped."""


@value_class
class Inside:
    """A file of an archive that was read: its name, its bytes unpacked and their hash, what has to be said of it, and its text.

    `sha256` is None and `text` empty where it was not unpacked; `text` is empty, too, where it is binary.
    """

    name: str
    size: int
    sha256: str | None
    said: str
    text: str


@value_class
class Listing:
    """An archive as text.

    Attributes:
        text: its files; if it was not `read`, why not.
        unpacked: bytes.
        whole: whether no file stayed packed because the caller allows no more.
        files: the same, one by one, in their order.
    """

    text: str
    read: bool
    unpacked: int = 0
    whole: bool = True
    files: tuple[Inside, ...] = ()


@value_class
class _File:
    """A file of an archive: its name, size unpacked and packed bytes, how they are packed, and the checksum of what is in them."""

    name: str
    size: int
    packed: bytes
    method: int
    flags: int
    crc: int


@value_class
class _Entry:
    """What the directory says of a file, whose own header is at `local`."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    local: int


class _UnclearError(Exception):
    """Why an archive is not read."""


def archive(data: bytes, most: int = MAX_UNPACKED) -> Listing:
    """The files of a zip archive as text, of which `most` bytes are unpacked at most. Never fails."""
    try:
        files = _files(data)
    except (_UnclearError, struct.error) as fault:
        why = fault if isinstance(fault, _UnclearError) else "it is not whole"
        return Listing(text=f"this archive is not unpacked: {why}", read=False)
    most = min(most, MAX_UNPACKED)
    texts, left = list[str](), most
    heads, whole = list[str](), True
    inside = list[Inside]()
    for file in files:
        content, why = _unpacked(file, left)
        left -= len(content or b"")
        whole = whole and why != _TOO_MUCH
        text, said = _text(content) if content is not None else ("", why)
        sha256 = hashlib.sha256(content).hexdigest() if content is not None else None
        inside.append(Inside(name=file.name, size=file.size, sha256=sha256, said=said, text=text))
        heads.append(f"{file.size:>10}  {file.name}{f' ({said})' if said else ''}")
        if text:
            texts.append("\n".join(["", f"{file.name}:", *(f"  {line}" for line in text.split("\n"))]))
    count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    text = "\n".join([f"{count}, {sum(file.size for file in files)} bytes unpacked", *heads, *texts])
    return Listing(text=text, read=True, unpacked=most - left, whole=whole, files=tuple(inside))


def _files(data: bytes) -> list[_File]:
    """The files in the order of the directory, whose parts and the archive's are all accounted for. Raises _UnclearError, struct.error."""
    start, end, count = _directory(data)
    entries = list[_Entry]()
    seen = set[bytes]()
    at = start
    for _ in range(count):
        entry, at = _entry(data, at)
        path = entry.name.removesuffix(b"/")
        if path in seen:
            raise _UnclearError("two of its files have one name")
        seen.add(path)
        entries.append(entry)
    if at != end:
        raise _UnclearError("its directory is not whole")
    packed, begin = dict[bytes, bytes](), 0
    for entry in sorted(entries, key=lambda one: one.local):
        if entry.local != begin:
            raise _UnclearError("something is between its files, or they overlap")
        body = _body(data, entry)
        begin = _after(data, entry, body + entry.packed)
        packed[entry.name] = data[body : body + entry.packed]
    if begin != start:
        raise _UnclearError("something is between its files and the directory, or it is not whole")
    return [
        _File(name=one.name.decode(), size=one.size, packed=packed[one.name], method=one.method, flags=one.flags, crc=one.crc)
        for one in entries
    ]


def _directory(data: bytes) -> tuple[int, int, int]:
    """Where the directory starts and ends, and of how many files it tells."""
    first = max(0, len(data) - _END.size - _COMMENT)
    at = data.rfind(_ENDS, first)
    if at < 0:
        raise _UnclearError("it has no directory")
    if [at] != [end for end in _found(data, first) if end + _END.size + _END.unpack_from(data, end)[-1] == len(data)]:
        raise _UnclearError("it does not end where it says, or at two places")
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(data, at)
    if disk or first_disk or here != count or start + length != at or data.startswith(_ZIP64, max(0, at - _LOCATOR)):
        raise _UnclearError("it is in several parts, has the form zip64, or begins elsewhere")
    if count > MAX_FILES:
        raise _UnclearError(f"it has {count} files, more than {MAX_FILES}")
    return start, at, count


def _found(data: bytes, at: int) -> Iterator[int]:
    """Where an end may begin."""
    while 0 <= (at := data.find(_ENDS, at)) <= len(data) - _END.size:
        yield at
        at += 1


def _entry(data: bytes, at: int) -> tuple[_Entry, int]:
    """The entry of the directory that starts here, and where the next one does."""
    magic, _, _, flags, method, _, _, crc, packed, size, named, extra, noted, disk, _, mode, local = _ENTRY.unpack_from(data, at)
    begin = at + _ENTRY.size
    if magic != _LISTS or disk:
        raise _UnclearError("its directory is not whole")
    name = data[begin : begin + named]
    _check_name(name, flags)
    _check_extra(data[begin + named : begin + named + extra])
    if (mode >> 16) & _HOW not in _PLAIN:
        raise _UnclearError("one of its files is a link or a device")
    if name.endswith(b"/") and size:
        raise _UnclearError("one of its folders has content")
    entry = _Entry(name=name, flags=flags, method=method, crc=crc, packed=packed, size=size, local=local)
    return entry, begin + named + extra + noted


def _check_name(name: bytes, flags: int) -> None:
    """Raise _UnclearError for a name that could lead elsewhere, or that readers take for another."""
    try:
        text = name.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise _UnclearError("the name of one of its files is neither ASCII nor said to be UTF-8") from None
    if any(char < " " or char in "\\\x7f" for char in text):
        raise _UnclearError("the name of one of its files has a control character or a backslash")
    if any(part in _NAMELESS for part in text.removesuffix("/").split("/")):
        raise _UnclearError("the name of one of its files is absolute, or has an empty part, . or ..")


def _check_extra(extra: bytes) -> None:
    at = 0
    while at < len(extra):
        kind, size = _FIELD.unpack_from(extra, at)
        at += _FIELD.size + size
        if kind in (_RENAMES, _RESIZES) or at > len(extra):
            raise _UnclearError("an extra field of one of its files renames or resizes it, or is not whole")


def _body(data: bytes, entry: _Entry) -> int:
    """Where the packed bytes of a file begin, whose own header says what the directory says."""
    magic, _, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack_from(data, entry.local)
    begin: int = entry.local + _LOCAL.size
    name = data[begin : begin + named]
    said = (crc, packed, size)
    later = flags & _FOLLOWED and said == (0, 0, 0)
    if magic != ZIP or (name, flags, method) != (entry.name, entry.flags, entry.method):
        raise _UnclearError("its directory and the files' own headers differ")
    if not later and said != (entry.crc, entry.packed, entry.size):
        raise _UnclearError("its directory and the files' own headers differ")
    begin += named
    _check_extra(data[begin : begin + extra])
    return begin + int(extra)


def _after(data: bytes, entry: _Entry, at: int) -> int:
    """Where what belongs to a file ends, whose packed bytes end here: its checksum and sizes may follow (APPNOTE 4.3.9)."""
    if not entry.flags & _FOLLOWED:
        return at
    if entry.method == _STORED and entry.size:
        raise _UnclearError("the end of one of its files is not known from its start")
    said = _SIZES.pack(entry.crc, entry.packed, entry.size)
    for follows in (_AFTER + said, said):
        if data.startswith(follows, at):
            return at + len(follows)
    raise _UnclearError("its directory and what follows a file differ")


def _unpacked(file: _File, left: int) -> tuple[bytes | None, str]:
    """The content of a file, or None and why it is not unpacked."""
    if file.flags & _ENCRYPTED:
        return None, "encrypted"
    if file.method not in (_STORED, _DEFLATED) or file.flags & ~(_SPEED | _FOLLOWED | _UTF8):
        return None, "packed in a way that is not read"
    if file.size > FREE and file.size > MAX_RATIO * len(file.packed):
        return None, f"not unpacked: more than {MAX_RATIO} times as large as it is packed"
    if file.size > left:
        return None, _TOO_MUCH
    content = file.packed if file.method == _STORED else _inflated(file)
    if content is None or len(content) != file.size or zlib.crc32(content) != file.crc:
        return None, "not unpacked: it is not what the directory says"
    return content, ""


def _inflated(file: _File) -> bytes | None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(file.packed, file.size + 1)
    except zlib.error:
        return None
    return content if inflater.eof and not inflater.unused_data else None


def _text(content: bytes) -> tuple[str, str]:
    """The text of a file, and what has to be said of it. Only bytes with a zero in them are none: interpreters take Latin-1."""
    if b"\0" in content:
        return "", f"binary, sha256 {hashlib.sha256(content).hexdigest()}"
    try:
        return from_utf8(content), ""
    except UnicodeDecodeError:
        return content.decode("latin-1"), "not UTF-8, shown as Latin-1"
