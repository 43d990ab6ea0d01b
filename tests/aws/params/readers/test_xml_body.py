"""The strict reader of XML: what it takes and what it refuses."""

from __future__ import annotations

import gc

import pytest

from trio_gate.aws.params.readers import MAX_DEPTH
from trio_gate.aws.params.readers.xml_body import MAX_TAG, Element, read_xml
from trio_gate.errors import Malformed

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
