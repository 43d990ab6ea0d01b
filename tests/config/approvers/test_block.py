"""The `approver` block: what is read of when people are told again."""

import pytest

from tests.kit.configs import PEOPLE, check, load

LEADS = 'approver "human" "leads" {\n people = [person.alice]\n notify = ["/bin/page"]\n}\n'


def test_when_others_are_told():
    text = (
        LEADS
        + 'approver "human" "x" { people = [person.alice] escalate_to = [human.leads, human.x] escalate_after = "3m" notify = ["/a"] }'
    )
    found = load(PEOPLE + text).approvers[-1]
    assert (found.escalate_to, found.escalate_after) == (("human.leads", "human.x"), 180.0)
    one = load(PEOPLE + text.replace("[human.leads, human.x]", "human.leads")).approvers[-1]
    assert one.escalate_to == ("human.leads",)
    assert load(PEOPLE).approvers[0].escalate_to == ()


FAULTS = {
    "to alone": ("escalate_to = §human.leads", ["`escalate_to` and `escalate_after` go together"]),
    "after alone": ('escalate_after = §"1m"', ["`escalate_to` and `escalate_after` go together"]),
    "nobody": ('escalate_to = §human.lead escalate_after = "1m"', ["there is no `human.lead`"]),
    "a person": (
        'escalate_to = §person.alice escalate_after = "1m"',
        ["`person.alice` is a person, not an approver"],
    ),
    "too late": (
        'timeout = "2m" escalate_to = human.leads escalate_after = §"2m"',
        ["no question waits so long: `timeout` is not more"],
    ),
    "at once": ('escalate_to = human.leads escalate_after = §"0s"', ["expected a duration from 1s to 24h"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    text, messages = FAULTS[name]
    check(PEOPLE + LEADS + f'approver "human" "x" {{\n people = [person.alice]\n {text}\n}}', messages)
