"""`trio-gate task`: needs in words of one line, and the answer in one."""

from __future__ import annotations

import argparse
import json

import pytest

from tests.cli.agents.test_asking import gateway, keys
from trio_gate.cli.agents import task

__all__ = ["keys"]


def parsed(*words):
    parser = argparse.ArgumentParser()
    task.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.usefixtures("keys")
def test_what_is_needed_is_sent_and_what_is_granted_said(capsys):
    body = b'{"task": "t1", "uses": 5, "expires": "2026-01-15T12:00:00Z"}'
    needs = (
        "--need",
        's3:PutObject,DeleteObject where aws.params.Bucket == "b"',
        "--need",
        "*:read",
        "--need",
        "dynamodb:write in 222222222222",
    )
    with gateway(body=body) as (at, got):
        assert task.run(parsed("move it", *needs, "--uses", "5", "--minutes", "9", "--gateway", f"http://{at}")) == 0
    assert json.loads(got[0][2]) == {
        "purpose": "move it",
        "needs": [
            {"service": "s3", "actions": ["PutObject", "DeleteObject"], "match": 'aws.params.Bucket == "b"'},
            {"access": "read"},
            {"service": "dynamodb", "access": "write", "account": "222222222222"},
        ],
        "uses": 5,
        "minutes": 9,
    }
    assert capsys.readouterr().out == "task t1 lets up to 5 calls through until 2026-01-15T12:00:00Z\n"


@pytest.mark.usefixtures("keys")
def test_dangers_are_asked_for_by_name(capsys):
    body = b'{"task": "t1", "uses": 5, "expires": "2026-01-15T12:00:00Z"}'
    with gateway(body=body) as (at, got):
        words = ("--danger", "dynamodb:DeleteTable where true", "--extend", "t1", "--gateway", f"http://{at}")
        assert task.run(parsed("drop it", *words)) == 0
    assert json.loads(got[0][2])["extends"] == "t1"
    line = {"service": "dynamodb", "actions": ["DeleteTable"], "match": "true", "danger": True}
    assert json.loads(got[0][2])["needs"] == [line]
    with pytest.raises(SystemExit):
        parsed("drop it", "--danger", "dynamodb:write")
    assert "dangers are asked for by name" in capsys.readouterr().err
    assert task.run(parsed("nothing")) == 2
    assert "nothing is asked for" in capsys.readouterr().err


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, b'{"message": "denied by a person"}', "denied by a person (status 403)"),
        (200, b'{"task": "t1"}', "not a gateway of this version"),
    ],
)
def test_what_is_not_granted_is_the_exit_status(capsys, status, body, said):
    with gateway(status, body) as (at, _):
        assert task.run(parsed("move it", "--need", "s3:PutObject", "--gateway", f"http://{at}")) == 1
    shown = capsys.readouterr()
    assert (shown.out, said in shown.err) == ("", True)


@pytest.mark.parametrize("text", ["s3", "s3:", "S3:PutObject", "s3:Put Object", "s3:PutObject in prod", "s3:PutObject where"])
def test_what_is_no_need(capsys, text):
    with pytest.raises(SystemExit):
        parsed("move it", "--need", text)
    assert "a need is SERVICE:OPERATION" in capsys.readouterr().err
