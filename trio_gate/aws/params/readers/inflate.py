"""Undoes request compression: inflates one gzip member into a bounded buffer."""

from __future__ import annotations

import zlib

from trio_gate.errors import Malformed

MAX_INFLATED = 16 * 1024 * 1024
"""Bytes after inflation. CloudWatch accepts 1 MB in PutMetricData."""

_GZIP = 16 + zlib.MAX_WBITS


def gunzip(data: bytes, most: int = MAX_INFLATED) -> bytes:
    """Inflate one gzip member of at most `most` bytes, one or more.

    Raises:
        Malformed: it is not one whole member, or larger than `most`.
    """
    inflater = zlib.decompressobj(_GZIP)
    try:
        content = inflater.decompress(data, most)
    except zlib.error:
        raise Malformed("the body is not gzip, as content-encoding says") from None
    if inflater.unconsumed_tail:
        raise Malformed(f"the body inflates to more than {most} bytes", status=413, condition="TooLarge")
    if not inflater.eof or inflater.unused_data:
        raise Malformed("the body is not one whole gzip member")
    return content
