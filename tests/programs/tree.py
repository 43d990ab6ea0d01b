"""A tree of files with the names and sizes that break clients of S3, and what it holds."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KIB, MIB = 1024, 1024 * 1024

NAMES = [
    "plain.txt",
    "two words and  two blanks.txt",
    " blank first",
    "plus+plus++.txt",
    "at@sign.txt",
    "co:lon.txt",
    "semi;colon;.txt",
    "per%cent.txt",
    "per%20cent.txt",
    "per%2Fcent%252F.txt",
    "%",
    "hash#tag.txt",
    "a&b=c.txt",
    "comma,comma.txt",
    "dollar$HOME.txt",
    "ex!claim.txt",
    "paren(the)ses.txt",
    "brackets[0].txt",
    "braces{a,b}.txt",
    "st*r.txt",
    "quest?on.txt",
    "tilde~.txt",
    "~tilde.txt",
    "quote'quote.txt",
    'double"quote.txt',
    "back`tick.txt",
    "pi|pe.txt",
    "less<more>.txt",
    "caret^.txt",
    "back\\slash.txt",
    "-dash",
    "--leading-dashes.txt",
    "-rf",
    ".hidden",
    "..hidden",
    "...",
    "dots..dots...txt",
    "ending.",
    "under_score",
    "UPPER.TXT",
    "upper.txt",
    "ünïcode-composed.txt",
    "u\u0308ni\u0308code-decomposed.txt",
    "日本語.txt",
    "Ελληνικά и кириллица",
    "emoji-\U0001f980.bin",
    "zero\u200bwidth",
    "no\u00a0break",
    "l" * 240,
    "ü" * 120,
    "x-id=GetObject",
    "acl",
    "uploads",
    "aws-chunked",
    "index.html",
    "archive.tar.gz",
]
"""Each is a file name of Linux; a newline and other controls are left out, because half of the programs drop them themselves."""

FOLDERS = ["", "sub folder/", "a+b@c:d;e/", "ü/日本/", "%2F/", "-x/", "=/&/"]

SIZES = [
    *(0, 1, 2, 15, 16, 17, 255, 256, 1000, 4095, 4096, 4097),
    *(65_535, 65_536, 65_537, 131_072, 262_143, 262_144, 262_145, 300_000, MIB, MIB + 1),
]
"""Around what buffers of clients and gateway hold; the gateway reads 256 KiB before it calls AWS."""

BIG = [5 * MIB, 9 * MIB + 1]
"""Beyond 8 MiB most clients upload in parts."""


def grow(folder: Path, *, files: int, big: list[int]) -> None:
    """Make a tree of that number of files; the first holds no byte, and every name comes before one is used twice."""
    sizes = [*SIZES, *big]
    block = os.urandom(MIB)
    for number, path in zip(range(files), _paths(), strict=False):
        size = sizes[number] if number < len(sizes) else number * 37 % 5000
        where = folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        with where.open("wb") as file:
            for start in range(0, size, MIB):
                file.write(block[: size - start])
                block = block[1:] + block[:1]


def _paths() -> Iterator[str]:
    """Without end: every name in every folder, then deeper."""
    for depth in itertools.count():
        for folder in FOLDERS:
            for name in NAMES:
                yield "deeper/" * depth + folder + name


def hashes(folder: Path) -> Mapping[str, str]:
    """The SHA-256 of every file, by its path in the tree."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
