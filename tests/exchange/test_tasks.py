"""A task as an agent sends it: what is refused, the condition that it becomes, whom it is asked of, and what these are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.exchange.own_requests.kit import head, proven
from tests.kit.aws.operations import TABLES
from tests.kit.calls import make_call
from tests.kit.configs import BASE, HASH, MAIN, load
from tests.kit.records import NOW
from tests.kit.sessions import session
from trio_gate.approval.grant import Grant
from trio_gate.approval.task import MAX_LINES, MAX_PURPOSE
from trio_gate.effect.effect import level_facet
from trio_gate.errors import Denied, Malformed
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.exchange.tasks import MAX_ACTIONS, MAX_MATCH, read_task, task_of, task_question
from trio_gate.facet.extract import facets_of
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence, check, compile_condition

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n  admin { bind = "127.0.0.1:0" }\n}\n' + BASE
SECOND = "1" * 64
PEOPLE = f"""
person "alice" {{ token_sha256 = "{HASH}" may_grant = true }}
person "bob" {{ token_sha256 = "{SECOND}" may_grant = true }}
approver "human" "one" {{ people = [person.alice] timeout = "5m" }}
approver "human" "two" {{ people = [person.bob] timeout = "9m" }}
"""
RULES = """
rule "reads" { match = aws.access == "read" action = "allow" }
rule "objects" { match = aws.service == "s3" action = "approve" approvers = [human.one] }
rule "tables" { match = aws.service == "dynamodb" && aws.params.TableName == "t" action = "approve" approvers = [human.two] }
rule "no keys" { match = aws.service == "iam" action = "deny" }
"""
SNAPSHOT = compile_snapshot(1, load(GATEWAY + MAIN + PEOPLE + RULES))
OBJECTS = {"service": "s3", "actions": ["PutObject", "DeleteObject"], "match": 'aws.params.Bucket == "b"'}


def sent(*needs, **more) -> bytes:
    return json.dumps({"purpose": "move the reports", "needs": list(needs), "uses": 30, "minutes": 60, **more}).encode()


def read(*needs, **more):
    return read_task(sent(*needs, **more), most_uses=100, most_minutes=480)


def task(*needs, snapshot=SNAPSHOT, **more):
    return task_of(
        read(*needs, **more), proven(head("/-/agent/tasks", sent(*needs, **more)), snapshot=snapshot), snapshot, TABLES
    )


def covers(made, session=None, **call) -> bool | None:
    found = make_call(**call)
    facets = facets_of(
        found,
        account_name=None,
        agent=None,
        agent_address="127.0.0.1",
        time=NOW,
        session=session,
        level=lambda: level_facet(found),
    )
    try:
        return compile_condition(made.predicate).holds(Evidence(facets))
    except Undecided:
        return None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "a task is a JSON object"),
        (sent(OBJECTS, more=1), "a task is a JSON object"),
        (sent(OBJECTS, purpose=" "), "`purpose` says"),
        (sent(OBJECTS, purpose="x" * (MAX_PURPOSE + 1)), "`purpose` says"),
        (sent(OBJECTS, purpose="password=hunter2hunter2"), "`purpose` looks as if it held a secret"),
        (sent(), "`needs` is a list"),
        (sent(*[OBJECTS] * (MAX_LINES + 1)), "`needs` is a list"),
        (sent(OBJECTS, uses=0), "`uses` is not a whole number from 1 to 100"),
        (sent(OBJECTS, uses=101), "`uses` is not a whole number from 1 to 100"),
        (sent(OBJECTS, uses=True), "`uses` is not a whole number"),
        (sent(OBJECTS, minutes=481), "`minutes` is not a whole number from 1 to 480"),
        (sent("s3"), "line 1 of `needs` is an object"),
        (sent(OBJECTS, {"access": "read", "more": True}), "line 2 of `needs` is an object"),
        (
            sent(OBJECTS, {"access": "read", "danger": True}),
            "line 2 of `needs`: `danger` is true or false, and goes with `actions`",
        ),
        (sent({**OBJECTS, "danger": 1}), "`danger` is true or false"),
        (sent(OBJECTS, extends="t1"), "`extends` is the id of a task"),
        (sent({**OBJECTS, "account": "prod"}), "`account` is an account's number"),
        (sent({**OBJECTS, "account": '111111111111" || true || "'}), "`account` is an account's number"),
        (sent({"service": 's3" || true || "', "access": "read"}), "line 1 of `needs`: `service` is"),
        (sent({"service": "s3"}), "needs either"),
        (sent({"actions": ["PutObject"]}), "needs either"),
        (sent({**OBJECTS, "access": "read"}), "needs either"),
        (sent({"access": "permissions"}), "`access` is one of list, read, write"),
        (sent({"access": []}), "`access` is one of list, read, write"),
        (sent({"access": {}}), "`access` is one of list, read, write"),
        (sent({**OBJECTS, "match": 'aws.action.matches("(a+)+")'}), "`match` has no `matches`"),
        (sent(*[{**OBJECTS, "match": " " * 499 + "true"[:1]}] * 5), "together have at most 2000"),
        (sent({"service": "s3", "actions": []}), "`actions` is a list"),
        (sent({"service": "s3", "actions": ["A"] * (MAX_ACTIONS + 1)}), "`actions` is a list"),
        (sent({"service": "s3", "actions": ['A"]']}), "`actions` are names"),
        (sent({**OBJECTS, "match": ""}), "`match` is a condition"),
        (sent({**OBJECTS, "match": "x" * (MAX_MATCH + 1)}), "`match` is a condition"),
        (sent({**OBJECTS, "match": "aws.params.Bucket = 1"}), "`match`, at character 19"),
        (sent({**OBJECTS, "match": "true) || (true"}), "`match`, at character"),
        (sent({**OBJECTS, "match": "aws.parms.Bucket == 'b'"}), "`match`, at character"),
        (sent({**OBJECTS, "match": 'aws.params.Token == "AKIAIOSFODNN7EXAMPLE"'}), "`match` looks as if it held a secret"),
    ],
)
def test_what_is_no_task_is_refused_in_words(body, said):
    with pytest.raises(Malformed) as fault:
        read_task(body, most_uses=100, most_minutes=480)
    assert said in fault.value.reason


def test_a_task_covers_its_lines_and_nothing_else():
    made = task(OBJECTS, {"service": "dynamodb", "access": "write"})
    assert not [fault for fault in check(made.predicate) if fault.fatal]
    put = {"service": "s3", "operation": "PutObject", "access": "write", "params": {"Bucket": "b"}}
    assert covers(made, **put) is True
    assert covers(made, **{**put, "params": {"Bucket": "c"}}) is False
    assert covers(made, **{**put, "params": {}}) is not True
    assert covers(made, **{**put, "operation": "PutObjectAcl"}) is False
    assert covers(made, service="dynamodb", operation="PutItem", access="write") is True
    assert covers(made, service="dynamodb", operation="GetItem", access="read") is False
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False  # a danger


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


def test_what_a_task_adds_to_is_said_while_it_stands():
    old = Grant(
        **dict.fromkeys(("rule", "account", "about", "digest", "repeat_key", "standing"), "x"),
        **dict.fromkeys(("agent", "account_name", "predicate")),
        id=f"t{'1' * 16}",
        kind="task",
        uses=9,
        used=2,
        made_at=NOW,
        expires_at=NOW,
        by=(),
        people=(),
    )
    asked, arrived = read(OBJECTS, extends=old.id), proven(head("/-/agent/tasks", b""), snapshot=SNAPSHOT)
    made = task_of(asked, arrived, SNAPSHOT, TABLES)
    risks = [
        task_question(made, asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW, grants=grants).risks[-1].text
        for grants in ((old,), (replace(old, kind="exact"),), ())
    ]
    assert risks[0] == f"it adds to task {old.id}, of which 7 of 9 uses are left until {NOW:%H:%M} UTC"
    assert "adds to" not in risks[1] + risks[2]
    assert read(OBJECTS).body != asked.body  # so it is another question


DROP = {"service": "dynamodb", "actions": ["DeleteTable"], "danger": True, "match": 'aws.params.TableName == "t"'}


def test_dangers_are_covered_by_the_lines_that_ask_for_them_by_name_and_no_others():
    made = task(OBJECTS, {"service": "dynamodb", "access": "write"}, DROP)
    assert made.dangers == (3,)
    assert (
        made.lines[2]
        == "dynamodb: DeleteTable, dangers included (DeleteTable may delete or replace for good), whose TableName is t"
    )
    danger = {"service": "dynamodb", "operation": "DeleteTable", "access": "write", "destroys": True}
    assert covers(made, **danger, params={"TableName": "t"}) is True
    assert covers(made, Session(), **danger, params={"TableName": "t"}) is False
    assert covers(made, **danger, params={"TableName": "u"}) is False
    assert covers(made, **{**danger, "operation": "DeleteBackup"}, params={"TableName": "t"}) is False
    assert covers(task(OBJECTS, {**DROP, "danger": False}), **danger, params={"TableName": "t"}) is False


def test_lines_with_dangers_are_a_danger_that_names_each_of_them():
    needs = (OBJECTS, DROP, {**DROP, "actions": ["DeleteBackup"]})
    asked, arrived = read(*needs), proven(head("/-/agent/tasks", sent(*needs)), snapshot=SNAPSHOT)
    found = task_question(task_of(asked, arrived, SNAPSHOT, TABLES), asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.level == "danger"
    told = [(risk.level, risk.text.partition(" dangerous calls through")[0]) for risk in found.risks]
    assert told[:2] == [("danger", "line 2 and line 3 let"), ("caution", found.risks[1].text)]
    alone = task_question(
        task_of(read(DROP), arrived, SNAPSHOT, TABLES), read(DROP), arrived, SNAPSHOT, question_id="q1", asked_at=NOW
    )
    assert alone.risks[0].text.startswith("line 1 lets dangerous calls through")
    plain = [OBJECTS, {**DROP, "danger": False}, needs[2]]
    other = task_question(
        task_of(read(*plain), arrived, SNAPSHOT, TABLES), read(*plain), arrived, SNAPSHOT, question_id="q1", asked_at=NOW
    )
    assert other.digest != found.digest


def test_a_comment_takes_nothing_out_of_a_line():
    made = task({"service": "dynamodb", "access": "write", "match": "true // anything"})
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False
    assert covers(made, service="dynamodb", operation="PutItem", access="write") is True


@pytest.mark.parametrize("match", ["true || true", "false || aws.service != ''", "aws.access == 'write' || true"])
def test_no_condition_leads_out_of_its_line(match):
    made = task({**OBJECTS, "match": match})
    assert covers(made, service="s3", operation="PutObject", access="write") is True
    assert covers(made, service="s3", operation="PutObjectAcl", access="write") is False
    assert covers(made, service="dynamodb", operation="DeleteTable", access="write", destroys=True) is False
    assert covers(made, Session(), service="s3", operation="PutObject", access="write") is False


class Session:
    role, chain = "arn:aws:iam::111111111111:role/other", ("arn:aws:iam::111111111111:role/other",)


def test_calls_of_other_roles_are_not_covered():
    made = task({"service": "s3", "access": "write"})
    assert covers(made, service="s3", operation="PutObject", access="write") is True
    assert covers(made, Session(), service="s3", operation="PutObject", access="write") is False


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


OTHERS = """
rule "other agents" { match = has(agent.name) && agent.name == "eve" action = "approve" approvers = [human.two] }
rule "elsewhere" { endpoints = [aws_api.other] action = "approve" approvers = [human.two] }
rule "objects" { match = aws.service == "s3" action = "approve" approvers = [human.one] }
"""
SECOND_ENDPOINT = (
    MAIN.replace('"main"', '"other"').replace("111111111111", "333333333333").replace("222222222222", "444444444444")
)


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


def test_people_are_asked_one_question_for_all_rules():
    needs = ({"access": "write", "match": 'aws.region == "eu-west-1"'}, OBJECTS)
    asked, arrived = read(*needs), proven(head("/-/agent/tasks", sent(*needs)), snapshot=SNAPSHOT)
    made = task_of(asked, arrived, SNAPSHOT, TABLES)
    found = task_question(made, asked, arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.sentence == 'Let up to 30 calls through in 60 min: "move the reports"'
    assert [group.id for group in found.approvers] == ["human.one", "human.two"]
    assert found.expires_at - NOW == timedelta(minutes=5)  # the shortest
    assert found.names == made.lines
    assert made.lines == ("any service: write calls, in eu-west-1", "s3: PutObject, DeleteObject, whose Bucket is b")
    assert (found.level, found.grantable, found.task, found.rule) == ("caution", False, made, "objects, tables")
    other = task_question(made, read(*needs, uses=31), arrived, SNAPSHOT, question_id="q1", asked_at=NOW)
    assert found.digest != other.digest


def test_a_task_that_only_reads_is_a_fact():
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + SECOND_ENDPOINT + PEOPLE + OTHERS))
    need = {"service": "s3", "access": "read"}
    asked, arrived = read(need), proven(head("/-/agent/tasks", sent(need)), snapshot=snapshot)
    found = task_question(task_of(asked, arrived, snapshot, TABLES), asked, arrived, snapshot, question_id="q1", asked_at=NOW)
    assert (found.level, found.risks) == ("fact", ())


def test_a_rule_that_no_call_comes_to_is_not_asked():
    first = 'rule "all of s3" { match = aws.service == "s3" action = "approve" approvers = [human.one] }\n'
    last = 'rule "the rest" { action = "approve" approvers = [human.two] }\n'
    snapshot = compile_snapshot(1, load(GATEWAY + MAIN + PEOPLE + first + last))
    assert [name for name, _ in task(OBJECTS, snapshot=snapshot).rules] == ["all of s3"]
    both = task(OBJECTS, {"service": "sns", "access": "write"}, snapshot=snapshot)
    assert [name for name, _ in both.rules] == ["all of s3", "the rest"]


def test_what_an_agent_writes_is_shown_safely():
    made = task(OBJECTS, purpose="tidy\u202eup")
    assert made.purpose == "tidy\\u{202e}up"


@pytest.mark.parametrize("danger", [True, False])
def test_a_line_with_an_operation_that_always_vends_is_refused(danger):
    line = {"service": "sts", "actions": ["GetCallerIdentity", "GetSessionToken"], "danger": danger}
    with pytest.raises(Denied, match=r"line 2 of `needs`: sts:GetSessionToken returns credentials, which no task covers"):
        task(OBJECTS, line)


def test_a_line_says_which_dangers_its_operations_may_have():
    line = {"service": "s3", "actions": ["GetObject", "DeleteObject", "Nothing"], "danger": True}
    known = "s3: GetObject, DeleteObject, Nothing, dangers included (DeleteObject may delete or replace for good and turn a guard off; "
    assert task(line).lines == (known + "Nothing may do what is not known here)",)


def test_what_comes_after_a_gap_cannot_be_overlooked():
    hidden = 'aws.params.Bucket == "archive"' + " " * 9 + "|| true"
    with pytest.raises(Malformed, match="line 1 of `needs`: `match` has many blanks in a row"):
        read({**OBJECTS, "match": hidden})
    indented = 'aws.params.Bucket == "archive"\n' + " " * 7 + "|| true"
    assert "|| true" in task({**OBJECTS, "match": indented}).lines[0]
