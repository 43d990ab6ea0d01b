"""Tasks as an agent asks for them, read, judged by a few rules, and tried on calls."""

from __future__ import annotations

import json

from tests.exchange.own_requests.kit import head, proven
from tests.kit.aws.operations import TABLES
from tests.kit.calls import make_call
from tests.kit.configs import BASE, HASH, MAIN, load
from tests.kit.records import NOW
from trio_gate.effect.effect import level_facet
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.exchange.tasks.request import read_task
from trio_gate.exchange.tasks.scope import task_of
from trio_gate.facet.extract import facets_of
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence, compile_condition

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


DROP = {"service": "dynamodb", "actions": ["DeleteTable"], "danger": True, "match": 'aws.params.TableName == "t"'}
OTHERS = """
rule "other agents" { match = has(agent.name) && agent.name == "eve" action = "approve" approvers = [human.two] }
rule "elsewhere" { endpoints = [aws_api.other] action = "approve" approvers = [human.two] }
rule "objects" { match = aws.service == "s3" action = "approve" approvers = [human.one] }
"""
SECOND_ENDPOINT = (
    MAIN.replace('"main"', '"other"').replace("111111111111", "333333333333").replace("222222222222", "444444444444")
)
