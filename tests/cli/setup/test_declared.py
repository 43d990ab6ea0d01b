"""What a configuration declares is read without its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.wiring.kit import CONFIG, placed
from trio_gate.cli.setup.declared import HIDDEN, NotDeclaredError, declared, named
from trio_gate.config.source import ConfigFaults


def test_agents_and_people_are_read(config):
    found = declared(config)
    assert [(one.name, one.key_suffix, one.accounts, one.proofs, one.secrets) for one in found.agents] == [
        ("ci", "CI01", (), (), ('env("TEST_CI_NEW")', 'env("TEST_CI_OLD")')),
        ("token", "TOK01", ("222222222222",), ("proxy token",), (HIDDEN,)),
        ("job", "JOB01", ("222222222222",), ("certificate", "identity token"), (HIDDEN,)),
    ]
    assert [(one.name, one.kind, one.rights) for one in found.people] == [("alice", "human", ("may_grant",)), ("bob", "bot", ())]
    assert [(one.id, one.people, one.quorum) for one in found.approvers] == [
        ("human.oncall", ("alice",), 1),
        ("bot.both", ("alice", "bob"), 2),
    ]
    assert found.accounts == {"111111111111": "prod", "222222222222": "staging", "333333333333": None}
    lines = Path(config).read_text().splitlines()
    line = lines.index('person "alice" {') + 1
    assert found.people[0].where == f"{config}:{line}"


@pytest.mark.parametrize(("name", "said"), [("alise", "did you mean `alice`?"), ("zz", "there are alice, bob")])
def test_who_is_not_there(config, name, said):
    with pytest.raises(NotDeclaredError) as refused:
        named("person", declared(config).people, name)
    assert str(refused.value) == f"the configuration has no person {name}: {said}"
    with pytest.raises(NotDeclaredError, match="there are none"):
        named("person", (), name)


@pytest.mark.parametrize("text", [CONFIG.replace('"CI01"', "7"), CONFIG + 'approver "human" "x" { people = [ }\n'])
def test_what_is_wrong_with_it_is_shown(tmp_path, text):
    with pytest.raises(ConfigFaults):
        declared(placed(tmp_path, text))
