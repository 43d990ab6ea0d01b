"""A call as the decision log, the record and `explain` show it, in JSON.

Rule: what is kept is masked and cut, once for both the log and the record. The parameters are in the order of their names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

from trio_gate.audit.redact import brief, clipped, encode, masked_texts, path_text, plain
from trio_gate.aws.call import UNKNOWN, Unknown
from trio_gate.effect.effect import level_of, line_of
from trio_gate.sessions.calls import served

if TYPE_CHECKING:
    from trio_gate.aws.call import Call
    from trio_gate.aws.model.shape import Shape
    from trio_gate.effect.reasons import Level
    from trio_gate.text.visible import Json

MAX_RESOURCES = 100
"""The most ARNs that one row lists."""

_OPERATIONS = 1024
"""Size of the cache by operations, which only tables and models decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A call as it is recorded: masked and cut.

    Attributes:
        sentence: what it does, in one line.
        level: how serious that is.
        path: the path, without secrets.
        params: as in `Intent`.
        resources: as in `Intent`.
        line: the JSON that the decision log has of it; None without that log.
    """

    sentence: str
    level: Level
    path: str
    params: str
    resources: str | None
    line: str | None


def describe(call: Call, shape: Shape | None, *, line: bool) -> Described:
    """Mask and cut what will be recorded of a call. `shape` is the operation's input; `line`: also make the log's line."""
    path, (masked, whole, kept) = path_text(call.path, call.params, shape), masked_texts(call.params, shape)
    sentence, level = line_of(call, masked), level_of(call, virtual=served(call))
    resources = None if isinstance(call.resources, Unknown) else clipped(call.resources, MAX_RESOURCES)
    main = brief(call.resource) if isinstance(call.resource, str) else call.resource
    return Described(
        sentence=sentence,
        level=level,
        path=path,
        params=kept,
        resources=resources,
        line=_line(sentence, level, _text(call, whole, path, _fact(main), resources or _UNKNOWN)) if line else None,
    )


def _line(sentence: str, level: Level, call: str) -> str:
    """The JSON of a call, led by what it does."""
    return f'{{"sentence":{quoted(sentence)},"level":"{level}",{call[1:]}'


def call_json(call: Call) -> dict[str, Json]:
    """A call in full, as `explain` shows it."""
    params = json.dumps({name: plain(value) for name, value in call.params.items()})
    policies = plain(UNKNOWN if isinstance(call.policies, Unknown) else list(call.policies))
    text = _text(
        call, params, call.path, _fact(call.resource), _fact(call.resources), policies=f',"policies":{json.dumps(policies)}'
    )
    shown: dict[str, Json] = json.loads(text)
    return shown


def _text(call: Call, params: str, path: str, resource: str, resources: str, *, policies: str = "") -> str:
    """A call as JSON; what is masked and cut where it is kept is given, as JSON but for the path. `policies` is a further member."""
    presigned = "" if call.presigned is None else f',"presigned":{call.presigned}'
    known = _of_operation(
        call.service,
        call.operation,
        call.protocol,
        call.iam_action,
        call.iam_actions,
        call.access,
        (call.reads_secret, call.vends_credentials, call.may_expose_secrets, not call.reviewed, call.runs_code, call.spends),
    )
    return (
        f'{{{known},"account":{quoted(call.account)},"region":{quoted(call.region)},"partition":{quoted(call.partition)}'
        f',"resource":{resource},"resources":{resources},"resource_accounts":{_fact(call.resource_accounts)}'
        f',"cross_account":{_fact(call.cross_account)},"shares_with":{_fact(call.shares_with)}'
        f',"makes_public":{_fact(call.makes_public)}{policies}'
        f',"params":{params},"host":{quoted(call.host)},"method":{quoted(call.method)},"path":{quoted(path)}{presigned}}}'
    )


@lru_cache(maxsize=_OPERATIONS)
def _of_operation(
    service: str,
    action: str,
    protocol: str,
    iam_action: str | None,
    iam_actions: tuple[str, ...] | Unknown,
    access: str,
    flags: tuple[bool | Unknown, ...],
) -> str:
    """The members that tables and models decide; nothing that an agent invents is among them."""
    names = ("reads_secret", "vends_credentials", "may_expose_secrets", "newer_than_review", "runs_code", "spends")
    texts = {"service": service, "action": action, "protocol": protocol, "iam_action": iam_action}
    known = {**texts, "iam_actions": iam_actions, "access": access, **dict(zip(names, flags, strict=True))}
    return ",".join(f"{quoted(name)}:{_fact(value)}" for name, value in known.items())


def _fact(value: str | bool | tuple[str, ...] | Unknown | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    return _UNKNOWN if isinstance(value, Unknown) else f"[{','.join(map(quoted, value))}]"


_UNKNOWN = encode(UNKNOWN)
