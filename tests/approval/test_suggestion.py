"""The condition that is proposed for a grant: true of the call, of those beside it, and of no others."""

import pytest

from tests.kit.approvals.questions import call
from tests.kit.facets import NOW
from trio_gate.approval.suggestion import MAX_RESOURCES, suggestion
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.effect import level_facet, level_of
from trio_gate.facet.extract import facets_of
from trio_gate.policy.cel import Evidence, check, compile_condition

ROLE = "arn:aws:iam::111111111111:role/deploy"
QUEUE = "arn:aws:sqs:us-east-1:111111111111:one"


def object_(key, bucket="reports"):
    return f"arn:aws:s3:::{bucket}/{key}"


def on(*resources, **changes):
    small = {"operation": "DeleteObject", "params": {"Bucket": "reports", "Key": "a"}}
    ends = changes.get("operation") is None
    return call(resource=resources[0], resources=resources, destroys=ends, **{**small, **changes})


def machine(kind, count, **params):
    made = {"InstanceType": kind, "MinCount": 1, **({} if count is None else {"MaxCount": count}), **params}
    needs = ("ec2:RunInstances", "iam:PassRole") if "IamInstanceProfile" in params else ("ec2:RunInstances",)
    unknown = {"resource": UNKNOWN, "resources": UNKNOWN}
    return call(made, service="ec2", operation="RunInstances", iam_actions=needs, destroys=False, **unknown)


def suggested(made, role=None):
    return suggestion(made, level_of(made), role)


def holds(condition, made, role=None):
    session = None if role is None else type("Session", (), {"role": role, "chain": (role,)})
    facets = facets_of(
        made,
        account_name="prod",
        agent="ci",
        agent_address="127.0.0.1",
        time=NOW,
        session=session,
        level=lambda: level_facet(made),
    )
    assert check(condition) == []
    return compile_condition(condition).holds(Evidence(facets))


@pytest.mark.parametrize(
    ("made", "beside", "others"),
    [
        (
            on(object_("tmp/2026/a")),
            [on(object_("tmp/2026/b")), on(object_("tmp/2026/c/d"), object_("tmp/2026/e"))],
            [on(object_("tmp/2027/a")), on(object_("tmp/2026/a"), object_("b")), on(object_("tmp/2026/a", "other"))],
        ),
        (on(object_("a/b/c"), object_("a/d")), [on(object_("a/e"))], [on(object_("ab"))]),
        (on(object_("a")), [], [on(object_("b")), on(object_("a", "reports2"))]),
        (on(object_("a/b")), [], [on(object_("a/b"), operation="PutObject"), on(object_("a/b"), service="s3control")]),
        (
            on(object_("a/b"), operation="PutObject"),
            [on(object_("a/c"), operation="PutObject")],
            [on(object_("a/c"), operation="PutObject", makes_public=True, shares_with=("*",))],
        ),
        (
            on(QUEUE, service="sqs", operation="SendMessage"),
            [],
            [on(f"{QUEUE}2", service="sqs", operation="SendMessage"), on(QUEUE, QUEUE, service="sqs", operation="SendMessage")],
        ),
        (
            machine("t3.micro", 2),
            [machine("t3.micro", 1)],
            [
                machine("t3.micro", 3),
                machine("p5.48xlarge", 1),
                machine("t3.micro", 1, IamInstanceProfile={"Name": "admin"}),
            ],
        ),
    ],
)
def test_it_holds_for_the_call_and_those_beside_it_alone(made, beside, others):
    condition = suggested(made)
    assert [holds(condition, one) for one in (made, *beside)] == [True] * (1 + len(beside))
    assert [holds(condition, one) for one in others] == [False] * len(others)


def test_the_session_of_a_role_is_part_of_it():
    condition = suggested(on(object_("a")), ROLE)
    assert holds(condition, on(object_("a")), ROLE)
    assert not holds(condition, on(object_("a")), ROLE + "2")
    assert not holds(condition, on(object_("a")))
    assert not holds(suggested(on(object_("a"))), on(object_("a")), ROLE)


@pytest.mark.parametrize("role", ['arn:aws:iam::111111111111:role/"||"a"!="/x', "arn:aws:iam::111111111111:role/é"])
def test_a_role_that_cannot_be_quoted_is_not(role):
    assert suggested(on(object_("a/b")), role) is None


@pytest.mark.parametrize(
    "resources",
    [
        UNKNOWN,
        (),
        (object_('a"b'),),
        (object_("a\\b"),),
        (object_("a\nb"),),
        (object_("é"),),
        (object_("a"), object_("a", "other")),
        (object_("AKIAIOSFODNN7EXAMPLE/a"),),
        tuple(object_(str(number)) for number in range(MAX_RESOURCES + 1)),
        (object_("a" * 600),),
    ],
)
def test_where_it_cannot_be_said_nothing_is_proposed(resources):
    assert suggestion(call(resource=UNKNOWN, resources=resources), "fact") is None


@pytest.mark.parametrize("made", [machine('a"', 1), machine("t3.micro", True), machine("t3.micro", None)])
def test_sizes_that_cannot_be_said_are_not_proposed(made):
    assert suggested(made) is None


def test_a_change_of_what_exists_names_it_whatever_its_size():
    database = "arn:aws:rds:us-east-1:111111111111:db:dev"
    changed = on(database, service="rds", operation="ModifyDBInstance", params={"DBInstanceClass": "db.t3.micro"})
    assert f'aws.resources == ["{database}"]' in suggested(changed)


@pytest.mark.parametrize("changes", [{"access": "permissions"}, {"policies": UNKNOWN}, {"policies": ({"Statement": []},)}])
def test_what_needs_eyes_each_time_is_not_proposed(changes):
    assert suggestion(on(object_("a/b"), **changes), "fact") is None
    assert suggestion(on(object_("a/b")), "danger") is None
