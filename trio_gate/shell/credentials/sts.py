"""AssumeRole: one request signed with the base key, and its answer read strictly; and the requests of agents, sent again.

Rule: STS's messages go to the log, never to an agent: they name the base key's owner. An answer that is not exactly what was asked
for, including the account, gives no credentials.

Theory: the query protocol, version 2011-06-15 (docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html). Faults that only
a person can fix are 403, so that SDKs do not retry; temporary ones are 503.
"""

from __future__ import annotations

import hashlib
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from trio_gate.aws.params.readers.xml_body import read_xml
from trio_gate.errors import CredentialsUnavailable, Malformed, UpstreamError
from trio_gate.sessions.answer import NoSessionError, read_answer
from trio_gate.signing.sigv4 import S3_FAMILY, Credentials, sign
from trio_gate.text.visible import visible
from trio_gate.wire.head import RequestHead, Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.params.readers.xml_body import Element
    from trio_gate.ports import AssumeRole, RoleRequest, SessionRequest
    from trio_gate.sessions.answer import Answer
    from trio_gate.wire.head import ResponseHead

    Send = Callable[[str, RequestHead, bytes], Awaitable[tuple[ResponseHead, bytes]]]
    """Sends a request to a host and reads its whole answer, of limited size. Raises UpstreamError."""

BASE_KEY_FAULTS = {
    "InvalidClientTokenId": "AWS does not know it, or it is switched off",
    "SignatureDoesNotMatch": "its secret is wrong, or the gateway's clock is",
    "ExpiredToken": "it has expired",
    "ExpiredTokenException": "it has expired",
}
"""Error codes that blame the signing key, with their meaning."""

