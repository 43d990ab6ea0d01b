"""`trio-gate profiles`: as botocore reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore.configloader import load_config

from tests.cli.wiring.kit import SECRET, status_of
from trio_gate.cli.wiring import profiles


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


OTHERS = "[default]\r\nregion = eu-west-1\n# mine\n[profile x]"


def test_a_file_keeps_what_else_it_has_and_each_agents_profiles_once(config, capsys, tmp_path):
    file = tmp_path / "aws" / "config"
    for others in ("", OTHERS):
        if others:
            file.write_bytes(others.encode())
        for agent in ("ci", "ci", "token", "ci"):
            assert status_of("profiles", agent, "--config", config, "--write", str(file)) == 0
        found = load_config(str(file))["profiles"]
        assert {*found} == {"ci-prod", "ci-staging", "ci-333333333333", "token-staging"} | ({"default", "x"} if others else set())
        assert file.read_bytes().startswith(others.encode())
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "Traceback" not in capsys.readouterr().err


def test_accounts_that_left_are_taken_out_and_a_link_stays_one(config, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write = ("--config", config, "--write", str(tmp_path / "link"))
    assert status_of("profiles", "ci", *write) == 0
    Path(config).write_text(Path(config).read_text().replace(', "333333333333"', ""))
    assert status_of("profiles", "ci", *write) == 0
    assert [*load_config(str(tmp_path / "file"))["profiles"]] == ["ci-prod", "ci-staging"]
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("[profile ci-staging]\n", " has [profile ci-staging] already, which this verb has not made: rename it\n"),
        (profiles.BEGIN.format("ci") + "[profile ci-prod]\n", " has no line '# end of trio-gate profiles ci' any more: "),
        (b"\xff", " is not a text file in UTF-8\n"),
    ],
)
def test_a_file_that_would_be_broken_is_left_alone(config, capsys, tmp_path, there, said):
    file, content = tmp_path / "config", there if isinstance(there, bytes) else there.encode()
    file.write_bytes(content)
    assert status_of("profiles", "ci", "--config", config, "--write", str(file)) == 2
    assert (file.read_bytes(), f"{file}{said}" in capsys.readouterr().err) == (content, True)


def test_what_an_older_version_made_is_replaced(config, tmp_path):
    (tmp_path / "config").write_text(f"{profiles.HEAD}[profile ci-prod]\n")
    assert status_of("profiles", "ci", "--config", config, "--write", str(tmp_path / "config")) == 0
    assert len(load_config(str(tmp_path / "config"))["profiles"]) == 3


def test_a_label_that_means_two_accounts_names_no_profile(config, capsys):
    labels = '["111111111111=x", "222222222222=x", "333333333333=444444444444", "444444444444"]'
    Path(config).write_text(
        Path(config).read_text().replace('["111111111111=prod", "222222222222=staging", "333333333333"]', labels)
    )
    assert status_of("profiles", "ci", "--config", config) == 0
    names = re.findall(r"profile ci-(\w+)", capsys.readouterr().out)
    assert names == ["111111111111", "222222222222", "333333333333", "444444444444"]


@pytest.mark.parametrize("place", ["none/none/profiles", ""])
def test_a_file_that_cannot_be_written(config, capsys, tmp_path, place):
    assert status_of("profiles", "ci", "--config", config, "--write", str(tmp_path / place)) == 2
    assert capsys.readouterr().err.startswith(f"trio-gate profiles: cannot write {tmp_path}")
