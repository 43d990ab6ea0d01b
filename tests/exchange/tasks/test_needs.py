"""The lines of a task: each covers what it says and nothing else, and people read all of it."""

from __future__ import annotations

import pytest

from tests.exchange.tasks.kit import DROP, OBJECTS, covers, read, task
from trio_gate.errors import Malformed
from trio_gate.policy.cel import check


def test_a_task_covers_its_lines_and_nothing_else():
    made = task(OBJECTS, {"service": "dynamodb", "access": "write"})
    assert not [fault for fault in check(made.predicate) if fault.fatal]
    put = {"service": "s3", "operation": "PutObject", "access": "write", "params": {"Bucket": "b"}}
    assert covers(made, **put) is True
    assert covers(made, **{**put, "params": {"Bucket": "c"}}) is False
    assert covers(made, **{**put, "params": {}}) is not True
    assert covers(made, **{**put, "operation": "PutObjectAcl"}) is False
    assert covers(made, service="dynamodb", operation="PutItem", access="write") is True
    assert covers(made, service="dynamodb", operation="GetItem", access="read") is False
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False  # a danger


def test_dangers_are_covered_by_the_lines_that_ask_for_them_by_name_and_no_others():
    made = task(OBJECTS, {"service": "dynamodb", "access": "write"}, DROP)
    assert made.dangers == (3,)
    assert (
        made.lines[2]
        == "dynamodb: DeleteTable, dangers included (DeleteTable may delete or replace for good), whose TableName is t"
    )
    danger = {"service": "dynamodb", "operation": "DeleteTable", "access": "write", "destroys": True}
    assert covers(made, **danger, params={"TableName": "t"}) is True
    assert covers(made, Session(), **danger, params={"TableName": "t"}) is False
    assert covers(made, **danger, params={"TableName": "u"}) is False
    assert covers(made, **{**danger, "operation": "DeleteBackup"}, params={"TableName": "t"}) is False
    assert covers(task(OBJECTS, {**DROP, "danger": False}), **danger, params={"TableName": "t"}) is False


def test_a_comment_takes_nothing_out_of_a_line():
    made = task({"service": "dynamodb", "access": "write", "match": "true // anything"})
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False
    assert covers(made, service="dynamodb", operation="PutItem", access="write") is True


@pytest.mark.parametrize("match", ["true || true", "false || aws.service != ''", "aws.access == 'write' || true"])
def test_no_condition_leads_out_of_its_line(match):
    made = task({**OBJECTS, "match": match})
    assert covers(made, service="s3", operation="PutObject", access="write") is True
    assert covers(made, service="s3", operation="PutObjectAcl", access="write") is False
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False
    assert covers(made, Session(), service="s3", operation="PutObject", access="write") is False


class Session:
    role, chain = "arn:aws:iam::111111111111:role/other", ("arn:aws:iam::111111111111:role/other",)


def test_calls_of_other_roles_are_not_covered():
    made = task({"service": "s3", "access": "write"})
    assert covers(made, service="s3", operation="PutObject", access="write") is True
    assert covers(made, Session(), service="s3", operation="PutObject", access="write") is False


def test_a_line_says_which_dangers_its_operations_may_have():
    line = {"service": "s3", "actions": ["GetObject", "DeleteObject", "Nothing"], "danger": True}
    known = "s3: GetObject, DeleteObject, Nothing, dangers included (DeleteObject may delete or replace for good and turn a guard off; "
    assert task(line).lines == (known + "Nothing may do what is not known here)",)


def test_what_comes_after_a_gap_cannot_be_overlooked():
    hidden = 'aws.params.Bucket == "archive"' + " " * 9 + "|| true"
    with pytest.raises(Malformed, match="line 1 of `needs`: `match` has many blanks in a row"):
        read({**OBJECTS, "match": hidden})
    indented = 'aws.params.Bucket == "archive"\n' + " " * 7 + "|| true"
    assert "|| true" in task({**OBJECTS, "match": indented}).lines[0]
