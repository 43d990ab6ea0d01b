"""The hash chain of the record: each row's hash covers the row and the hash before it.

Rule: a row that was written is never changed, so whoever kept a later hash can tell whether an earlier row was. The chain
shows a change; keeping the head elsewhere (it is logged) is what makes the change show.
"""

from __future__ import annotations

import hashlib

SCHEMA = 1
"""Version of the rows and of the database that holds them."""

GENESIS = bytes(32)
"""What stands before the first row."""

_DOMAIN = b"trio-gate audit row v1\0"


def link(previous: bytes, row: bytes) -> bytes:
    """SHA-256 over a domain name, the previous hash (32 bytes, so no length is needed) and the row's bytes."""
    return hashlib.sha256(_DOMAIN + previous + row).digest()
