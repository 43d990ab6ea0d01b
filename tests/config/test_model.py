"""Words of the configuration that other rooms write or compare."""

from __future__ import annotations

import pytest

from trio_gate.config.model import KEY_TEXT, Address, bracketed


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("127.0.0.1", 8080, "127.0.0.1:8080"),
        ("gate.example", 0, "gate.example:0"),
        ("::1", 9443, "[::1]:9443"),
        ("fe80::1%eth0", 1, "[fe80::1%eth0]:1"),
    ],
)
def test_an_address_is_written_as_in_a_url(host, port, text):
    assert str(Address(host=host, port=port)) == text
    assert f"{bracketed(host)}:{port}" == text


@pytest.mark.parametrize("text", ["AKIA2E0A8F3B244C9986", "!", "~", "a/b+c=="])
def test_what_keys_are_made_of(text):
    assert KEY_TEXT.fullmatch(text)


@pytest.mark.parametrize("text", ["", " ", "a b", "a\n", "a\t", "\x7f", "k\u00e9y", "\u212a", "a\x00"])
def test_what_keys_are_not_made_of(text):
    assert not KEY_TEXT.fullmatch(text)
