"""Calls of equal shape: those that differ only in the names of what they act on, within one place.

Rule: calls that are alike are equal in all that their digests cover but names, and the addresses and hashes that follow from them. They
may be decided by one press, so that whatever a person must look at one by one is like no other: a danger, a
change of permissions, a call that may return credentials, one with hidden or unknown values, and one that a person was asked about before.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from trio_gate.approval.digest import hashes_payload, says_nothing
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trio_gate.approval.question import Question
    from trio_gate.text.visible import Json

ASKED_BEFORE = frozenset({"sent", "recount"})
"""Codes of reasons that are about one question and not about what its call does."""

_NAME: Json = {"$": "a name of what the call acts on"}


@value_class
class Alike:
    """What calls of equal shape share: `key`, in hexadecimal, and `place`, for people: a folder of a bucket, or a region."""

    key: str
    place: str


def alike(question: Question) -> Alike | None:
    """The shape of a question's call; None where it must be decided by itself."""
    resources = question.resources
    if _stands_alone(question) or not resources or len(resources) != question.resources_total:
        return None
    places = sorted({_place(arn) for arn in resources})
    names = frozenset(name for arn in resources for name in _names(arn))
    params = {name: value for name, value in question.params.items() if name not in question.may_differ}
    asked = [question.rule, [group.id for group in question.approvers], question.level, _codes(question)]
    who = [question.agent or question.agent_address, question.session, question.role, question.session_policy]
    where = [question.account, question.region, question.host if question.address else None, places]
    form = json.dumps(
        [who, where, question.service, question.operation, asked, _form(params, names), _form(_sent(question), names)],
        sort_keys=True,
    )
    key = hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()
    return Alike(key=key[:32], place=_folder(places) or question.region)


def _codes(question: Question) -> list[str]:
    """What its reasons are about, without who could not be notified, which says nothing of the call."""
    return [risk.code for risk in question.risks if risk.code != "unnotified"]


def _stands_alone(question: Question) -> bool:
    return (
        question.level not in ("caution", "fact")
        or question.access == "permissions"
        or question.vends_credentials is not False
        or bool(question.not_shown or question.to_read)
        or not ASKED_BEFORE.isdisjoint(risk.code for risk in question.risks)
        or _is_marked(question.params)
    )


def _sent(question: Question) -> Json:
    """What is sent beside the parameters and counts in the digest, without host and path, which follow from names."""
    counted = [
        field for field in question.headers if field[0] != "host" and not says_nothing(field[0]) and not hashes_payload(field[0])
    ]
    return [question.method, _pairs(sorted(counted)), _pairs(parse_qsl(question.query, keep_blank_values=True))]


def _pairs(pairs: Iterable[tuple[str, str]]) -> Json:
    return [[name, value] for name, value in pairs]


def _place(arn: str) -> str:
    """An ARN without its last name: for an object its bucket and folder."""
    prefix, part = _split(arn)
    return prefix + part[: part.rfind("/" if "/" in part else ":") + 1]


def _names(arn: str) -> tuple[str, ...]:
    """What a parameter may call the resource of an ARN: an object by its key, others by their whole or last names."""
    prefix, part = _split(arn)
    if prefix.split(":")[2:3] == ["s3"]:
        return arn, part.partition("/")[2] or part
    return arn, part, part.partition("/")[2] or part, part[max(part.rfind("/"), part.rfind(":")) + 1 :]


def _split(arn: str) -> tuple[str, str]:
    """An ARN's beginning, up to and with its account, and the rest."""
    parts = arn.split(":", 5)
    return ("".join(f"{part}:" for part in parts[:5]), parts[5]) if len(parts) == 6 else ("", arn)


def _folder(places: list[str]) -> str | None:
    """The folder of a bucket that is the only place; None for others."""
    prefix, part = _split(places[0])
    return part if len(places) == 1 and part and prefix.split(":")[2:3] == ["s3"] else None


def _form(node: Json, names: Collection[str]) -> Json:
    """A tree of parameters in which all names of resources are equal."""
    match node:
        case str():
            return _NAME if node in names else node
        case list():
            return [_form(item, names) for item in node]
        case dict():
            return {name: _form(item, names) for name, item in node.items()}
        case _:
            return node


def _is_marked(node: Json) -> bool:
    """Whether a value is not shown as it is, somewhere in a tree."""
    match node:
        case dict():
            return any(name.startswith("$") or _is_marked(item) for name, item in node.items())
        case list():
            return any(map(_is_marked, node))
        case _:
            return False
