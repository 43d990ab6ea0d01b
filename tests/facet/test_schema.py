"""The vocabulary of rules, held against what a call has."""

from __future__ import annotations

from tests.kit.facets import facets
from trio_gate.facet.extract import _OF_CALL
from trio_gate.facet.schema import FACETS, ROOTS
from trio_gate.facet.values import UNSET


def test_the_schema_names_what_there_is():
    found = facets()
    assert {name for name in FACETS if found.look(tuple(name.split("."))) is UNSET} == {
        "aws.organization_name",
        "aws.session_role",
        "request.time",
    }
    assert {".".join(path) for path in _OF_CALL} | {
        "aws.account_name",
        "aws.organization_name",
        "aws.level",
        "aws.session_role",
        "aws.session_chain",
        "agent.name",
        "agent.address",
        "request.time",
    } == FACETS.keys()
    assert {name.split(".")[0] for name in FACETS} == ROOTS
