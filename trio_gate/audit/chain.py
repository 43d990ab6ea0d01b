"""The hash chain of the record: each row's hash covers the row and the hash before it.

Rule: a written row is never changed. Anyone who kept a later hash can check that no earlier row was altered. A program that
can write the file can recompute the whole chain, so its head is logged as well and should be kept elsewhere.
"""

from __future__ import annotations

import hashlib

SCHEMA = 1
"""Version of the rows and of the database that holds them."""

GENESIS = bytes(32)
"""The hash before the first row."""

_DOMAIN = b"trio-gate audit row v1\0"


def link(previous: bytes, row: bytes) -> bytes:
    """SHA-256 (32 bytes) over a domain separator, the previous hash (32 bytes, so no length is needed) and the row's bytes."""
    return hashlib.sha256(_DOMAIN + previous + row).digest()
