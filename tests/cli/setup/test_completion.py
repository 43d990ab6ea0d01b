"""What is completed is what the command line takes."""

from __future__ import annotations

import subprocess

import pytest

from trio_gate.cli.main import VERBS, main, parser_for
from trio_gate.cli.setup.completion import command
from trio_gate.cli.setup.completion_scripts import SHELLS, every


def test_every_verb_and_option_is_there():
    root = command((), "", parser_for(VERBS))
    assert [one.words[0] for one in root.below] == [*VERBS]
    assert {one.words for one in every(root)} >= {("person", "link"), ("agent", "rotate")}
    [env] = [one for one in root.below if one.words == ("env",)]
    [form] = [option for option in env.options if option.names == ("--format",)]
    assert (form.takes_value, form.choices) == (True, ("shell", "dotenv", "json", "systemd"))
    [completion] = [one for one in root.below if one.words == ("completion",)]
    assert completion.values == (*SHELLS,)
    assert [option.names for option in root.options] == [("-h", "--help"), ("--version",)]
    assert all("%(" not in option.help for one in every(root) for option in one.options)


def test_names_come_from_the_configuration(config, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_CONFIG", config)
    said = {}
    for source in ("agents", "people", "accounts"):
        assert main(["completion", "--names", source]) == 0
        said[source] = capsys.readouterr().out.split()
    assert said == {"agents": ["ci", "token", "job"], "people": ["alice", "bob"], "accounts": ["prod", "staging", "333333333333"]}
    for none in ("", f"{config}.none"):
        monkeypatch.setenv("TRIO_GATE_CONFIG", none)
        assert (main(["completion", "--names", "agents"]), capsys.readouterr()) == (1, ("", ""))


def test_where_names_are_completed():
    by_words = {one.words: one for one in every(command((), "", parser_for(VERBS)))}
    agents = {("env",), ("exec",), ("profiles",), ("agent-view",), ("stop",), ("lift",), ("agent", "rotate")}
    assert {words for words, one in by_words.items() if one.source == "agents"} == agents
    assert [words for words, one in by_words.items() if one.runs] == [("exec",)]
    assert [option.source for option in by_words[("init",)].options if option.source] == []
    assert {option.source for option in by_words[("log",)].options} == {"", "agents", "accounts", "people"}
    assert by_words[("log",)].values == ("verify",)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "rds-token" in capsys.readouterr().out


def test_bash_takes_it(capsys):
    main(["completion", "bash"])
    ask = 'COMP_WORDS=(trio-gate eks); COMP_CWORD=1; _trio_gate; echo "${COMPREPLY[@]}"'
    script = f"{capsys.readouterr().out}\n{ask}"
    assert subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True).stdout == "eks-token\n"
