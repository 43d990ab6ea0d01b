"""`trio-gate profiles`: as botocore reads them."""

from __future__ import annotations

import pytest
from botocore.configloader import load_config

from tests.cli.wiring.kit import SECRET, status_of


def test_there_is_one_for_each_account(config, capsys, tmp_path):
    assert status_of("profiles", "ci", "--config", config) == 0
    (tmp_path / "aws").write_text(capsys.readouterr().out)
    found = load_config(str(tmp_path / "aws"))["profiles"]
    assert [*found] == ["ci-prod", "ci-staging", "ci-333333333333"]
    assert found["ci-staging"] == {
        "aws_access_key_id": "AKIA222222222222CI01",
        "aws_secret_access_key": SECRET,
        "region": "eu-west-1",
        "endpoint_url": "http://127.0.0.1:8081",
    }


def test_a_proxy_cannot_be_in_one_and_that_is_said(config, capsys):
    assert status_of("profiles", "token", "--config", config) == 0
    out, err = capsys.readouterr()
    assert "ca_bundle = " in out
    assert "endpoint_url" not in out
    assert err == "trio-gate profiles: a profile cannot name a proxy: set HTTPS_PROXY, as `trio-gate env` prints it\n"


def test_a_file_is_only_for_its_owner_and_replaced_only_if_it_is_ours(config, capsys, tmp_path):
    file = tmp_path / "profiles"
    for _ in range(2):
        assert status_of("profiles", "ci", "--config", config, "--write", str(file)) == 0
        assert (file.stat().st_mode & 0o777, len(load_config(str(file))["profiles"])) == (0o600, 3)
    assert capsys.readouterr() == ("", "")
    file.write_text("[default]\n")
    assert status_of("profiles", "ci", "--config", config, "--write", str(file)) == 2
    assert (file.read_text(), "name another file" in capsys.readouterr().err) == ("[default]\n", True)


@pytest.mark.parametrize("place", ["none/profiles", ""])
def test_a_file_that_cannot_be_written(config, capsys, tmp_path, place):
    assert status_of("profiles", "ci", "--config", config, "--write", str(tmp_path / place)) == 2
    assert capsys.readouterr().err.startswith(f"trio-gate profiles: cannot write {tmp_path}")
