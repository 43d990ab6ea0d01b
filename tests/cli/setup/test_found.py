"""What this machine says of AWS."""

from __future__ import annotations

import pytest

from trio_gate.cli.setup.found import found


@pytest.fixture
def key(embedded_aws, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", embedded_aws.base_access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", embedded_aws.base_secret_access_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"https://localhost:{embedded_aws.port}")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(embedded_aws.ca_file))


def test_whose_key_there_is_and_where(key, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    known = found(None, None)
    assert (known.region, known.account, known.arn, known.trouble) == (
        "eu-west-1",
        "999999999999",
        "arn:aws:iam::999999999999:user/gateway",
        None,
    )
    assert found(None, "us-west-2").region == "us-west-2"


def test_a_key_that_aws_refuses_and_none_are_no_key(key, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert "SignatureDoesNotMatch" in found(None, None).trouble
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    known = found(None, None)
    assert (known.region, known.account, known.arn) == ("us-east-1", None, None)
    assert known.trouble.startswith("no base key in the AWS_ variables")


def test_a_profile_that_is_not_there_is_trouble():
    assert found("nope", None).trouble == "the AWS config files have no profile nope"


def test_a_program_that_never_says_a_key_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("[profile slow]\ncredential_process = sleep 600\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr("trio_gate.cli.setup.found.PATIENCE", 0.2)
    assert "could not be read" in found("slow", None).trouble


def test_sts_is_left_alone_where_that_is_asked_for(key):
    assert found(None, None, ask=False).trouble == "it was not asked"
