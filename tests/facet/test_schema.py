"""The vocabulary of rules, held against what a call has."""

from __future__ import annotations

from tests.kit.facets import facets
from trio_gate.facet.schema import FACETS, ROOTS


def test_the_schema_names_what_there_is():
    aws, agent = facets().look(("aws",)), facets().look(("agent",))
    assert {f"aws.{name}" for name in aws} | {f"agent.{name}" for name in agent} | {"request.time"} == FACETS.keys()
    assert {name.split(".")[0] for name in FACETS} == ROOTS
