"""`trio-gate mcp`, driven by the SDK's own client: a refused agent comes to an approved call, and no tool does anything else."""

from __future__ import annotations

import json
import os
import sys
import threading

import pytest
import trio
from botocore.exceptions import ClientError
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.integration.approvals.test_tasks import RULES
from tests.kit.approvals.approver import Person
from tests.kit.approvals.own_view import AGENTS, ROOT
from tests.kit.gateway import SECRET, running

PATIENCE = 90
"""Seconds for a session with the server, which may wait for people."""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES, agent=AGENTS) as gate:
        yield gate


@pytest.fixture
def root(gate):
    return Person(gate, ROOT)


@pytest.fixture
def server(gate):
    keys = {"AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS['staging']}CI01", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
    given = {**os.environ, **keys, "AWS_ENDPOINT_URL": f"http://{gate.doors['endpoint']}"}
    return StdioServerParameters(command=sys.executable, args=["-m", "trio_gate", "mcp"], env=given)


def using(server, *calls):
    """The answers of the tools, in turn; each call is a name and arguments, or made of the answers so far."""

    async def main():
        said = []
        with trio.fail_after(PATIENCE):
            async with stdio_client(server) as (reads, writes), ClientSession(reads, writes) as session:
                await session.initialize()
                for call in calls:
                    name, given = call(said) if callable(call) else call
                    said.append((await session.call_tool(name, given)).content[0].text)
                tools = [tool.name for tool in (await session.list_tools()).tools]
        return said, tools

    return trio.run(main)


def refused(call, **params):
    with pytest.raises(ClientError) as fault:
        call(**params)
    return fault.value


def test_a_refused_agent_comes_to_an_approved_call_in_two_calls_of_tools(gate, root, server):
    put = {"Bucket": "staging-data", "Key": "mcp", "Body": b"x"}
    fault = refused(gate.client("s3").put_object, **put)
    outcome = fault.response["ResponseMetadata"]["HTTPHeaders"]["x-trio-gate-outcome"]
    approval = fault.response["ResponseMetadata"]["HTTPHeaders"]["x-trio-gate-approval"]
    deciding = threading.Thread(target=root.answer, kwargs={"ready": lambda prompt: prompt["id"] == approval, "after": 1})
    deciding.start()
    explain = "explain_refusal", {"message": str(fault), "outcome": outcome}
    (explained, waited), tools = using(server, explain, ("wait", {"approval": approval}))
    deciding.join()
    assert tools == ["what_may_i", "pending", "wait", "ask_for_task", "explain_refusal"]
    assert "Wait for the approval with `wait`" in explained
    assert approval in explained
    assert "run the same command again, unchanged" in waited
    assert gate.client("s3").put_object(**put)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_task_is_asked_for_and_seen(gate, root, server):
    needs = [{"service": "s3", "actions": ["PutObject"], "match": 'aws.params.Key.startsWith("by-mcp/")'}]
    deciding = threading.Thread(target=root.answer, kwargs={"ready": lambda prompt: prompt["task"] is not None})
    deciding.start()
    task = "ask_for_task", {"purpose": "store reports", "needs": needs, "uses": 3, "minutes": 5}
    (said, again, pending, may), _ = using(server, task, task, ("pending", {}), ("what_may_i", {}))
    deciding.join()
    granted = json.loads(said if said.startswith("{") else again)
    assert granted["task"] in [one["id"] for one in json.loads(pending)["granted"]]
    assert "# What you may do here" in may
    gate.client("s3").put_object(Bucket="staging-data", Key="by-mcp/1", Body=b"x")


def test_what_the_gateway_says_in_its_place_is_the_answer(server):
    body = {"purpose": "p", "needs": [{"service": "s3"}]}
    (refused_task, unknown, gone, plain), _ = using(
        server,
        ("ask_for_task", body),
        ("wait", {"approval": "../agent"}),
        ("wait", {"approval": "q0123456789abcdef"}),
        ("explain_refusal", {"message": "AccessDenied"}),
    )
    assert "line 1 of `needs` needs either `service` and `actions`, or `access`" in refused_task
    assert unknown.startswith("an approval's id is")
    assert "no approval of this agent has this id" in gone
    assert plain.startswith("Do what the message says")


def test_without_a_gateway_it_says_so(server):
    nowhere = server.model_copy(update={"env": {**server.env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}})
    (said,), _ = using(nowhere, ("what_may_i", {}))
    assert said.startswith("the gateway at 127.0.0.1:9 does not answer")
