from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tests.kit.approvals.questions import FixedClock
from tests.kit.records import CALL
from trio_gate.audit.described import describe
from trio_gate.errors import Denied
from trio_gate.metrics.counts import Counts
from trio_gate.shell.exchange.recorder import Recorder, request_id
from trio_gate.shell.exchange.sinks import Sinks


def test_a_request_id_is_a_random_uuid():
    found = {request_id() for _ in range(1000)}
    assert len(found) == 1000
    assert all(str(UUID(text)) == text and UUID(text).version == 4 for text in found)
    assert {UUID(text).variant for text in found} == {UUID(int=1 << 63).variant}
    assert {text[19] for text in found} == set("89ab")


@dataclass
class Audit:
    failing: bool = False
    intents: list[Any] = field(default_factory=list)
    outcomes: list[Any] = field(default_factory=list)
    whole: list[Any] = field(default_factory=list)

    async def intend(self, intent):
        self.intents.append(intent)

    async def conclude(self, outcome):
        self.outcomes.append(outcome)

    async def record(self, intent, outcome):
        self.whole.append((intent, outcome))


@dataclass
class Head:
    method: str = "GET"


def recorder(audit, call, seen, **sinks):
    approvals = SimpleNamespace(publish=lambda rows: seen.append(rows()))
    services = SimpleNamespace(
        audit=audit,
        clock=FixedClock(),
        approvals=approvals,
        refusals=None,
        counts=Counts(),
        sinks=Sinks(None, sinks.get("decisions"), None),
    )
    made = Recorder(Head(), agent_address="127.0.0.1", generation=3, services=services)
    made.call, made.described = call, describe(call, None, line=False)
    made.decided("allow", "reads ok", "so")
    made.answered(200, "A1")
    return made


async def test_a_plain_read_has_one_row_when_it_is_over():
    audit, seen = Audit(), []
    made = recorder(audit, CALL, seen)
    await made.intend()
    await made.completed(bytes_in=1, bytes_out=2)
    assert (audit.intents, audit.outcomes) == ([], [])
    [(intent, outcome)] = audit.whole
    assert seen == [(intent, outcome)]
    assert (intent.id, intent.operation, intent.outcome, intent.rule, intent.generation) == (
        made.id,
        "GetObject",
        "allow",
        "reads ok",
        3,
    )
    assert (outcome.status, outcome.aws_request_id, outcome.bytes_in, outcome.bytes_out, outcome.end) == (
        200,
        "A1",
        1,
        2,
        "answered",
    )
    assert list(outcome.nanoseconds) == ["end"]


async def test_a_write_and_a_read_while_the_disk_fails_have_their_intent_first():
    for audit, call in ((Audit(), replace(CALL, access="write")), (Audit(failing=True), CALL)):
        made = recorder(audit, call, [])
        await made.intend()
        assert [intent.id for intent in audit.intents] == [made.id]
        await made.completed(bytes_in=1, bytes_out=2)
        assert [outcome.id for outcome in audit.outcomes] == [made.id]
        assert audit.whole == []


async def test_those_who_approved_are_told_how_the_exchange_ended():
    told = []
    made = recorder(Audit(), CALL, [])
    made.admitted(None)
    made.cleared(SimpleNamespace(ended=lambda why, seconds: told.append((why, seconds))))
    await made.aborted("it left", answering=False, bytes_in=0, bytes_out=0)
    made.nanoseconds["aws"] = 250_000_000
    await made.completed(bytes_in=1, bytes_out=2)
    fault = Denied("not now", detail="the operator may know")
    await made.refused(fault, 403, bytes_in=0)
    assert told == [("it left", None), (None, 0.25), ("not now", 0.25)]


def test_a_call_that_was_named_before_there_was_a_decision_log_has_its_line():
    lines = []
    decisions = SimpleNamespace(called=lambda line, **facts: lines.append((line, facts["decision"])))
    recorder(Audit(), CALL, [], decisions=decisions)
    assert lines == [(describe(CALL, None, line=True).line, ("allow", "reads ok", "so"))]
