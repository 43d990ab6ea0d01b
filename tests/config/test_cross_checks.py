"""What must hold between blocks, and remarks about what has no effect."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, PEOPLE, check, load


def test_accounts_cannot_be_changed():
    with pytest.raises(TypeError):
        load(BASE + MAIN).endpoints[0].accounts["333333333333"] = None  # type: ignore[index]  # the point of the test


def test_notes_about_what_has_no_effect():
    config = load(
        BASE + MAIN + 'rule "a" { action = "deny" vends = true presign = true }\nrule "b" { match = true action = "allow" }'
    )
    assert config.notes[1:] == (
        'gate.hcl:8:1: rule "a": `vends` has no effect in a rule that denies',
        'gate.hcl:8:1: rule "a": `presign` has no effect in a rule that denies',
        'gate.hcl:9:1: rule "b" is never reached: rule "a" matches every call',
    )


def test_an_escalation_tells_somebody_and_is_noted_where_they_could_not_answer():
    leads = 'approver "human" "leads" { people = [person.bob] notify = ["/bin/page"] }\n'
    people = PEOPLE + f'person "bob" {{ token_sha256 = "{"c" * 64}" }}\n'
    text = people + 'approver "human" "x" {\n people = [person.alice]\n escalate_to = [§human.leads]\n escalate_after = "1m"\n}\n'
    check(text + leads.replace('notify = ["/bin/page"]', ""), ["`human.leads` has no `notify`: nobody would be notified"])
    note = 'approver "human" "x" escalates to human.leads, none of whose people is among its own: they can answer only where a rule asks them, too'
    assert any(note in one for one in load(text.replace("§", "") + leads).notes)
    both = text.replace("[person.alice]\n escalate", "[person.alice, person.bob]\n escalate").replace("§", "")
    assert not any("escalates" in one for one in load(both + leads).notes)
