"""Whom a task is asked of, in which accounts it is for calls, and where there is none to ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.exchange.own_requests.kit import head, proven
from tests.exchange.tasks.kit import GATEWAY, OBJECTS, OTHERS, PEOPLE, RULES, SECOND_ENDPOINT, SNAPSHOT, covers, read, task
from tests.kit.aws.operations import TABLES
from tests.kit.configs import MAIN, load
from tests.kit.sessions import session
from trio_gate.errors import Denied
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.exchange.tasks.scope import task_of

OTHER = {"service": "dynamodb", "access": "write", "account": "222222222222"}


def test_a_line_may_be_for_another_account_of_the_agent_and_covers_nothing_elsewhere():
    made = task(OBJECTS, OTHER)
    assert [*made.accounts] == ["111111111111", "222222222222"]
    assert made.lines[0].startswith("in prod (111111111111): s3: PutObject")
    assert made.lines[1] == "in 222222222222: dynamodb: write calls"
    put = {"service": "s3", "operation": "PutObject", "access": "write", "params": {"Bucket": "b"}}
    item = {"service": "dynamodb", "operation": "PutItem", "access": "write"}
    assert [covers(made, **one, account=account) for account in made.accounts for one in (put, item)] == [
        True,
        False,
        False,
        True,
    ]
    assert task(OBJECTS, {**OTHER, "account": "111111111111"}).accounts == {}


def test_the_approvers_of_the_rules_of_all_accounts_are_asked():
    rules = """
rule "here" { match = aws.account == "111111111111" action = "approve" approvers = [human.one] }
rule "there" { match = aws.account == "222222222222" action = "approve" approvers = [human.two] }
"""
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + PEOPLE + rules))
    assert [name for name, _ in task(OBJECTS, OTHER, snapshot=snapshot).rules] == ["here", "there"]
    assert [name for name, _ in task(OTHER, snapshot=snapshot).rules] == ["there"]


@pytest.mark.parametrize("account", ["333333333333", "999999999999"])
def test_no_line_is_for_an_account_that_is_not_the_agents(account):
    agent = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" accounts = ["111111111111"] }\n'
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + SECOND_ENDPOINT + PEOPLE + RULES + agent))
    found = proven(head("/-/agent/tasks", b""), snapshot=SNAPSHOT)
    admitted = replace(found.admitted, agent=snapshot.config.agents[0])
    with pytest.raises(Denied, match=f"line 2 of `needs`: account {account} is not one"):
        task_of(read(OBJECTS, {**OTHER, "account": account}), replace(found, admitted=admitted), snapshot, TABLES)


def test_a_sessions_task_is_for_its_own_account_alone():
    found = proven(head("/-/agent/tasks", b""), snapshot=SNAPSHOT)
    of_session = replace(found, admitted=replace(found.admitted, signer=replace(found.admitted.signer, session=session())))
    assert task_of(read(OBJECTS), of_session, SNAPSHOT, TABLES).accounts == {}
    with pytest.raises(Denied, match="line 2 of `needs`: account 222222222222 is not one"):
        task_of(read(OBJECTS, OTHER), of_session, SNAPSHOT, TABLES)


@pytest.mark.parametrize(
    ("need", "rules"),
    [
        (OBJECTS, ["objects"]),
        ({"service": "dynamodb", "actions": ["PutItem"]}, ["tables"]),
        ({"access": "write"}, ["objects", "tables"]),
    ],
)
def test_a_task_is_asked_of_every_rule_that_may_ask_about_it(need, rules):
    assert [name for name, _ in task(need).rules] == rules


def test_rules_of_other_agents_and_endpoints_are_not_touched():
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + SECOND_ENDPOINT + PEOPLE + OTHERS))
    assert [name for name, _ in task(OBJECTS, snapshot=snapshot).rules] == ["objects"]


def test_where_nobody_may_grant_there_is_no_task():
    people = PEOPLE.replace("may_grant = true", "may_grant = false")
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + people + RULES))
    with pytest.raises(Denied, match="may not grant"):
        task(OBJECTS, snapshot=snapshot)


@pytest.mark.parametrize("service", ["ec2", "iam"])
def test_where_no_rule_asks_there_is_no_task(service):
    with pytest.raises(Denied, match="no rule asks about these calls"):
        task({"service": service, "access": "write"})


def test_a_rule_that_no_call_comes_to_is_not_asked():
    first = 'rule "all of s3" { match = aws.service == "s3" action = "approve" approvers = [human.one] }\n'
    last = 'rule "the rest" { action = "approve" approvers = [human.two] }\n'
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + PEOPLE + first + last))
    assert [name for name, _ in task(OBJECTS, snapshot=snapshot).rules] == ["all of s3"]
    both = task(OBJECTS, {"service": "sns", "access": "write"}, snapshot=snapshot)
    assert [name for name, _ in both.rules] == ["all of s3", "the rest"]


@pytest.mark.parametrize("danger", [True, False])
def test_a_line_with_an_operation_that_always_vends_is_refused(danger):
    line = {"service": "sts", "actions": ["GetCallerIdentity", "GetSessionToken"], "danger": danger}
    with pytest.raises(Denied, match=r"line 2 of `needs`: sts:GetSessionToken returns credentials, which no task covers"):
        task(OBJECTS, line)
