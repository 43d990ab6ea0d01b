"""The command line: what it says without a verb, that each verb teaches itself, and what its end is called."""

from __future__ import annotations

import pytest

from trio_gate.cli.main import VERBS, main


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


def test_a_verb_that_is_interrupted_says_so_by_its_status(monkeypatch):
    def run(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("trio_gate.cli.log.run", run)
    assert main(["log", "gateway.hcl"]) == 130
