"""`operation` blocks: what an operator may say of which operation."""

from __future__ import annotations

import pytest

from tests.kit.configs import check_condition
from trio_gate.config.describe import describe
from trio_gate.config.load import load as real_load
from trio_gate.config.operation_block import FLAGS, KnownOperation
from trio_gate.config.source import ConfigFaults

KNOWN = {
    ("sts", "NewThing"): KnownOperation(newer=True, streams=False),
    ("sts", "NewStream"): KnownOperation(newer=True, streams=True),
    ("sts", "AssumeRole"): KnownOperation(newer=False, streams=False, access="write"),
    ("sts", "GetKeys"): KnownOperation(newer=True, streams=False, access="write", said=frozenset({"vends"})),
    ("sts", "GetNames"): KnownOperation(newer=True, streams=False, access="read"),
}


def find(service, operation):
    return KNOWN.get((service, operation)) or [":".join(name) for name in KNOWN]


def load(text, find=find):
    return real_load(text, "g.hcl", env={}.get, read_file=str, base_dir="/", check_condition=check_condition, find_operation=find)


def fault(text, **given):
    with pytest.raises(ConfigFaults) as caught:
        load(text, **given)
    (one,) = caught.value.faults
    return f"{one.message}: {one.hint}"


def test_a_block_says_what_an_operation_does():
    (one,) = load('operation "sts:NewThing" {\n access = "read"\n vends = false\n runs_code = true\n}').operations
    assert (one.service, one.operation, one.access) == ("sts", "NewThing", "read")
    assert (dict(one.flags), one.where) == ({"vends": False, "runs_code": True}, "g.hcl:1")


def test_the_actions_that_it_takes_are_read_and_shown():
    config = load('operation "sts:NewThing" { iam_actions = ["sts:NewThing", "kms:Decrypt"] }')
    assert config.operations[0].iam_actions == ("sts:NewThing", "kms:Decrypt")
    assert "by your review: actions sts:NewThing kms:Decrypt (g.hcl:1)" in describe(config)


@pytest.mark.parametrize("name", FLAGS)
def test_every_word_is_read_and_shown(name):
    config = load(f'operation "sts:NewThing" {{ {name} = false }}')
    assert config.operations[0].flags == {name: False}
    assert f"operation sts:NewThing, by your review: not {name} (g.hcl:1)" in describe(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('operation "sts:NewThng" { vends = false }', "has no operation sts:NewThng: did you mean `sts:NewThing`?"),
        ('operation "st:NewThing" { vends = false }', "has no operation st:NewThing: did you mean `sts:NewThing`?"),
        ('operation "NewThing" { vends = false }', 'a service and its operation: as operation "sts:GetCallerIdentity"'),
        ('operation "sts:AssumeRole" { vends = false }', "`vends` would make the packaged review of "),
        ('operation "sts:AssumeRole" { access = "read" }', "`access` would make the packaged review of "),
        ('operation "sts:GetKeys" { vends = false }', "`vends` would make the packaged review of "),
        ('operation "sts:GetKeys" { access = "read" }', "`access` would make the packaged review of "),
        ('operation "sts:GetNames" { access = "list" }', "`access` would make the packaged review of "),
        ('operation "sts:NewStream" { vends = false }', "the answer of sts:NewStream is a stream"),
        ('operation "sts:AssumeRole" { names_resources = false }', "`names_resources` would make the packaged review of "),
        ('operation "sts:AssumeRole" { cross_account = false }', "`cross_account` would make the packaged review of "),
        ('operation "sts:AssumeRole" { carries_policies = false }', "`carries_policies` would make the packaged review of "),
        ('operation "sts:NewThing" { names_resources = "no" }', "expected true or false, found a string"),
        ('operation "sts:NewThing" { iam_actions = "sts:*" }', "expected a list"),
        ('operation "sts:NewThing" { iam_actions = ["sts:*"] }', 'expected an IAM action: as "sts:GetCallerIdentity"'),
        ('operation "sts:NewThing" { }', "says nothing"),
        ('operation "sts:NewThing" { access = "reed" }', "read"),
        ('operation "sts:NewThing" { vend = false }', "has no attribute `vend`: did you mean `vends`?"),
        ('operation "sts:NewThing" { vends = true }\noperation "sts:NewThing" { vends = true }', "is declared twice"),
    ],
)
def test_what_cannot_be_said_is_a_fault(text, said):
    assert said in fault(text)


def test_what_makes_an_operation_less_harmless_may_be_said_of_any():
    (one,) = load('operation "sts:AssumeRole" { access = "permissions"  spends = true }').operations
    assert (one.access, dict(one.flags)) == ("permissions", {"spends": True})


def test_of_a_known_operation_with_a_newer_member_what_the_review_has_not_may_be_said():
    (one,) = load('operation "sts:GetKeys" { spends = false  access = "permissions" }').operations
    assert (one.access, dict(one.flags)) == ("permissions", {"spends": False})
    (one,) = load('operation "sts:GetNames" { vends = false  access = "read" }').operations
    assert (one.access, dict(one.flags)) == ("read", {"vends": False})


def test_without_models_no_operation_can_be_named():
    assert "cannot be looked up here" in fault('operation "sts:NewThing" { vends = true }', find=None)
