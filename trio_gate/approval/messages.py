"""The frames of `trio-gate.approvals.v1`: JSON objects in text frames, told apart by `type`.

Rule: a frame is read strictly or not at all. A duplicate, unknown or missing member, another type, a text over its cap: Malformed.
`channel.schema.json` beside this file says the same as JSON Schema; the tests hold each against the other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from trio_gate.approval.state import Answer, RefusedCode, Status, approvals, verdict_of
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from trio_gate.approval.shown import Json
    from trio_gate.approval.state import Prompt

PROTOCOL = "trio-gate.approvals.v1"

MAX_CLIENT_FRAME = 64 * 1024
"""Bytes of a frame that a client sends; a decision needs under 2 KiB."""

MAX_SERVER_FRAME = 4 * 1024 * 1024
"""Bytes of a frame that the gateway sends: a prompt's capped texts, each character in up to 12 bytes of JSON."""

MAX_REASON = 1000
MAX_ID = 128
MAX_TOKEN = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Client, first frame, where no Authorization header can be set: who speaks."""

    type: ClassVar[str] = "hello"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Client: an answer to the prompt `id` as it was seen under `digest`."""

    type: ClassVar[str] = "decide"
    id: str
    digest: str
    verdict: Answer
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Gateway, first frame: who the client is, and how many prompts follow."""

    type: ClassVar[str] = "hello"
    protocol: str = PROTOCOL
    person: str
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Gateway: a prompt that waits. `prompt` is the question and its groups, see `pending`."""

    type: ClassVar[str] = "pending"
    prompt: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """Gateway: a vote was counted and the prompt still waits."""

    type: ClassVar[str] = "updated"
    id: str
    approvers: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Gateway: a prompt ended."""

    type: ClassVar[str] = "resolved"
    id: str
    status: str
    by: list[Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Gateway: your vote on `id` counts; `status` is where the prompt stands with it."""

    type: ClassVar[str] = "accepted"
    id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Gateway: your frame does not count; `id` is None where it could not be read."""

    type: ClassVar[str] = "rejected"
    id: str | None
    code: RefusedCode
    message: str


ClientFrame = Token | Decide
ServerFrame = Hello | Pending | Updated | Resolved | Accepted | Rejected

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID}}}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(rf"[!-~]{{1,{MAX_TOKEN}}}")
_STATUS = tuple(status.value for status in Status)


def encode(frame: ClientFrame | ServerFrame) -> str:
    """A frame as text, all ASCII."""
    members = {field.name: getattr(frame, field.name) for field in fields(frame)}
    return json.dumps({"type": frame.type, **members}, allow_nan=False, separators=(",", ":"))


def decode_client(text: str) -> ClientFrame:
    """Read a frame that a client sent. Raises Malformed."""
    members = _object(text, MAX_CLIENT_FRAME)
    match members.pop("type", None):
        case "hello":
            _exactly(members, {"token"})
            return Token(token=_matching(members, "token", _TOKEN))
        case "decide":
            members.setdefault("reason", "")
            _exactly(members, {"id", "digest", "verdict", "reason"})
            return Decide(
                id=_matching(members, "id", _ID),
                digest=_matching(members, "digest", _DIGEST),
                verdict=_one_of(members, "verdict", get_args(Answer)),
                reason=_text(members, "reason", MAX_REASON),
            )
        case _:
            raise Malformed("the frame's `type` is none that a client sends: hello, decide")


def decode_server(text: str) -> ServerFrame:
    """Read a frame that the gateway sent. Raises Malformed."""
    members = _object(text, MAX_SERVER_FRAME)
    match members.pop("type", None):
        case "hello":
            _exactly(members, {"protocol", "person", "pending"})
            _one_of(members, "protocol", (PROTOCOL,))
            return Hello(person=_text(members, "person"), pending=_typed(members, "pending", int))
        case "pending":
            _exactly(members, {"prompt"})
            return Pending(prompt=_prompt(_typed(members, "prompt", dict)))
        case "updated":
            _exactly(members, {"id", "approvers"})
            return Updated(id=_matching(members, "id", _ID), approvers=_typed(members, "approvers", list))
        case "resolved":
            _exactly(members, {"id", "status", "by", "reason"})
            return Resolved(
                id=_matching(members, "id", _ID),
                status=_one_of(members, "status", _STATUS),
                by=_typed(members, "by", list),
                reason=_text(members, "reason"),
            )
        case "accepted":
            _exactly(members, {"id", "status"})
            return Accepted(id=_matching(members, "id", _ID), status=_one_of(members, "status", _STATUS))
        case "rejected":
            _exactly(members, {"id", "code", "message"})
            return Rejected(
                id=None if members["id"] is None else _matching(members, "id", _ID),
                code=_one_of(members, "code", get_args(RefusedCode)),
                message=_text(members, "message"),
            )
        case _:
            raise Malformed("the frame's `type` is none that the gateway sends")


def pending(prompt: Prompt) -> Pending:
    """The frame that shows a prompt."""
    question = prompt.question
    shown = {field.name: _json(getattr(question, field.name)) for field in fields(question) if field.name != "approvers"}
    return Pending(prompt={**shown, "approvers": _groups(prompt)})


def updated(prompt: Prompt) -> Updated:
    """The frame that tells of a vote on a prompt that still waits."""
    return Updated(id=prompt.question.id, approvers=_groups(prompt))


def resolved(prompt: Prompt) -> Resolved:
    """The frame that tells how a prompt ended."""
    ended = verdict_of(prompt)
    return Resolved(id=prompt.question.id, status=prompt.status.value, by=list(ended.by), reason=ended.reason)


def timestamp(moment: datetime) -> str:
    """RFC 3339, in UTC for an aware UTC time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _groups(prompt: Prompt) -> list[Json]:
    return [
        {"id": group.id, "quorum": group.quorum, "approved": list(approvals(prompt, group))}
        for group in prompt.question.approvers
    ]


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return timestamp(value) if isinstance(value, datetime) else value


def _object(text: str, limit: int) -> dict[str, Any]:
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise Malformed(f"the frame is larger than {limit} bytes")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("the frame is not JSON (or names a member twice, or is nested too deep)") from None
    if not isinstance(value, dict):
        raise Malformed("the frame is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member twice"
        raise ValueError(message)
    return members


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _exactly(members: dict[str, Any], names: set[str]) -> None:
    if members.keys() != names:
        raise Malformed(f"the frame must have exactly these members: type, {', '.join(sorted(names))}")


def _typed(members: dict[str, Any], name: str, kind: type[Any]) -> Any:
    if type(members[name]) is not kind:
        raise Malformed(f"`{name}` has the wrong type")
    return members[name]


def _text(members: dict[str, Any], name: str, limit: int = MAX_SERVER_FRAME) -> str:
    value: str = _typed(members, name, str)
    if len(value) > limit:
        raise Malformed(f"`{name}` has more than {limit} characters")
    return value


def _matching(members: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = _text(members, name)
    if not form.fullmatch(value):
        raise Malformed(f"`{name}` does not have its form")
    return value


def _one_of(members: dict[str, Any], name: str, values: tuple[Any, ...]) -> Any:
    if _text(members, name) not in values:
        raise Malformed(f"`{name}` must be one of: {', '.join(values)}")
    return members[name]


def _prompt(prompt: dict[str, Any]) -> dict[str, Any]:
    if not {"id", "digest"} <= prompt.keys():
        raise Malformed("a prompt without id or digest")
    _matching(prompt, "id", _ID)
    _matching(prompt, "digest", _DIGEST)
    return prompt
