"""`trio-gate presign`: the URL alone on standard output."""

from __future__ import annotations

import argparse

import pytest

from tests.cli.agents.test_asking import ANSWER, gateway, keys
from trio_gate.cli.agents import presign

__all__ = ["keys"]


def parsed(*words):
    parser = argparse.ArgumentParser()
    presign.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.usefixtures("keys")
def test_the_fields_to_send_are_said_beside_the_url(capsys):
    body = b'{"url": "https://s3.example/k?a=b", "headers": {"x-a": "1"}, "seconds": 4, "expires": "2026-01-15T12:00:00Z"}'
    with gateway(body=body) as (at, got):
        assert presign.run(parsed("s3://photos/a/b c", "--method", "PUT", "--expires-in", "5", "--gateway", f"http://{at}")) == 0
    assert got[0][2] == b'{"bucket": "photos", "key": "a/b c", "method": "PUT", "expires": 5}'
    said = capsys.readouterr()
    assert said.out == f"{ANSWER['url']}\n"
    assert said.err.splitlines() == [
        "trio-gate presign: it works for 4 seconds, until the session that signed it ends",
        "trio-gate presign: send the field `x-a: 1` with it",
    ]


@pytest.mark.usefixtures("keys")
def test_a_refusal_is_the_exit_status(capsys):
    with gateway(403, b'{"message": "no"}') as (at, _):
        assert presign.run(parsed("s3://photos/a", "--gateway", f"http://{at}")) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["photos/cat", "s3://photos", "s3://photos/", "s3:///cat", "https://photos/cat"])
def test_what_is_no_object(capsys, text):
    with pytest.raises(SystemExit):
        parsed(text)
    assert "an object is s3://BUCKET/KEY" in capsys.readouterr().err
