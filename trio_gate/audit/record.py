"""What is recorded of a request: the intent before it is sent, the outcome after, and the JSON of both.

Rule: values are masked before they get into a record. Rows are canonical JSON (sorted keys, ASCII), so that each row has
exactly one spelling to hash.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from trio_gate.audit.chain import SCHEMA
from trio_gate.audit.redact import brief, clipped, masked, path_text, plain, trimmed
from trio_gate.aws.call import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Call, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.text.visible import Json

End = Literal["answered", "refused", "aborted", "failed"]

MAX_RESOURCES = 100
"""The most ARNs that one row lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to happen. Facts of the call are None where the request was refused before it had a name.

    Attributes:
        id: the request id, which the agent's answer carries too.
        time: when it was decided, UTC.
        agent: the agent's name; None while no agent is configured. agent_address: the IP address it called from.
        access_key_suffix: what follows the account in its placeholder key.
        resources: the ARNs, their list cut by `describe`; None where they are unknown.
        params: masked JSON text (`redact.params_text`).
        outcome, rule, reason: the Decision; rule None when no rule matched.
        approvers: (person, kind, reason) of each that answered.
        digest: the request digest in hex; None when nobody was asked.
        generation: number of the configuration that decided.
        grant: the id of the grant that allowed the call, or that an act is about.
    """

    id: str
    time: datetime
    agent: str | None = None
    agent_address: str
    access_key_suffix: str | None = None
    account: str | None = None
    account_name: str | None = None
    partition: str | None = None
    region: str | None = None
    service: str | None = None
    operation: str | None = None
    iam_action: str | None = None
    access: str | None = None
    resources: tuple[Json, ...] | None = None
    host: str | None = None
    method: str | None = None
    path: str | None = None
    params: str | None = None
    outcome: str
    rule: str | None = None
    reason: str | None = None
    approvers: tuple[tuple[str, str, str], ...] = ()
    digest: str | None = None
    generation: int = 0
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A call as it is recorded: masked and cut.

    Attributes:
        path: the path, without secrets.
        params: as in `Intent`.
        resources: as in `Intent`.
        line: the JSON that the decision log has of it; None without that log.
    """

    path: str
    params: str
    resources: tuple[Json, ...] | None
    line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened.

    Attributes:
        status: the HTTP status that the agent got, None where it got no answer. upstream_status: the one that AWS answered.
        bytes_in, bytes_out: body bytes from the agent and to it.
        seconds: how long each stage took, by name.
        end: "answered" by AWS, "refused" by the gateway, "aborted" half-way by either side, "failed" if AWS was not reached.
    """

    id: str
    time: datetime
    status: int | None
    upstream_status: int | None = None
    error_code: str | None = None
    aws_request_id: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    end: End
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Refusals that share one row: how many of each error code, from which address, and the times of the first and last."""

    id: str
    address: str
    codes: Mapping[str, int]
    first: datetime
    last: datetime

    @property
    def text(self) -> str:
        """What was refused, from where and how often, in one line."""
        counts = ", ".join(f"{count} {code}" for code, count in sorted(self.codes.items()))
        span = f"between {stamp(self.first)} and {stamp(self.last)}"
        return f"{sum(self.codes.values())} more refused from {self.address} {span}: {counts}"


def plain_read(call: Call) -> bool:
    """Whether a call may be sent before its record is durable, because losing the row in a crash would matter little.

    It must be classified, and read or list nothing secret in its own account. An unknown `cross_account` passes: an S3 bucket's
    ARN never says whose it is, and waiting for the disk before every GetObject would save one row in a crash.
    """
    return (
        call.access in {"read", "list"}
        and call.iam_action is not None
        and not isinstance(call.iam_actions, Unknown)
        and call.reads_secret is False
        and call.vends_credentials is False
        and call.cross_account is not True
    )


def describe(call: Call, shape: Shape | None, *, line: bool) -> Described:
    """Mask and cut what will be recorded of a call. `shape` is the operation's input; `line`: also make the log's line."""
    path, resources = path_text(call.path, call.params, shape), call.resources
    named = None if isinstance(resources, Unknown) else clipped(resources, MAX_RESOURCES)
    params = masked(call.params, shape)
    shown = call_json(call, params, path) if line else None
    if shown is not None and named is not None:
        main = shown["resource"]
        shown |= {"resource": brief(main) if isinstance(main, str) else main, "resources": named}
    return Described(
        path=path,
        params=trimmed(params),
        resources=None if named is None else tuple(named),
        line=None if shown is None else json.dumps(shown, separators=(",", ":")),
    )


def intent_row(intent: Intent) -> bytes:
    """The row that is written before the call is sent, as JSON bytes."""
    return _row("intent", intent.id, _intent(intent))


def outcome_row(outcome: Outcome) -> bytes:
    """The row that is written after the call, as JSON bytes."""
    return _row("outcome", outcome.id, {"outcome": _outcome(outcome)})


