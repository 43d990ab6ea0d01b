"""A part of a prompt in full."""

import base64
import gzip
import hashlib
import json
import tracemalloc

import pytest
from hypothesis import given

from tests.approval.test_param_tree import TREES
from tests.content.test_archive import packed
from trio_gate.aws.call import UNKNOWN
from trio_gate.content.readable import MOST, PIECE, readable

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
        (b"\x1f\x8bnot", f"this gzip is not unpacked: it is not whole, or larger than {MOST} bytes\n1f8b 6e6f 74", ("hex",)),
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


def bomb(size: int) -> bytes:
    return gzip.compress(b"[" + b"1," * (size // 2) + b"1]", mtime=0)


@pytest.mark.parametrize(
    "value",
    [
        bomb(4 * MOST),
        base64.b64encode(bomb(4 * MOST)).decode(),
        gzip.compress(base64.b64encode(gzip.compress(bytes(100 * MOST), mtime=0)), mtime=0),
        bomb(MOST - 8),
        "[" * 300 + "1," * 10_000 + "1" + "]" * 300,
        {"V": json.loads("[" * 300 + "1," * 10_000 + "1" + "]" * 300)},
    ],
    ids=["gzip", "gzip in base64", "gzip in base64 in gzip", "wide JSON in gzip", "deep JSON", "deep parameters"],
)
def test_no_text_is_much_larger_than_what_is_allowed(value):
    tracemalloc.start()
    made = readable(value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made.text) <= MOST
    assert made.made <= 2 * MOST
    assert peak < 100 * MOST


@pytest.mark.parametrize(
    ("value", "most", "how", "whole"),
    [
        (gzip.compress(SCRIPT.encode(), mtime=0), len(SCRIPT), ("gzip",), True),
        (gzip.compress(SCRIPT.encode(), mtime=0), len(SCRIPT) - 1, ("hex",), True),
        (base64.b64encode(gzip.compress(SCRIPT.encode(), mtime=0)).decode(), len(SCRIPT) - 1, ("base64", "hex"), True),
        (POLICY, len(POLICY) + len(LAID_OUT), ("json",), True),
        (POLICY, len(POLICY) + len(LAID_OUT) - 1, (), True),
        (packed({"a": "bc"}), 2, ("zip",), True),
        (packed({"a": "bc"}), 1, ("zip",), False),
    ],
)
def test_what_would_be_larger_than_is_allowed_stays_as_it_came(value, most, how, whole):
    made = readable(value, most)
    assert (made.how, made.whole) == (how, whole)


def test_what_was_made_is_counted():
    assert readable(gzip.compress(POLICY.encode())).made == 2 * len(POLICY) + len(LAID_OUT)
    assert readable(packed({"a": "bc"})).made == 2
    assert readable(SCRIPT).made == 0


@given(TREES)
def test_any_value_is_readable(value):
    readable(value).piece(0)[0].encode("utf-8")
