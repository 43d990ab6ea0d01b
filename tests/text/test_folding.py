"""Only the letters A to Z are folded: nothing else becomes a name that AWS knows."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.text.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"), [("X-Amz-Date", "x-amz-date"), ("", ""), ("K", "k"), ("\u212a", "\u212a"), ("ÄA", "Äa")]
)
def test_letters_of_ascii_alone(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_each_character_by_itself(text):
    assert fold(text) == "".join(chr(ord(one) + 32) if one in string.ascii_uppercase else one for one in text)
