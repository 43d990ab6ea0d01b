"""Compressed bodies: one gzip member, bounded."""

from __future__ import annotations

import gzip

import pytest

from trio_gate.aws.params.readers.inflate import MAX_INFLATED, gunzip
from trio_gate.errors import Malformed


def test_gzip_is_one_bounded_member():
    assert gunzip(gzip.compress(b"x" * 1000)) == b"x" * 1000
    for data in (b"", b"plain", gzip.compress(b"a")[:-1], gzip.compress(b"a") * 2, gzip.compress(b"a") + b"\0"):
        with pytest.raises(Malformed):
            gunzip(data)
    with pytest.raises(Malformed) as caught:
        gunzip(gzip.compress(bytes(MAX_INFLATED + 1)))
    assert caught.value.status == 413
