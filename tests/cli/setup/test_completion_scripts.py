"""What the shells complete, by the shells themselves where they are installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from trio_gate.cli.setup.completion_scripts import SHELLS, Command, Option

HELP = Option(names=("-h", "--help"), help="it's said", takes_value=False, choices=())
FORMAT = Option(names=("--format",), help="a: b", takes_value=True, choices=("shell", "json"))
FILE = Option(names=("--ca", "-c"), help="", takes_value=True, choices=())
MAY = Option(names=("--may",), help="", takes_value=False, choices=())
ACCOUNT = Option(names=("--account",), help="", takes_value=True, choices=(), source="accounts")
LIST = Command(words=("agent", "list"), help="list", options=(HELP, FILE), below=())
NEW = Command(words=("agent", "new"), help="make", options=(HELP,), below=())
AGENT = Command(words=("agent",), help="agents", options=(HELP,), below=(LIST, NEW))
PERSON = Command(
    words=("person",), help="", options=(), below=(Command(words=("person", "new"), help="", options=(MAY,), below=()),)
)
ENV = Command(words=("env",), help="an agent's", options=(HELP, FORMAT, FILE), below=(), values=("one", "two"))
EXEC = Command(words=("exec",), help="run", options=(HELP, ACCOUNT), below=(), source="agents", runs=True)
ROOT = Command(words=(), help="", options=(HELP,), below=(AGENT, PERSON, ENV, EXEC))

NAMES = 'test "$1" = completion && test "$2" = --names && printf "%s\\n" "a-$3" "b-$3"'
"""What the program says to those who ask it for names."""


def bash(script, words):
    quoted = " ".join(f"'{word}'" for word in words)
    ask = f'COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _trio_gate; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return ["bash", "--norc", "-c", f"trio-gate() {{ {NAMES}; }}\n{script}\n{ask}"]


def zsh(script, words):
    quoted = " ".join(f"'{word}'" for word in words)
    stubs = f"trio-gate() {{ {NAMES} }}; " + "compdef() { : }; _files() { : }; _describe() { print -l -- ${(P)2} }"
    return ["zsh", "-fc", f"{stubs}\n{script}\nwords=({quoted}); CURRENT={len(words)}; _trio_gate"]


def fish(script, words):
    names = NAMES.replace("$1", "$argv[1]").replace("$2", "$argv[2]").replace("$3", "$argv[3]")
    return ["fish", "--no-config", "-c", f"function trio-gate; {names}; end\n{script}\ncomplete -C '{' '.join(words)}'"]


def completed(shell, *words):
    """The words that a shell offers for the last of these."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")  # reason: scripts/test --all installs it
    command = {"bash": bash, "zsh": zsh, "fish": fish}[shell](SHELLS[shell](ROOT), ("trio-gate", *words))
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/proc/self/fdinfo")
    assert done.stderr == ""
    found = {line.partition("\t")[0].partition(":")[0] for line in done.stdout.splitlines()}
    return {one for one in found if one.startswith(words[-1]) and one} - {str(number) for number in range(10)}


by_each_shell = pytest.mark.parametrize("shell", SHELLS)


@by_each_shell
def test_verbs_come_first(shell):
    assert completed(shell, "a") == {"agent"}
    assert {"agent", "env", "person"} <= completed(shell, "")


@by_each_shell
def test_a_verb_has_verbs_of_its_own(shell):
    assert completed(shell, "agent", "l") == {"list"}
    assert completed(shell, "agent", "list", "--") == {"--help", "--ca"}


@by_each_shell
def test_options_and_their_values(shell):
    assert completed(shell, "env", "--") == {"--help", "--format", "--ca"}
    assert completed(shell, "env", "x", "--format", "") == {"shell", "json"}
    assert completed(shell, "env", "x", "--ca", "s") == set()
    assert completed(shell, "env", "t") == {"two"}


@by_each_shell
def test_what_two_verbs_have_of_one_name_is_not_confused(shell):
    assert completed(shell, "person", "new", "--") == {"--may"}
    assert completed(shell, "agent", "new", "--") == {"--help"}
    assert completed(shell, "agent", "new", "l") == set()


@by_each_shell
def test_names_of_the_configuration_are_asked_for(shell):
    assert completed(shell, "exec", "a") == {"a-agents"}
    assert completed(shell, "exec", "x", "--account", "") == {"a-accounts", "b-accounts"}
    assert completed(shell, "exec", "--") == {"--help", "--account"}


@by_each_shell
def test_the_words_of_a_command_are_its_own(shell):
    assert completed(shell, "exec", "x", "--", "ls", "--") == set()
    assert completed(shell, "exec", "x", "--", "ls", "--account", "a") == set()
