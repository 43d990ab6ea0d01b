"""The strict reader of JSON: what it takes, what it refuses, and that no reader does a third thing."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.params.readers import MAX_COMMAS, MAX_DEPTH, MAX_MEMBERS, MAX_NODES
from trio_gate.aws.params.readers.cbor_body import Epoch, read_cbor
from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.aws.params.readers.inflate import gunzip
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.xml_body import Element, read_xml
from trio_gate.errors import Malformed

# --- JSON ---------------------------------------------------------------------------------------------------------------

JSON_REFUSED = [
    b"",
    b" ",
    b"{",
    b'{"a":1,}',
    b'{"a":1} x',
    b"{'a':1}",
    b'{"a":1}//',
    b"\xef\xbb\xbf{}",
    '{"a":1}'.encode("utf-16"),
    b'{"a":"\xff"}',
    b'{"a":1,"a":2}',
    b'{"\\u0061":1,"a":2}',
    b'{"x":{"a":1,"a":1}}',
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":1e999}',
    b'{"a":01}',
    b'{"a":+1}',
    b'{"a":"\t"}',
    b'{"a":"\\ud800"}',
    b'{"\\udc00":1}',
    b'["\\uD800"]',
    b'["\\u00e9\\uDFFF"]',
    b'{"a":' + b"1" * 65 + b"}",
    b'{"a":0.' + b"1" * 64 + b"}",
    b"[" * 100_000,
    b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2),
    '{"a":\u00a01}'.encode(),
    b"[" + b"[],{}," * (MAX_NODES // 2) + b"0]",
    b"[" + b"0," * (MAX_COMMAS + 1) + b"0]",
]


@pytest.mark.parametrize("data", JSON_REFUSED, ids=lambda data: repr(data[:24]))
def test_json_refused(data):
    with pytest.raises(Malformed):
        read_json(data)


def test_json_taken():
    assert read_json(b' {"a":[1,-2.5e1,true,null,"\\ud83d\\ude00\\u0000"]}\n') == {"a": [1, -25.0, True, None, "\U0001f600\0"]}
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON_VALUES, st.booleans())
def test_json_reads_what_was_written(value, ascii_only):
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8")) == value


def head_of_map(count):
    return b"\xba" + struct.pack(">I", count)


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("where", ["json", "cbor"])
def test_an_object_has_a_limit_of_members(where, more):
    names = [f"{number:07}" for number in range(MAX_MEMBERS + more)]
    if where == "json":
        data, read = json.dumps(dict.fromkeys(names, 1)).encode(), read_json
    else:
        data, read = head_of_map(len(names)) + b"".join(b"\x67" + name.encode() + b"\1" for name in names), read_cbor
    if more:
        with pytest.raises(Malformed, match="more than 150000 members"):
            read(data)
    else:
        assert list(read(data)) == names


# --- any bytes ----------------------------------------------------------------------------------------------------------

READERS = [read_json, read_cbor, read_xml, read_form, gunzip]
NEARLY = st.lists(
    st.sampled_from(
        [b"{", b"}", b"[", b"]", b'"a"', b":", b",", b"1", b"<a>", b"</a>", b"<!--", b"&", b"=", b"%41", b"\xbf", b"\xa1"]
    )
    | st.binary(max_size=4)
    | st.integers(0, 2**64 - 1).map(lambda number: b"\x9b" + struct.pack(">Q", number)),
    max_size=12,
).map(b"".join)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(data=st.binary(max_size=200) | NEARLY)
def test_any_bytes_give_a_value_or_malformed(read, data):
    outcome = None
    try:
        outcome = read(data)
    except Malformed as fault:
        outcome = fault.reason
        fine = outcome.isprintable()
    else:
        fine = isinstance(outcome, (dict, list, str, bytes, int, float, Element, Epoch, type(None)))
    assert fine
