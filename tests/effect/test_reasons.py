"""Levels and reasons."""

from __future__ import annotations

from trio_gate.effect.reasons import LEVELS, Reason


def test_levels_are_in_order_and_reasons_are_values():
    assert LEVELS == ("danger", "caution", "fact")
    assert Reason(level="danger", code="code", text="x") == Reason(level="danger", code="code", text="x")
