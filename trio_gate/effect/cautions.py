"""What makes a call worth a second look without danger, and what is merely so.

Rule: that something cannot be said is a fact, unless nothing at all can be said: then the call is newer than the review.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.dangers import MAX_NAMED, READS, TEMPLATED
from trio_gate.effect.grants import strangers
from trio_gate.effect.losses import is_small
from trio_gate.effect.reasons import Reason
from trio_gate.effect.statements import statement_does
from trio_gate.effect.switches import deciding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Call
    from trio_gate.effect.reasons import Code

_BUYS = re.compile(
    r"(?:Add|Allocate|Buy|Clone|Create|Enable|Import|Increase|Launch|Modify|Provision|Purchase|Register|Renew|Request|Reserve|Resize"
    r"|Restore|Resume|Run|Scale|Set|Start|Transfer|Update)(?=[A-Z])"
)
"""Verbs of calls that start, make or enlarge something that is paid for; all others are paid for by the call."""

_BY_THE_CALL = frozenset(("athena.StartQueryExecution", "dynamodb.UpdateItem", "logs.CreateLogStream", "logs.StartQuery"))
"""Calls whose name begins so and that are paid for by the call; those of S3 are all."""

_INTERRUPTS = re.compile(r"(?:Failover|Pause|Reboot|Restart|Stop|Suspend|Switchover)(?=[A-Z])")
_NONE_AT_ZERO = ("DesiredCapacity", "DesiredInstanceCount", "MaxSize", "ReservedConcurrentExecutions", "desiredCount")
"""Members that say how many there should be."""

_REDIRECTS: Mapping[str, str] = {
    "elbv2.ModifyListener": "traffic may go elsewhere",
    "elbv2.ModifyRule": "traffic may go elsewhere",
    "route53.ChangeResourceRecordSets": "what uses the name may go elsewhere, or find nothing",
    "s3.PutBucketNotificationConfiguration": "notifications go elsewhere",
    "sns.Subscribe": "messages go to another place as well",
}
"""Calls that send traffic or messages elsewhere, by `service.Operation`."""

_LOSS = "it takes something away or stops it: it can be made or started anew, but not what is missed until then"

_LOSSES: Mapping[str, str] = {
    "cloudtrail.StopLogging": "what happens until it is started again is not recorded",
    "ec2.DeleteFlowLogs": "traffic is not logged any more; what was logged stays",
    "kms.DisableKey": "nothing that it encrypted can be read until it is enabled again",
    "kms.ScheduleKeyDeletion": "nobody can use it from now on; the deletion can be called off until its day, then all that it encrypted is lost",
}
"""What is lost by calls that can be undone, by `service.Operation`."""

_STARTS = frozenset(
    {
        "bedrock-agent-runtime.InvokeAgent",
        "codebuild.StartBuild",
        "codepipeline.StartPipelineExecution",
        "lambda.Invoke",
        "lambda.InvokeAsync",
        "lambda.InvokeWithResponseStream",
        "ssm.StartAutomationExecution",
        "stepfunctions.StartExecution",
        "stepfunctions.StartSyncExecution",
    }
)
"""Calls that run what somebody defined before: what it does is not in the call."""

_NEWER = "it, or a parameter or answer field of it, is newer than the review: what it does, and whether it returns credentials, is unknown"
_OWN_REVIEW = (
    "it, or a parameter or answer field of it, is newer than the review: the facts shown here are from the operator's own review"
)
_SIGNED = "it is signed and not sent: whoever has the signature can send it without the gateway, for {} seconds, and add what is unknown here"
_CHOSEN = "; whoever sends it chooses the content, which nobody sees before"
_VIRTUAL = "the agent gets a session that works through this gateway alone: rules decide about each call that it makes with it"


def cautions(call: Call, *, virtual: bool) -> Iterator[Reason]:
    """Why a call is worth a second look. `virtual`: it is answered with a virtual session."""
    if not call.reviewed:
        yield _caution("newer", _OWN_REVIEW if call.own_review else _NEWER)
    if call.presigned is not None:
        yield _caution("presigned", _SIGNED.format(call.presigned) + (_CHOSEN if call.method == "PUT" else ""))
    if call.vends_credentials is True and virtual:
        yield _caution("virtual", _VIRTUAL)
    if call.reads_secret is True and call.service == "kms":
        yield _caution("secret", "the answer contains a decrypted secret, or a key")
    if call.access not in READS:
        yield from _reaches(call)
        yield from _changes(call)


def _reaches(call: Call) -> Iterator[Reason]:
    if call.access == "permissions":
        yield _caution("permissions", "it changes who may do what")
    others = strangers(call)
    blocks = [who for who in call.shares_with if who not in others] if isinstance(call.shares_with, tuple) else []
    if blocks and call.makes_public is not True:
        more = f" and {len(blocks) - MAX_NAMED} others" if len(blocks) > MAX_NAMED else ""
        yield _caution("networks", f"{', '.join(blocks[:MAX_NAMED])}{more} get access over the network")
    if call.cross_account is True:
        yield _caution("cross_account", "it acts on something of another account")


def _changes(call: Call) -> Iterator[Reason]:
    if call.destroys is True and is_small(call):
        yield _caution("irreversible", "what it deletes is gone for good: a record, or a few")
    elif call.removes is True and call.destroys is not True:
        yield from _losses(call)
    if _INTERRUPTS.match(call.operation) and call.removes is not True:
        yield _caution("interrupts", "what uses it is interrupted")
    yield from _interruptions(call)
    if call.unguards is UNKNOWN and call.reviewed:
        yield _caution("unguards", "it may weaken a guard: that depends on what is there now")
    if call.runs_code is UNKNOWN and call.reviewed and call.service not in TEMPLATED and statement_does(call) is None:
        yield _caution("code", "it may run code: that depends on what it names")
    if f"{call.service}.{call.operation}" in _STARTS:
        yield _caution("starts", "it runs what was defined before: what that does is not in the call")
    if statement_does(call) in ("deletes", "changes"):
        yield _caution("statement", "its statement may change data: it has a verb for that")
    if call.spends is True and pays_on(call):
        yield _caution("spends", "it starts, makes or enlarges something that costs money")


def _interruptions(call: Call) -> Iterator[Reason]:
    for name in _NONE_AT_ZERO:
        if call.params.get(name) == 0 and not isinstance(call.params[name], bool):
            yield _caution("interrupts", f"{name}: none of it runs any more")
    told = _REDIRECTS.get(f"{call.service}.{call.operation}")
    if told is not None:
        yield _caution("interrupts", told)


def _losses(call: Call) -> Iterator[Reason]:
    told = _LOSSES.get(f"{call.service}.{call.operation}", _LOSS)
    for text in deciding("destroys", call.params)[:MAX_NAMED] or [told]:
        yield _caution("interrupts", text)


def pays_on(call: Call) -> bool:
    """Whether a call that costs money makes something that costs on, rather than pays for itself."""
    by_the_call = call.service == "s3" or f"{call.service}.{call.operation}" in _BY_THE_CALL
    return _BUYS.match(call.operation) is not None and not by_the_call


def facts(call: Call) -> Iterator[Reason]:
    """What is merely so, or cannot be said."""
    if call.may_expose_secrets is True:
        yield _fact("exposes", "the answer may contain secrets that people left there")
    if call.spends is True and call.access not in READS and not pays_on(call):
        yield _fact("spends", "the call itself is paid for")
    if call.reviewed:
        for code, fact, text in _unknown(call):
            if fact is UNKNOWN:
                yield _fact(code, f"{text} is not known")
    elif call.access in READS and call.may_expose_secrets is UNKNOWN:
        yield _fact("unknown", "whether the answer may contain secrets is not known")


def _unknown(call: Call) -> Iterator[tuple[Code, object, str]]:
    yield "cross_account_unknown", call.cross_account, "whether it affects another account"
    yield "unknown", call.resources, "which resources it affects"
    yield "unnamed", call.iam_actions, "which permissions it needs"
    yield "unknown", call.shares_with, "who gets access"
    yield "unknown", call.destroys, "whether something there is replaced or deleted"


def _caution(code: Code, text: str) -> Reason:
    return Reason(level="caution", code=code, text=text)


def _fact(code: Code, text: str) -> Reason:
    return Reason(level="fact", code=code, text=text)
