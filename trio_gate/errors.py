"""What can go wrong, sorted by who must act on it.

Rule: `reason` is the only text of an error that may reach an agent. It is one line, lower case, says what is wrong and what
to do, and never holds a secret. `detail` is for the operator, in logs and in the record: what an agent must not learn is only
there. `status` is the HTTP status that the agent sees. `code` is an error family or a condition, which `aws.refusal`
turns into the service's own error code; a condition brings that code's status with it.
"""

from __future__ import annotations

import difflib
import traceback
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

Outcome = Literal["denied", "pending", "expired", "stopped", "refused", "invalid", "unavailable"]
"""Why a call was not answered by AWS, in one word for programs: a rule or a person said no; people have not answered yet; they did not
answer in time; a person has stopped the agent; the gateway never lets it pass as it is; it breaks a protocol or is not one call;
something that it needs does not work just now."""

Condition = Literal["ClockSkew", "Expired", "BadDigest", "HashMismatch", "MissingLength", "TooLarge", "SessionOver"]


class GateError(Exception):
    """Ends one request. Never raised itself: raise the subclass that says who is at fault.

    Args:
        reason: one line for the agent.
        status: the HTTP status, where it is not the class's own.
        detail: one line for the operator, where it says more than `reason`.
        condition: a condition for which the service has an error code of its own; it replaces the class's `code`.
        limit: the limit that was met.
    """

    status: int = 500
    code: str = "InternalFailure"
    outcome: Outcome = "unavailable"
    approval: str | None = None
    """The id of the question that waits for people."""
    retry_after: int | None = None
    """Seconds after which the same call may go through; None where waiting does not help."""
    limit: str | None = None
    """The limit that was met, by its name in `metrics.limits`; None for any other reason."""

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        detail: str | None = None,
        condition: Condition | None = None,
        limit: str | None = None,
    ) -> None:
        if type(self) is GateError:
            message = "raise a subclass of GateError"
            raise TypeError(message)
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or reason
        self.limit = limit
        if status is not None:
            self.status = status
        if condition is not None:
            self.code = condition

    def __str__(self) -> str:
        """The operator's text, `detail`."""
        return self.detail


class AgentGone(Exception):
    """The agent left or stopped reading, so the request ends without an answer; not a GateError, as nobody would read it."""

    def __init__(self, reason: str = "the agent left") -> None:
        super().__init__(reason)


class Malformed(GateError):
    """The agent broke the protocol (400, or 408, 411, 413, 417, 421, 431, 501, 505): answer and close the connection."""

    status = 400
    code = "InvalidRequest"
    outcome: Outcome = "invalid"


class Unidentified(GateError):
    """The request cannot be named as exactly one AWS call."""

    status = 403
    code = "AccessDenied"
    outcome: Outcome = "invalid"


class Unauthenticated(GateError):
    """The request does not prove which agent or account it speaks for."""

    status = 403
    code = "AccessDenied"
    outcome: Outcome = "refused"


class WrongSignature(Unauthenticated):
    """The signature was not made with the secret of any agent."""


class Unproven(Unauthenticated):
    """The connection is not one of the agent that signed; it is closed, because another one may be."""


class SessionOver(Unauthenticated):
    """A virtual session has expired or ended, or cannot be had again: SDKs that can make another one do so."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this session {why}: assume the role again", condition="SessionOver")


class Denied(GateError):
    """A rule, an approver or a limit said no, or nobody has said yes. SDKs do not retry 403.

    `approval` is the question that waits, `retry_after` the seconds after which the same call may go through.
    """

    status = 403
    code = "AccessDenied"
    outcome: Outcome = "refused"

    def __init__(
        self,
        reason: str,
        *,
        detail: str | None = None,
        outcome: Outcome = "refused",
        approval: str | None = None,
        retry_after: int | None = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(reason, detail=detail, limit=limit)
        self.outcome, self.approval, self.retry_after = outcome, approval, retry_after


class TooMuchAtOnce(Denied):
    """An agent has reached one of its own limits: the same call may pass a moment later. No SDK tries by itself to have more."""

    def __init__(self, reason: str, *, limit: str | None = None, detail: str | None = None) -> None:
        super().__init__(reason, detail=detail, limit=limit, retry_after=1)


DO_NOT_RETRY = ": do not run it again"
"""Ends what an agent reads where a person has said no."""


class Overloaded(GateError):
    """The gateway has no room for this request right now; the agent may retry, after `retry_after` seconds."""

    status = 503
    code = "ServiceUnavailable"

    def __init__(
        self, reason: str, *, status: int | None = None, detail: str | None = None, limit: str | None = None, retry_after: int = 1
    ) -> None:
        super().__init__(reason, status=status, detail=detail, limit=limit)
        self.retry_after = retry_after


NOT_YOUR_FAULT = "the gateway cannot reach this account just now, which is not the fault of this call: tell your operator"


class CredentialsUnavailable(GateError):
    """The role of the target account could not be assumed: 403 where trying again cannot help, 503 where it can.

    Roles and credentials concern the operator alone: `detail` says what happened, and agents always read the same reason.
    """

    status = 503
    code = "ServiceUnavailable"

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        super().__init__(NOT_YOUR_FAULT, status=status, detail=detail)


class IssuerUnavailable(GateError):
    """The keys of the issuer of an agent's token could not be fetched (503); `detail` says why."""

    status = 503
    code = "ServiceUnavailable"

    def __init__(self, detail: str) -> None:
        super().__init__("the keys of this token's issuer cannot be fetched just now: try again in a moment", detail=detail)


class UpstreamError(GateError):
    """AWS could not be reached or did not answer in HTTP (502, or 504 when it fell silent)."""

    status = 502
    code = "ServiceUnavailable"


class AnswerWithheld(UpstreamError):
    """AWS has carried the call out, and its answer is not passed on (403, so that no SDK sends the call again)."""

    status = 403
    code = "AccessDenied"
    outcome: Outcome = "refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"the call was executed, and its answer is withheld: {why}: do not run it again, ask your operator")


class StorageUnavailable(GateError):
    """What a call needs on disk (its body, its approval) cannot be written or read: the operator must fix the disk."""

    status = 503
    code = "ServiceUnavailable"
    retry_after = 5


class AuditUnavailable(StorageUnavailable):
    """The audit record of a call could not be written, so the call is not made."""


class CertificatesUnavailable(GateError):
    """A CA, certificate, key or set of roots cannot be used as it is: the operator must fix the files."""


def internal_fault(error: Exception) -> str:
    """What a bug raised, and where, without the exception's text, which may hold a secret."""
    *_, (code, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__} in {code.f_code.co_qualname}, line {line}"


def fault_text(error: Exception) -> str:
    """What went wrong, in one line for the operator: a fault's detail, or where a bug is."""
    return error.detail if isinstance(error, GateError) else f"internal error: {internal_fault(error)}"


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A hint with the known word that is most like `word`; None if none is close."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else None
