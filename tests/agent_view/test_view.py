"""What an agent may know about itself: its accounts by kind, the rules that may concern it, and bounds of all that."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.exchange.own_requests.kit import TABLE
from tests.kit.approvals.questions import question
from tests.kit.configs import BASE, load
from tests.kit.sessions import session
from trio_gate.agent_view.page import page
from trio_gate.agent_view.view import EVERY, MOST_ACCOUNTS, MOST_KINDS, MOST_SERVICES, MOST_STEPS, Asker, prospects_of, view
from trio_gate.approval.channel.codec import MAX_SERVER_FRAME, encode
from trio_gate.approval.channel.frames import AgentShown
from trio_gate.approval.for_agents import AgentState
from trio_gate.approval.state import Prompt
from trio_gate.cli.agents.asking import MOST_BYTES
from trio_gate.exchange.snapshot import compile_snapshot

NOTHING = AgentState(waiting=(), grants=(), stop=None)
AGENTS = """
agent "ci"    { key_suffix = "CI01" secret = "0123456789abcdef" accounts = ["000000000001", "000000000002"] }
agent "other" { key_suffix = "OT01" secret = "other-0123456789" }
"""


def endpoint(name, *accounts):
    listed = ", ".join(f'"{one}"' for one in accounts)
    return f'endpoint "aws_api" "{name}" {{\n  role = "r"\n  region = "us-east-1"\n  credential = aws_account.base\n  accounts = [{listed}]\n}}\n'


MAIN = endpoint("main", "000000000001=prod", "000000000002")


def seen(rules, *, name="ci", agents=AGENTS, endpoints=MAIN, state=NOTHING, **asker):
    text = 'gateway {\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE + endpoints + agents + rules
    snapshot = compile_snapshot(1, load(text))
    found = view(Asker(name=name, **asker), snapshot, prospects_of(snapshot), TABLE, state, "")
    return json.loads(json.dumps(found))


def answers(said, level="read", service=EVERY):
    return {tuple(one["accounts"]): one["services"][service][level]["answer"] for one in said["calls"]}


def test_accounts_that_no_rule_tells_apart_have_one_row():
    said = seen('rule "reads" { match = aws.access == "read" action = "allow" }')
    assert answers(said) == {("000000000001", "000000000002"): "allowed"}
    assert answers(said, "write") == {("000000000001", "000000000002"): "denied"}


def test_accounts_that_a_rule_tells_apart_have_their_own():
    said = seen(
        'rule "prod" { match = has(aws.account_name) && aws.account_name == "prod" action = "deny" }\nrule "all" { action = "allow" }'
    )
    assert answers(said) == {("000000000001",): "denied", ("000000000002",): "allowed"}


def test_so_have_those_of_endpoints_that_a_rule_tells_apart():
    endpoints = endpoint("main", "000000000001") + endpoint("more", "000000000002")
    said = seen('rule "main" { endpoints = [aws_api.main] action = "allow" }', endpoints=endpoints)
    assert answers(said) == {("000000000001",): "allowed", ("000000000002",): "denied"}
    assert [rule["name"] for rule in said["rules"]] == ["main"]
    assert (
        seen(
            'rule "else" { endpoints = [aws_api.other] action = "allow" }',
            endpoints=endpoints + endpoint("other", "000000000003"),
        )["rules"]
        == []
    )


def test_too_many_kinds_of_accounts_are_looked_at_as_one_of_which_no_more_is_known():
    many = [f"{number:012}=label-{number}" for number in range(MOST_ACCOUNTS + 20)]
    said = seen(
        'rule "last" { match = has(aws.account_name) && aws.account_name == "label-119" action = "allow" }',
        name="other",
        endpoints=endpoint("main", *many),
        agents=AGENTS.replace('accounts = ["000000000001", "000000000002"]', ""),
    )
    assert len(said["calls"]) == MOST_KINDS + 1
    assert [one["services"][EVERY]["read"]["answer"] for one in said["calls"]] == ["denied"] * MOST_KINDS + ["depends"]
    assert (len(said["accounts"]), said["accounts_in_all"]) == (MOST_ACCOUNTS, MOST_ACCOUNTS + 20)
    assert said["calls"][-1]["accounts_in_all"] == MOST_ACCOUNTS + 20 - MOST_KINDS


def test_rules_that_cannot_concern_the_agent_are_not_named():
    rules = 'rule "a" { match = agent.name == "other" action = "allow" }\nrule "b" { match = aws.account == "000000000003" action = "deny" }\nrule "c" { action = "deny" reason = "no" }'
    endpoints = endpoint("main", "000000000001", "000000000002", "000000000003")
    assert seen(rules, endpoints=endpoints)["rules"] == [{"name": "c", "does": "denies", "reason": "no"}]
    assert [one["name"] for one in seen(rules, endpoints=endpoints, name="other")["rules"]] == ["a", "b", "c"]


MANY = tuple(f"{number:012}=mine-{number}" for number in range(1, MOST_KINDS + 4))
MINE = f"""
agent "ci"    {{ key_suffix = "CI01" secret = "0123456789abcdef" accounts = [{", ".join(f'"{one[:12]}"' for one in MANY)}] }}
agent "other" {{ key_suffix = "OT01" secret = "other-0123456789" }}
"""
LAST = MANY[-1][:12]
THEIRS = """
rule "merger" { match = aws.account == "000000000099" && aws.service == "s3" action = "deny" reason = "ask Dana" }
rule "named"  { match = has(aws.account_name) && aws.account_name == "acme" action = "deny" }
rule "theirs" { endpoints = [aws_api.other] action = "deny" }
rule "maybe"  { match = has(aws.resource) && aws.account == "000000000099" action = "deny" }
"""


def test_among_many_kinds_of_accounts_too_rules_of_other_accounts_alone_are_not_named():
    rules = f'{THEIRS}rule "last" {{ match = aws.account == "{LAST}" action = "allow" }}'
    endpoints = endpoint("main", *MANY) + endpoint("other", "000000000099=acme")
    said = seen(rules, agents=MINE, endpoints=endpoints)
    assert ([rule["name"] for rule in said["rules"]], said["rules_complete"]) == (["last"], True)
    assert len(said["calls"]) == MOST_KINDS + 1
    assert [name for name in ("merger", "named", "theirs", "maybe", "Dana", "acme") if f'"{name}"' in json.dumps(said)] == []
    assert '"last"' in json.dumps(said["calls"][-1])
    assert set(answers(said).values()) == {"denied", "depends"}


def test_what_the_bounded_work_does_not_reach_is_not_named_and_that_is_said(monkeypatch):
    monkeypatch.setattr("trio_gate.agent_view.view.MOST_LOOKED", 5)
    rules = [f'rule "r{number}" {{ match = aws.account == "{LAST}" action = "allow" }}' for number in range(4)]
    said = seen("\n".join(rules), agents=MINE, endpoints=endpoint("main", *MANY))
    assert ([rule["name"] for rule in said["rules"]], said["rules_complete"]) == (["r0"], False)
    assert '"r3"' not in json.dumps(said)


def test_a_view_is_bounded_and_says_what_was_left_out():
    rules = "\n".join(
        f'rule "{"n" * 50}{number}" {{ match = has(aws.account_name) && aws.params.A == "{number}" action = "deny" reason = "{"é" * 500}" }}'
        for number in range(1000)
    )
    rules += '\nrule "rest" { action = "allow" }'
    state = replace(
        NOTHING,
        waiting=tuple(Prompt(question=question(question_id=f"q{number}", sentence="é" * 1000)) for number in range(100)),
    )
    used = [f"s{number}" for number in range(MOST_SERVICES + 1)]
    said = seen(rules, agents=MINE, endpoints=endpoint("main", *MANY), state=state, used=used)
    text = json.dumps(said)
    assert len(text) < MOST_BYTES
    assert text.index('"waiting"') < text.index('"rules"') < text.index('"calls"')
    assert 0 < len(said["rules"]) < 1000
    assert (said["rules_complete"], said["waiting_in_all"]) == (False, 100)
    assert 0 < len(said["waiting"]) < 100
    listed = list(said["calls"][0]["services"])
    assert [*listed, *said["services_left_out"]] == [EVERY, *used]
    assert 1 < len(listed) < len(used)
    cell = said["calls"][0]["services"][EVERY]["read"]
    assert (len(cell["rules"]), cell["more"]) == (MOST_STEPS, 1001 - MOST_STEPS)
    told = page(said)
    assert "- and perhaps more, which are not listed" in told
    assert f"There is no room for the rows of {used[len(listed) - 1]}, " in told
    assert f"and {1001 - MOST_STEPS} more rules" in told
    shown = AgentShown(ref="1", agent="ci", view=said, text=told)
    assert len(encode(shown)) < MAX_SERVER_FRAME


def test_services_that_it_uses_have_rows_up_to_a_bound():
    used = [f"s{number}" for number in range(MOST_SERVICES + 5)]
    said = seen('rule "s1" { match = aws.service == "s1" action = "allow" }', used=used)
    assert list(said["calls"][0]["services"]) == [EVERY, *used[:MOST_SERVICES]]
    assert answers(said, service="s1").popitem()[1] == "allowed"
    assert answers(said, service="s2").popitem()[1] == "denied"
    assert answers(said).popitem()[1] == "depends"


def test_calls_that_return_credentials_and_roles_are_told_apart():
    (one,) = seen('rule "all" { action = "allow" }')["calls"]
    assert {name: told["answer"] for name, told in one["sessions"].items()} == dict.fromkeys(
        ("AssumeRoleWithWebIdentity", "CreateSession", "GetSessionToken"), "allowed"
    )
    assert (one["credentials"]["answer"], one["roles"]["answer"], one["services"][EVERY]["write"]["answer"]) == (
        "denied",
        "allowed",
        "allowed",
    )


OF_OTHERS = 'rule "eve" { match = has(aws.params.A.B) && agent.name == "other" action = "allow" }\n'


def test_what_depends_on_an_undecidable_rule_of_others_alone_says_why():
    said = seen(OF_OTHERS + 'rule "all" { action = "allow" }')
    cell = said["calls"][0]["services"][EVERY]["read"]
    assert (cell["answer"], cell["undecided"], [step["rule"] for step in cell["rules"]]) == ("depends", True, ["all"])
    assert 'depends: "all" allows the rest, and what a condition cannot be decided for is denied' in page(said)
    assert '"eve"' not in page(said)


def test_a_session_sees_its_own_account_and_what_is_said_of_its_role():
    held = session(
        account="000000000002", role="arn:aws:iam::000000000002:role/deploy", chain=("arn:aws:iam::000000000002:role/deploy",)
    )
    rules = 'rule "deploys" { match = has(aws.session_role) action = "allow" }'
    said = seen(rules, session=held)
    assert (said["session"], [one["id"] for one in said["accounts"]]) == (held.role, ["000000000002"])
    assert answers(said) == {("000000000002",): "allowed"}
    assert set(answers(seen(rules)).values()) == {"denied"}


@pytest.mark.parametrize("name", ["ci", None])
def test_an_agent_without_a_name_may_use_all_accounts(name):
    said = seen('rule "all" { action = "allow" }', name=name, agents=AGENTS if name else "")
    assert (said["agent"], len(said["accounts"])) == (name, 2)
