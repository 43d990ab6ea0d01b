"""Encodes frames as text and decodes them.

Rule: frames are read strictly. A duplicate, unknown or missing member, a wrong type or a text over its limit is Malformed.
`channel.schema.json` beside this file says the same as a JSON Schema; the tests compare the two.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from trio_gate.approval.alike import alike
from trio_gate.approval.channel import frames
from trio_gate.approval.channel.frames import PROTOCOL, ClientFrame, Granted, Pending, Resolved, ServerFrame, Updated
from trio_gate.approval.json_reader import json_object, matching, members, nullable, one_of, text, texts, typed, whole
from trio_gate.approval.state import Status, approvals, proposed, verdict_of
from trio_gate.approval.task import MAX_LINES
from trio_gate.approval.terms import Answer, GrantEnd, RefusedCode, Terms
from trio_gate.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.grant import Grant
    from trio_gate.approval.json_reader import Reader
    from trio_gate.approval.state import Prompt
    from trio_gate.text.visible import Json

MAX_CLIENT_FRAME = 64 * 1024
"""Bytes of a frame that a client sends; a decision needs under 2 KiB, a predicate more."""

MAX_SERVER_FRAME = 4 * 1024 * 1024
"""Bytes of a frame that the gateway sends: the bounded texts of a prompt, each character in up to 12 bytes of JSON."""

MAX_REASON = 1000
"""Characters of the reason that a person gives."""

MAX_PREDICATE = 4000
"""Characters of a grant's condition."""

MAX_ID = 128
"""Characters of the id of a prompt or grant."""

MAX_TOKEN = 512
"""Characters of a person's token."""

MAX_NUMBER = 2**53 - 1
"""The largest integer that all JSON readers read alike (RFC 8259 section 6)."""

MAX_FOUND = 200
"""The most calls that one search may ask for."""

FILTERS = ("id", "agent", "account", "service", "action", "decision", "rule", "end")
"""The fields that a search can filter by: rows in which they are equal to what is wanted."""

PARTS = ("text", "resource", "approver", "reason")
"""What a search finds parts of: all words of `text` anywhere in what people read of a row."""

TIMES = ("since", "until")
"""The times between which a search finds rows."""

