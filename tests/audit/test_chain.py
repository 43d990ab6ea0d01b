from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trio_gate.audit.chain import GENESIS, link


def test_a_known_answer_pins_the_encoding():
    assert link(GENESIS, b"{}").hex() == "7d68f56c5cc7a6aef3d18270420320d0206785aa0b5719653afab04152eee937"


@given(st.lists(st.binary(), min_size=1), st.data())
def test_a_changed_row_changes_every_later_hash(rows, data):
    def head(rows):
        value = GENESIS
        for row in rows:
            value = link(value, row)
        return value

    at = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    changed = [*rows[:at], rows[at] + b"!", *rows[at + 1 :]]
    assert head(changed) != head(rows)
    assert head(rows[:at] + rows[at + 1 :]) != head(rows)
