"""The command line: what it says without a verb, that each verb teaches itself, and what its end is called."""

from __future__ import annotations

import argparse
import errno
import os
import re
import shlex
import subprocess

import pytest

from tests.cli.wiring.kit import CONFIG, SECRET, placed
from tests.kit.gateway import TRIO_GATE
from trio_gate.cli.main import VERBS, main, module_of, parser_for
from trio_gate.cli.state_dir import words


def test_without_a_verb_it_says_which_there_are(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [verb for verb in VERBS if f"    {verb}" not in err] == []


@pytest.mark.parametrize("verb", ["approve", "pending", "deny", "grants", "revoke", "stop", "lift", "sessions"])
def test_the_verbs_of_approvers_have_one_form_and_teach_it(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert [word for word in ("--config", "--url", "--ca", "--token-file", "--json", "exit status: 0") if word not in said] == []
    examples = said[said.index("examples:") :]
    assert f"  trio-gate {verb} " in examples


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_teaches_itself_by_examples_that_it_takes(verb, capsys, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    said = capsys.readouterr().out
    assert (ended.value.code, "\nexit status: " in said) == (0, True)
    examples = said.partition("\nexamples:\n")[2].partition("\nexit status")[0]
    monkeypatch.setattr(f"{module_of(verb)}.run", lambda _: 0)
    own = [words for words in map(words_of, examples.splitlines()) if words[:1] == [verb]]
    assert own
    assert [main(words) for words in own] == [0] * len(own)


def words_of(line):
    """The words of a verb in an example."""
    inner = re.search(r"\$\((trio-gate [^)]*)\)", line)
    words = shlex.split(inner[1] if inner else line, comments=True)
    if "trio-gate" not in words:
        return []
    words = words[words.index("trio-gate") + 1 :]
    return words[: next((at for at, word in enumerate(words) if word in (">", ">>", "|", "&&", "<")), len(words))]


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_usage_has_a_status_of_its_own(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--no-such-option"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: trio-gate {verb} ")


def test_a_verb_that_is_interrupted_says_so_by_its_status(monkeypatch):
    def run(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("trio_gate.cli.log.run", run)
    assert main(["log", "gateway.hcl"]) == 130


def test_an_option_before_the_verb_is_wrong_usage_too(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--no-such-option", "check", "gateway.hcl"])
    assert ended.value.code == 2
    assert "unrecognized arguments: " in capsys.readouterr().err


PRINTING = [("check",), ("agent", "list"), ("env", "ci", "--account", "prod"), ("completion", "bash"), ("person", "new", "zoe")]


def ran(config, words, output):
    env = os.environ | {"TRIO_GATE_CONFIG": config}
    env.pop("PYTHONUNBUFFERED", None)  # what is buffered is written at the end, and tried again at the exit
    return subprocess.run([*TRIO_GATE, *words], env=env, stdout=output, stderr=subprocess.PIPE, text=True, check=False)


@pytest.fixture
def config(tmp_path):
    """One in which nothing is missing."""
    base, block = CONFIG.partition("agent ")[0], f'agent "ci" {{ key_suffix = "CI01" secret = "{SECRET}" }}'
    base = base.replace("0.0.0.0:8080", "127.0.0.1:8080")
    return placed(tmp_path, re.sub(r'env\("TEST_BASE_\w+"\)', '"AKIAIOSFODNN7EXAMPLE"', base) + block)


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_output_that_cannot_be_written_is_one_line(config, words):
    with open("/dev/full", "w") as full:
        done = ran(config, words, full)
    assert done.stderr.splitlines()[-1:] == [f"trio-gate {words[0]}: cannot write the output: No space left on device"]
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize("words", PRINTING[1:], ids=" ".join)
def test_who_closes_the_pipe_hears_no_complaint(config, words):
    reader, writer = os.pipe()
    os.close(reader)
    done = ran(config, words, writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def odd_file(folder, kind):
    file = folder / f"{kind}.hcl"
    match kind:
        case "directory":
            file.mkdir()
        case "loop":
            file.symlink_to(file)
        case "binary":
            file.write_bytes(b"\x7fELF\xd0\xff")
    return str(file)


READING = [
    "check",
    "doctor",
    "serve",
    "log",
    "ca",
    "reload",
    "agent list",
    "person list",
    "env ci",
    "profiles ci",
    "exec ci -- true",
]


@pytest.mark.parametrize("kind", ["missing", "directory", "loop", "binary"])
@pytest.mark.parametrize("verb", [*READING, "status"])
def test_a_configuration_that_cannot_be_read_is_said_in_the_same_words(verb, kind, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TRIO_GATE_TOKEN", "tg_0123456789abcdef")
    file = odd_file(tmp_path, kind)
    first, *more = verb.split()
    assert main([first, *more[: first in ("agent", "person")], "--config", file, *more[first in ("agent", "person") :]]) in (1, 2)
    out, err = capsys.readouterr()
    said = f"{file} is not a text file in UTF-8" if kind == "binary" else f"cannot read {file}: "
    assert (out, err.count("\n"), said in err, err.startswith("trio-gate")) == ("", 1, True, True)


@pytest.mark.parametrize("verb", ["log", "log verify", "ca", "reload"])
def test_a_state_folder_that_cannot_be_seen_is_said(verb, tmp_path, capsys):
    folder = odd_file(tmp_path, "loop")
    assert main([*verb.split(), "--state-dir", folder]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("trio-gate: cannot "), f"{folder}: Too many" in err) == ("", 1, True, True)


def test_whose_a_closed_state_folder_is_is_said():
    assert words(PermissionError(errno.EACCES, "Permission denied")) == "Permission denied: run this as the gateway's user"
    assert words(OSError(errno.EIO, "Input/output error")) == "Input/output error"


def actions_of(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)
        yield parser, action


def test_no_wrong_value_is_answered_with_a_name_of_the_code():
    for parser, action in actions_of(parser_for(VERBS)):
        if action.type is not None:
            with pytest.raises(argparse.ArgumentError) as wrong:
                parser._get_value(action, "\x00 no value")
            assert not re.search(r"invalid _|lambda|\bNone\b", str(wrong.value)), action.option_strings


def test_one_thing_has_one_name_with_every_verb():
    options = {name: action for _, action in actions_of(parser_for(VERBS)) for name in action.option_strings}
    assert {name for name in options if "token" in name} == {"--token-file", "--token"}, "the second is that of older versions"
    words = [action.metavar or action.dest for _, action in actions_of(parser_for(VERBS)) if not action.option_strings]
    assert [word for word in words if word != word.upper() and "/" not in word] == []
