"""One truth: the review's mark says which calls share, and the ways say with whom."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import OTHER, TABLES, input_of, meaning, operations, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing.shares import WAYS

DEEP = 12
"""Levels of an input that are filled."""


@pytest.mark.parametrize("way", WAYS, ids=".".join)
def test_what_is_worked_out_is_marked(way):
    assert TABLES.row(*way).marks["shares"] == ()


def filled(shape, value, level=0, above=()):
    """An input with every member that the model has, all scalars of one value."""
    if shape.document or level > DEEP or shape in above:
        return value
    inside = (*above, shape)
    if shape.type == "structure":
        return {name: filled(member.shape, value, level + 1, inside) for name, member in shape.members.items()}
    if shape.type == "list":
        return [filled(shape.element.shape, value, level + 1, inside)]
    if shape.type == "map":
        return value
    return value


@pytest.mark.long("every operation of the model")
@pytest.mark.parametrize("service", services())
def test_a_call_without_a_mark_shares_nothing_and_one_that_is_marked_is_never_harmless(service):
    wrong = []
    for operation in operations(service):
        shape, row = input_of(service, operation), TABLES.row(service, operation)
        params = filled(shape, UNKNOWN) if shape else {}
        found = meaning(service, operation, params if isinstance(params, dict) else {}, shape=shape)
        said = (found.shares_with, found.makes_public)
        if ("shares" in row.marks) == (said == ((), False)) and (service, operation) not in WAYS:
            wrong.append((operation, row.marks.get("shares"), said))
    assert wrong == []


@pytest.mark.long("every operation of the model")
@pytest.mark.parametrize("service", services())
def test_every_member_that_decides_is_of_the_model_and_decides(service):
    for operation in operations(service):
        when = TABLES.row(service, operation).marks.get("shares")
        for clause in when if isinstance(when, tuple) else ():
            shape, value = input_of(service, operation), clause.value or OTHER
            for name in clause.path:
                while shape.type == "list":
                    shape = shape.inner("")
                assert shape.type == "map" or name in shape.members, (operation, clause)
                shape = shape.inner(name)
            if shape.type == "boolean":
                value = clause.value != "false"
            for name in reversed(clause.path):
                value = {name: value}
            assert meaning(service, operation, value).shares_with != (), (operation, clause)
