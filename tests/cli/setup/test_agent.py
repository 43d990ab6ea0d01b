"""`trio-gate agent`: what it prints, and that what it writes works."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path

import pytest

from tests.cli.wiring.kit import CONFIG, placed, status_of


def test_a_new_agent_is_printed_with_its_secret(run, config):
    before = Path(config).read_bytes()
    status, out, _ = run("agent", "new", "my-agent", "--account", "prod")
    secret = re.search(r"^TRIO_GATE_AGENT_MY_AGENT=([A-Za-z0-9_-]{40})$", out, re.MULTILINE)[1]
    block = 'agent "my-agent" {\n  key_suffix = "MYAGENT01"\n  secret     = env("TRIO_GATE_AGENT_MY_AGENT")\n  accounts   = ["111111111111"]\n}\n'
    assert (status, out.endswith(block), Path(config).read_bytes() == before) == (0, True, True)
    assert secret not in run("agent", "new", "my-agent")[1]


def test_without_a_configuration_an_agent_can_be_made_too(monkeypatch, capsys):
    monkeypatch.setenv("TRIO_GATE_CONFIG", "")
    assert status_of("agent", "new", "ci", "--account", "111111111111") == 0
    assert 'accounts   = ["111111111111"]' in capsys.readouterr().out
    assert status_of("agent", "new", "ci", "--write") == 2
    assert capsys.readouterr().err == "trio-gate agent new: there is no configuration to write to: name it by --config\n"


def test_what_is_written_is_an_agent_whose_secret_is_in_a_file(run, tmp_path, config):
    before = Path(config).read_text()
    status, out, _ = run("agent", "new", "ci2", "--write")
    written = Path(config).read_text()
    assert (status, written.startswith(before), 'secret     = file("secrets/agent-ci2")' in written) == (0, True, True)
    secret = (tmp_path / "secrets/agent-ci2").read_text().strip()
    assert (len(secret), secret in out + written) == (40, False)
    _, shown, _ = run("env", "ci2", "--account", "prod", "--format", "json")
    assert json.loads(shown)["AWS_SECRET_ACCESS_KEY"] == secret


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ci",), "the agent ci is there already, at "),
        (("1",), "a name has at most 64 letters"),
        (("new", "--account", "other"), "--account other names no account or several: there are prod, staging, 333333333333"),
    ],
)
def test_an_agent_that_cannot_be(run, words, said):
    status, out, err = run("agent", "new", *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"trio-gate agent new: {said}")


def test_a_secret_file_that_is_there_is_kept_and_another_one_is_made(run, tmp_path, config):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/agent-new").write_text("other")
    status, _, _ = run("agent", "new", "new", "--write")
    assert (status, (tmp_path / "secrets/agent-new").read_text()) == (0, "other")
    assert 'file("secrets/agent-new.2")' in Path(config).read_text()
    assert len((tmp_path / "secrets/agent-new.2").read_text().strip()) == 40


def test_where_the_block_cannot_be_written_no_secret_is_left(run, tmp_path, config):
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(Path(config).read_bytes()) + 30, -1))  # bytes that a file may have
    before = Path(config).read_bytes()
    try:
        status, out, err = run("agent", "new", "new", "--write")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    assert (status, out, err) == (2, "", f"trio-gate agent new: {config}: File too large\n")
    assert (Path(config).read_bytes(), [*(tmp_path / "secrets").iterdir()]) == (before, [])


def test_agents_are_listed(run):
    assert run("agent", "list")[1].splitlines() == [
        "ci                   CI01             prod, staging, 333333333333  (2 secrets)",
        "token                TOK01            staging  (proxy token)",
        "job                  JOB01            staging  (certificate, identity token)",
    ]
    lines = [json.loads(line) for line in run("agent", "list", "--json")[1].splitlines()]
    assert lines[1] == {"name": "token", "key_suffix": "TOK01", "accounts": ["staging"], "needs": ["proxy token"], "secrets": 1}


def test_a_new_secret_stands_beside_the_old_ones(run, config):
    _, out, _ = run("agent", "rotate", "ci")
    assert re.search(r"^TRIO_GATE_AGENT_CI=[A-Za-z0-9_-]{40}$", out, re.MULTILINE)
    assert '  secrets = [env("TRIO_GATE_AGENT_CI"), env("TEST_CI_NEW"), env("TEST_CI_OLD")]\n' in out
    assert "Restart the gateway with the variable" in out
    _, out, _ = run("agent", "rotate", "token")
    assert "a-secret-of-sixteen-or-more" not in out
    assert '"(the secret that stands there now)"' in out


def test_a_new_secret_that_is_written_is_in_a_file_of_its_own_which_a_reload_reads(run, tmp_path, config):
    before = Path(config).read_bytes()
    for name in ("agent-ci", "agent-ci.2"):
        status, out, _ = run("agent", "rotate", "ci", "--write")
        file = tmp_path / "secrets" / name
        assert (status, len(file.read_text().strip()), file.stat().st_mode & 0o777) == (0, 40, 0o600)
        assert f'  secrets = [file("secrets/{name}"), env("TEST_CI_NEW"), env("TEST_CI_OLD")]\n' in out
        assert ("env(" not in out.partition("# 3.")[2], file.read_text().strip() in out) == (True, False)
    assert Path(config).read_bytes() == before


def test_no_agent_gets_more_secrets_than_it_may_have(tmp_path, capsys):
    config = placed(tmp_path, CONFIG.replace('env("TEST_CI_OLD")', ", ".join(f'env("OLD{number}")' for number in range(3))))
    assert status_of("agent", "rotate", "ci", "--config", config) == 2
    assert "ci has 4 secrets, the most that an agent may have" in capsys.readouterr().err
