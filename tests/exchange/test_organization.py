"""What an organization is asked, and what of its answers counts."""

import json
from dataclasses import replace

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.exchange.organization import answered_name, asking_role, question

ACCOUNT = "111111111111"
ROLE = "arn:aws:iam::999999999999:role/names"
GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n'


def answer(status=200, **account):
    return status, json.dumps({"Account": {"Id": ACCOUNT, "Name": "Production", **account}}).encode()


def test_the_role_of_another_account_asks():
    (endpoint,) = load(GATEWAY + BASE + MAIN).endpoints
    assert asking_role(endpoint) is None
    found = asking_role(replace(endpoint, organization_role=ROLE))
    assert (found.account, found.role_arn, found.partition, found.session_name) == ("999999999999", ROLE, "aws", "trio-gate")


def test_the_question_names_operation_and_account():
    head, body = question("organizations.us-east-1.amazonaws.com", ACCOUNT)
    assert head.one("x-amz-target") == "AWSOrganizationsV20161128.DescribeAccount"
    assert json.loads(body) == {"AccountId": ACCOUNT}


def test_a_name_is_read():
    assert answered_name(*answer(), ACCOUNT) == "Production"


def test_an_account_of_nobody_has_no_name():
    for code in ("AccountNotFoundException", "com.amazonaws.organizations#AccountNotFoundException"):
        assert answered_name(400, json.dumps({"__type": code}).encode(), ACCOUNT) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        answer(Id="222222222222"),
        answer(Name=""),
        answer(Name="a" * 51),
        answer(Name="a\nb"),
        answer(Name="a\N{RIGHT-TO-LEFT OVERRIDE}b"),
        answer(Name=5),
        answer(500),
        (200, b""),
        (200, b"[]"),
        (200, b'{"Account": {"Id": "111111111111", "Id": "222222222222", "Name": "a"}}'),
        (200, b'{"__type": "AccountNotFoundException"}'),
        (400, b'{"__type": "AccessDeniedException"}'),
        (400, b'{"__type": "a b"}'),
        (502, b"<html>"),
    ],
)
def test_all_else_is_no_answer(status, body):
    with pytest.raises(ValueError, match=str(status) if status != 200 else "name of this|no JSON"):
        answered_name(status, body, ACCOUNT)
