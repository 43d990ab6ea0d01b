"""Where a configuration is looked for, and that every verb that takes one finds it there."""

from __future__ import annotations

import pytest

from trio_gate.cli.config_place import usual
from trio_gate.cli.main import main

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
    write(home / "here/gateway.hcl", "of-here")
    assert found(capsys) == (1, "of-here")
    monkeypatch.setenv("TRIO_GATE_CONFIG", str(write(home / "named.hcl", "of-variable")))
    assert found(capsys) == (1, "of-variable")
    option = str(write(home / "option.hcl", "of-option"))
    assert found(capsys, "--config", option) == found(capsys, option) == (1, "of-option")


def test_the_machine_has_a_place_and_a_relative_one_of_xdg_is_none():
    assert usual({"XDG_CONFIG_HOME": "relative", "HOME": "/home/me"}.get) == [
        "gateway.hcl",
        "/home/me/.config/trio-gate/gateway.hcl",
        "/etc/trio-gate/gateway.hcl",
    ]
    assert usual({}.get) == ["gateway.hcl", "/etc/trio-gate/gateway.hcl"]


@pytest.mark.parametrize("verb", ["serve", "check", "ca", "log", "reload"])
def test_without_one_a_verb_says_where_it_can_be(home, capsys, verb, monkeypatch):
    write(home / "here/gateway.hcl")
    monkeypatch.setenv("TRIO_GATE_CONFIG", "")
    assert main([verb]) == 2
    said = capsys.readouterr().err
    assert said.startswith("trio-gate: no configuration: name its file, set TRIO_GATE_CONFIG, or put it at gateway.hcl, ")


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


@pytest.mark.parametrize(
    ("address", "said"),
    [("203.0.113.1:9443", "name it with --config, as your token is sent there"), ("127.0.0.1:1", "cannot read certificates")],
)
def test_a_token_goes_to_no_other_machine_for_a_file_that_was_only_found_here(home, capsys, monkeypatch, address, said):
    monkeypatch.setenv("TRIO_GATE_TOKEN", "tg_test")
    names = 'names = ["gate.example"]'
    (home / "here/gateway.hcl").write_text(f'gateway {{\n  admin {{\n    bind = "{address}"\n    {names}\n  }}\n}}\n')
    assert main(["pending", "--ca", str(home / "none.pem")]) == 2
    assert said in capsys.readouterr().err
