"""Every member of the pinned model whose name is that of a policy is on one list, and every row of the lists is a member."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import model, operations, services
from tests.kit.aws.policies import compiled
from trio_gate.aws.policies.members import NAMED, OTHER, PLAIN, READ, TEMPLATES, kind_of

BY_KEY = {("sqs", "Policy"), ("sns", "Policy")}
"""Keys of attributes."""


def leaves(service):
    """Each operation's text members, with whether the model counts what they may hold."""
    raw = model(service)["shapes"]
    for operation in compiled(service).operations.values():
        todo, seen = [operation.input] if operation.input else [], set()
        while todo:
            shape = todo.pop()
            if shape in seen:
                continue
            seen.add(shape)
            for member in shape.members.values():
                inner = member.shape
                while inner.type in ("list", "map"):
                    inner = inner.inner("")
                todo.append(inner)
                if shape.type == "structure" and (inner.type in ("string", "blob") or inner.document):
                    yield operation.name, member.name, "enum" in raw[inner.name]


def test_no_policy_like_member_is_unlisted(each_service):
    found = [
        (operation, member)
        for operation, member, counted in leaves(each_service)
        if not counted and kind_of(each_service, operation, member) == "unlisted"
    ]
    assert found == []


@pytest.mark.parametrize("rows", [READ, NAMED, OTHER, PLAIN, TEMPLATES], ids=["read", "named", "other", "plain", "templates"])
def test_every_row_is_a_member(rows):
    wrong = []
    for where, member in rows - BY_KEY:
        service, _, operation = where.partition(".")
        assert service in services(), where
        assert not operation or operation in operations(service), where
        found = {(one, name) for one, name, _ in leaves(service)} | {
            (one.name, name) for one in compiled(service).operations.values() for name in (one.input.members if one.input else ())
        }
        if not any(name == member and operation in ("", one) for one, name in found):
            wrong.append((where, member))
    assert wrong == []


def test_the_lists_do_not_contradict_each_other():
    assert not READ & OTHER
    assert not READ & PLAIN
    assert not OTHER & PLAIN
    assert not NAMED & (READ | OTHER | PLAIN)
