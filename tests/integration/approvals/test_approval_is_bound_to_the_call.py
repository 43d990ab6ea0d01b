"""An approval is of the call that was shown: no id, no session and no header of another can be put in its place."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.kit.approvals.approver import Person, detached
from tests.kit.gateway import running
from tests.kit.standins.recording import recording
from tests.kit.wire.raw import request, tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.gateway import Gateway
    from tests.kit.standins.recording import Recording

ATHENA = "athena.us-east-1.amazonaws.com"
AGENTS = "bedrock-agentcore.us-east-1.amazonaws.com"
RULES = 'rule "ask" { action = "approve" approvers = [human.oncall] }\n'
RUNTIME = "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A222222222222%3Aruntime%2Fnotes-Ab12Cd34Ef/invocations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A gateway before one host that takes anything and writes it down."""

    gateway: Gateway
    aws: Recording
    host: str

    def open(self, made: bytes):
        return tunnel(self.gateway, self.gateway.ca_file, self.host).send(made)

    def ask_and_leave(self, made: bytes) -> None:
        before = Person(self.gateway).state().prompts
        with self.open(made):
            Person(self.gateway).until(lambda prompt: prompt["id"] not in before)
        Person(self.gateway).until(detached)


@pytest.fixture
def at(embedded_aws, tmp_path):
    @contextmanager
    def begin(host: str) -> Iterator[Place]:
        with (
            recording(tmp_path, host) as aws,
            running(tmp_path, embedded_aws, rules=RULES, first=aws.route(host)) as gateway,
        ):
            yield Place(gateway=gateway, aws=aws, host=host)

    return begin


def stop(query: str) -> bytes:
    body = json.dumps({"QueryExecutionId": query}).encode()
    kind = "application/x-amz-json-1.1"
    return request("athena", ATHENA, body=body, X_Amz_Target="AmazonAthena.StopQueryExecution", Content_Type=kind)


def invoke(session: str = "s" * 33, state: str = "a=1") -> bytes:
    return request(
        "bedrock-agentcore",
        AGENTS,
        path=RUNTIME,
        body=b'{"prompt":"hello"}',
        Content_Type="application/json",
        X_Amzn_Bedrock_AgentCore_Runtime_Session_Id=session,
        tracestate=state,
        amz_sdk_invocation_id="33333333-3333-3333-3333-333333333333",
    )


@pytest.mark.parametrize(
    ("host", "shown", "other", "differs"),
    [
        (ATHENA, partial(stop, "q" * 36), partial(stop, "r" * 36), ("QueryExecutionId", "r" * 36)),
        (AGENTS, partial(invoke, "s" * 33), partial(invoke, "t" * 33), ("runtimeSessionId", "t" * 33)),
        (AGENTS, partial(invoke, state="a=1"), partial(invoke, state="a=2"), ("traceState", "a=2")),
    ],
)
def test_an_approval_that_waits_for_its_agent_is_used_by_the_same_call_alone(at, host, shown, other, differs):
    """The requests are signed when the test runs: a signature lives for 15 minutes, and tests take longer."""
    with at(host) as place:
        place.ask_and_leave(shown())
        Person(place.gateway).answer(ready=detached)
        with place.open(other()) as agent:
            prompt = Person(place.gateway).answer("deny", ready=lambda prompt: not prompt["detached"])
            assert prompt["params"][differs[0]] == differs[1]
            assert agent.answer().status == 403
        assert place.aws.seen == []
        with place.open(shown()) as agent:
            assert agent.answer().status == 200
        assert len(place.aws.seen) == 1


def test_an_attempt_with_another_header_that_is_a_parameter_is_another_question(at):
    with at(AGENTS) as place:
        with place.open(invoke(state="a=1")):
            first = Person(place.gateway).until(lambda _: True)
            with place.open(invoke(state="a=2")) as second:
                prompt = Person(place.gateway).answer("deny", ready=lambda prompt: prompt["id"] != first["id"])
                assert (first["params"]["traceState"], prompt["params"]["traceState"]) == ("a=1", "a=2")
                assert second.answer().status == 403
        assert place.aws.seen == []
