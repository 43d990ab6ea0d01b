from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from tests.kit.approvals.questions import FixedClock
from tests.kit.records import CALL
from trio_gate.audit.described import describe
from trio_gate.errors import AgentGone, AuditUnavailable, Denied, UpstreamError
from trio_gate.metrics.counts import Counts
from trio_gate.shell.exchange import recorder as recorder_module
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


def unnamed(audit, seen, **sinks):
    approvals = SimpleNamespace(publish=lambda rows: seen.append(rows()))
    services = SimpleNamespace(
        audit=audit,
        clock=FixedClock(),
        approvals=approvals,
        refusals=None,
        counts=Counts(),
        sinks=Sinks(None, sinks.get("decisions"), None),
    )
    return Recorder(Head(), agent_address="127.0.0.1", generation=3, services=services)


def recorder(audit, call, seen, **sinks):
    made = unnamed(audit, seen, **sinks)
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


ALLOWED = ("allow", "reads ok", "so")
WRITE = replace(CALL, access="write")


@dataclass
class Decisions:
    """A decision log: what was written to it, by request and by what was decided; `fault` is raised instead."""

    ready: bool = True
    fault: Exception | None = None
    lines: list[Any] = field(default_factory=list)

    def called(self, line, **facts):
        if self.fault is not None:
            raise self.fault
        self.lines.append((line, facts["decision"][0]))

    def refused(self, **facts):
        self.lines.append(("refused", facts["code"]))

    def is_ready(self):
        return self.ready


def named(call, decisions, audit=None):
    """A recorder of a small call that is named and not described yet."""
    made = unnamed(audit or Audit(), [], decisions=decisions)
    made.admitted(None)
    made.call = call
    return made


def line_of(call):
    return describe(call, None, line=True).line


async def test_an_allowed_plain_read_is_told_of_once_it_is_sent_and_only_once():
    decisions = Decisions()
    made = named(CALL, decisions)
    made.decided(*ALLOWED)
    await made.intend()
    assert (made.described, decisions.lines) == (None, [])
    made.sent()
    assert decisions.lines == [(line_of(CALL), "allow")]
    assert made.described == describe(CALL, None, line=True)
    made.sent()
    made.answered(200, "A1")
    await made.completed(bytes_in=0, bytes_out=0)
    assert len(decisions.lines) == 1


@pytest.mark.parametrize("told", [lambda made: made.answered(200, None), lambda made: made.answered_here(200)])
def test_at_the_latest_a_read_is_told_of_when_its_answer_comes(told):
    decisions = Decisions()
    made = named(CALL, decisions)
    made.decided(*ALLOWED)
    told(made)
    assert decisions.lines == [(line_of(CALL), "allow")]


@pytest.mark.parametrize(("call", "outcome"), [(WRITE, "allow"), (WRITE, "deny"), (CALL, "deny"), (CALL, "approve")])
def test_any_other_decision_is_told_of_at_once(call, outcome):
    decisions = Decisions()
    made = named(call, decisions)
    made.decided(outcome, "r", "so")
    assert decisions.lines == [(line_of(call), outcome)]


def test_what_is_described_already_is_told_of_at_once():
    decisions = Decisions()
    made = named(CALL, decisions)
    made.described = describe(CALL, None, line=True)
    made.decided(*ALLOWED)
    assert decisions.lines == [(line_of(CALL), "allow")]


async def test_a_plain_read_is_told_of_before_it_is_sent_while_the_log_or_the_disk_does_not_take_everything():
    for audit, decisions in ((Audit(), Decisions(ready=False)), (Audit(failing=True), Decisions())):
        made = named(CALL, decisions, audit)
        made.decided(*ALLOWED)
        await made.intend()
        assert decisions.lines == [(line_of(CALL), "allow")]
        assert [intent.params for intent in audit.intents] == [made.described.params] * audit.failing
    made = named(CALL, Decisions(ready=False, fault=AuditUnavailable("full")))
    made.decided(*ALLOWED)
    with pytest.raises(AuditUnavailable):
        await made.intend()


def test_a_decision_that_another_one_replaces_has_its_line():
    decisions = Decisions()
    made = named(CALL, decisions)
    made.decided(*ALLOWED)
    made.decided("deny", "changed", "so")
    assert [outcome for _, outcome in decisions.lines] == ["allow", "deny"]


ENDINGS = {
    "refused": lambda made: made.refused(Denied("no"), 403, bytes_in=0),
    "failed": lambda made: made.refused(UpstreamError("no"), 502, bytes_in=0),
    "aborted": lambda made: made.aborted("it left", answering=False, bytes_in=0, bytes_out=0),
}


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize("decided", [True, False])
async def test_a_read_that_ends_before_it_is_sent_has_its_description_and_its_line(end, decided):
    audit, decisions = Audit(), Decisions()
    made = named(CALL, decisions, audit)
    if decided:
        made.decided(*ALLOWED)
    await ENDINGS[end](made)
    [(intent, outcome)] = audit.whole
    said = describe(CALL, None, line=True)
    assert (intent.params, intent.path, intent.sentence, outcome.end) == (said.params, said.path, said.sentence, end)
    if decided:
        assert decisions.lines == [(said.line, "allow")]
    else:
        assert [line for line, _ in decisions.lines] == ["refused"] * (end != "aborted")


async def test_a_read_whose_line_the_log_did_not_take_is_no_answer_and_was_not_refused():
    audit, decisions = Audit(), Decisions(fault=AuditUnavailable("the pipe is full"))
    made = named(CALL, decisions, audit)
    made.decided(*ALLOWED)
    await made.intend()
    with pytest.raises(AuditUnavailable) as caught:
        made.sent()
    await made.refused(caught.value, 503, bytes_in=0)
    [(intent, outcome)] = audit.whole
    assert (intent.outcome, intent.params, outcome.end) == ("allow", made.described.params, "aborted")


async def allowed_and_sent(made):
    made.decided(*ALLOWED)
    await made.intend()
    made.sent()


@pytest.mark.parametrize("call", [CALL, WRITE])
async def test_a_call_that_cannot_be_described_is_refused_and_has_a_row(call, monkeypatch, caplog):
    def fails(*_, **__):
        message = "holds a secret"
        raise RuntimeError(message)

    monkeypatch.setattr(recorder_module, "describe", fails)
    audit, decisions = Audit(), Decisions()
    made = named(call, decisions, audit)
    with pytest.raises(AuditUnavailable) as caught:
        await allowed_and_sent(made)
    await made.refused(caught.value, 503, bytes_in=0)
    [(intent, outcome)] = audit.whole
    assert (intent.operation, intent.outcome, intent.params, intent.path) == ("GetObject", "unavailable", None, None)
    assert (outcome.end, outcome.status) == ("aborted" if call is CALL else "refused", 503)
    assert outcome.reason.startswith("the call could not be described: RuntimeError in")
    assert decisions.lines == [("refused", "ServiceUnavailable")]
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_agent_that_leaves_a_call_that_cannot_be_described_leaves_a_row(monkeypatch):
    monkeypatch.setattr(recorder_module, "describe", lambda *_, **__: 1 / 0)
    audit = Audit()
    made = named(CALL, Decisions(), audit)
    made.decided(*ALLOWED)
    await made.aborted(str(AgentGone()), answering=False, bytes_in=0, bytes_out=0)
    assert [outcome.end for _, outcome in audit.whole] == ["aborted"]
