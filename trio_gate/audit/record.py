"""What is recorded of a request: the intent before it is sent, and the outcome after.

Rule: values are masked before they get into a record.
"""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.call import Unknown
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call
    from trio_gate.effect.reasons import Level

_SECONDS = 16
"""How many seconds are remembered as they are written: many requests are recorded in one."""

End = Literal["answered", "refused", "aborted", "failed"]


@value_class
class Intent:
    """What is about to happen. Facts of the call are None where the request was refused before it had a name.

    Attributes:
        id: the request id, which the agent's answer carries too.
        time: when it was decided, UTC.
        agent: the agent's name; None while no agent is configured. agent_address: the IP address it called from.
        access_key_suffix: what follows the account in its placeholder key.
        resources: the ARNs in JSON, their list cut by `describe`; None where they are unknown.
        params: masked JSON text (`redact.masked_texts`).
        outcome, rule, reason: the Decision; rule None when no rule matched.
        approvers: (person, kind, reason) of each that answered.
        digest: the request digest in hex; None when nobody was asked.
        generation: number of the configuration that decided.
        grant: the id of the grant that allowed the call, or that an act is about.
        presigned: seconds for which what was signed in place of the call works; None for a call.
        proofs: what proved the agent of a tunnel, empty for nothing; None for a call.
        session: the virtual session that was used, in JSON; None for the agent's own key.
        sentence, level: what the call does, and how serious that is.
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
    resources: str | None = None
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
    session: str | None = None
    presigned: int | None = None
    proofs: tuple[str, ...] | None = None
    sentence: str | None = None
    level: Level | None = None

    @property
    def proof(self) -> str | None:
        """The proofs of a tunnel as one word, "none" for nothing; None for a call."""
        return None if self.proofs is None else "+".join(self.proofs) or "none"


@value_class
class Outcome:
    """What happened.

    Attributes:
        status: the HTTP status that the agent got, None where it got no answer. upstream_status: the one that AWS answered.
        bytes_in, bytes_out: body bytes from the agent and to it.
        nanoseconds: how long each stage took, by its name, which is one of our own words.
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
    nanoseconds: Mapping[str, int] = field(default_factory=dict)
    end: End
    reason: str | None = None


@value_class
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
        and call.presigned is None
    )


def stamp(time: datetime) -> str:
    """A time as RFC 3339 in UTC, always with microseconds, so that texts sort by time."""
    return f"{_second(time.timestamp() // 1)}.{time.microsecond:06}Z"


@lru_cache(_SECONDS)
def _second(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]
