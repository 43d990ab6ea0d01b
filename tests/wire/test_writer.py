"""Heads that are written are read back as what they were."""

import h11
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.wire.head import Target
from trio_gate.wire.parse import parse_request_head


def head(*lines: bytes, start: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: sts.amazonaws.com") -> bytes:
    return b"\r\n".join((start, *([host] if host else []), *lines, b"", b""))


NAMES = st.text("abcXYZ-_09", min_size=1, max_size=12).map(lambda name: "y-" + name)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=4),
    st.lists(st.tuples(st.text("ab=& +%é", min_size=1, max_size=5), st.text("ab=& +%é", max_size=5)), max_size=4),
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
)
def test_what_is_written_is_read_back_and_h11_reads_the_same(segments, query, fields):
    wanted = Target(segments=tuple(segments), query=tuple(query))
    raw = head(*(f"{name}: {value}".encode() for name, value in fields), start=f"PUT {wanted.text} HTTP/1.1".encode())
    got = parse_request_head(raw)
    assert got.target == wanted
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(raw)
    event = peer.next_event()
    assert isinstance(event, h11.Request)
    assert event.target.decode() == wanted.text
    assert [(name.decode(), value.decode()) for name, value in event.headers] == list(got.headers)
