"""What each path of the gateway's own is for: a signature, asked for as the call that it stands for, or what stands for no call.

Rule: a path is a row of the tables.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed, Unidentified
from trio_gate.exchange.own_requests.members import Members
from trio_gate.exchange.own_requests.signatures import Where, cluster_token, database_token, object_url
from trio_gate.exchange.results import Routed, Unframed
from trio_gate.exchange.snapshot import check_place
from trio_gate.signing.verify import payload_hash_of
from trio_gate.values import value_class
from trio_gate.wire.head import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.exchange.presign import Presign
    from trio_gate.exchange.results import Proven
    from trio_gate.exchange.snapshot import Snapshot, Unconfigured
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
