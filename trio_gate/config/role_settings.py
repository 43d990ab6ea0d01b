"""Reads how a role is assumed: the attributes that `endpoint`, `agent` and `rule` have in common.

Rule: what STS would refuse for its form alone is refused here, with a position.

Theory: patterns and lengths are those of AssumeRole (docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html) and of session
tags (docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html). STS also limits the size of policy and tags in a packed form
that nobody can compute, so what passes here may still be refused there, as PackedPolicyTooLarge.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import TYPE_CHECKING, NoReturn

from trio_gate.config import attribute_types
from trio_gate.config.attribute_types import Kind, wrong
from trio_gate.config.model import RoleSettings
from trio_gate.config.source import Flaw
from trio_gate.text.json_members import once

if TYPE_CHECKING:
    from trio_gate.config.block_reader import Form
    from trio_gate.config.expressions import Value

MOST_POLICY = 2048
"""Characters of a session policy, see `Policy` of AssumeRole."""

ROLE_SECONDS = 3600
"""Seconds that a role's session lives unless configured: the default of STS, the longest that every role allows, and the longest of a
session that another role's session asks for."""

SHORTEST, LONGEST = 900, 43_200
"""Seconds that a session may live; the role's own limit, an hour unless changed, holds as well."""

MOST_TAGS = 48
"""Session tags. STS takes 50; two are for who approved a call."""

OWN_TAGS = "trio-gate:"
"""Keys of tags that begin so are the gateway's."""

BOTH = "`narrow` and `session_policy` cannot be used together: STS would allow what either allows"
"""Why a call has one of them at most."""

_ACTION = re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9*]{1,128}")
_ROLE = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")  # IAM's RoleName
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")  # STS's externalIdType
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_SIGNS = "_.:/=+-@"


def read(form: Form, *, needed: bool = False) -> RoleSettings:
    """What a block says of the role that is assumed. `needed`: it must name the role."""
    role = attribute_types.matching(_ROLE, "the name of a role, not its ARN")
    seconds = form.take(attribute_types.duration(SHORTEST, LONGEST), "duration")
    return RoleSettings(
        role=(form.need if needed else form.take)(role, "role"),
        external_id=external_id(form, "external_id"),
        session_policy=form.take(policy, "session_policy"),
        duration=None if seconds is None else int(seconds),
        tags=form.take(tags, "tags"),
        source_identity=form.take(attribute_types.flag, "source_identity"),
    )


def narrowing(form: Form, assume: RoleSettings) -> tuple[bool, tuple[str, ...]]:
    """Whether a rule narrows a session to the call, and the actions that this one may take besides."""
    action = attribute_types.matching(_ACTION, 'an IAM action, such as "kms:Decrypt"')
    narrow = form.default(attribute_types.flag, "narrow", default=False)
    also = form.take(attribute_types.listing(action), "narrow_also") or ()
    if also and not narrow:
        form.fault("`narrow_also` needs `narrow = true`", of="narrow_also")
    if narrow and assume.session_policy is not None:
        form.fault(BOTH, "keep one of them", of="narrow")
    return narrow, also


def external_id(form: Form, name: str) -> str | None:
    """The external id in an attribute; None if it is not given or faulty."""
    wanted = "an external id of 2 to 1224 characters A-Z a-z 0-9 _+=,.@:/-"
    return form.take(attribute_types.matching(_EXTERNAL_ID, wanted), name)


def _policy(value: Value) -> str:
    if not isinstance(value.data, str):
        raise wrong(value, "a policy in JSON", 'as a string, a heredoc or file("policy.json")')
    try:
        document = json.loads(value.data, object_pairs_hook=once, parse_float=_finite, parse_constant=_no_number)
    except RecursionError:
        raise Flaw(value.at, "the policy is nested too deep") from None
    except ValueError as fault:
        raise Flaw(value.at, f"the policy is not JSON: {fault}") from None
    if why := _fault_of(document):
        raise Flaw(value.at, why, "a session policy has a Version and a Statement, and no Principal")
    written = json.dumps(document, separators=(",", ":"))
    if len(written) > MOST_POLICY:
        raise Flaw(value.at, f"the policy has {len(written)} characters without its blanks, more than {MOST_POLICY}")
    return written


