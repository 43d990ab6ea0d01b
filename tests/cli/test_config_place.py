"""Where a configuration is looked for, and that every verb that takes one finds it there."""

from __future__ import annotations

import os

import pytest
import trio
import trustme

from trio_gate.cli.config_place import usual
from trio_gate.cli.main import VERBS, main, parser_for

CONFIG = """
gateway { state_dir = "STATE" }
credential "aws_account" "base" {}
endpoint "aws_api" "main" {
  role       = "gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod"]
}
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home and a current folder of which none has a configuration."""
    for name in ("home", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("TRIO_GATE_CONFIG", raising=False)
    return tmp_path


def write(place, state="state"):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(CONFIG.replace("STATE", state))
    return place


def found(capsys, *words):
    """The state folder of the configuration that a verb finds, as its complaint names it."""
    status = main(["log", *words])
    err = capsys.readouterr().err
    return status, err.partition("no record in ")[2].partition(":")[0].rpartition("/")[2]


def test_the_places_are_tried_in_order(home, capsys, monkeypatch):
    write(home / "home/.config/trio-gate/gateway.hcl", "of-home")
    assert found(capsys) == (1, "of-home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    write(home / "xdg/trio-gate/gateway.hcl", "of-xdg")
    assert found(capsys) == (1, "of-xdg")
    monkeypatch.setenv("TRIO_GATE_CONFIG", str(write(home / "named.hcl", "of-variable")))
    assert found(capsys) == (1, "of-variable")
    option = str(write(home / "option.hcl", "of-option"))
    assert found(capsys, "--config", option) == found(capsys, option) == (1, "of-option")


def test_the_machine_has_a_place_and_a_relative_one_of_xdg_is_none():
    own, machine = "/home/me/.config/trio-gate/gateway.hcl", "/etc/trio-gate/gateway.hcl"
    assert usual({"XDG_CONFIG_HOME": "relative", "HOME": "/home/me"}.get) == [own, machine]
    assert usual({}.get) == [machine]
    assert usual({"HOME": "/home/me"}.get, here=True) == ["gateway.hcl", own, machine]


@pytest.mark.parametrize("verb", ["serve", "check", "ca", "log", "reload"])
def test_without_one_a_verb_says_where_it_can_be(home, capsys, verb, monkeypatch):
    write(home / "here/gateway.hcl")
    monkeypatch.setenv("TRIO_GATE_CONFIG", "")
    assert main([verb]) == 2
    said = capsys.readouterr().err
    assert said.startswith("trio-gate: no configuration: name its file by --config, set TRIO_GATE_CONFIG, or put it at ")
    assert ("or put it at gateway.hcl, " in said) is (verb == "check")


def test_what_is_named_is_not_replaced_by_what_is_found(home, capsys):
    write(home / "here/gateway.hcl")
    assert main(["check", "other.hcl"]) == 1
    assert capsys.readouterr().err == "trio-gate: cannot read other.hcl: No such file or directory\n"


def test_the_two_forms_cannot_differ(home, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check", "one.hcl", "--config", "other.hcl"])
    assert ended.value.code == 2


def test_it_is_judged_by_what_is_found(home, capsys):
    (home / "here/request").write_bytes(b"GET / HTTP/1.1\r\nhost: sts.us-east-1.amazonaws.com\r\n\r\n")
    write(home / "here/gateway.hcl").write_text("rule")
    assert main(["explain", "request"]) == 2


WORDS = {
    **dict.fromkeys(("agent", "person"), ("list",)),
    **dict.fromkeys(("agent-view", "env", "lift", "profiles", "stop"), ("ci",)),
    **dict.fromkeys(("deny", "revoke"), ("q0123456789abcdef",)),
    "approve": ("--yes",),
    "exec": ("ci", "--", "true"),
}
"""What verbs need besides the configuration."""

READING = {"check", "explain"}
"""Verbs that only read, print and compute."""


def with_a_configuration():
    parsers = next(iter(parser_for(VERBS)._subparsers._group_actions)).choices
    return {verb for verb in VERBS if "--config" in parsers[verb].format_help()} | {"agent", "person"}


@pytest.mark.parametrize("verb", sorted(with_a_configuration() - READING))
def test_a_file_that_somebody_left_in_the_current_folder_sends_runs_and_signals_nothing(home, capsys, monkeypatch, verb):
    write(home / "here/gateway.hcl")
    trustme.CA().cert_pem.write_to_path(str(write(home / "here/state/ca/own.pem")))
    monkeypatch.setenv("TRIO_GATE_TOKEN", "tg_0123456789abcdef")
    monkeypatch.setattr(trio, "run", lambda *_: pytest.fail("it goes on"))
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("it signals"))
    monkeypatch.setattr(os, "execvpe", lambda *_: pytest.fail("it runs something"))
    assert main([verb, *WORDS.get(verb, ())]) == 2
    assert "; gateway.hcl of this folder has to be named" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["pending", "approve", "status"])
def test_no_token_is_sent_to_what_the_current_folders_state_verifies(home, capsys, monkeypatch, verb):
    trustme.CA().cert_pem.write_to_path(str(write(home / "here/state/ca/own.pem")))
    monkeypatch.setenv("TRIO_GATE_TOKEN", "tg_0123456789abcdef")
    monkeypatch.setattr(trio, "run", lambda *_: pytest.fail("it goes on"))
    for words in ((), ("--url", "wss://127.0.0.1:9443")):
        assert main([verb, *WORDS.get(verb, ()), *words]) == 2
        assert "or pass --ca FILE with the gateway's own CA" in capsys.readouterr().err


def test_a_new_agent_is_of_no_account_of_a_file_that_was_left_here(home, capsys):
    write(home / "here/gateway.hcl", "of-here")
    assert main(["agent", "new", "ci"]) == 0
    assert "111111111111" not in capsys.readouterr().out


def test_check_and_explain_read_the_current_folders(home, capsys):
    write(home / "home/.config/trio-gate/gateway.hcl").write_text("rule")
    write(home / "here/gateway.hcl")
    assert main(["check"]) == 0
    assert "111111111111" in capsys.readouterr().out


def test_relative_paths_of_a_linked_file_begin_where_it_is(home, capsys):
    link = home / "here" / "gateway.hcl"
    link.symlink_to(write(home / "there" / "gateway.hcl"))
    assert main(["check", str(link)]) == 0
    assert capsys.readouterr().out.startswith(f"state in {home}/there/state\n")
    assert main(["log", str(link)]) == 1
    assert f"no record in {home}/there/state: " in capsys.readouterr().err
    assert main(["agent", "new", "ci", "--write", "--config", str(link)]) == 0
    assert f"the secret is in {home}/there/secrets/agent-ci. " in capsys.readouterr().out
    assert main(["env", "ci", "--via", "endpoint", "--config", str(link)]) in (0, 2)
    assert "secret of ci cannot be read" not in capsys.readouterr().err
    assert main(["check", str(link)]) == 0


def test_a_place_that_cannot_be_seen_is_an_error_and_no_other_is_taken(home, capsys):
    write(home / "home/.config/trio-gate/gateway.hcl")
    place = home / "home/.config/trio-gate"
    place.rename(home / "elsewhere")
    place.symlink_to(place)
    assert main(["agent", "list"]) == 2
    assert capsys.readouterr().err.startswith(f"trio-gate agent list: cannot read {place}/gateway.hcl: ")
