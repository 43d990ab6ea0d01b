"""Requests to the gateway itself, at the own addresses of its listeners: what each path is for, and what is answered.

Rule: they are proven and limited like calls, by the same steps. A path is a row of the table. What is asked for as a call, and a task, is
stopped like one, too; what an agent asks about itself is not, or it would never read that it is stopped. What stands for no call may come
without a signature where the agent has an identity token: that must be exactly one agent's, and all else that its block asks for is proven.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from trio_gate.aws.call import Claim
from trio_gate.aws.claim import signed as has_signature
from trio_gate.aws.ingress import IDENTITY_FIELD, OWN_SERVICE, to_gateway
from trio_gate.errors import Malformed, SessionOver, Unauthenticated, Unidentified
from trio_gate.exchange import proofs
from trio_gate.exchange.presign import Members, Where, cluster_token, database_token, object_url
from trio_gate.exchange.results import Claimed, Routed, Unframed
from trio_gate.exchange.snapshot import check_place
from trio_gate.signing.signed_url import signed_url
from trio_gate.signing.verify import payload_hash_of
from trio_gate.values import value_class
from trio_gate.wire.head import Held, ResponseHead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.ingress import Ingress
    from trio_gate.config.model import Agent
    from trio_gate.exchange.presign import Presign
    from trio_gate.exchange.results import Identified, Proven
    from trio_gate.exchange.snapshot import Snapshot, Unconfigured
    from trio_gate.signing.sigv4 import Credentials, SigningKeys
    from trio_gate.wire.head import RequestHead

MOST_BYTES = 16 * 1024
"""Of the body of such a request; the longest key of S3 has 1,024, which JSON may write six times as long."""

_PATHS: Mapping[tuple[str, str], Callable[[Members, Where], Presign]] = {
    ("POST", "/-/agent/presign"): object_url,
    ("POST", "/-/agent/eks-token"): cluster_token,
    ("POST", "/-/agent/rds-token"): database_token,
}
"""What is asked for by each method and path."""

MOST_WAIT = 60
"""Seconds that a request may wait for people's answer: as long as botocore waits for one, unless it is told otherwise."""

_TASK = re.compile(r"/-/agent/tasks/([a-z0-9]{1,64})")
_QUESTION = re.compile(r"/-/agent/approvals/([a-z0-9]{1,64})")
_SECONDS = re.compile(r"[0-9]{1,2}")
_NO_CALLS = (("GET", re.compile("/-/agent")), ("GET", _QUESTION), ("POST", re.compile("/-/agent/tasks")), ("DELETE", _TASK))

_ACCOUNT = "account"
"""The parameter by which an agent without a key names its account."""

_FIELDS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


@value_class
class About:
    """What an agent asks about itself: one of its questions and for how many seconds to wait for that, or all (None); as JSON or as text."""

    question: str | None
    within: int
    as_json: bool


@value_class
class TaskAsked:
    """A task that an agent asks for, as it wrote it."""

    body: bytes


@value_class
class TaskEnded:
    """A task that an agent ends."""

    id: str


NoCall = About | TaskAsked | TaskEnded
"""What is asked of the gateway that stands for no call."""


def is_no_call(head: RequestHead) -> bool:
    """Whether a request to the gateway stands for no call; `no_call` says what it asks."""
    return any(_takes(head, *kind) for kind in _NO_CALLS)


def comes_by_token(arrived: RequestHead, ingress: Ingress) -> bool:
    """Whether a request stands for no call, and has no signature but a token that may prove its agent."""
    own = to_gateway(arrived, ingress) and is_no_call(arrived)
    return own and not has_signature(arrived) and bool(ingress.with_token(arrived).tokens)


def owner_of(found: Sequence[Agent]) -> Agent:
    """The agent whose tokens a request without a signature has shown; `found` are all that they fit. Raises Unauthenticated."""
    if len(found) != 1:
        named = ", ".join(one.name for one in found) or "no agent"
        reason = f"the request is not signed, and its {IDENTITY_FIELD} is not that of exactly one agent here: sign it with the agent's keys"
        raise Unauthenticated(reason, detail=f"unsigned, with a token of {named}")
    return found[0]


def claimed_by(agent: Agent, arrived: RequestHead, ingress: Ingress, address: str, snapshot: Snapshot, now: datetime) -> Claimed:
    """A request without a signature as that of the agent whose tokens it has shown, for the account that it names, or the only one.

    Raises Unproven where the connection does not prove all else that the agent's block asks for, and Malformed.
    """
    ingress = replace(ingress.with_token(arrived), identity=agent.oidc)
    proofs.check_way(agent, ingress, address, now)
    named = [value for name, value in arrived.target.query if name == _ACCOUNT]
    own = snapshot.accounts_of(agent)
    account = named[0] if len(named) == 1 else own[0]
    if account not in own or len(named) > 1 or (not named and len(own) > 1):
        raise Malformed(
            f"say which of your accounts it is for: ?account={own[0]}{'' if len(own) == 1 else ', or another of them'}"
        )
    claim = Claim(
        access_key_id="",
        account=account,
        suffix=agent.key_suffix,
        date="",
        region=snapshot.endpoints[account].region,
        service=OWN_SERVICE,
        signed_headers=(),
        signature="",
        amz_date="",
    )
    rest = tuple((name, value) for name, value in arrived.target.query if name != _ACCOUNT)
    head = replace(arrived, target=replace(arrived.target, query=rest))
    return Claimed(arrived=head, claim=claim, ingress=ingress, agent_address=address, version_2=False, own=True)


