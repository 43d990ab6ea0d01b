"""Parses a policy document by IAM's grammar: JSON text to statements.

Rule: what IAM would reject, or what can be read in two ways, is not parsed: a name in another case, a duplicate member, an element that
the grammar does not have, both of a pair (Action and NotAction), an empty list, a value of another type. A string is a list of one.

Principals are normalized: `*` for everybody (`"*"` and `{"AWS": "*"}`), twelve digits for a whole account (also its `:root`), the ARN or
unique id of any other AWS principal, and `Service:…`, `Federated:…`, `CanonicalUser:…`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.aws.resources.arns import is_account, parse
from trio_gate.errors import Malformed
from trio_gate.text.folding import fold
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DOCUMENT = 64 * 1024
"""Characters of all documents of a call together; a longer facet is unknown anyway."""

_DOCUMENT = frozenset(("Version", "Id", "Statement"))
_STATEMENT = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_VERSIONS = (None, "2012-10-17", "2008-10-17")
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]{1,64}:[A-Za-z0-9_*?-]{1,256}")
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}")
_SERVICE = re.compile(r"[a-z0-9.-]{1,128}\.(?:amazonaws\.(?:com|com\.cn|eu)|aws\.internal|aws\.com)")
_PROVIDER = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,4096}")
_WILDCARDS = frozenset("*?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:]{0,127}")


@value_class
class Statement:
    """One statement; a missing element is empty. `conditions` maps operators to keys to values."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[str, ...]
    not_principals: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, list[str]]]


class _RefusedError(Exception):
    """IAM would reject it, or it is not known how IAM would read it."""


def read_document(text: str) -> tuple[Statement, ...] | None:
    """The statements of a document; None if it cannot be read without doubt. Never raises, whatever the text."""
    try:
        return _document(read_json(text.encode()))
    except (Malformed, UnicodeEncodeError, _RefusedError):
        return None


def _document(tree: Any) -> tuple[Statement, ...]:
    document = _elements(tree, _DOCUMENT)
    _strings(document, "Version", "Id")
    statements = document.get("Statement")
    if document.get("Version") not in _VERSIONS or not statements:
        raise _RefusedError
    return tuple(_statement(one) for one in (statements if isinstance(statements, list) else [statements]))


def _statement(tree: Any) -> Statement:
    elements = _elements(tree, _STATEMENT)
    _strings(elements, "Sid", "Effect")
    for name in ("Principal", "Action", "Resource"):
        if name in elements and f"Not{name}" in elements:
            raise _RefusedError
    if elements.get("Effect") not in ("Allow", "Deny") or not ("Action" in elements or "NotAction" in elements):
        raise _RefusedError
    return Statement(
        allows=elements["Effect"] == "Allow",
        actions=_texts(elements, "Action", _ACTION),
        not_actions=_texts(elements, "NotAction", _ACTION),
        resources=_texts(elements, "Resource", _TEXT),
        not_resources=_texts(elements, "NotResource", _TEXT),
        principals=_principals(elements, "Principal"),
        not_principals=_principals(elements, "NotPrincipal"),
        conditions=_conditions(elements.get("Condition", {})),
    )


def _elements(tree: Any, names: frozenset[str]) -> dict[str, Any]:
    if not isinstance(tree, dict) or not names.issuperset(tree):
        raise _RefusedError
    return tree


def _strings(elements: Mapping[str, Any], *names: str) -> None:
    if not all(isinstance(elements[name], str) for name in names if name in elements):
        raise _RefusedError


def _texts(elements: Mapping[str, Any], name: str, form: re.Pattern[str]) -> tuple[str, ...]:
    return _list(elements[name], form) if name in elements else ()


def _list(value: Any, form: re.Pattern[str]) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and form.fullmatch(one) for one in values):
        raise _RefusedError
    return tuple(values)


def _principals(elements: Mapping[str, Any], name: str) -> tuple[str, ...]:
    if name not in elements:
        return ()
    given = elements[name]
    if given == "*":
        return ("*",)
    if not isinstance(given, dict) or not given or not _PRINCIPALS.keys() >= given.keys():
        raise _RefusedError
    return tuple(_PRINCIPALS[kind](one) for kind, value in given.items() for one in _list(value, _TEXT))


def _aws(text: str) -> str:
    if text == "*" or is_account(text) or _UNIQUE_ID.fullmatch(text):
        return text
    arn = parse(text)
    if arn is None or arn.service not in ("iam", "sts") or not _WILDCARDS.isdisjoint(text):
        raise _RefusedError
    return arn.account if arn.resource == "root" and is_account(arn.account) else text


def _service(text: str) -> str:
    if not _SERVICE.fullmatch(text):
        raise _RefusedError
    return f"Service:{text}"


def _federated(text: str) -> str:
    if (parse(text) is None and not _PROVIDER.fullmatch(text)) or not _WILDCARDS.isdisjoint(text):
        raise _RefusedError
    return f"Federated:{text}"


def _canonical(text: str) -> str:
    if not _CANONICAL.fullmatch(text):
        raise _RefusedError
    return f"CanonicalUser:{text}"


_PRINCIPALS = {"AWS": _aws, "Service": _service, "Federated": _federated, "CanonicalUser": _canonical}


def _conditions(tree: Any) -> dict[str, dict[str, list[str]]]:
    if not isinstance(tree, dict):
        raise _RefusedError
    return {_named(operator, _NAME): _keys(keys) for operator, keys in tree.items()}


def _keys(tree: Any) -> dict[str, list[str]]:
    if not isinstance(tree, dict) or not tree or len({fold(key) for key in tree}) < len(tree):
        raise _RefusedError
    return {
        _named(key, _TEXT): [_scalar(one) for one in (value if isinstance(value, list) else [value])]
        for key, value in tree.items()
    }


def _named(name: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(name):
        raise _RefusedError
    return name


def _scalar(value: Any) -> str:
    """A value as IAM compares it: text. Booleans and whole numbers need no quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    raise _RefusedError
