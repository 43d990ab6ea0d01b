"""The strict reader against its rules written out one after the other, line by line and field by field."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_gate.errors import Malformed
from trio_gate.wire.parse import MAX_FIELDS, parse_request_head

TOKEN = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
FRAMING = ("content-length", "host", "transfer-encoding")
HOST = set(string.ascii_letters + string.digits + "._-")
SINGLE = {
    *("authorization", "content-length", "content-md5", "content-type", "date", "expect", "host", "if-modified-since"),
    *("if-range", "if-unmodified-since", "proxy-authorization", "range", "smithy-protocol", "transfer-encoding"),
    "x-trio-gate-token",
}
UNSEEN = {*map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"}
WIDE = {*map(chr, range(0x2000, 0x200B)), *"\u00a0\u1680\u202f\u205f\u3000\ufeff"}


class RefusedError(Exception):
    """Words of the reason."""


def require(holds: object, words: str) -> None:
    if not holds:
        raise RefusedError(words)


def field(line: str) -> tuple[str, str]:
    require(not line.startswith((" ", "\t")), "folded")
    name, colon, value = line.partition(":")
    require(colon and name and set(name) <= TOKEN, "not `name: value`")
    name = "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in name)
    require(not (name in FRAMING and "\t" in value), "TAB, which readers take differently")
    while value[:1] in (" ", "\t") and value:
        value = value[1:]
    while value[-1:] in (" ", "\t") and value:
        value = value[:-1]
    return name, value


def text(name: str, value: str) -> str:
    require("\t" not in value, "holds a TAB: send a space")
    if all(ord(one) < 0x80 for one in value):
        return value
    require(name.startswith("x-amz-meta-"), "not ASCII")
    try:
        read = value.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise RefusedError("not UTF-8") from None
    require(not UNSEEN & set(read) and read[0] not in WIDE and read[-1] not in WIDE, "control character")
    return read


def fields_of(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a head whose first line is right, or RefusedError."""
    head = raw.decode("latin-1")
    require(head.endswith("\r\n\r\n"), "blank line")
    require(not any((one < " " and one not in "\t\r\n") or one == "\x7f" for one in head), "control byte")
    start, *lines = head[:-4].split("\r\n")
    require(not any("\r" in line or "\n" in line for line in (start, *lines)), "bare CR or LF")
    parted = [field(line) for line in lines]
    require(len(parted) <= MAX_FIELDS, "more than")
    fields = tuple((name, text(name, value)) for name, value in parted)
    names = [name for name, _ in fields]
    for name in names:
        single = name in SINGLE or name.startswith(("x-amz-", "x-amzn-", "amz-sdk-"))
        require(names.count(name) == 1 or not single, f"`{name}` came more than once")
    require(is_host(dict(fields).get("host", "")), "`host` is missing or is not a host name")
    return fields


def is_host(value: str) -> bool:
    """A name with or without a port. Addresses in brackets are not made here."""
    name, colon, port = value.rpartition(":") if ":" in value else (value, "", "")
    return name != "" and set(name) <= HOST and (not colon or (0 < len(port) <= 5 and set(port) <= set(string.digits)))


def said(raw: bytes) -> object:
    try:
        return fields_of(raw)
    except RefusedError as refused:
        return str(refused)


def check(*lines: bytes) -> None:
    raw = b"\r\n".join((b"GET / HTTP/1.1", *lines, b"", b""))
    wanted = said(raw)
    try:
        got: object = parse_request_head(raw).headers
    except Malformed as fault:
        got = wanted if isinstance(wanted, str) and wanted in fault.reason else fault
    assert got == wanted


NAMES = st.sampled_from([b"Accept", b"accept", b"X-Amz-Acl", b"x-amz-meta-a", b"X-Amz-Meta-B", b"Date", b"Host", b"x_y", b"!"])
BYTES = st.sampled_from([bytes([one]) for one in b" \t\r\n\0\x0b\x7f:ab,;=A-\x85\xa0\xc2\xc3\xa9\xe2\x80\xa8\xef\xbb\xbf"])
VALUES = st.one_of(
    st.lists(BYTES, max_size=6).map(b"".join),
    st.text("ab \u00e9\u65e5\u0085\u00a0\u2028\ufeff", max_size=5).map(str.encode),
    st.sampled_from([b"", b" a", b"a  b ", b"\ta\t", b" \t"]),
)
LINES = st.one_of(
    st.builds(lambda name, blank, value: name + b":" + blank + value, NAMES, st.sampled_from([b"", b" "]), VALUES),
    st.builds(lambda name, value: name + b": " + value, NAMES, VALUES),
    st.lists(BYTES, max_size=6).map(b"".join),
)


@given(st.lists(LINES, max_size=6))
@example([b"a: b\nc", b"d: e"])
@example([b"a: b\r", b"\nd: e"])
@example([b"a b: c"])
@example([b"", b"a: b"])
@example([b"a: b", b""])
@example([b"a: b", b" c: d"])
@example([b"a:\t", b"Date: 1", b"date: 2"])
@example([b"a: b"] * MAX_FIELDS)
@example([b"Accept:", b"Host:"])
@example([b"Host: a:1"])
@example([b"Host: a:"])
def test_fields_are_read_as_the_rules_say(lines):
    check(b"Host: a", *lines)
    check(*lines, b"Host: a")
    check(*lines)


@given(st.lists(LINES, max_size=3), st.binary(max_size=12))
def test_so_are_any_bytes_among_them(lines, junk):
    check(b"Host: a", *lines, junk)
    check(b"Host: a", junk, *lines)


@pytest.mark.parametrize("name", sorted(SINGLE - set(FRAMING)))
def test_a_field_that_comes_once_comes_once(name):
    twice = f"GET / HTTP/1.1\r\nhost: a.example\r\n{name}: x\r\n{name}: x\r\n\r\n"
    with pytest.raises(Malformed, match=f"`{name}` came more than once"):
        parse_request_head(twice.encode())