BUSY = frozenset(
    {
        "InternalFailure",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Error codes of temporary failures, whatever their status."""

_MESSAGE_LIMIT = 300
"""Characters of AWS's message that go into the operator's log."""

_VERSION = "2011-06-15"
"""Of STS's query protocol."""

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,63}")

log = logging.getLogger(__name__)


class RoleRefused(CredentialsUnavailable):
    """STS refused for a reason that the operator must remove."""

    status = 403
    code = "AccessDenied"


class BaseKeyRefused(RoleRefused):
    """The base key is at fault, not the role; it should be read again."""


async def assume_role(request: AssumeRole, base: Credentials, *, send: Send, host: str, now: datetime) -> Credentials:
    """Temporary credentials of the role; `expires` is set.

    Args:
        request: which role, as whom, for how long.
        base: the key that signs.
        send: the way to AWS.
        host: the STS endpoint of the request's partition and region.
        now: the time, aware.

    Raises:
        BaseKeyRefused: the base key is wrong or has expired (403).
        RoleRefused: the role may not be assumed (403).
        CredentialsUnavailable: STS is out of reach, busy, or answers nonsense (503).
    """
    head, body = _signed(request, base, host, now)
    try:
        answer, content = await send(host, head, body)
    except UpstreamError as fault:
        raise CredentialsUnavailable(f"STS could not be asked for {request.role_arn}: {fault.detail}") from fault
    if answer.status == 200:
        return _given(request, content, lambda found: found.of_account_of(request.role_arn))
    raise _refusal(request, base, answer.status, content)


async def ask_again(request: SessionRequest, signer: Credentials, *, send: Send, now: datetime) -> Credentials:
    """The credentials of a virtual session, by the request that the agent made once; `expires` is set.

    Args:
        request: what is sent again.
        signer: the credentials that sign it.
        send: the way to AWS.
        now: the time, aware.

    Raises:
        BaseKeyRefused: `signer` is wrong or has expired (403).
        RoleRefused: AWS refused (403).
        CredentialsUnavailable: AWS is out of reach, busy, or answers nonsense (503).
    """
    sent = request.sent
    signed = sign(
        sent.head,
        payload_hash=hashlib.sha256(sent.body).hexdigest(),
        credentials=signer,
        service=sent.signing_name,
        region=sent.region,
        now=now,
        s3=sent.signing_name in S3_FAMILY,
    )
    try:
        answer, content = await send(sent.host, signed.head, sent.body)
    except UpstreamError as fault:
        raise CredentialsUnavailable(f"AWS could not be asked again for {request.role_arn}: {fault.detail}") from fault
    if answer.status != 200:
        raise _refusal(request, signer, answer.status, content)
    return _given(request, content, lambda found: found.credentials_for(sent, request.role_arn))


def sts_host(table: HostTable, partition: str, region: str) -> str:
    """The host name of STS in a region of a partition."""
    place = table.place_of_scope("sts", region)
    return next(candidate.host for candidate in place.candidates if candidate.partition == partition)


async def caller(key: Credentials, name: str, *, send: Send, host: str, region: str, now: datetime) -> str:
    """The ARN by which AWS knows a key.

    Args:
        key: what signs.
        name: that of its `credential` block, for messages.
        send: the way to AWS.
        host: the STS endpoint of a region.
        region: where that is.
        now: the time, aware.

    Raises:
        BaseKeyRefused: the key is wrong or has expired (403).
        CredentialsUnavailable: STS is out of reach, busy, or answers nonsense (503).
    """
    head, body = _query({"Action": "GetCallerIdentity", "Version": _VERSION}, key, host, region, now)
    try:
        answer, content = await send(host, head, body)
    except UpstreamError as fault:
        raise CredentialsUnavailable(f"STS could not be asked whose key credential {name} is: {fault.detail}") from fault
    code, _ = _said(content)
    if code in BASE_KEY_FAULTS:
        raise BaseKeyRefused(f"AWS refuses the base key of credential {name} ({code}): {BASE_KEY_FAULTS[code]}")
    try:
        return _text(_root(content, "GetCallerIdentityResponse"), "GetCallerIdentityResult", "Arn")
    except (Malformed, ValueError):
        raise CredentialsUnavailable(f"STS gave no answer that can be read for credential {name} ({answer.status})") from None


def _signed(request: AssumeRole, base: Credentials, host: str, now: datetime) -> tuple[RequestHead, bytes]:
    form = {
        "Action": "AssumeRole",
        "Version": _VERSION,
        "RoleArn": request.role_arn,
        "RoleSessionName": request.session_name,
        "DurationSeconds": str(request.duration),
    }
    more = {"ExternalId": request.external_id, "Policy": request.session_policy, "SourceIdentity": request.source_identity}
    form |= {name: text for name, text in more.items() if text is not None}
    for number, (key, value) in enumerate(request.tags, start=1):
        form |= {f"Tags.member.{number}.Key": key, f"Tags.member.{number}.Value": value}
    return _query(form, base, host, request.region, now)


def _query(form: Mapping[str, str], base: Credentials, host: str, region: str, now: datetime) -> tuple[RequestHead, bytes]:
    body = urlencode(form, quote_via=quote).encode("ascii")
    fields = (("host", host), ("content-type", "application/x-www-form-urlencoded; charset=utf-8"))
    head = RequestHead(method="POST", target=Target(segments=("",)), headers=fields)
    signed = sign(
        head,
        payload_hash=hashlib.sha256(body).hexdigest(),
        credentials=base,
        service="sts",
        region=region,
        now=now,
        s3=False,
    )
    return signed.head, body


def _given(request: RoleRequest, content: bytes, credentials: Callable[[Answer], Credentials]) -> Credentials:
    try:
        found = read_answer(content)
    except NoSessionError:
        raise _nonsense(request) from None
    try:
        return credentials(found)
    except NoSessionError as fault:
        raise CredentialsUnavailable(f"AWS gave credentials that are not used: {fault}") from None


def _refusal(request: RoleRequest, base: Credentials, status: int, content: bytes) -> CredentialsUnavailable:
    """The exception for an error from STS; its message is logged."""
    code, message = _said(content)
    words = _loggable(code, message, request, base)
    log.warning("STS refused %s with %d %s: %s", request.role_arn, status, visible(code[:64]), words)
    if status >= 500 or status == 429 or code in BUSY:
        return CredentialsUnavailable(f"STS is busy and did not assume {request.role_arn}: try again later")
    if code in BASE_KEY_FAULTS:
        before = request.signer
        key = f"the base key of credential {request.root.base}" if before is None else f"the session of {before.role_arn}"
        return BaseKeyRefused(f"AWS refuses {key} ({code}): {BASE_KEY_FAULTS[code]}")
    if not _CODE.fullmatch(code):
        return _nonsense(request)
    if code == "PackedPolicyTooLarge":
        return RoleRefused(
            f"{request.role_arn} could not be assumed ({code}): its session policy and tags are too large together"
        )
    signer = f"the base key of credential {request.root.base}" if request.signer is None else request.signer.role_arn
    return RoleRefused(
        f"{request.role_arn} could not be assumed ({code}): check that the role exists, that its trust policy allows"
        f" {signer}, and its external id and longest session"
    )


def _said(content: bytes) -> tuple[str, str]:
    """Code and message of an error, both empty if it cannot be read."""
    try:
        root = _root(content, "ErrorResponse")
        # Some services put it one level deeper; SDKs read both.
        path = ("Errors", "Error") if any(child.name == "Errors" for child in root.children) else ("Error",)
        return _text(root, *path, "Code"), _text(root, *path, "Message")
    except (Malformed, ValueError):
        return "", ""


def _nonsense(request: RoleRequest) -> CredentialsUnavailable:
    return CredentialsUnavailable(f"STS gave no answer that can be read for {request.role_arn}: try again later")


def _loggable(code: str, message: str, request: RoleRequest, base: Credentials) -> str:
    """The message, unless it could hold a secret: a signature fault spells the request that was signed, token included."""
    secrets = (base.secret_access_key, base.session_token, request.first.external_id, request.root.external_id)
    if code == "SignatureDoesNotMatch" or any(secret in message for secret in secrets if secret):
        return "(its message is not shown)"
    return visible(message[:_MESSAGE_LIMIT])


def _root(content: bytes, name: str) -> Element:
    root = read_xml(content)
    if root.name != name:
        raise ValueError(root.name)
    return root


def _text(element: Element, *path: str) -> str:
    """The text of the only element at a path. Raises ValueError if there is none, or more than one."""
    for name in path:
        (element,) = (child for child in element.children if child.name == name)
    return element.text
