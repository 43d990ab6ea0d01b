"""Text is escaped for XML as the standard library does it."""

from __future__ import annotations

import html

from hypothesis import given
from hypothesis import strategies as st

from trio_gate.text.markup import escaped


@given(st.text() | st.text("&<>\"'ab;#"), st.booleans())
def test_as_the_standard_library_does_it(text, quote):
    assert escaped(text, quote=quote) == html.escape(text, quote=quote)
