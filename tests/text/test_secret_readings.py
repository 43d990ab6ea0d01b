"""What a text says once its encodings are undone, one inside another, up to a limit."""

import base64
import gzip
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.long import examples
from trio_gate.text.secret_readings import _PACKED, LAYERS, bytes_of, is_packed, is_plain, readings

SAID = "password: hunter22"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        quote(SAID),
        in_base64(SAID),
        in_base64(in_base64(SAID)),
        base64.urlsafe_b64encode(SAID.encode()).decode().rstrip("="),
        base64.b64encode(SAID.encode("utf-16-le")).decode(),
        json.dumps(SAID.replace("p", "\\u0070")),
        "password: hunter22 &amp; more",
        "\uff50assword: hunter22",
        "pass\u200bword: hunter22",
    ],
)
def test_an_encoding_is_undone(text):
    assert any(SAID in reading for reading, _ in filter(None, readings(text)))


@pytest.mark.parametrize("text", ["pass/* x */word", "set\npassword", "a  b", "a\tb", "-- a comment\nb"])
def test_lines_and_comments_are_joined(text):
    [(joined, is_joined)] = readings(text)
    assert (is_joined, "  " in joined or "\n" in joined or "/*" in joined) == (True, False)


@pytest.mark.parametrize("text", ["", "plain", "a b", "reports/2026/q3.csv", "6d1f9f5e-5d3b-4d6c-8a68-0e3f9d3f8a11"])
def test_a_text_without_encodings_has_no_other_reading(text):
    assert list(readings(text)) == []


def test_what_is_encoded_too_deep_is_unknown():
    text = SAID
    for _ in range(LAYERS + 1):
        text = in_base64(text)
    assert list(readings(text))[-1] is None
    assert None not in readings(in_base64(SAID))


def test_compressed_data_is_recognised():
    packed = gzip.compress(SAID.encode(), mtime=0)
    assert is_packed(packed.decode("latin-1"))
    assert is_packed(f"data: {base64.b64encode(packed).decode()}")
    assert not is_packed(SAID)


@pytest.mark.parametrize(
    ("run", "data"), [("aGk", b"hi"), ("aGk=", b"hi"), ("_-8", b"\xff\xef"), ("aGkAA", b"hi\x00"), ("?", b"")]
)
def test_base64_of_either_alphabet(run, data):
    assert bytes_of(run) == data


@examples(4)
@given(
    st.lists(
        st.sampled_from(["%41", "\\", "&", "/*", "*/", "--", "\n", "  ", " ", "BZh9", "PK\x03\x04", "x" * 15, "a"])
        | st.text(max_size=3),
        max_size=6,
    )
)
def test_a_plain_text_says_nothing_else(pieces):
    text = "".join(pieces)
    if is_plain(text):
        assert (is_packed(text), list(readings(text))) == (False, [])


@pytest.mark.parametrize(
    "text", ["", "tag:Name", "SET #n = :n, #c = :c", "arn:aws:iam::111111111111:role/r", "two words, and a third."]
)
def test_most_texts_are_plain(text):
    assert is_plain(text)


@pytest.mark.parametrize("magic", _PACKED)
@examples(4)
@given(data=st.binary(min_size=12), before=st.sampled_from(["", "x: ", "é"]))
def test_whatever_begins_as_packed_data_does_is_packed(magic, data, before):
    packed = magic + data
    assert is_packed(before + base64.b64encode(packed).decode())
    assert is_packed(before + base64.urlsafe_b64encode(packed).decode())
    assert is_packed(packed.decode("latin-1"))
