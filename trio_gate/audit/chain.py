"""The hash chain of the record: each row's hash covers the row and the hash before it.

Rule: a written row is never changed. Anyone who kept a later hash can check that no earlier row was altered. A program that
can write the file can recompute the whole chain, so its head is logged as well and should be kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = 1
"""Version of the rows and of the database that holds them."""

GENESIS = bytes(32)
"""The hash before the first row."""

_DOMAIN = b"trio-gate audit row v1\0"


def link(previous: bytes, row: bytes) -> bytes:
    """SHA-256 (32 bytes) over a domain separator, the previous hash (32 bytes, so no length is needed) and the row's bytes."""
    return hashlib.sha256(_DOMAIN + previous + row).digest()


@value_class
class StoredRow:
    """A row as it is stored: `number` from 1; `kind` and `id` stand beside its `text`; None for a text that cannot be unpacked."""

    number: int
    kind: str
    id: str
    text: bytes | None
    hash: bytes


@value_class
class Checked:
    """What a check of the chain found: how many rows hold, the hash of the last of these, and what is wrong with the next; None for nothing.

    `met` is whether a hash that was kept elsewhere is one of theirs; None where none was given.
    """

    rows: int
    head: bytes
    fault: str | None = None
    met: bool | None = None


def check(rows: Iterable[StoredRow], kept: bytes | None = None) -> Checked:
    """Follow the chain, row by row, to its end or the first row that is not what was written. `kept` is a hash that was kept elsewhere."""
    number, head, met = 0, GENESIS, None if kept is None else False
    for row in rows:
        if fault := _fault(row, number + 1, head):
            return Checked(rows=number, head=head, fault=fault, met=met)
        number, head = row.number, row.hash
        met = met or (None if kept is None else head == kept)
    return Checked(rows=number, head=head, met=met)


def _fault(row: StoredRow, number: int, head: bytes) -> str | None:
    """What is wrong with the row that should have this number and follow this hash."""
    if row.number != number:
        return f"is missing: after row {number - 1} comes row {row.number}"
    if row.text is None:
        return "cannot be unpacked: its bytes were changed"
    if link(head, row.text) != row.hash:
        return "has another hash than its text and the row before it make: one of the three was changed"
    said = json.loads(row.text)
    if (said["kind"], said["id"]) != (row.kind, row.id):
        return f"is stored as {row.kind!a} {row.id!a}, and its text is {said['kind']!a} {said['id']!a}"
    return None
