"""What those who have proven nothing may have done for them: each source so much, and all of them together."""

from __future__ import annotations

import pytest

from trio_gate.shell.net import rate_limit
from trio_gate.shell.net.rate_limit import Allowance, Pace

WIDE = Pace(most=10_000, rate=1000)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def given(made: Allowance, address: str, count: int) -> int:
    return sum(made.take(address) for _ in range(count))


def test_a_source_has_so_much_at_first_and_a_rate_then(clock):
    made = Allowance(Pace(most=5, rate=0.5), WIDE, now=clock)
    assert given(made, "192.0.2.1", 9) == 5
    clock.advance(4)
    assert given(made, "192.0.2.1", 9) == 2
    clock.advance(1000)
    assert given(made, "192.0.2.1", 9) == 5
    assert given(made, "192.0.2.2", 9) == 5


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("2001:db8::1", "2001:db8::2", True), ("2001:db8::1", "2001:db8:0:1::1", False), ("::ffff:192.0.2.1", "192.0.2.1", True)],
)
def test_a_source_is_more_than_an_address_of_ipv6(clock, one, other, shared):
    made = Allowance(Pace(most=3, rate=0), WIDE, now=clock)
    assert given(made, one, 5) == 3
    assert given(made, other, 5) == (0 if shared else 3)


def test_all_together_have_one(clock):
    made = Allowance(Pace(most=3, rate=1), Pace(most=5, rate=1), now=clock)
    assert given(made, "192.0.2.0", 1) == 1
    assert made.filled == (1, 3)
    assert [given(made, f"192.0.2.{last}", 9) for last in range(3)] == [2, 2, 0]
    assert made.filled == (5, 5)
    clock.advance(2)
    assert given(made, "192.0.2.9", 9) == 2


def test_a_limited_number_is_counted_apart_and_those_beyond_share(clock, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_SOURCES", 2)
    made = Allowance(Pace(most=2, rate=1), WIDE, now=clock)
    assert [given(made, f"192.0.2.{last}", 3) for last in range(4)] == [2, 2, 2, 0]
    clock.advance(1)
    assert given(made, "192.0.2.9", 1) == 1
    assert made.filled == (2, 2), "those beyond count, too"
    clock.advance(10)
    assert given(made, "192.0.2.7", 3) == 2
    assert given(made, "192.0.2.8", 3) == 2
    assert len(made._sources) == 2


def test_what_all_together_may_not_have_costs_a_source_nothing(clock):
    made = Allowance(Pace(most=2, rate=0.001), Pace(most=1, rate=1), now=clock)
    assert given(made, "192.0.2.1", 9) == 1
    clock.advance(1)
    assert given(made, "192.0.2.1", 9) == 1
