"""A part of a prompt in full."""

import base64
import gzip
import hashlib

import pytest
from hypothesis import given

from tests.approval.test_param_tree import TREES
from tests.content.test_archive import packed
from trio_gate.aws.call import UNKNOWN
from trio_gate.content.readable import PIECE, readable

POLICY = '{"Statement":[{"Effect":"Allow"}]}'
LAID_OUT = '{\n  "Statement": [\n    {\n      "Effect": "Allow"\n    }\n  ]\n}'
SCRIPT = "#!/bin/sh\necho hello to everybody\n"


@pytest.mark.parametrize(
    ("value", "text", "how"),
    [
        ("hunter2", "hunter2", ()),
        ("", "", ()),
        (POLICY, LAID_OUT, ("json",)),
        ('{"a":1,"a":2}', '{"a":1,"a":2}', ()),
        ("[" * 5000, "[" * 5000, ()),
        (base64.b64encode(SCRIPT.encode()).decode(), SCRIPT, ("base64",)),
        (base64.encodebytes(SCRIPT.encode() * 5).decode(), SCRIPT * 5, ("base64",)),
        (base64.b64encode(gzip.compress(POLICY.encode(), mtime=0)).decode(), LAID_OUT, ("base64", "gzip", "json")),
        ("AKIAIOSFODNN7EXAMPLE" * 2, "AKIAIOSFODNN7EXAMPLE" * 2, ()),
        (SCRIPT.encode(), SCRIPT, ()),
        (gzip.compress(SCRIPT.encode(), mtime=0), SCRIPT, ("gzip",)),
        (b"\0\xff" * 17, "00ff " * 15 + "00ff\n00ff", ("hex",)),
        (b"a\0b", "6100 62", ("hex",)),
        (b"\x1f\x8bnot", "1f8b 6e6f 74", ("hex",)),
        (packed({"a": "b"}), "1 file, 1 bytes unpacked\n         1  a\n\na:\n  b", ("zip",)),
        (base64.b64encode(packed({"a": "b"})).decode(), "1 file, 1 bytes unpacked\n         1  a\n\na:\n  b", ("base64", "zip")),
        (b"PK\x03\x04", "this archive is not unpacked: it has no directory\n504b 0304", ("hex",)),
        (b"\x89PNG\r\n\x1a\nx", "8950 4e47 0d0a 1a0a 78", ("png", "hex")),
        (b"\xff\xd8\xff\xe0", "ffd8 ffe0", ("jpeg", "hex")),
        (b"GIF89a", "4749 4638 3961", ("gif", "hex")),
        (b"RIFF\0\0\0\0WEBP", "5249 4646 0000 0000 5745 4250", ("webp", "hex")),
        (b"RIFF\0\0\0\0WAVE", "5249 4646 0000 0000 5741 5645", ("hex",)),
        (b"<svg xmlns='x'/>", "<svg xmlns='x'/>", ()),
        ({"List": [1, None, b"x", 1 << 60, UNKNOWN]}, None, ()),
    ],
)
def test_values_are_made_readable(value, text, how):
    made = readable(value)
    assert made.how == how
    if text is not None:
        assert made.text == text
        data = value if isinstance(value, bytes) else value.encode()
        assert (made.size, made.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_everything_in_a_tree_is_there():
    text = readable({"List": [1 << 60, None, b"x", UNKNOWN], "Ü": True}).text
    for part in ('"List"', '"1152921504606846976"', "null", '"eA=="', "streamed", '"Ü"', "true"):
        assert part in text


def test_a_long_text_comes_in_safe_pieces():
    made = readable("a\u202e" * PIECE)
    first, after = made.piece(0)
    second, end = made.piece(after)
    assert (after, end) == (PIECE, None)
    assert first == second == "a\\u{202e}" * (PIECE // 2)
    assert made.piece(10 * PIECE) == ("", None)


@given(TREES)
def test_any_value_is_readable(value):
    readable(value).piece(0)[0].encode("utf-8")
