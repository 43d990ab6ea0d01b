"""Conditions of recorded calls: true or false only of what the record holds, and undecided of all that it masks, cuts or lacks."""

from __future__ import annotations

import pytest

from tests.kit.facets import facets
from tests.kit.records import NOW, intent, read
from trio_gate.audit.recorded_call import facets_of_row
from trio_gate.audit.redact import params_text
from trio_gate.audit.rows import intent_row
from trio_gate.facet.schema import FACETS
from trio_gate.facet.values import UNKNOWN
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence, compile_condition


def row(params=None, **fields):
    given = {"params": params_text(params)} if params is not None else {}
    return read(intent_row(intent(**{**given, **fields})))


def holds(condition, found):
    try:
        return compile_condition(condition).holds(Evidence(facets_of_row(found)))
    except Undecided:
        return None


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ('aws.service == "s3" && aws.action == "GetObject"', True),
        ('aws.resources == ["arn:aws:s3:::b/k"]', True),
        ('aws.resources.all(arn, arn.startsWith("arn:aws:s3:::c/"))', False),
        ('aws.params.Bucket == "b"', True),
        ("has(aws.params.Key)", False),
        ('agent.name == "ci" && aws.account_name == "prod" && aws.region == "us-east-1"', True),
        ("!has(aws.session_role)", True),
        ("aws.session_chain == []", True),
        ("aws.presigned", False),
        ("aws.runs_code", None),
        ('aws.level != "danger"', None),
        ('aws.resource == "arn:aws:s3:::b/k"', None),
        ("aws.vends_credentials || aws.access == 'read'", True),
        ("request.time < timestamp('2000-01-01T00:00:00Z')", False),
    ],
)
def test_a_condition_is_decided_by_what_the_row_holds(condition, true):
    assert holds(condition, row()) is true


@pytest.mark.parametrize(
    ("fields", "condition", "true"),
    [
        ({"level": "danger"}, 'aws.level != "danger"', False),
        ({"agent": None}, "has(agent.name)", False),
        ({"presigned": 60}, "aws.presigned", True),
        ({"session": '{"chain":["arn:a","arn:b"],"key_id":"k","role":"arn:b"}'}, 'aws.session_role == "arn:b"', True),
        ({"session": '{"chain":["arn:a","arn:b"],"key_id":"k","role":"arn:b"}'}, 'aws.session_chain[0] == "arn:a"', True),
        ({"resources": None}, "size(aws.resources) == 1", None),
        ({"resources": '["arn:a",{"$more":{"count":1}}]'}, 'aws.resources.exists(arn, arn == "arn:a")', None),
        ({"resources": '["arn:a\\u2026 (3000 characters)"]'}, 'aws.resources.all(arn, arn.startsWith("arn:"))', None),
    ],
)
def test_what_is_cut_or_not_there_is_not_guessed(fields, condition, true):
    assert holds(condition, row(**fields)) is true


def test_parameters_that_were_not_kept_are_unknown():
    assert holds('aws.params.Bucket == "b"', read(intent_row(intent(params=None)))) is None


@pytest.mark.parametrize(
    ("params", "condition", "true"),
    [
        ({"Password": "correct-horse", "Name": "x"}, 'aws.params.Password == "y"', None),
        ({"Password": "correct-horse", "Name": "x"}, "has(aws.params.Password)", None),
        ({"Password": "correct-horse", "Name": "x"}, 'aws.params.Name == "x"', True),
        ({"Blob": b"abc"}, 'aws.params.Blob == "YWJj"', None),
        ({"Text": "x" * 5000}, 'aws.params.Text.startsWith("x")', None),
        ({"Open": UNKNOWN}, "aws.params.Open == 1", None),
        ({"A": {"B": ["c", {"D": 1}]}}, "aws.params.A.B[1].D == 1", True),
        ({"A": {"AKIAIOSFODNN7EXAMPLE": "x", "B": "c"}}, 'aws.params.A.B == "c"', None),
        ({f"M{number}": "x" * 1000 for number in range(40)}, "has(aws.params.Other)", None),
        ({"L": ["x" * 1000] * 40}, "size(aws.params.L) == 40", None),
    ],
)
def test_what_is_masked_or_cut_among_the_parameters_is_unknown(params, condition, true):
    assert holds(condition, row(params)) is true


def test_every_facet_that_a_row_tells_is_what_it_was_of_the_call():
    made = intent(level="fact")
    call = {
        name: getattr(made, name) for name in ("service", "operation", "account", "partition", "region", "iam_action", "access")
    }
    more = {"host": made.host, "method": made.method, "path": made.path, "params": {"Bucket": "b"}}
    of_call = facets(**call, **more, resources=("arn:aws:s3:::b/k",), time=NOW)
    of_row, told = facets_of_row(read(intent_row(made))), set()
    for path in (tuple(name.split(".")) for name in FACETS if name != "request.time"):
        if of_row[path] is not UNKNOWN:
            told.add(".".join(path))
            assert of_row[path] == of_call[path], path
    assert (len(told), of_row.time) == (18, NOW)
    assert "aws.iam_actions" not in told
