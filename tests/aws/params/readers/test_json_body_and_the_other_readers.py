"""The strict readers: what they take, what they refuse, and that they never do a third thing."""

from __future__ import annotations

import gc
import gzip
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.params.readers import MAX_COMMAS, MAX_DEPTH, MAX_MEMBERS, MAX_NODES
from trio_gate.aws.params.readers.cbor_body import Epoch, read_cbor
from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.aws.params.readers.inflate import MAX_INFLATED, gunzip
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.params.readers.xml_body import MAX_TAG, Element, read_xml
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


# --- XML ----------------------------------------------------------------------------------------------------------------

XML_REFUSED = [
    b'<a><b xmlns="x"/></a>',
    b'<a xmlns="x"><b xmlns="y"/></a>',
    b'<a xmlns="x"><b xmlns=""/></a>',
    b'<a xmlns="x"><b xmlns="x"><c xmlns="z"/></b></a>',
    b"",
    b"<a>",
    b"<a></b>",
    b"<a/><b/>",
    b"<a/>x",
    b"\xef\xbb\xbf<a/>",
    "<a/>".encode("utf-16"),
    b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    b"<!DOCTYPE a><a/>",
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    b"<a>&b;</a>",
    b"<?php x?><a/>",
    b"<a>pub<!-- -->lic</a>",
    b"<!-- x --><a/>",
    b"<a>text<b/></a>",
    b"<a>\xff</a>",
    b"<a>&#0;</a>",
    b'<a b="1" b="2"/>',
    b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
    *(b'<?xml version="%b"?><a/>' % version for version in (b"1.1", b"2.0", b"9.9", b"1", b"1.00", b"B.0", b"")),
    '<?xml version="1.1"?><a>public\u0085secret</a>'.encode(),
    '<?xml version="1.1"?><a>\u2028x</a>'.encode(),
    b'<?xml encoding="utf-8"?><a/>',
    b'<?xml version="1.0" standalone="maybe"?><a/>',
    b' <?xml version="1.0"?><a/>',
    '<?xml version="1.0" encoding="us-ascii"?><a>\u00e9</a>'.encode(),
    '<?xml version="1.0" encoding="US-ASCII"?><a b="\u00e9"/>'.encode(),
    *(
        b'<?xml version="1.0" encoding="%b"?><a/>' % name
        for name in (b"latin1", b"utf-16", b"utf8", b"utf-7", b"cp037", b"ucs-4")
    ),
    '<?xml version="1.0" encoding="us-a\u017fcii"?><a/>'.encode(),
    b'<a xsi:type="b"/>',
    b'<a xmlns:xsi="urn:x" xsi:type="b"/>',
    b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance/" xsi:type="b"/>',
    b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-Instance" xsi:type="b"/>',
    b'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="b"/>',
    b'<a><b xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/><c xsi:type="d"/></a>',
    b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><b xmlns:xsi="urn:x" xsi:type="c"/></a>',
    b'<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>',
    b'<a xml:lang="en"/>',
    b'<a xmlns:b=""/>',
    b'<a xmlns:xml="u"/>',
    b'<a xmlns:xmlns="u"/>',
    b'<a xmlns="http://www.w3.org/2000/xmlns/"/>',
    b'<b:a xmlns:b="u"/>',
    b'<a xmlns="u"><b:c xmlns:b="u"/></a>',
    *(b"<a><%b/></a>" % name for name in (b":b", b"b:", b"b:c:d", b"x:b")),
    b'<a xmlns="u&#10;v"/>',
    "<\u00e9/>".encode(),
    '<a \u00e9="b"/>'.encode(),
    "<a\u0085b='c'/>".encode(),
    b"<a b=1/>",
    b"<a b='<'/>",
    b"<a>]]></a>",
    b"<a>&#xD800;</a>",
    b"<a>&#x1F;</a>",
    b"<a>\x1f</a>",
    b"<a>\xef\xbf\xbf</a>",
    b"<a>\xed\xa0\x80</a>",
    b"<a>&#x110000;</a>",
    b"<![CDATA[x]]><a/>",
    b"<a/>&#32;",
]


@pytest.mark.parametrize("data", XML_REFUSED, ids=lambda data: repr(data[:24]))
def test_xml_refused(data):
    with pytest.raises(Malformed):
        read_xml(data)


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
XML_TAKEN = {
    '<?xml version="1.0" encoding="US-ASCII" standalone="yes"?><a>b</a>': ({}, "b"),
    "<?xml version='1.0' encoding='UTF-8'?><a>\u00e9</a>": ({}, "\u00e9"),
    f'<a {XSI} xsi:type="b"/>': ({"xsi:type": "b"}, ""),
    f'<a xmlns="u" {XSI} xsi:type="&#98;\tc"/>': ({"xsi:type": "b c"}, ""),
    '<a xmlns:unused="u">b</a>': ({}, "b"),
    "<a>b\r\nc\rd\u0085\u2028e&#13;</a>": ({}, "b\nc\nd\u0085\u2028e\r"),
    "<a> <![CDATA[ <b> ]]>&amp;&#x1F600; </a>": ({}, "  <b> &\U0001f600 "),
    "<a>\ufeff</a>": ({}, "\ufeff"),
}


