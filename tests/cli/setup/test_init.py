"""`trio-gate init`: what it makes passes `check`, is its owner's alone, and takes nothing's place."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import resource
import subprocess

import pytest

from tests.cli.wiring.kit import status_of
from tests.kit.gateway import TRIO_GATE
from trio_gate.cli.setup.policies import Needs, files

PRINCIPAL = "arn:aws:iam::999999999999:user/gateway"
GIVEN = (
    "--offline",
    "--account",
    "111111111111=prod",
    "--account",
    "222222222222",
    "--principal",
    PRINCIPAL,
    "--person",
    "alice",
)


@pytest.fixture
def made(tmp_path, monkeypatch, capsys):
    """The folder that was made with all options, and what was printed."""
    monkeypatch.delenv("TRIO_GATE_CONFIG", raising=False)
    folder = tmp_path / "gate"
    assert status_of("init", *GIVEN, "--dir", str(folder)) == 0
    return folder, capsys.readouterr().out


def test_what_it_makes_passes_check_and_works(made, capsys):
    folder, out = made
    config = str(folder / "gateway.hcl")
    assert status_of("check", config) == 0
    said = capsys.readouterr().out
    assert "prod" in said
    assert "warning" not in said
    token = re.search(r"^tg_\S{43}$", out, re.MULTILINE)[0]
    assert hashlib.sha256(token.encode()).hexdigest() in (folder / "gateway.hcl").read_text()
    assert status_of("env", "ci", "--account", "prod", "--config", config, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["AWS_SECRET_ACCESS_KEY"] == (folder / "secrets/agent-ci").read_text().strip()


def test_what_it_says_to_do_next_is_for_a_shell(tmp_path, capsys):
    folder = tmp_path / "my gate"
    assert status_of("init", *GIVEN, "--dir", str(folder)) == 0
    assert f"  2. trio-gate doctor --config '{folder}/gateway.hcl'\n" in capsys.readouterr().out


def test_all_is_for_its_owner_alone(made):
    folder, _ = made
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert (modes, {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*")) if path.is_dir()}) == ({0o600}, {0o700})


def test_the_policies_are_for_what_was_asked(made):
    folder, _ = made
    accounts, managed = ["111111111111", "222222222222"], ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    needs = Needs(partition="aws", principal=PRINCIPAL, role="trio-gate", accounts=accounts, managed=managed)
    assert {name: (folder / "aws" / name).read_text() for name in files(needs)} == files(needs)


def test_nothing_is_overwritten(made, capsys):
    folder, _ = made
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert status_of("init", *GIVEN, "--dir", str(folder)) == 1
    assert capsys.readouterr().err == f"trio-gate init: {folder}/gateway.hcl is there already: name another folder by --dir\n"
    (folder / "gateway.hcl").unlink()
    assert status_of("init", *GIVEN, "--dir", str(folder)) == 1
    (folder / "aws").rename(folder / "away")
    assert status_of("init", *GIVEN, "--dir", str(folder)) == 1
    assert capsys.readouterr().err.endswith(f"cannot write {folder}/secrets/agent-ci: File exists\n")
    assert (folder / "secrets/agent-ci").read_bytes() == before[folder / "secrets/agent-ci"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--principal", PRINCIPAL),
            "accounts that agents may reach, such as 111111111111=prod, …: not known, so pass --account",
        ),
        (("--account", "111111111111"), "ARN of the base key's user or role: not known, so pass --principal"),
        (("--account", "1"), "--account 1: each is an id of 12 digits, once, and perhaps =LABEL"),
        (("--account", "111111111111", "--account", "111111111111=x"), "--account 111111111111 111111111111=x: each is"),
        (("--account", '111111111111=a"b'), '--account 111111111111=a"b: each is'),
        (
            ("--account", "111111111111", "--person", "a b"),
            "who approves: a name of letters, digits, - and _ is needed, not 'a b'",
        ),
        (
            ("--account", "111111111111", "--principal", "arn:aws:iam::999999999999:root"),
            "ARN of the base key's user or role: an ARN",
        ),
        (
            ("--account", "111111111111", "--principal", PRINCIPAL, "--region", "cn-north-1"),
            f"{PRINCIPAL} is of the partition aws, and the region cn-north-1 of aws-cn: pass others",
        ),
        (
            ("--account", "111111111111", "--principal", PRINCIPAL, "--managed-policy", "arn:aws-cn:iam::aws:policy/X"),
            "arn:aws-cn:iam::aws:policy/X is of the partition aws-cn",
        ),
        (
            ("--account", "111111111111", "--principal", PRINCIPAL, "--managed-policy", 'x"}'),
            "--managed-policy 'x\"}': an ARN such as arn:aws:iam::aws:policy/ReadOnlyAccess is needed",
        ),
        (
            ("--account", "111111111111", "--principal", "arn:aws:iam::999999999999:role/${x}/y"),
            "ARN of the base key's user or role: an ARN",
        ),
        (
            ("--account", "111111111111=x", "--account", "222222222222=x"),
            "--account 111111111111=x 222222222222=x: a label means one account",
        ),
        (
            ("--account", "111111111111=222222222222", "--account", "222222222222"),
            "--account 111111111111=222222222222 222222222222: a label means one account",
        ),
        (("--profile", 'a"b'), "--profile: the name of a profile is needed"),
    ],
)
def test_what_is_not_known_or_wrong_is_named(tmp_path, capsys, words, said):
    assert status_of("init", "--offline", "--dir", str(tmp_path / "x"), *words) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"trio-gate init: {said}")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "zz-north-1"])
def test_all_arns_are_of_the_partition(tmp_path, capsys, region):
    partition = {"cn": "aws-cn", "us": "aws-us-gov", "zz": "aws-us-gov"}[
        region[:2]
    ]  # of an unknown region, that of the principal
    words = ("--account", "111111111111", "--region", region, "--principal", PRINCIPAL.replace("aws", partition))
    assert status_of("init", "--offline", "--dir", str(tmp_path / "x"), *words) == 0
    texts = [path.read_text() for path in (tmp_path / "x" / "aws").rglob("*") if path.is_file()]
    assert {found for text in texts for found in re.findall(r"arn:([^:]+):", text)} == {partition}


def test_where_not_all_can_be_written_nothing_is_left(tmp_path, capsys):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))  # bytes that a file may have
    try:
        status = status_of("init", *GIVEN, "--dir", str(tmp_path / "x"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    assert (status, capsys.readouterr().err.splitlines()[-1]) == (
        1,
        f"trio-gate init: cannot write {tmp_path}/x/gateway.hcl: File too large",
    )
    assert [path for path in (tmp_path / "x").rglob("*") if path.is_file()] == []


def test_at_a_terminal_it_asks(tmp_path):
    master, slave = pty.openpty()
    command = [*TRIO_GATE, "init", "--offline", "--region", "eu-west-1", "--dir", str(tmp_path / "x")]
    with subprocess.Popen(command, stdin=slave, stdout=subprocess.PIPE, stderr=slave, text=True) as process:
        os.close(slave)
        answers = [
            "1",
            "111111111111=prod, 222222222222",
            "alice",
            "",
            "gate",
            "",
            PRINCIPAL,
        ]  # the first and the empty one are asked again
        os.write(master, "".join(f"{answer}\n" for answer in answers).encode())
        out = process.stdout.read()
    os.close(master)
    assert process.returncode == 0
    text = (tmp_path / "x/gateway.hcl").read_text()
    for part in ('"111111111111=prod"', '"222222222222"', 'person "alice"', 'agent "ci"', 'role       = "gate"', '"eu-west-1"'):
        assert part in text
    assert "trio-gate exec ci --account prod" in out
    assert "may_monitor" in text
