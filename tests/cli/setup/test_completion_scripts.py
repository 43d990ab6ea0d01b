"""What the shells complete, by the shells themselves where they are installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from trio_gate.cli.setup.completion_scripts import SHELLS, Command, Option

HELP = Option(names=("-h", "--help"), help="it's said", takes_value=False, choices=())
FORMAT = Option(names=("--format",), help="a: b", takes_value=True, choices=("shell", "json"))
FILE = Option(names=("--ca", "-c"), help="", takes_value=True, choices=())
LIST = Command(words=("agent", "list"), help="list", options=(HELP, FILE), below=())
AGENT = Command(words=("agent",), help="agents", options=(HELP,), below=(LIST,))
ENV = Command(words=("env",), help="an agent's", options=(HELP, FORMAT, FILE), below=(), values=("one", "two"))
ROOT = Command(words=(), help="", options=(HELP,), below=(AGENT, ENV))


def bash(script, words):
    quoted = " ".join(f"'{word}'" for word in words)
    ask = f'COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _trio_gate; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return ["bash", "--norc", "-c", f"{script}\n{ask}"]


def zsh(script, words):
    quoted = " ".join(f"'{word}'" for word in words)
    stubs = "compdef() { : }; _files() { : }; _describe() { print -l -- ${(P)2} }"
    return ["zsh", "-fc", f"{stubs}\n{script}\nwords=({quoted}); CURRENT={len(words)}; _trio_gate"]


def fish(script, words):
    return ["fish", "--no-config", "-c", f"{script}\ncomplete -C '{' '.join(words)}'"]


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
    assert {"agent", "env"} <= completed(shell, "")


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