def no_call(head: RequestHead, body: bytes) -> NoCall:
    """What a request that stands for no call asks; `body` is the one that it was signed with, or it is refused. Raises Malformed."""
    payload_hash_of(head, Held(data=body))
    if head.method != "GET" and head.target.query:
        raise Malformed("this path takes no parameters")
    if head.method == "POST":
        return TaskAsked(body=body)
    if body:
        raise Malformed("this path takes no body")
    ended = _TASK.fullmatch(head.target.path)
    return _about(head) if ended is None else TaskEnded(id=ended[1])


def _takes(head: RequestHead, method: str, path: re.Pattern[str]) -> bool:
    return head.method == method and path.fullmatch(head.target.path) is not None


def _about(head: RequestHead) -> About:
    found = _QUESTION.fullmatch(head.target.path)
    query = dict(head.target.query)
    within = query.pop("wait", "0") if found else "0"
    if query or len(head.target.query) > 1 or not _SECONDS.fullmatch(within) or int(within) > MOST_WAIT:
        raise Malformed(f"this path takes no parameter but, of an approval, `wait`: whole seconds up to {MOST_WAIT}")
    return About(question=found[1] if found else None, within=int(within), as_json=_wants_json(head.one("accept") or ""))


def _wants_json(accept: str) -> bool:
    """Whether JSON is asked for before any other type. Text is what models read best."""
    first = accept.partition(",")[0].partition(";")[0]
    return first.strip(" \t").lower() == "application/json"


def stands_for(proven: Proven, body: bytes, snapshot: Snapshot | Unconfigured, table: HostTable) -> Unframed:
    """The request that one with this body asks to be signed, and where that goes. Raises Malformed, Unidentified."""
    claimed, admitted = proven.claimed, proven.admitted
    payload_hash_of(proven.arrived, Held(data=body))
    claim = claimed.claim
    where = Where(account=claim.account, region=claim.region, table=table)
    asked = _asked(proven.arrived)(Members(body), where)
    place = check_place(asked.place, admitted.endpoint, table)
    of_call = replace(claim, service=place.candidates[0].signing_name, region=place.candidates[0].region)
    routed = Routed(
        proven=replace(proven, claimed=replace(claimed, claim=of_call)),
        head=asked.head,
        expanded=asked.head,
        place=place,
        owned=snapshot.owned_by(admitted.endpoint, table),
        reviews=snapshot.reviews,
        chain=None,
        presign=asked,
    )
    return Unframed(routed=routed, head=asked.head, body=asked.body)


def _asked(head: RequestHead) -> Callable[[Members, Where], Presign]:
    """What a path is for. Raises Malformed, Unidentified."""
    found = _PATHS.get((head.method, head.target.text))
    if is_no_call(head):
        raise Unidentified("this asks the gateway about the agent itself, and stands for no call")
    if found is None:
        methods = [method for method, path in _PATHS if path == head.target.text]
        methods += [method for method, path in _NO_CALLS if path.fullmatch(head.target.path)]
        if methods:
            raise Malformed(f"this path of the gateway takes {' or '.join(methods)}", status=405)
        raise Unidentified("the gateway has no such path", status=404)
    return found


def signed(identified: Identified, credentials: Credentials, *, now: datetime, keys: SigningKeys) -> tuple[ResponseHead, bytes]:
    """The answer that hands a signature out: its `url`, the `headers` to send with it, for how many `seconds` it works, and until when.

    It works no longer than the session that signs it, nor than the virtual session that asks for it. Raises SessionOver where such a
    session is over, or would be before a token that lives as long as EKS likes.
    """
    asked, session = identified.presign, identified.proven.admitted.session
    if asked is None:
        raise RuntimeError("no signature is asked for")
    ends = [one.expires for one in (credentials, session) if one is not None and one.expires is not None]
    works = min([asked.works, *(int((end - now).total_seconds()) for end in ends)])
    if works < 1:
        raise SessionOver("has expired")
    if session is not None and asked.kind == "cluster" and session.expires < now + timedelta(seconds=asked.works):
        raise SessionOver("ends before the token would")
    url = signed_url(
        identified.head,
        seconds=min(asked.seconds, works),
        payload_hash=asked.payload,
        credentials=credentials,
        service=identified.call.signing_name,
        region=identified.call.region,
        now=now,
        keys=keys,
    )
    headers = {name: value for name, value in identified.head.headers if name != "host"}
    until = (now + timedelta(seconds=works)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {"url": url, "headers": headers, "seconds": works, "expires": until}
    return json_answer(said)


def json_answer(said: Mapping[str, object]) -> tuple[ResponseHead, bytes]:
    """An answer of the gateway's own, in JSON."""
    return ResponseHead(status=200, reason=b"OK", headers=_FIELDS), json.dumps(said).encode("ascii")
