"""A head is spelled from its value in one way, whatever spelling arrived."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.wire.head import RequestHead, ResponseHead, StreamKind, Target, encoded, encoded_path
from trio_gate.wire.parse import parse_request_head

TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=12)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target(segments=("",)), "/"),
        (Target(segments=("a/b", "")), "/a%2Fb/"),
        (Target(segments=("a b", "~x")), "/a%20b/~x"),
        (Target(segments=("k",), query=(("acl", ""), ("x", "a+b&c"))), "/k?acl=&x=a%2Bb%26c"),
    ],
)
def test_a_target_is_spelled_from_its_parts(target, text):
    assert target.text == text


@given(st.lists(TEXT, min_size=1, max_size=4), st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=3))
def test_a_spelled_target_is_read_back_as_it_was(segments, query):
    target = Target(segments=tuple(segments), query=tuple(query))
    if segments != ["", ""] and "//" not in target.path and not {".", ".."} & {*segments}:
        head = parse_request_head(f"GET {target.text} HTTP/1.1\r\nhost: h.example\r\n".encode() + b"\r\n")
        assert isinstance(head, RequestHead)
        assert head.target == target


ANY = st.text(max_size=8) | st.text("a/-._~%+ \u00e9", max_size=8)


@given(st.lists(ANY, min_size=1, max_size=4), st.lists(st.tuples(ANY, ANY), max_size=3))
def test_every_part_of_a_target_is_encoded_for_itself(segments, query):
    target = Target(segments=tuple(segments), query=tuple(query), arrived="/z")
    assert target.path == target.path == "/" + "/".join(quote(part, safe="-._~") for part in segments)
    assert target.query_string == "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in query)
    assert target.text == (f"{target.path}?{target.query_string}" if query else target.path)
    assert replace(target, segments=("b",)).path == "/b"
    assert all((encoded(part), encoded_path(part)) == (quote(part, safe="-._~"), quote(part, safe="/-._~")) for part in segments)


@given(st.lists(st.tuples(st.sampled_from("abc"), ANY), max_size=6).map(tuple))
def test_a_field_is_the_first_of_its_name(fields):
    head = RequestHead(method="GET", target=Target(segments=("",)), headers=fields)
    for name in "abcd":
        values = tuple(value for key, value in fields if key == name)
        assert (head.all(name), head.one(name)) == (values, values[0] if values else None)
        assert head.where(lambda one, name=name: one != name).one(name) is None
    assert head == RequestHead(method="GET", target=Target(segments=("",)), headers=fields)
    assert replace(head, headers=()).first == {}


def test_fields_are_found_by_their_name():
    head = RequestHead(method="GET", target=Target(segments=("",)), headers=(("a", "1"), ("b", "2"), ("a", "3")))
    assert (head.one("a"), head.all("a"), head.one("c")) == ("1", ("1", "3"), None)
    assert head.where(lambda name: name != "a").headers == (("b", "2"),)
    answer = ResponseHead(status=200, headers=((b"etag", b"x"), (b"etag", b"y")))
    assert (answer.one(b"etag"), answer.one(b"date")) == (b"x", None)


@pytest.mark.parametrize("kind", list(StreamKind))
def test_chunks_that_are_signed(kind):
    assert kind.signed_chunks is kind.value.startswith("STREAMING-AWS4-HMAC-SHA256")
