"""What those who have proven nothing may have done for them: each source so much, and all of them together."""

from __future__ import annotations

import pytest

from trio_gate.shell import allowance
from trio_gate.shell.allowance import Allowance, Pace

WIDE = Pace(most=10_000, rate=1000)


def given(made: Allowance, address: str, count: int) -> int:
    return sum(made.take(address) for _ in range(count))


async def test_a_source_has_so_much_at_first_and_a_rate_then(mock_clock):  # noqa: ASYNC124 - its clock is trio's
    made = Allowance(Pace(most=5, rate=0.5), WIDE)
    assert given(made, "192.0.2.1", 9) == 5
    mock_clock.jump(4)
    assert given(made, "192.0.2.1", 9) == 2
    mock_clock.jump(1000)
    assert given(made, "192.0.2.1", 9) == 5
    assert given(made, "192.0.2.2", 9) == 5


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("2001:db8::1", "2001:db8::2", True), ("2001:db8::1", "2001:db8:0:1::1", False), ("::ffff:192.0.2.1", "192.0.2.1", True)],
)
async def test_a_source_is_more_than_an_address_of_ipv6(one, other, shared):  # noqa: ASYNC124 - its clock is trio's
    made = Allowance(Pace(most=3, rate=0), WIDE)
    assert given(made, one, 5) == 3
    assert given(made, other, 5) == (0 if shared else 3)


async def test_all_together_have_one(mock_clock):  # noqa: ASYNC124 - its clock is trio's
    made = Allowance(Pace(most=3, rate=1), Pace(most=5, rate=1))
    assert [given(made, f"192.0.2.{last}", 9) for last in range(3)] == [3, 2, 0]
    mock_clock.jump(2)
    assert given(made, "192.0.2.9", 9) == 2


async def test_so_many_are_told_apart_and_those_beyond_share(mock_clock, monkeypatch):  # noqa: ASYNC124 - its clock is trio's
    monkeypatch.setattr(allowance, "MAX_SOURCES", 2)
    made = Allowance(Pace(most=2, rate=1), WIDE)
    assert [given(made, f"192.0.2.{last}", 3) for last in range(4)] == [2, 2, 2, 0]
    mock_clock.jump(10)
    assert given(made, "192.0.2.7", 3) == 2
    assert given(made, "192.0.2.8", 3) == 2
    assert len(made._sources) == 2
