"""The strict reader of CBOR: what it takes and what it refuses."""

from __future__ import annotations

import pytest

from trio_gate.aws.params.readers import MAX_NODES
from trio_gate.aws.params.readers.cbor_body import Epoch, read_cbor
from trio_gate.errors import Malformed

# --- CBOR ---------------------------------------------------------------------------------------------------------------

CBOR_TAKEN = [
    ("00", 0),
    ("1903e8", 1000),
    ("3903e7", -1000),
    ("1bffffffffffffffff", 2**64 - 1),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("6161", "a"),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("f7", None),
    ("f93e00", 1.5),
    ("fa47c35000", 100000.0),
    ("fb3ff199999999999a", 1.1),
    ("9f01ff", [1]),
    ("bf616101ff", {"a": 1}),
    ("7f61616162ff", "ab"),
    ("5f41014102ff", b"\x01\x02"),
    ("c11a514b67b0", Epoch(seconds=1363896240)),
    ("c1fb41d452d9ec200000", Epoch(seconds=1363896240.5)),
]
"""From RFC 8949, appendix A."""

CBOR_REFUSED = [
    "",
    "18",
    "61",
    "6261",
    "61ff",
    "81",
    "a161",
    "a2616101616102",
    "a10101",
    "a1410101",
    "0000",
    "1c",
    "9f01",
    "ff",
    "7f6161",
    "7f4101ff",
    "7f7f6161ffff",
    "c074323031332d30332d32315432303a30343a30305a",
    "c249010000000000000000",
    "c16161",
    "c1f5",
    "c1f97e00",
    "e0",
    "f818",
    "9b0fffffffffffffff",
    "bb0fffffffffffffff",
    "5b0fffffffffffffff",
    "81" * 50_000 + "00",
    "c1" * 5_000 + "00",
]


@pytest.mark.parametrize(("data", "value"), CBOR_TAKEN, ids=lambda item: item if isinstance(item, str) else "")
def test_cbor_taken(data, value):
    read = read_cbor(bytes.fromhex(data))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("data", CBOR_REFUSED, ids=lambda data: data[:20] or "empty")
def test_cbor_refused(data):
    with pytest.raises(Malformed):
        read_cbor(bytes.fromhex(data))


@pytest.mark.parametrize(
    "data", [b"\x9f" + b"\0" * MAX_NODES + b"\xff", b"\x7f" + b"\x60" * MAX_NODES + b"\xff"], ids=["items", "pieces"]
)
def test_cbor_of_too_many_items(data):
    with pytest.raises(Malformed, match="items"):
        read_cbor(data)