_ID = matching(re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID}}}"))
_REF = matching(re.compile(r"[!-~]{0,64}"))
_PART = matching(re.compile(r"[a-z0-9]{1,16}"))
_DIGEST = matching(re.compile(r"[0-9a-f]{64}"))
_TOKEN = matching(re.compile(rf"[!-~]{{1,{MAX_TOKEN}}}"))
_STATUS = one_of(*(status.value for status in Status))
_ANY = text(MAX_SERVER_FRAME)
_COUNT = whole(0, MAX_NUMBER)
_NAME = text(256)
_TIME = matching(re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"))


def _terms(value: Any, name: str) -> Terms:
    readers = {"uses": whole(1, MAX_NUMBER), "minutes": whole(1, MAX_NUMBER), "predicate": nullable(text(MAX_PREDICATE))}
    return Terms(**members(typed(dict)(value, name), readers, frozenset({"predicate"})))


def _filters(value: Any, name: str) -> dict[str, str]:
    readers = dict.fromkeys((*FILTERS, *PARTS), _NAME) | dict.fromkeys(TIMES, _TIME)
    return members(typed(dict)(value, name), readers, frozenset(readers))


def _prompt(value: Any, name: str) -> dict[str, Any]:
    prompt: dict[str, Any] = typed(dict)(value, name)
    if not {"id", "digest"} <= prompt.keys():
        raise Malformed("a prompt without id or digest")
    _ID(prompt["id"], "id")
    _DIGEST(prompt["digest"], "digest")
    return prompt


_CLIENT: Mapping[str, tuple[type[ClientFrame], Mapping[str, Reader], frozenset[str]]] = {
    "hello": (frames.Token, {"token": _TOKEN}, frozenset()),
    "decide": (
        frames.Decide,
        {
            "ref": _REF,
            "id": _ID,
            "digest": _DIGEST,
            "verdict": one_of(*get_args(Answer)),
            "reason": text(MAX_REASON),
            "grant": nullable(_terms),
            "unread": nullable(typed(bool)),
            "confirmed": nullable(texts(whole(1, MAX_LINES))),
        },
        frozenset({"ref", "reason", "grant", "unread", "confirmed"}),
    ),
    "read": (
        frames.Read,
        {"ref": _REF, "id": _ID, "digest": _DIGEST, "parts": texts(_PART)},
        frozenset({"ref"}),
    ),
    "detail": (
        frames.Open,
        {"ref": _REF, "id": _ID, "part": _PART, "offset": _COUNT, **dict.fromkeys(("colors", "shows"), nullable(typed(bool)))},
        frozenset({"ref", "offset", "colors", "shows"}),
    ),
    "preview": (
        frames.Preview,
        {"ref": _REF, "id": _ID, "predicate": nullable(text(MAX_PREDICATE))},
        frozenset({"ref", "predicate"}),
    ),
    "compare": (frames.Compare, {"ref": _REF, "id": _ID}, frozenset({"ref"})),
    "revoke": (frames.Revoke, {"ref": _REF, "id": _ID}, frozenset({"ref"})),
    "stop": (frames.Stop, {"ref": _REF, "agent": nullable(_NAME), "reason": text(MAX_REASON)}, frozenset({"ref", "reason"})),
    "lift": (frames.Lift, {"ref": _REF, "agent": nullable(_NAME)}, frozenset({"ref"})),
    "sessions": (frames.Sessions, {"ref": _REF}, frozenset({"ref"})),
    "agent_view": (frames.ShowAgent, {"ref": _REF, "agent": nullable(_ANY)}, frozenset({"ref"})),
    "end_session": (frames.EndSession, {"ref": _REF, "id": _ID}, frozenset({"ref"})),
    "link": (frames.MakeLink, {"ref": _REF}, frozenset({"ref"})),
    "observe": (frames.Observe, {"ref": _REF, "on": typed(bool)}, frozenset({"ref"})),
    "search": (
        frames.Search,
        {"ref": _REF, "filters": _filters, "before": nullable(_COUNT), "limit": whole(1, MAX_FOUND)},
        frozenset({"ref", "before", "limit"}),
    ),
}

_SERVER: Mapping[str, tuple[type[ServerFrame], Mapping[str, Reader]]] = {
    "hello": (
        frames.Hello,
        {
            "protocol": one_of(PROTOCOL),
            "person": _ANY,
            "kind": one_of("human", "bot"),
            **dict.fromkeys(("may_grant", "may_observe", "may_stop"), typed(bool)),
            "now": _ANY,
            **dict.fromkeys(("max_minutes", "max_uses", "pending", "grants"), _COUNT),
            "agents": texts(_ANY),
            "stops": texts(typed(dict)),
            "notices": texts(_ANY),
        },
    ),
    "pending": (frames.Pending, {"prompt": _prompt}),
    "updated": (
        frames.Updated,
        {"id": _ID, "approvers": typed(list), "detached": typed(bool), "proposed": nullable(typed(dict))},
    ),
    "resolved": (frames.Resolved, {"id": _ID, "status": _STATUS, "by": typed(list), "reason": _ANY, "grant": nullable(_ID)}),
    "decided": (
        frames.Decided,
        {
            "id": _ID,
            "at": _ANY,
            "status": _STATUS,
            "by": typed(list),
            "reason": _ANY,
            "grant": nullable(_ID),
            "call": typed(dict),
            "outcome": nullable(typed(dict)),
        },
    ),
    "detail": (
        frames.Detail,
        {
            "ref": _REF,
            "id": _ID,
            "part": _PART,
            "text": _ANY,
            "next": nullable(_COUNT),
            **dict.fromkeys(("offset", "length", "size"), _COUNT),
            "sha256": _DIGEST,
            "how": texts(_ANY),
            **dict.fromkeys(("colors", "files"), nullable(typed(list))),
        },
    ),
    "compared": (frames.Compared, {"ref": _REF, "id": _ID, "at": _ANY, "text": _ANY, "reads": texts(_ANY)}),
    "granted": (frames.Granted, {"grant": typed(dict)}),
    "grant_ended": (frames.GrantEnded, {"id": _ID, "why": one_of(*get_args(GrantEnd)), "by": nullable(_ANY)}),
    "stopped": (frames.Stopped, {"stop": typed(dict)}),
    "lifted": (frames.Lifted, {"agent": nullable(_ANY), "by": _ANY}),
    "activity": (frames.Activity, {"call": typed(dict), "missed": _COUNT}),
    "found": (frames.Found, {"ref": _REF, "calls": typed(list), "next": nullable(_COUNT)}),
    "agent_view": (frames.AgentShown, {"ref": _REF, "agent": nullable(_ANY), "view": typed(dict), "text": _ANY}),
    "sessions": (frames.SessionList, {"ref": _REF, "sessions": texts(typed(dict))}),
    "preview": (
        frames.Previewed,
        {
            "ref": _REF,
            "id": _ID,
            "words": _ANY,
            **dict.fromkeys(("covered", "undecided", "calls"), _COUNT),
            "since": _ANY,
            "complete": typed(bool),
            "waiting": texts(_ID),
        },
    ),
    "link": (frames.Link, {"ref": _REF, "code": _ANY, "page": _ANY, "expires_at": _ANY}),
    "accepted": (
        frames.Accepted,
        {"ref": _REF, "id": nullable(_ID), "status": one_of(*(status.value for status in Status), "done")},
    ),
    "rejected": (
        frames.Rejected,
        {"ref": _REF, "id": nullable(_ID), "code": one_of(*get_args(RefusedCode)), "message": _ANY},
    ),
}


_LATER = frozenset({"colors", "files", "shows", "unread", "confirmed"})
"""Members that older peers do not know: they are left out where there is nothing to say."""


def encode(frame: ClientFrame | ServerFrame) -> str:
    """Encode a frame as JSON text, all ASCII."""
    given = {name: value for name, value in as_json(frame).items() if value is not None or name not in _LATER}
    return json.dumps({"type": frame.type, **given}, allow_nan=False, separators=(",", ":"))


def decode_client(text: str) -> ClientFrame:
    """Read a frame that a client sent. Raises Malformed."""
    value = json_object(text, MAX_CLIENT_FRAME)
    kind = value.pop("type", None)
    if not isinstance(kind, str) or kind not in _CLIENT:
        raise Malformed(f"the frame's `type` is not one that clients send: {', '.join(_CLIENT)}")
    made, readers, optional = _CLIENT[kind]
    return made(**members(value, readers, optional))


def decode_server(text: str) -> ServerFrame:
    """Read a frame that the gateway sent. Raises Malformed."""
    value = json_object(text, MAX_SERVER_FRAME)
    kind = value.pop("type", None)
    if not isinstance(kind, str) or kind not in _SERVER:
        raise Malformed("the frame's `type` is not one that the gateway sends")
    made, readers = _SERVER[kind]
    return made(**members(value, readers, _LATER))


def pending(prompt: Prompt) -> Pending:
    """The frame that shows a prompt."""
    shape = alike(prompt.question)
    task = prompt.question.task
    asked = task and {**as_json(task), "rules": [name for name, _ in task.rules]}
    return Pending(prompt={**as_json(prompt.question), "task": asked, "alike": shape and as_json(shape), **_standing(prompt)})


def updated(prompt: Prompt) -> Updated:
    """The frame that reports a change of a prompt that still waits."""
    return Updated(id=prompt.question.id, **_standing(prompt))


def resolved(prompt: Prompt, grant: str | None = None) -> Resolved:
    """The frame that reports how a prompt ended; `grant` is the id of the grant that it created, if any."""
    ended = verdict_of(prompt)
    return Resolved(id=prompt.question.id, status=prompt.status.value, by=list(ended.by), reason=ended.reason, grant=grant)


def granted(grant: Grant) -> Granted:
    """The frame that shows a grant."""
    shown = as_json(grant)
    for name in ("repeat_key", "standing", "people", "others"):
        del shown[name]
    if grant.kind == "task":
        shown["rules"] = [name for name, _ in grant.rules]
    else:
        del shown["purpose"], shown["accounts"]
    return Granted(grant=shown)


def timestamp(moment: datetime) -> str:
    """A time in RFC 3339; in UTC (`Z`) if `moment` is an aware time in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(value: Any) -> Any:
    """Convert a value, dataclasses included, to JSON's types."""
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [as_json(item) for item in value]
    return timestamp(value) if isinstance(value, datetime) else value


def _standing(prompt: Prompt) -> dict[str, Any]:
    terms = proposed(prompt)
    return {"approvers": _groups(prompt), "detached": prompt.detached, "proposed": None if terms is None else as_json(terms)}


def _groups(prompt: Prompt) -> list[Json]:
    return [
        {"id": group.id, "quorum": group.quorum, "approved": list(approvals(prompt, group))}
        for group in prompt.question.approvers
    ]
