"""Undoes the encodings in which a text may hide what it says: escapes, comments, base64, one inside another.

Rule: a reading is only judged, never stored. Compressed data is not unpacked; `is_packed` recognises it.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING
from urllib.parse import unquote

from trio_gate.text.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYERS = 4
"""How many nested encodings are undone."""

_ESCAPE = late(r"\\(?:u00|x)([2-7][0-9a-fA-F])")
_CONTINUED = late(r"\\\r?\n")
_COMMENT = late(r"/\*[^*]{0,500}\*/")
_LINE_COMMENT = late(r"--[^\n]{0,120}\n")
_BLANKS = late(r"\s+")
_LAID_OUT = late(r"[^\S ]|  ")
"""Blanks that are not one space alone; a comment that goes to the end of its line is followed by one."""

_BASE64 = late(r"[A-Za-z0-9+/_-]{16,}")
_RUN = late(r"[A-Za-z0-9+/_-]{16}")
"""The beginning of such a run."""

_URL_SAFE = str.maketrans("-_", "+/")
_WIDE: dict[int, int | None] = {
    **{0xFF01 + at: 0x21 + at for at in range(94)},
    **dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),
}
"""Fullwidth forms of ASCII, as used beside ideographs, to plain ASCII; characters of no width to nothing."""

_PRINTABLE = bytes([*range(0x20, 0x7F), *b"\t\r\n"])

_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh9", b"\xfd7zXZ", b"(\xb5/\xfd")
"""How gzip, zip, bzip2, xz and zstd begin."""

_PACKED_TEXT = tuple(magic.decode("latin-1") for magic in _PACKED)
_PACKED_RUNS = ("H4", "UE", "Ql", "/T", "_T", "KL")
"""The first two digits of those in base64 of either alphabet."""


def is_plain(text: str) -> bool:
    """Whether a text has no readings and is not packed, by what every encoding has. Most texts are plain."""
    if "%" in text or "\\" in text or "&" in text or not text.isascii() or text.startswith(("BZh9", "PK\x03\x04")):
        return False
    return _RUN.search(text) is None and not _is_laid_out(text)


def readings(text: str) -> Iterator[tuple[str, bool] | None]:
    """Yield what a text says with its encodings undone, each with whether its lines were joined; not the text itself.

    Ends with None if there is more to undo after `LAYERS` encodings: then what the text says is unknown.
    Takes linear time, as no layer is longer than the one before it.
    """
    for _ in range(LAYERS):
        inner = _unescaped(text)
        if inner != text:
            yield inner, False
        if _is_laid_out(inner):
            spaced = _BLANKS.sub(" ", _COMMENT.sub(" ", _LINE_COMMENT.sub(" ", inner)))
            if spaced != inner:
                yield spaced, True
        decoded = "\n".join(_pieces(inner))
        if decoded:
            yield decoded, False
        if inner == text and not decoded:
            return
        text = inner if inner != text else decoded
    if _unescaped(text) != text or any(_pieces(text)):
        yield None


def is_packed(text: str) -> bool:
    """Whether a text is compressed data or holds some in base64, so that what it says is unknown."""
    if text.startswith(_PACKED_TEXT):
        return True
    runs = [run[:8] for run in _BASE64.findall(text) if run.startswith(_PACKED_RUNS)]
    return bool(runs) and any(bytes_of(run).startswith(_PACKED) for run in runs)


def _is_laid_out(text: str) -> bool:
    """Whether a text has comments, or blanks that are not one space alone. Splitting finds blanks faster than a pattern."""
    return "/*" in text or (text.split(None, 1) != [text] and _LAID_OUT.search(text) is not None)


def _unescaped(text: str) -> str:
    if "%" in text:
        text = unquote(text)
    if "\\" in text:
        text = _CONTINUED.sub(" ", text)
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\\", "")
    if "&" in text:
        for entity, letter in (("&quot;", '"'), ("&#34;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&#61;", "="), ("&amp;", "&")):
            text = text.replace(entity, letter)
    return text if text.isascii() else text.translate(_WIDE)


def _pieces(text: str) -> list[str]:
    """The texts that base64 inside a text decodes to, run by run: lines of wrapped base64 decode alone (RFC 2045 section 6.8)."""
    found = []
    for run in _BASE64.findall(text):
        piece = bytes_of(run).replace(b"\x00", b"")  # UTF-16, as PowerShell takes its commands
        if len(piece.translate(None, _PRINTABLE)) * 10 <= len(piece):
            found.append(piece.decode("latin-1"))
    return found


def bytes_of(run: str) -> bytes:
    """Decode base64 of either alphabet, padded or not. Returns no bytes for anything else."""
    whole = run[: len(run) // 4 * 4] if len(run) % 4 == 1 else run
    whole = whole.translate(_URL_SAFE) if "-" in whole or "_" in whole else whole
    try:
        return binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
    except binascii.Error:
        return b""
