"""Finds roles in names, texts and blobs.

Rule: a text is searched for a role's ARN, and parsed if it is JSON, in which a member's name may also say that a role follows. A text
that is too long to search, or is malformed JSON with escapes, is UNKNOWN if it may contain a role.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from trio_gate.aws.call import UNKNOWN
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from trio_gate.aws.call import Unknown, Value

_ARN = re.compile(r"arn:[^:\s]{1,64}:iam:[^:\s]{0,32}:[^/\s]{0,128}:(?:role|instance-profile)/")
_ROLE_NAME = re.compile(r"(?:roles?|instanceprofiles?)(?:names?|arns?|namearn|identifier)?(?:override|update)?$")
_LONGEST_NAME = 64
"""Characters at the end of a name that are searched; AWS's names say there what they are."""

MAX_READ = 1 << 20
"""Characters that are searched in all texts of a call that may contain a role."""

_DEEPEST_JSON = 4
"""Levels of JSON texts inside JSON texts that are parsed."""

_MARK = ":iam:"
_BLANK = "\ufeff \t\r\n"
_BEGINS_JSON = frozenset(("", "{", "[", '"', *_BLANK))
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=float, strict=False)
_SAYS = (_MARK, "ole", "OLE", "rofile", "ROFILE", "\\")
"""Every JSON text that passes a role contains one of these: part of an ARN, of a name, or an escape."""


def name_end(name: str) -> str:
    """The end of a member's name, in lower case; a name may be as long as a body."""
    return fold(name[-_LONGEST_NAME:])


def says_role(end: str) -> bool:
    """Whether the end of a name says that its value is a role or an instance profile."""
    return _ROLE_NAME.search(end) is not None


def key_passes(key: str) -> bool:
    """The same for a key that the caller chose; `role` alone has too many other meanings."""
    end = name_end(key)
    return end not in ("role", "roles") and says_role(end)


def has_no_role(value: Value) -> bool:
    """Whether a value certainly contains no role, as most do: a text without an ARN that is not JSON, a number, nothing."""
    if isinstance(value, str):
        return _MARK not in value and value[:1] not in _BEGINS_JSON
    return value is None or isinstance(value, int | float)


class RoleTexts:
    """Searches the texts of one call, up to MAX_READ characters in all."""

    def __init__(self) -> None:
        self._left = MAX_READ

    def in_blob(self, blob: bytes) -> bool | Unknown:
        """Whether a blob is a text that contains a role."""
        if not any(word.encode() in blob for word in (_SAYS if _is_json(blob[:_LONGEST_NAME].decode("latin-1")) else _SAYS[:1])):
            return False
        return self.in_text(blob.decode("latin-1")) if len(blob) <= self._left else UNKNOWN

    def in_text(self, text: str, depth: int = 0) -> bool | Unknown:
        """Whether a text contains the ARN of a role, or is JSON that passes one."""
        if has_no_role(text):
            return False
        as_json = _is_json(text)
        if not any(word in text for word in (_SAYS if as_json else _SAYS[:1])):
            return False
        self._left -= len(text)
        if self._left < 0:
            return UNKNOWN
        if not as_json:
            return _ARN.search(text) is not None
        if depth == _DEEPEST_JSON:
            return _ARN.search(text) is not None or UNKNOWN
        try:
            root = _DECODER.decode(text.lstrip(_BLANK))
        except (ValueError, RecursionError):  # another parser may accept it, and escapes may hide a role
            return _ARN.search(text) is not None or (UNKNOWN if "\\" in text else False)
        return self._in_json([(root, False)], depth)

    def _in_json(self, todo: list[tuple[Any, bool]], depth: int) -> bool | Unknown:
        """The same for parsed JSON. Objects are tuples of pairs, because either of two members with one name may count."""
        unknown = False
        while todo:
            value, named = todo.pop()
            if isinstance(value, tuple):
                # A policy statement only mentions roles, as principals and resources.
                pairs = [(key, item) for key, item in value if fold(key) != "statement"]
                todo += [(item, named or key_passes(key)) for key, item in pairs]
                todo += [(key, False) for key, _ in pairs if ":" in key]
            elif isinstance(value, list):
                todo += [(item, named) for item in value]
            elif isinstance(value, str) and value:
                found = named or self.in_text(value, depth + 1)
                if found is True:
                    return True
                unknown = unknown or found is UNKNOWN
        return UNKNOWN if unknown else False


def _is_json(text: str) -> bool:
    return text.lstrip(_BLANK)[:1] in ("{", "[", '"', "")