policy = Kind(form=f"a policy in JSON of at most {MOST_POLICY:,} characters", read=_policy)
"""A session policy, as JSON without blanks."""


def _finite(digits: str) -> float:
    found = float(digits)
    return found if math.isfinite(found) else _no_number(digits)


def _no_number(word: str) -> NoReturn:
    del word
    message = "it has a number that is none"
    raise ValueError(message)


def _fault_of(document: object) -> str | None:
    """Why a document is no session policy; None if it may be one."""
    if not isinstance(document, dict) or not document.get("Statement"):
        return "the policy has no Statement"
    if more := document.keys() - _POLICY:
        return f"a policy has no member {_quoted(more)}"
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        return 'the Version of a policy is "2012-10-17"'
    found = document["Statement"]
    return next(filter(None, map(_statement_fault, found if isinstance(found, list) else [found])), None)


def _statement_fault(statement: object) -> str | None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        return 'each Statement of a policy needs an Effect, "Allow" or "Deny"'
    for names in (("Action", "NotAction"), ("Resource", "NotResource")):
        if sum(name in statement for name in names) != 1:
            return f"each Statement of a session policy needs either {names[0]} or {names[1]}"
    if "Principal" in statement or "NotPrincipal" in statement:
        return "a session policy has no Principal: it is for the session"
    if more := statement.keys() - _STATEMENT:
        return f"a Statement of a session policy has no member {_quoted(more)}"
    for name, one in statement.items():
        if name in _LISTS and not _all_of(one, str):
            return f"{name} is a string, or a list of strings that is not empty"
    if not _is_condition(statement.get("Condition", {})):
        return "a Condition has operators, which have keys, which have values"
    return None


_POLICY = {"Version", "Id", "Statement"}
_LISTS = {"Action", "NotAction", "Resource", "NotResource"}
_STATEMENT = {"Sid", "Effect", "Condition", *_LISTS}


def _quoted(names: set[str]) -> str:
    return json.dumps(min(names))


def _all_of(value: object, *kinds: type[object]) -> bool:
    """Whether it is one of these kinds, or a list of them that is not empty."""
    return value != [] and all(isinstance(one, kinds) for one in (value if isinstance(value, list) else [value]))


def _is_condition(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return all(
        isinstance(keys, dict) and all(_all_of(one, str, int, float, bool) for one in keys.values()) for keys in value.values()
    )


def _tags(value: Value) -> tuple[tuple[str, str], ...]:
    if not isinstance(value.data, dict):
        raise wrong(value, "a map of tags", 'such as { team = "data" }')
    if not 1 <= len(value.data) <= MOST_TAGS:
        raise Flaw(value.at, f"expected 1 to {MOST_TAGS} tags")
    found: list[tuple[str, str]] = []
    flaws: list[Flaw] = []
    for key, part in value.data.items():
        try:
            found.append((_key(key, part), _value(part)))
        except Flaw as flaw:
            flaws.append(flaw)
            continue
        if key.lower() in [other.lower() for other, _ in found[:-1]]:
            flaws.append(Flaw(part.at, f"the tag {key} is given twice: STS does not tell upper from lower case"))
    if flaws:
        raise Flaw(flaws[0].at, flaws[0].message, flaws[0].hint, also=flaws[1:])
    return tuple(found)


tags = Kind(form=f"a map of at most {MOST_TAGS} keys and values", read=_tags)
"""Session tags: a map of keys and values."""


def _key(key: str, part: Value) -> str:
    if not (1 <= len(key) <= _LONGEST_KEY and _may_tag(key)):
        raise Flaw(part.at, f"expected a tag's key of 1 to {_LONGEST_KEY} letters, digits, spaces and {_SIGNS}")
    if key.lower().startswith(("aws:", OWN_TAGS)):
        raise Flaw(part.at, f"the keys of tags that begin with aws: are AWS's, those with {OWN_TAGS} the gateway's")
    return key


def _value(part: Value) -> str:
    data = attribute_types.text(part)
    if len(data) > _LONGEST_VALUE or not _may_tag(data):
        raise Flaw(part.at, f"expected a tag's value of at most {_LONGEST_VALUE} letters, digits, spaces and {_SIGNS}")
    return data


def _may_tag(text: str) -> bool:
    return all(char in _SIGNS or char == " " or unicodedata.category(char)[0] in "LN" for char in text)
