"""What an author may have meant: beside these, tests/policy/test_diagnostics.py has those of whole conditions."""

import pytest

from trio_gate.facet.schema import FACETS
from trio_gate.policy.hints import name_hint, operator_hint, type_hint, word_hint


@pytest.mark.parametrize("name", FACETS)
def test_a_facet_without_its_root_or_with_another_is_found(name):
    part = name.partition(".")[2]
    root = "agent" if name.startswith("aws.") else "aws"
    for wrong in (part, f"{root}.{part}", f"{root}.{part}.more"):
        if wrong not in FACETS:
            assert name_hint(wrong) == f"did you mean `{name}`?"


def test_functions_have_many_names():
    assert word_hint("StartsWith", called=True) == "did you mean `startsWith`?"


def test_nothing_is_like_nothing():
    assert name_hint("zzzzzz") is None
    assert word_hint("zzzzzz", called=True) is None
    assert word_hint("zz zz", called=False) is None
    assert operator_hint("true", "true ") is None
    assert operator_hint("true", "cannot ") is None
    assert type_hint("==", "string, bool") is None
    assert type_hint("in", "string, list(bool)") is None
