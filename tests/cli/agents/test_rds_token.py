"""`trio-gate rds-token`: the token alone on standard output."""

from __future__ import annotations

import argparse
import json

import pytest

from tests.cli.agents.test_asking import gateway, keys
from trio_gate.cli.agents import rds_token

__all__ = ["keys"]


def run(status=200):
    parser = argparse.ArgumentParser()
    rds_token.add_arguments(parser)
    with gateway(status) as (at, got):
        done = rds_token.run(parser.parse_args(["db.example", "--port", "5432", "--user", "me", "--gateway", f"http://{at}"]))
    assert (got[0][0], json.loads(got[0][2])) == ("/-/agent/rds-token", {"host": "db.example", "port": 5432, "user": "me"})
    return done


@pytest.mark.usefixtures("keys")
def test_the_token_is_the_url_without_its_scheme(capsys):
    assert run() == 0
    assert capsys.readouterr().out == "s3.example/k?a=b\n"


@pytest.mark.usefixtures("keys")
def test_a_refusal_is_no_token(capsys):
    assert run(403) == 1
    assert capsys.readouterr().out == ""
