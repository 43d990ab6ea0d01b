"""What the tests of facets and of the policy share: one call, its facets, and changes to either."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from tests.kit.calls import make_call
from trio_gate.effect.effect import level_facet
from trio_gate.facet.extract import Facets, facets_of

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def facets(*, account_name="prod", agent="ci", agent_address="127.0.0.1", time=NOW, **changes) -> Facets:
    """The facets of the call of `tests/kit/calls.py` with some of its fields changed."""
    call = make_call(**changes)
    level = partial(level_facet, call)
    return facets_of(call, account_name=account_name, agent=agent, agent_address=agent_address, time=time, level=level)


def deep(levels: int, wrap=lambda value: [value]):
    """A list in a list in a list …"""
    value = []
    for _ in range(levels):
        value = wrap(value)
    return value