@pytest.mark.parametrize("text", XML_TAKEN)
def test_xml_has_one_reading(text):
    root = read_xml(text.encode())
    assert (root.attributes, root.text) == XML_TAKEN[text]


def test_the_roots_namespace_may_be_said_again():
    assert read_xml(b'<a xmlns="x"><b xmlns="x"/></a>').children[0].name == "b"


def test_xml_taken():
    root = read_xml(
        '<?xml version="1.0" encoding="utf-8"?>\n<a xmlns="u">\n <b c="d">&lt;é&#x41;<![CDATA[&]]></b>\n</a>\n'.encode()
    )
    assert (root.name, root.attributes, root.blank) == ("a", {}, True)
    assert [(child.name, child.attributes, child.text) for child in root.children] == [("b", {"c": "d"}, "<éA&")]


@pytest.mark.parametrize("at", range(-12, 3))
def test_xml_is_read_in_pieces_as_it_is_read_whole(at):
    text = "é" * ((MAX_TAG + at) // 2) + "&lt;<![CDATA[<&]]>"
    root = read_xml(f"<a>{text}</a>".encode())
    assert root.text == "é" * ((MAX_TAG + at) // 2) + "<<&"
    [child] = read_xml(f'<a>{" " * (MAX_TAG + at)}<b c="d">é</b></a>'.encode()).children
    assert (child.name, child.attributes, child.text) == ("b", {"c": "d"}, "é")


@pytest.mark.parametrize("before", [0, 1, MAX_TAG // 2, MAX_TAG, 3 * MAX_TAG + 5])
def test_a_long_tag_is_refused_wherever_it_begins(before):
    document = f"<a>{' ' * before}<b {{}}/></a>"
    short, long = (document.format(f'c="{"d" * length}"').encode() for length in (MAX_TAG - 20, 2 * MAX_TAG))
    assert len(read_xml(short).children[0].attributes["c"]) == MAX_TAG - 20
    with pytest.raises(Malformed, match="a tag, comment or instruction of more than 16384 bytes"):
        read_xml(long)


def test_xml_leaves_nothing_to_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        read_xml(b"<a><nothing-else-is-called-so/></a>")
        with pytest.raises(Malformed):
            read_xml(b"<a><nothing-else-is-called-so></a>")
        left = [one for one in gc.get_objects() if isinstance(one, Element)]
    finally:
        gc.enable()
    assert left == []


def head_of_map(count):
    return b"\xba" + struct.pack(">I", count)


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("where", ["json", "cbor"])
def test_an_object_has_so_many_members_and_no_more(where, more):
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


# --- forms and gzip -----------------------------------------------------------------------------------------------------


FORMS_REFUSED = [
    *(
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a+=1&a%20=2",
        b"=1",
        b"a&&b",
        b"a&",
        b"&a",
        b"a=%zz",
        b"a=%",
        b"a=%4",
        b"a=%u0041",
        b"a=%C0%AE",
    ),
    *(
        b"a=%ED%A0%80",
        b"a=%E9",
        b"a=%00",
        b"%00=a",
        b"a=\xff",
        b"a;b=c",
        b"a=b;c=d",
        b";",
        b"a=b c",
        b" a=b",
        b"a=b\n",
        b"a=b\r\nc",
    ),
    *(b"a=b\tc", b"a=\0", b"a=\x7f", b"a=\xc3\xa9", b"a=\xc2\x85", b"\xef\xbb\xbfa=b"),
]


@pytest.mark.parametrize("data", FORMS_REFUSED, ids=repr)
def test_forms_refused(data):
    with pytest.raises(Malformed):
        read_form(data)


def test_forms_taken():
    assert read_form(b"a=b+c%2B&d%3Be=%C3%A9&f") == {"a": "b c+", "d;e": "é", "f": ""}
    assert read_form(b"a[]=b=c?d/e&a=%3b%0A%7f%c2%85") == {"a[]": "b=c?d/e", "a": ";\n\x7f\u0085"}
    assert read_form(b"a={%22b%22:[1,2]}&c='(*)!@$~|\\^`<>#") == {"a": '{"b":[1,2]}', "c": "'(*)!@$~|\\^`<>#"}
    assert read_form(b"") == {}


def test_gzip_is_one_bounded_member():
    assert gunzip(gzip.compress(b"x" * 1000)) == b"x" * 1000
    for data in (b"", b"plain", gzip.compress(b"a")[:-1], gzip.compress(b"a") * 2, gzip.compress(b"a") + b"\0"):
        with pytest.raises(Malformed):
            gunzip(data)
    with pytest.raises(Malformed) as caught:
        gunzip(gzip.compress(bytes(MAX_INFLATED + 1)))
    assert caught.value.status == 413


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
