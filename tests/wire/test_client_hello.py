"""TLS hellos: those of OpenSSL, however they are cut, and made-up ones that are refused."""

import ssl
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.wire.tls_kit import client_hello
from trio_gate.errors import Malformed
from trio_gate.wire.client_hello import ClientHello, read_client_hello

NAME = "Bucket.s3.us-east-1.AmazonAWS.com"
REAL = client_hello(NAME)
READ = ClientHello(server_name=NAME.lower())


def vector(width, data):
    return len(data).to_bytes(width, "big") + data


def record(data):
    return b"\x16\x03\x01" + vector(2, data)


def entry(name, kind=0):
    return bytes([kind]) + vector(2, name)


def extension(body, kind=0):
    return kind.to_bytes(2, "big") + vector(2, body)


def server_name(name):
    return extension(vector(2, entry(name)))


def message(*extensions, kind=1, tail=b"", more=b""):
    body = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0")
    if extensions:
        body += vector(2, b"".join(extensions) + more)
    return bytes([kind]) + vector(3, body + tail)


@pytest.mark.parametrize(
    ("hello", "name"),
    [
        (REAL, NAME.lower()),
        (client_hello(NAME, maximum_version=ssl.TLSVersion.TLSv1_2), NAME.lower()),
        (client_hello(None), None),
        (record(message()), None),
        (record(message(extension(b"x", kind=7))), None),
        (record(message(extension(b"x", kind=7), server_name(b"a_b.c-d"))), "a_b.c-d"),
        (record(message(server_name(b".".join([b"a" * 63] * 3 + [b"a" * 61])))), ".".join(["a" * 63] * 3 + ["a" * 61])),
    ],
)
def test_the_name_is_read(hello, name):
    assert read_client_hello(hello) == ClientHello(server_name=name)


def test_every_beginning_needs_more():
    assert [read_client_hello(REAL[:end]) for end in range(len(REAL))] == [None] * len(REAL)


@given(st.sets(st.integers(1, len(REAL) - 6), max_size=7))
def test_records_may_cut_it_anywhere(cuts):
    whole = REAL[5:]
    ends = [0, *sorted(cuts), len(whole)]
    pieces = [record(whole[start:end]) for start, end in pairwise(ends)]
    assert read_client_hello(b"".join(pieces)) == READ
    assert read_client_hello(b"".join(pieces)[:-1]) is None


@given(
    st.binary(max_size=200)
    | st.builds(lambda at, byte: REAL[:at] + bytes([byte]) + REAL[at + 1 :], st.integers(0, 300), st.integers(0, 255))
)
def test_whatever_comes_is_read_or_malformed(data):
    try:
        assert isinstance(read_client_hello(data), ClientHello | None)
    except Malformed as error:
        assert "\n" not in error.reason  # noqa: PT017 - both ends are right


@pytest.mark.parametrize(
    ("hello", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "use https"),
        (b"\x80\x2e\x01\x03\x01", "not TLS"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "not TLS"),
        (record(message()[:9]) + b"\x15\x03\x01\x00\x02\x02\x28", "not TLS"),
        (record(message(kind=2)), "does not begin with a hello"),
        (record(b"") + record(message()), "empty record"),
        (b"".join(record(message()[at : at + 1]) for at in range(8)), "too many pieces"),
        (record(message() + b"\0"), "more than its hello"),
        (record(b"\x01\0\0\0"), "cut short"),
        (record(message(tail=b"\0")), "cut short"),
        (record(message(extension(b"", kind=7), tail=b"\0")), "holds more"),
        (record(message(extension(b"", kind=7), more=b"\0\0")), "cut short"),
        (record(message(server_name(b"a.b"), server_name(b"a.b"))), "more than one server"),
        (record(message(extension(vector(2, entry(b"a.b") + entry(b"c.d"))))), "holds more"),
        (record(message(extension(vector(2, entry(b"a.b")) + b"\0"))), "holds more"),
        (record(message(extension(vector(2, entry(b"a.b", kind=1))))), "name that is not a host name"),
        (record(message(extension(b""))), "cut short"),
        (record(message(extension(vector(2, b"")))), "cut short"),
        *(
            (record(message(server_name(name))), "name that is not a host name")
            for name in (b"", b".", b"a.", b".a", b"a..b", b"a b")
        ),
        *(
            (record(message(server_name(name))), "name that is not a host name")
            for name in (b"a\0b", b"\xffa", b"a\n", b"[::1]", b"a:443")
        ),
        (record(message(server_name(b"a" * 64))), "name that is not a host name"),
        (record(message(server_name(b".".join([b"a" * 63] * 3 + [b"a" * 62])))), "name that is not a host name"),
    ],
)
def test_what_is_no_hello_is_refused(hello, said):
    with pytest.raises(Malformed, match=said):
        read_client_hello(hello)
