"""Parameters as a person is shown them: a JSON tree of safe text in bounded size.

Rule: nothing is left out silently. Where a value is not shown, an object with one `$` member stands in its place and says why:
`$unknown`, `$masked`, `$blob`, `$cut`, `$number`, `$more`. No agent can write one: a `$` that begins a real name is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from typing import TYPE_CHECKING

from trio_gate.approval.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAX_TOTAL = 64 * 1024
"""Characters of one tree. A prompt goes to every approver and stays in memory while it waits."""

MAX_TEXT = 8 * 1024
"""Characters of one text: above IAM's largest policy (6,144)."""

MAX_NAME = 256
MAX_READ = 2048
MAX_BLOB = 256
MAX_ITEMS = 500
MAX_DEPTH = 32
NODE_COST = 8
"""What any node takes from the total, so that a long list of nothing has an end."""

_SECRET = re.compile(
    r".*(?:password|passwd|passphrase|privatekey|token|samlassertion|ssecustomerkey|plaintext|keymaterial|apikeyvalue"
    r"|secret(?:string|binary|key|accesskey|value)|clientsecret|sharedsecret).*|secret"
)
_NO_SECRET = re.compile(
    r"(?:next|continuation|idempotency|client|clientrequest)token|.*(?:id|arn|name|type|version|md5|algorithm)"
)
_SEPARATORS = re.compile(r"[-_.]")


def shown(params: Mapping[str, Value]) -> dict[str, Json]:
    """The parameters of a call for a prompt. Never fails, whatever they hold."""
    return _Tree().members(params, depth=0, masked=False)


def is_secret(name: str) -> bool:
    """Whether a member of this name holds a secret by its name; one that is too long to be read may."""
    if len(name) > MAX_READ:
        return True
    bare = _SEPARATORS.sub("", name).lower()
    return _SECRET.fullmatch(bare) is not None and not _NO_SECRET.fullmatch(bare)


class _Tree:
    """One tree in the making; `left` is what it may still take."""

    def __init__(self) -> None:
        self.left = MAX_TOTAL

    def members(self, value: Mapping[str, Value], *, depth: int, masked: bool) -> dict[str, Json]:
        tree: dict[str, Json] = {}
        for done, (name, item) in enumerate(value.items()):
            if done >= MAX_ITEMS or self.left <= 0:
                tree["$more"] = len(value) - done
                break
            tree[self._name(name)] = self._node(item, depth=depth + 1, masked=masked or is_secret(name))
        return tree

    def _name(self, name: str) -> str:
        if len(name) > MAX_NAME:
            name = f"{name[:MAX_NAME]}… ({len(name)} characters, sha256 {_sha256(name)})"
        name = visible(name)
        self.left -= len(name) + NODE_COST
        return f"\\u{{24}}{name[1:]}" if name.startswith("$") else name

    def _items(self, value: list[Value], *, depth: int, masked: bool) -> list[Json]:
        tree: list[Json] = []
        for done, item in enumerate(value):
            if done >= MAX_ITEMS or self.left <= 0:
                tree.append({"$more": len(value) - done})
                break
            tree.append(self._node(item, depth=depth + 1, masked=masked))
        return tree

    def _node(self, value: Value, *, depth: int, masked: bool) -> Json:
        self.left -= NODE_COST
        if isinstance(value, (dict, list)) and depth > MAX_DEPTH:
            return {"$cut": {"why": "nested too deep", "items": len(value)}}
        match value:
            case dict():
                return self.members(value, depth=depth, masked=masked)
            case list():
                return self._items(value, depth=depth, masked=masked)
            case str() | bytes() if masked:
                return {"$masked": {"length": len(value), "sha256": _sha256(value)}}
            case str():
                return self._text(value)
            case bytes():
                return self._blob(value)
            case bool() | None:
                return value
            case int():
                return _integer(value)
            case float():
                return value if math.isfinite(value) else {"$number": str(value)}
            case _:
                return {"$unknown": "streamed, too large, or not derivable"}

    def _text(self, value: str) -> Json:
        room = max(0, min(MAX_TEXT, self.left))
        text = visible(value[:room])[:room]
        self.left -= len(text)
        if len(value) <= room and len(text) < max(room, 1):
            return text
        return {"$cut": {"text": text, "length": len(value), "sha256": _sha256(value)}}

    def _blob(self, value: bytes) -> Json:
        head = base64.b64encode(value[:MAX_BLOB]).decode("ascii")
        self.left -= len(head)
        return {"$blob": {"bytes": len(value), "sha256": _sha256(value), "base64": head}}


def _integer(value: int) -> Json:
    """As a number where every JSON reader reads it alike (RFC 8259 section 6), else as text."""
    if abs(value) < 2**53:
        return value
    return {"$number": str(value) if value.bit_length() <= 1024 else f"an integer of {value.bit_length()} bits"}


def _sha256(value: str | bytes) -> str:
    return hashlib.sha256(value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")).hexdigest()
