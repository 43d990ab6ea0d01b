from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.audit.chain import GENESIS, StoredRow, check, link


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


def stored(*ids):
    head, rows = GENESIS, []
    for number, name in enumerate(ids, start=1):
        text = f'{{"id":"{name}","kind":"call"}}'.encode()
        head = link(head, text)
        rows.append(StoredRow(number=number, kind="call", id=name, text=text, hash=head))
    return rows


def test_a_chain_that_holds():
    rows = stored("a", "b", "c")
    assert (check(rows).rows, check(rows).head, check(rows).fault, check(rows).met) == (3, rows[2].hash, None, None)
    assert check([]).head == GENESIS
    assert check(rows, rows[1].hash).met is True
    assert check(rows[:2], rows[2].hash).met is False


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"text": b'{"id":"x","kind":"call"}'}, "has another hash than its text and the row before it make"),
        ({"hash": bytes(32)}, "has another hash"),
        ({"id": "x"}, "is stored as 'call' 'x', and its text is 'call' 'b'"),
        ({"kind": "outcome"}, "is stored as 'outcome' 'b', and its text is 'call' 'b'"),
        ({"text": None}, "cannot be unpacked"),
        ({"number": 5}, "is missing: after row 1 comes row 5"),
    ],
)
def test_the_first_row_that_is_not_what_was_written(change, fault):
    first, second, third = stored("a", "b", "c")
    found = check([first, replace(second, **change), third])
    assert (found.rows, found.head) == (1, first.hash)
    assert found.fault.startswith(fault)


def test_a_row_that_was_taken_out():
    first, _, third = stored("a", "b", "c")
    assert check([first, third]).fault == "is missing: after row 1 comes row 3"
