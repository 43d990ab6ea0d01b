"""What the strict reader of heads takes, what it refuses, and that it does nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.errors import GateError, Malformed
from trio_gate.wire.head import Target
from trio_gate.wire.parse import MAX_FIELDS, MAX_HEAD, parse_connect, parse_request_head


def head(*lines: bytes, start: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: sts.amazonaws.com") -> bytes:
    return b"\r\n".join((start, *([host] if host else []), *lines, b"", b""))


def target(raw: bytes) -> Target:
    return parse_request_head(head(start=b"GET " + raw + b" HTTP/1.1")).target


def test_a_head_becomes_a_value():
    got = parse_request_head(head(b"X-Amz-Target: A.B", b"X-Note:\t two  words \t", b"x-empty:", start=b"POST /a?b=c HTTP/1.1"))
    assert got.method == "POST"
    assert got.target == Target(segments=("a",), query=(("b", "c"),))
    assert got.headers == (
        ("host", "sts.amazonaws.com"),
        ("x-amz-target", "A.B"),
        ("x-note", "two  words"),
        ("x-empty", ""),
    )


TARGETS = [
    (b"/", ("",), (), "/"),
    (b"/a/b/", ("a", "b", ""), (), "/a/b/"),
    (b"//a", ("", "a"), (), "//a"),
    (b"/a%2Fb/c", ("a/b", "c"), (), "/a%2Fb/c"),
    (b"/a%2fb", ("a/b",), (), "/a%2Fb"),
    (b"/a%252Fb", ("a%2Fb",), (), "/a%252Fb"),
    (b"/a+b", ("a+b",), (), "/a%2Bb"),
    (b"/./..", (".", ".."), (), "/./.."),
    (b"/@x/$y:z", ("@x", "$y:z"), (), "/%40x/%24y%3Az"),
    (b"/%E6%97%A5", ("日",), (), "/%E6%97%A5"),
    (b"/a%0A%1F%7F", ("a\n\x1f\x7f",), (), "/a%0A%1F%7F"),
    (b"/?", ("",), (), "/"),
    (b"/?acl", ("",), (("acl", ""),), "/?acl="),
    (b"/?a=b=c&d=%26+", ("",), (("a", "b=c"), ("d", "&+")), "/?a=b%3Dc&d=%26%2B"),
    (b"/?b=1&a=2&b=3%3Bc", ("",), (("b", "1"), ("a", "2"), ("b", "3;c")), "/?b=1&a=2&b=3%3Bc"),
    (b"/a;b", ("a;b",), (), "/a%3Bb"),
    (b"/?p=a/b?c", ("",), (("p", "a/b?c"),), "/?p=a%2Fb%3Fc"),
]


@pytest.mark.parametrize(("raw", "segments", "query", "text"), TARGETS)
def test_a_target_is_decoded_once_and_spelled_one_way(raw, segments, query, text):
    got = target(raw)
    assert (got.segments, got.query, got.text) == (segments, query, text)
    assert got.arrived == raw.partition(b"?")[0].decode()
    assert target(text.encode()).text == text


@pytest.mark.parametrize("raw", [b"/", b"/?acl", b"//a", b"/https://sts.amazonaws.com/"])
def test_the_absolute_form_of_the_same_host_is_the_same_request(raw):
    assert target(b"https://sts.amazonaws.com" + raw) == target(raw)
    assert target(b"https://sts.amazonaws.com" + raw).arrived == target(raw).arrived


LENGTH = b"Content-Length: 5"
CHUNKED = b"Transfer-Encoding: chunked"
REFUSED = {
    "bare LF for CRLF": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    "bare LF inside a field": (head(b"X-Note: a\nX-Amz-Target: A.DeleteTable"), 400),
    "bare CR inside a field": (head(b"X-Note: a\rX-Amz-Target: A.DeleteTable"), 400),
    "CR before CRLF": (head(b"X-Note: a\r"), 400),
    "folded field": (head(b"X-Amz-Target: A.Get", b" A.Delete"), 400),
    "folded with tab": (head(b"X-Amz-Target: A.Get", b"\tA.Delete"), 400),
    "folded first field": (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "space before colon": (head(b"Transfer-Encoding : chunked"), 400),
    "no colon": (head(b"X-Note"), 400),
    "no name": (head(b": a"), 400),
    "NUL in a value": (head(b"X-Note: a\0b"), 400),
    "VT in a value": (head(b"Transfer-Encoding:\x0bchunked"), 400),
    "DEL in a value": (head(b"X-Note: \x7f"), 400),
    "value not UTF-8": (head(b"X-Note: \xa0"), 400),
    "UTF-8 in a field that rules read": (head("x-amz-copy-source: /b/\u00e9".encode()), 400),
    "UTF-8 in a field of HTTP's own": (head("Content-Disposition: attachment; filename=\u00e9".encode()), 400),
    "no-break space at the end": (head("x-amz-acl: public-read\u00a0".encode()), 400),
    "next line at the end": (head("x-amz-object-attributes: ETag\u0085".encode()), 400),
    "metadata that are not UTF-8": (head(b"x-amz-meta-a: \xa0"), 400),
    "metadata in overlong UTF-8": (head(b"x-amz-meta-a: \xc1\xa1"), 400),
    "next line in metadata": (head("x-amz-meta-a: b\u0085c".encode()), 400),
    "line separator in metadata": (head("x-amz-meta-a: b\u2028c".encode()), 400),
    "no-break space before metadata": (head("x-amz-meta-a: \u00a0b".encode()), 400),
    "byte order mark behind metadata": (head("x-amz-meta-a: b\ufeff".encode()), 400),
    "TAB inside a value": (head(b"x-amz-acl: public\tread"), 400),
    "TAB inside metadata": (head(b"x-amz-meta-a: b\tc"), 400),
    "TAB before a length": (head(b"Content-Length:\t5"), 400),
    "TAB behind a coding": (head(b"Transfer-Encoding: chunked\t"), 400),
    "TAB before a host": (head(host=b"Host:\tsts.amazonaws.com"), 400),
    "semicolon in the query": (head(start=b"GET /?a=1;acl HTTP/1.1"), 400),
    "name not ASCII": (head("x-not\u00e9: a".encode()), 400),
    "no blank line": (head()[:-2], 400),
    "empty line first": (b"\r\n" + head(), 400),
    "two spaces": (head(start=b"GET  / HTTP/1.1"), 400),
    "tab for space": (head(start=b"GET\t/ HTTP/1.1"), 400),
    "trailing space": (head(start=b"GET / HTTP/1.1 "), 400),
    "HTTP/0.9": (head(start=b"GET /"), 400),
    "HTTP/1.0": (head(start=b"GET / HTTP/1.0"), 505),
    "HTTP/1.2": (head(start=b"GET / HTTP/1.2"), 505),
    "HTTP/2.0": (head(start=b"GET / HTTP/2.0"), 505),
    "HTTP/1.1x": (head(start=b"GET / HTTP/1.1x"), 400),
    "http/1.1": (head(start=b"GET / http/1.1"), 400),
    "lower-case method": (head(start=b"delete /b/k HTTP/1.1"), 501),
    "OPTIONS": (head(start=b"OPTIONS / HTTP/1.1"), 501),
    "TRACE": (head(start=b"TRACE / HTTP/1.1"), 501),
    "CONNECT": (head(start=b"CONNECT 169.254.169.254:80 HTTP/1.1"), 400),
    "absolute form of another host": (head(start=b"GET https://iam.amazonaws.com/ HTTP/1.1"), 400),
    "absolute form of a longer host": (head(start=b"GET https://sts.amazonaws.com.evil/ HTTP/1.1"), 400),
    "absolute form with a user": (head(start=b"GET https://sts.amazonaws.com@evil/ HTTP/1.1"), 400),
    "absolute form with a port": (head(start=b"GET https://sts.amazonaws.com:443/ HTTP/1.1"), 400),
    "absolute form in another case": (head(start=b"GET https://STS.amazonaws.com/ HTTP/1.1"), 400),
    "absolute form in clear text": (head(start=b"GET http://sts.amazonaws.com/ HTTP/1.1"), 400),
    "absolute form, its scheme in capitals": (head(start=b"GET HTTPS://sts.amazonaws.com/ HTTP/1.1"), 400),
    "absolute form without a path": (head(start=b"GET https://sts.amazonaws.com HTTP/1.1"), 400),
    "absolute form with a query alone": (head(start=b"GET https://sts.amazonaws.com?Action=A HTTP/1.1"), 400),
    "absolute form twice": (head(start=b"GET https://sts.amazonaws.comhttps://sts.amazonaws.com/ HTTP/1.1"), 400),
    "absolute form without a host": (head(start=b"GET https:/// HTTP/1.1", host=b"Host: "), 400),
    "authority form": (head(start=b"GET sts.amazonaws.com:443 HTTP/1.1"), 400),
    "asterisk form": (head(start=b"GET * HTTP/1.1"), 400),
    "fragment": (head(start=b"GET /k#?acl HTTP/1.1"), 400),
    "backslash": (head(start=b"GET /a\\b HTTP/1.1"), 400),
    "quote": (head(start=b'GET /a"b HTTP/1.1'), 400),
    "raw UTF-8 in the target": (head(start="GET /日 HTTP/1.1".encode()), 400),
    "bad escape": (head(start=b"GET /%zz HTTP/1.1"), 400),
    "cut escape": (head(start=b"GET /a%2 HTTP/1.1"), 400),
    "bad escape in the query": (head(start=b"GET /?a=%u0041 HTTP/1.1"), 400),
    "overlong UTF-8": (head(start=b"GET /%C0%AE%C0%AE/ HTTP/1.1"), 400),
    "a surrogate": (head(start=b"GET /%ED%A0%80 HTTP/1.1"), 400),
    "escaped NUL": (head(start=b"GET /a%00b HTTP/1.1"), 400),
    "escaped NUL in the query": (head(start=b"GET /?a%00=b HTTP/1.1"), 400),
    "empty query parameter": (head(start=b"GET /?a=1&&b=2 HTTP/1.1"), 400),
    "query parameter without a name": (head(start=b"GET /?=1 HTTP/1.1"), 400),
    "no host": (head(host=b""), 400),
    "empty host": (head(host=b"Host:"), 400),
    "two hosts": (head(b"Host: sts.amazonaws.com"), 400),
    "user info in host": (head(host=b"Host: sts.amazonaws.com@evil.example"), 400),
    "host list": (head(host=b"Host: a, b"), 400),
    "escape in host": (head(host=b"Host: a%00.evil.example"), 400),
    "odd port": (head(host=b"Host: sts.amazonaws.com:"), 400),
    "both framings": (head(LENGTH, CHUNKED), 400),
    "both framings, other order": (head(CHUNKED, LENGTH), 400),
    "two lengths": (head(LENGTH, b"Content-Length: 45"), 400),
    "the same length twice": (head(LENGTH, LENGTH), 400),
    "length list": (head(b"Content-Length: 5, 5"), 400),
    "signed length": (head(b"Content-Length: +5"), 400),
    "negative length": (head(b"Content-Length: -1"), 400),
    "underscore in length": (head(b"Content-Length: 4_5"), 400),
    "padded length": (head(b"Content-Length: 05"), 400),
    "hex length": (head(b"Content-Length: 0x5"), 400),
    "superscript length": (head("Content-Length: \u00b2".encode()), 400),
    "arabic length": (head("Content-Length: \u0665".encode()), 400),
    "long length": (head(b"Content-Length: 1000000000000000000"), 400),
    "longer length": (head(b"Content-Length: 9223372036854775808"), 400),
    "empty length": (head(b"Content-Length:"), 400),
    "coding list": (head(b"Transfer-Encoding: identity, chunked"), 501),
    "coding twice": (head(CHUNKED, CHUNKED), 400),
    "coding chunked, chunked": (head(b"Transfer-Encoding: chunked, chunked"), 501),
    "Kelvin sign": (head("Transfer-Encoding: chun\u212aed".encode()), 400),
    "gzip": (head(b"Transfer-Encoding: gzip"), 501),
    "empty coding": (head(b"Transfer-Encoding:"), 501),
    "nominated x-amz-target": (head(b"Connection: keep-alive, x-amz-target"), 400),
    "nominated by a second field": (head(b"Connection: close", b"Connection: x-amz-copy-source"), 400),
    "nominated te": (head(b"Connection: te"), 400),
    "Kelvin sign in connection": (head("Connection: \u212aeep-alive".encode()), 400),
    "upgrade": (head(b"Connection: upgrade", b"Upgrade: websocket"), 400),
    "upgrade alone": (head(b"Upgrade: h2c"), 400),
    "other expectation": (head(b"Expect: 200-ok"), 417),
    "two targets": (head(b"X-Amz-Target: A.Get", b"x-amz-target: A.Get"), 400),
    "two authorizations": (head(b"Authorization: a", b"Authorization: b"), 400),
    "two content types": (head(b"Content-Type: a/b", b"Content-Type: c/d"), 400),
    "two x-amz-acl": (head(b"x-amz-acl: private", b"x-amz-acl: public-read"), 400),
    "two x-amz-meta": (head(b"x-amz-meta-a: 1", b"x-amz-meta-a: 2"), 400),
    "two ranges": (head(b"Range: bytes=0-1", b"Range: bytes=2-3"), 400),
    "two invocation ids": (head(b"amz-sdk-invocation-id: 1", b"amz-sdk-invocation-id: 2"), 400),
    "too many fields": (head(*(b"x-%d: a" % n for n in range(MAX_FIELDS))), 431),
    "too large": (head(b"x-amz-meta-a: " + b"a" * MAX_HEAD), 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    raw, status = REFUSED[name]
    with pytest.raises(Malformed) as caught:
        parse_request_head(raw)
    assert caught.value.status == status
    assert "\n" not in caught.value.reason


ACCEPTED = {
    "port": head(host=b"Host: sts.amazonaws.com:443"),
    "upper-case host": head(host=b"HOST: STS.AmazonAWS.com"),
    "underscore in a bucket's host": head(host=b"Host: my_bucket.s3.amazonaws.com"),
    "address as host": head(host=b"Host: [::1]:8081"),
    "no body": head(b"Content-Length: 0", start=b"PUT / HTTP/1.1"),
    "chunked": head(CHUNKED, start=b"PUT / HTTP/1.1"),
    "expect": head(LENGTH, b"Expect: 100-Continue"),
    "connection": head(b"Connection: Keep-Alive, close"),
    "underscore": head(b"x_amz_target: DynamoDB_20120810.DeleteTable"),
    "repeatable": head(b"Accept: a", b"Accept: b", b"Content-Encoding: gzip", b"Content-Encoding: aws-chunked"),
    "UTF-8 in metadata": head("x-amz-meta-a: 日本\u00a0x".encode()),
    "long length": head(b"Content-Length: 999999999999999999"),
    "trailer": head(CHUNKED, b"Trailer: x-amz-checksum-crc32"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    parse_request_head(ACCEPTED[name])


def test_a_header_with_underscores_is_another_header():
    got = parse_request_head(ACCEPTED["underscore"])
    assert got.one("x-amz-target") is None


def test_connect():
    got = parse_connect(
        b"CONNECT STS.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com:443\r\nProxy-Authorization: x\r\n\r\n"
    )
    assert (got.host, got.port) == ("sts.us-east-1.amazonaws.com", 443)
    assert ("proxy-authorization", "x") in got.headers


def test_connect_as_python_sends_it():
    assert parse_connect(b"CONNECT sts.amazonaws.com:443 HTTP/1.0\r\n\r\n").port == 443


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"CONNECT sts.amazonaws.com HTTP/1.1", 400),
        (b"CONNECT sts.amazonaws.com: HTTP/1.1", 400),
        (b"CONNECT sts.amazonaws.com:0443 HTTP/1.1", 400),
        (b"CONNECT sts.amazonaws.com:99999 HTTP/1.1", 400),
        (b"CONNECT sts.amazonaws.com.:443 HTTP/1.1", 400),
        (b"CONNECT -a.amazonaws.com:443 HTTP/1.1", 400),
        (b"CONNECT a..amazonaws.com:443 HTTP/1.1", 400),
        (b"CONNECT 127.0.0.1:443 HTTP/1.1", 400),
        (b"CONNECT 2852039166:443 HTTP/1.1", 400),
        (b"CONNECT 0x7f.0x1:443 HTTP/1.1", 400),
        (b"CONNECT [::1]:443 HTTP/1.1", 400),
        (b"CONNECT user@sts.amazonaws.com:443 HTTP/1.1", 400),
        (b"CONNECT https://sts.amazonaws.com:443 HTTP/1.1", 400),
        (b"CONNECT \xe2\x84\xaainesis.amazonaws.com:443 HTTP/1.1", 400),
        (b"CONNECT sts.amazonaws.com:443 HTTP/2.0", 505),
        (b"GET http://sts.amazonaws.com/ HTTP/1.1", 405),
        (b"POST / HTTP/1.1", 405),
    ],
)
def test_connect_refused(line, status):
    with pytest.raises(Malformed) as caught:
        parse_connect(line + b"\r\n\r\n")
    assert caught.value.status == status


@pytest.mark.parametrize("field", [b"Host: iam.amazonaws.com", b"Content-Length: 0", b"Transfer-Encoding: chunked"])
def test_connect_with_a_field_that_says_otherwise(field):
    with pytest.raises(Malformed):
        parse_connect(b"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n" + field + b"\r\n\r\n")


def read(raw: bytes):
    try:
        return parse_request_head(raw)
    except GateError as fault:
        return fault


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_gate_error(raw):
    read(raw)
    read(raw + b"\r\n\r\n")
    read(head(raw))
    read(head(start=b"GET /" + raw + b" HTTP/1.1"))
    read(head(start=b"GET https://sts.amazonaws.com" + raw + b" HTTP/1.1"))


@given(
    st.lists(
        st.sampled_from([*b"GET /?&=%41#:\r\n\t \0;,aHost1.chunkedContent-Length", 0xA0, 0xC3]).map(lambda b: bytes([b])),
        max_size=60,
    )
)
def test_bytes_of_heads_give_a_value_or_a_gate_error(parts):
    raw = b"".join(parts)
    read(head(raw))
    read(head(start=raw))
    read(head(start=b"GET /" + raw + b" HTTP/1.1"))
