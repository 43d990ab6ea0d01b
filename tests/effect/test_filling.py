"""Templates, filled with what a call sends."""

from __future__ import annotations

import pytest

from tests.kit.aws.effects import effect
from tests.kit.calls import make_call
from trio_gate.effect.filling import MASKED, filled, templated
from trio_gate.effect.sentence import told

CALL = make_call()


def said(text, params):
    parts = filled(text, CALL, params)
    return None if parts is None else told(parts).sentence


@pytest.mark.parametrize(
    ("text", "params", "sentence"),
    [
        ("Read {Key} from {Bucket}", {"Key": "a.csv", "Bucket": "b-1"}, "Read a.csv from b-1"),
        ("Read {Key} from {Bucket}", {"Key": "a.csv"}, None),
        ("Read {Key}[ from {Bucket}]", {"Key": "a.csv"}, "Read a.csv"),
        ("Read {Key}[ from {Bucket}]", {"Key": "a.csv", "Bucket": "b-1"}, "Read a.csv from b-1"),
        ("Stop {Ids|instance}", {"Ids": ["i-1", "i-2", "i-1"]}, "Stop 2 instances (i-1, i-2)"),
        ("Stop {A.B.C}", {"A": [{"B": {"C": "x-1"}}, {"B": {"C": "x-2"}}]}, "Stop x-1, x-2"),
        ("Read {Key.*.*}", {"Key": {"id": {"S": "o-1"}}}, "Read o-1"),
        ("Start {N} of {On}", {"N": 8, "On": True}, "Start 8 of true"),
        ("Start {N}", {"N": "8"}, 'Start "8"'),
        ("Read {Key}", {"Key": {"$masked": {"length": 8}}}, f"Read {MASKED}"),
        ("Read {Key}", {"Key": ""}, None),
        ("Read {Key}", {"Key": b"x"}, None),
    ],
)
def test_a_template_takes_what_is_sent_and_leaves_out_what_is_not(text, params, sentence):
    assert said(text, params) == sentence


def test_an_operation_without_a_template_has_none():
    assert templated(make_call(operation="GetObjectTorrent"), {}) is None


def test_the_first_template_fits_whose_members_are_sent():
    assert effect("ec2.DescribeVpcs", {}).sentence == "List networks"
    assert effect("ec2.DescribeVpcs", {"VpcIds": ["vpc-1"]}).sentence == "Look at network vpc-1"
