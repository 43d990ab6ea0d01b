"""The command line: what it says without a verb, that each verb teaches itself, and what its end is called."""

from __future__ import annotations

import re
import shlex

import pytest

from trio_gate.cli.main import VERBS, main, module_of


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