def whole_row(intent: Intent, outcome: Outcome) -> bytes:
    """Intent and outcome in one row, for refusals and plain reads, which need no row before the call."""
    kind = "refusal" if outcome.end == "refused" else "call"
    return _row(kind, intent.id, {**_intent(intent), "outcome": _outcome(outcome)})


def many_row(many: Many) -> bytes:
    """One row for many refusals. It reads like any other refusal, with the counts in `counted`."""
    intent = Intent(id=many.id, time=many.last, agent_address=many.address, outcome="refused", reason=many.text)
    outcome = Outcome(id=many.id, time=many.last, status=None, end="refused", reason=many.text)
    counted: dict[str, Json] = {"codes": dict(many.codes), "first": stamp(many.first), "last": stamp(many.last)}
    return _row("refusals", many.id, {**_intent(intent), "outcome": _outcome(outcome), "counted": counted})


def act_row(
    kind: str, intent: Intent, outcome: Outcome, act: Mapping[str, Json], reason: str, people: Sequence[tuple[str, str]]
) -> bytes:
    """The row of an act (see `acts`), in the form of a call that is over. `people` are pairs of person and kind."""
    intent = replace(intent, outcome=kind, reason=reason or None, approvers=tuple((name, of, reason) for name, of in people))
    return _row(kind, intent.id, {**_intent(intent), "outcome": _outcome(outcome), "act": dict(act)})


def call_json(call: Call, params: Mapping[str, Value] | None = None, path: str | None = None) -> dict[str, Json]:
    """A call as `explain` and the decision log show it. `params` and `path` replace the call's own where those must be masked."""
    return {
        "service": call.service,
        "action": call.operation,
        "protocol": call.protocol,
        "iam_action": call.iam_action,
        "iam_actions": _known(call.iam_actions),
        "access": call.access,
        "reads_secret": _known(call.reads_secret),
        "vends_credentials": _known(call.vends_credentials),
        "may_expose_secrets": _known(call.may_expose_secrets),
        "newer_than_review": not call.reviewed,
        "runs_code": _known(call.runs_code),
        "spends": _known(call.spends),
        "account": call.account,
        "region": call.region,
        "partition": call.partition,
        "resource": _known(call.resource),
        "resources": _known(call.resources),
        "resource_accounts": _known(call.resource_accounts),
        "cross_account": _known(call.cross_account),
        "shares_with": _known(call.shares_with),
        "makes_public": _known(call.makes_public),
        **({"policies": _policies(call.policies)} if params is None else {}),
        "params": {name: plain(value) for name, value in (call.params if params is None else params).items()},
        "host": call.host,
        "method": call.method,
        "path": call.path if path is None else path,
    }


def stamp(time: datetime) -> str:
    """A time as RFC 3339 in UTC, always with microseconds, so that texts sort by time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _policies(policies: tuple[Value, ...] | Unknown) -> Json:
    return _known(policies) if isinstance(policies, Unknown) else [plain(policy) for policy in policies]


def _known(value: str | bool | tuple[str, ...] | Unknown | None) -> Json:
    if isinstance(value, Unknown):
        return {"$unknown": True}
    return list(value) if isinstance(value, tuple) else value


def _row(kind: str, request: str, fields: Mapping[str, Json]) -> bytes:
    row = {"schema": SCHEMA, "kind": kind, "id": request, **fields}
    return json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _intent(intent: Intent) -> dict[str, Json]:
    return {
        "time": stamp(intent.time),
        "agent": intent.agent,
        "agent_address": intent.agent_address,
        "access_key_suffix": intent.access_key_suffix,
        "account": intent.account,
        "account_name": intent.account_name,
        "partition": intent.partition,
        "region": intent.region,
        "service": intent.service,
        "action": intent.operation,
        "iam_action": intent.iam_action,
        "access": intent.access,
        "resources": None if intent.resources is None else list(intent.resources),
        "host": intent.host,
        "method": intent.method,
        "path": _clip(intent.path),
        "params": None if intent.params is None else json.loads(intent.params),
        "decision": {"outcome": intent.outcome, "rule": intent.rule, "reason": intent.reason},
        "approvers": [{"person": person, "kind": kind, "reason": reason} for person, kind, reason in intent.approvers],
        "digest": intent.digest,
        "generation": intent.generation,
        "grant": intent.grant,
    }


def _outcome(outcome: Outcome) -> dict[str, Json]:
    return {
        "time": stamp(outcome.time),
        "status": outcome.status,
        "upstream_status": outcome.upstream_status,
        "error_code": outcome.error_code,
        "aws_request_id": outcome.aws_request_id,
        "bytes_in": outcome.bytes_in,
        "bytes_out": outcome.bytes_out,
        "seconds": {name: round(value, 6) for name, value in outcome.seconds.items()},
        "end": outcome.end,
        "reason": _clip(outcome.reason),
    }


def _clip(text: str | None) -> str | None:
    return None if text is None else brief(text)
