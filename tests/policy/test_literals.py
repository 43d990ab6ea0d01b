"""The texts that a condition compares facets with, and the operations and parameters that it names."""

import pytest

from trio_gate.policy.cel import compared, names_of


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('aws.service == "IAM"', [("aws.service", "==", "IAM")]),
        ('"IAM" != aws.service', [("aws.service", "==", "IAM")]),
        ('aws.access in ["read", "lists"]', [("aws.access", "==", "read"), ("aws.access", "==", "lists")]),
        ('"s3:Get" in aws.iam_actions', [("aws.iam_actions", "==", "s3:Get")]),
        ('!(has(aws.session_role) && aws.region == "x") || true', [("aws.region", "==", "x")]),
        ('aws.resources.exists(one, one == "x")', [("aws.resources", "==", "x")]),
        (
            'aws.iam_actions.all(a, a.startsWith("x") || aws.resources.exists(b, b.endsWith("y") && a == "z"))',
            [("aws.iam_actions", "startsWith", "x"), ("aws.resources", "endsWith", "y"), ("aws.iam_actions", "==", "z")],
        ),
        (
            'aws.service.startsWith("i") && aws.path.contains("p")',
            [("aws.service", "startsWith", "i"), ("aws.path", "contains", "p")],
        ),
        ('aws.action.matches("^Get.*")', [("aws.action", "matches", "^Get.*")]),
        ('"i".startsWith(aws.service) || aws.service.lowerAscii() == "x"', []),
        ('aws.params.Bucket == "x" || aws.account == aws.account_name', []),
        ('aws.params.Names.exists(one, one == "x") || aws.params.Names.exists(one, one.name == "x")', []),
        (
            'aws.policies.exists(p, p.member == "P" && p.statements.exists(s, s.effect != "a" && s.actions.exists(a, a == "b")))',
            [
                ("aws.policies.member", "==", "P"),
                ("aws.policies.statements.effect", "==", "a"),
                ("aws.policies.statements.actions", "==", "b"),
            ],
        ),
        ('aws.resources.exists(x, aws.params.Names.exists(x, x == "foo"))', []),
        ("aws.service ==", []),
    ],
)
def test_the_texts_are_found_in_their_order(condition, found):
    assert [(one.facet, one.how, one.text) for one in compared(condition)] == found


@pytest.mark.parametrize(
    ("condition", "services", "actions", "params"),
    [
        ('aws.service == "s3" && aws.action in ["A", "B"]', {"s3"}, {"A", "B"}, ()),
        ('aws.action == "A" && (aws.service in ["a", "b"] && "b" == aws.service)', {"b"}, {"A"}, ()),
        ('aws.service == "s3" || aws.action == "A"', None, None, ()),
        ('aws.service != "s3" && !(aws.action == "A")', None, None, ()),
        ('aws.service in ["s3", aws.region]', None, None, ()),
        ('(aws.service == "s3") == false && (aws.action in ["A"]) == true', None, None, ()),
        ('has(aws.params.A) && aws.params["B"].C == "x" && aws.params.A != ""', None, None, ("A", "B")),
        ('aws.params.exists(name, name == "A")', None, None, ()),
    ],
)
def test_what_it_names(condition, services, actions, params):
    found = names_of(condition)
    assert (found.services, found.actions, found.params) == (services, actions, params)


@pytest.mark.parametrize(
    ("condition", "facet"),
    [
        ('aws.service == "s3" && aws.access == "read" && aws.service in ["ec2", "iam"]', "aws.service"),
        ('aws.region == "a" && "b" == aws.region', "aws.region"),
        ('aws.service == "s3" && aws.service in ["ec2", "s3"]', None),
        ('aws.service == "s3" || aws.service == "ec2"', None),
        ('"a" in aws.iam_actions && "b" in aws.iam_actions', None),
        ('aws.service == "s3" && aws.service != "ec2"', None),
    ],
)
def test_a_facet_that_would_need_two_values(condition, facet):
    assert names_of(condition).never == facet


def test_what_is_not_sound_names_nothing():
    assert names_of("aws.service ==") is None
