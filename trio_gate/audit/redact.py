"""Parameters as they are stored: JSON without secrets and of bounded size.

Rule: a value is masked if the model calls it sensitive, if its name or a name beside it says so, or if it is or contains a
key. A name that contains one is masked too, as `$masked` and its position. A mask gives the length of the value and nothing
else, because a hash of a short password gives the password away. An object with one `$` member stands for what is left out:
`$masked`, `$bytes`, `$b64`, `$cut`, `$more`, `$unknown`, `$number`. JSON escapes make control characters safe.

Theory: masking too much makes a reader look elsewhere; masking too little leaves a secret on disk for years.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from trio_gate.text.secret_detection import hidden_after, hidden_beside, hides, is_pair, looks_secret, may_be_beside
from trio_gate.text.secret_members import BY_SHAPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.text.visible import Json

MAX_PARAMS = 16 * 1024
"""Characters of the parameters in one audit row."""

MAX_TEXT = 1024
"""Characters of one string in an audit row; longer ones are cut."""

MAX_DEPTH = 32
"""Levels of nesting in one audit row."""

MAX_BITS = 1024
"""Bits of an integer that is kept."""

MAX_NAME = 2048
"""Characters of an ARN or a path."""

MAX_MASKED = 64 * 1024
"""Characters of texts and names, and bytes of blobs, that are searched for secrets in one call; the rest is cut off unread."""

_NODE = 16
"""What each value takes of MAX_MASKED besides its length."""

SHAPES = 4096
"""Size of a cache by shapes of the models."""

_SHORT, _NAMES = 64, 1024
"""Characters of an agent's own name that is remembered, and how many are: most calls have the same attributes and tags."""

_IDS = frozenset({("GetApiKeyRequest", "apiKey"), ("DeleteApiKeyRequest", "apiKey"), ("UpdateApiKeyRequest", "apiKey")})
"""Members that are named like a secret but hold its id."""


def plain(value: Value) -> Json:
    """A value in full as JSON, for `explain`: bytes as `$b64`, an unknown value as `$unknown`."""
    match value:
        case dict():
            return {name: plain(item) for name, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case bytes():
            return {"$b64": base64.b64encode(value).decode("ascii")}
        case str() | bool() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else {"$number": str(value)}
        case _:
            return {"$unknown": True}


def masked(params: Mapping[str, Value], shape: Shape | None = None) -> dict[str, Value]:
    """Replace every secret in parameters by a mask, and cut what is beyond MAX_MASKED.

    `shape` is the operation's input, for its sensitive traits.
    """
    return _Masks().members(params, shape)


def masked_texts(params: Mapping[str, Value], shape: Shape | None = None) -> tuple[Mapping[str, Value], str, str]:
    """The masked parameters, and the same in ASCII JSON, sorted by name: for the decision log, and for the record.

    The record has blobs as hashes, long texts cut, and at most `MAX_PARAMS` characters. Mostly the two are one text.
    """
    masks = _Masks()
    tree = masks.members(params, shape)
    whole = encode(tree)
    return tree, whole, whole if masks.short and len(whole) <= MAX_PARAMS else encode(_Trimmer(MAX_PARAMS).members(tree))


def params_text(params: Mapping[str, Value], shape: Shape | None = None) -> str:
    """The last of those: what is kept in a row."""
    return masked_texts(params, shape)[2]


def _beyond_json(value: bytes | Unknown) -> Json:
    return plain(value)


encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False, default=_beyond_json).encode
"""Writes a value as the record does: canonical JSON, see `rows`; bytes and unknown values as `plain` has them."""


def clipped(whole: Sequence[str], most: int) -> str:
    """A list in JSON: its first `most` items, each through `brief`; if there are more, then how many and the hash of all."""
    shown = ",".join([encode_basestring_ascii(brief(item)) for item in whole[:most]])
    if len(whole) <= most:
        return f"[{shown}]"
    digest = hashlib.sha256(b"[")
    for number, item in enumerate(whole):  # hashes what json.dumps(whole) gives, without one long call that holds the GIL
        digest.update(f"{', ' if number else ''}{json.dumps(item)}".encode("ascii"))
    digest.update(b"]")
    more: Json = {"$more": {"count": len(whole) - most, "sha256": digest.hexdigest()}}
    return f"[{shown},{encode(more)}]"


def brief(text: str) -> str:
    """A name (an ARN, a path), cut at MAX_NAME characters. AWS has no longer names."""
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}… ({len(text)} characters)"


def path_text(path: str, params: Mapping[str, Value], shape: Shape | None = None) -> str:
    """A path in which each segment that holds a secret label is replaced by the label's name in braces."""
    if path == "/":
        return path
    labels = _secret_labels(shape) if shape is not None else ()
    secrets = {value: name for name in labels if isinstance(value := params.get(name), str) and value}
    return "/".join([_segment(unquote(segment), segment, secrets) for segment in path.split("/")])


def _segment(said: str, segment: str, secrets: Mapping[str, str]) -> str:
    for value, name in secrets.items():
        if value in said or said in value.split("/"):
            return f"{{{name}}}"
    return "{secret}" if looks_secret(said) else segment


@lru_cache(maxsize=SHAPES)
def _secret_labels(shape: Shape) -> tuple[str, ...]:
    """The members in the path whose values are secrets."""
    return tuple(one.name for one in shape.at("uri") if one.shape.sensitive or _hides(shape.name, one.name, own=False))


_Judged = tuple[bool, bool, "Shape | None"]
"""Whether a name holds a secret itself, whether its value is one by its name or in the model, and the value's shape."""


class _Plan(NamedTuple):
    """What a shape says about the values inside it.

    Attributes:
        shape: its name; "" without a shape.
        members: those of a structure, judged.
        other: the shape of values by other names, and of items.
        hide: whether the model calls those sensitive.
        pairs: whether one member may say that another one's value is a secret.
    """

    shape: str
    members: Mapping[str, _Judged]
    other: Shape | None
    hide: bool
    pairs: bool


@lru_cache(maxsize=SHAPES)
def _plan(shape: Shape | None) -> _Plan:
    if shape is None:
        return _Plan("", {}, None, hide=False, pairs=True)
    other = shape.inner("")
    hide = other is not None and other.sensitive
    if shape.type == "map":
        return _Plan(shape.name, {}, other, hide, pairs=True)
    judged: dict[str, _Judged] = {}
    for name, one in shape.members.items():
        judged[name] = looks_secret(name), one.shape.sensitive or _hides(shape.name, name, own=False), one.shape
    return _Plan(shape.name, judged, other, hide, pairs=may_be_beside(judged))


def _hides(shape: str, name: str, *, own: bool) -> bool:
    at = (shape, name)
    return at in BY_SHAPE or (hides(name, own=own) and at not in _IDS)


def _judged_own(shape: str, name: str) -> tuple[bool, bool]:
    """Whether a name that an agent made up holds a secret itself, and whether its value is one by that name."""
    return looks_secret(name), _hides(shape, name, own=True)


_remembered = lru_cache(_NAMES)(_judged_own)


class _Masks:
    """Masks one tree. `left` is what remains of MAX_MASKED; `short` is whether nothing in it is cut in the record."""

    __slots__ = ("left", "short")

    def __init__(self) -> None:
        self.left = MAX_MASKED
        self.short = True

    def members(self, value: Mapping[str, Value], shape: Shape | None, hide: bool = False, depth: int = 0) -> dict[str, Value]:
        tree: dict[str, Value] = {}
        self.short = self.short and depth <= MAX_DEPTH
        of, members, other, sensitive, pairs = _plan(shape)
        beside = hidden_beside(value) if pairs or not value.keys() <= members.keys() else _NOBODY
        for done, (name, item) in enumerate(value.items()):
            cost = len(name) + _NODE
            if cost > self.left:
                tree["$more"] = len(value) - done
                break
            self.left -= cost
            judged = members.get(name)
            if judged is None:
                secret, hidden = _remembered(of, name) if len(name) <= _SHORT else _judged_own(of, name)
                inner, hidden = other, hidden or sensitive
            else:
                secret, hidden, inner = judged
            hidden = hide or secret or hidden or name in beside
            kept = self._text(item, hidden) if isinstance(item, str) else self._value(item, inner, hidden, depth + 1)
            tree[f"$masked {done}" if secret else name] = kept
        return tree

    def _items(self, value: list[Value], shape: Shape | None, hide: bool, depth: int) -> list[Value]:
        tree: list[Value] = []
        self.short = self.short and depth <= MAX_DEPTH
        plan = _plan(shape)
        shape = plan.other
        hide = hide or plan.hide or (shape is None and is_pair(value))
        for done, item in enumerate(value):
            if self.left < _NODE:
                tree.append({"$more": len(value) - done})
                break
            self.left -= _NODE
            tree.append(self._value(item, shape, hide or (done > 0 and hidden_after(value[done - 1], item)), depth + 1))
        return tree

    def _value(self, value: Value, shape: Shape | None, hide: bool, depth: int) -> Value:
        if isinstance(value, dict):
            return self.members(value, shape, hide, depth)
        if isinstance(value, list):
            return self._items(value, shape, hide, depth)
        return self._text(value, hide) if isinstance(value, (str, bytes)) else _other(value, hide=hide)

    def _text(self, value: str | bytes, hide: bool) -> Value:
        if hide:
            return {"$masked": {"length": len(value)}}
        cost = len(value) + _NODE
        if cost > self.left:
            return _cut(value)
        self.left -= cost
        text = value if isinstance(value, str) else value.decode("latin-1")
        if looks_secret(text):
            return {"$masked": {"length": len(value)}}
        if text is not value or len(value) > MAX_TEXT:
            self.short = False
        return value


_NOBODY: frozenset[str] = frozenset()


def _other(value: Value, *, hide: bool) -> Value:
    """A value that is neither a text nor bytes; only numbers may be secrets."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if hide:
        return {"$masked": {}}
    if isinstance(value, int):
        bits = value.bit_length()
        return value if bits <= MAX_BITS else {"$number": f"an integer of {bits} bits"}
    return value if math.isfinite(value) else {"$number": str(value)}


def _cut(value: str | bytes) -> Value:
    """Stands for a value that was not searched for secrets. A short one gets no hash, as it might be a password."""
    if len(value) <= MAX_TEXT:
        return {"$cut": {"length": len(value)}}
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return {"$cut": {"length": len(value), "sha256": _sha256(data)}}


class _Trimmer:
    """Builds one bounded tree. `left` is how many characters it may still take; every node takes some."""

    def __init__(self, left: int) -> None:
        self.left = left

    def members(self, value: Mapping[str, Value], depth: int = 0) -> dict[str, Json]:
        tree: dict[str, Json] = {}
        for done, (name, item) in enumerate(value.items()):
            if not self._take(name):
                tree["$more"] = len(value) - done
                break
            tree[name] = self._node(item, depth + 1)
        return tree

    def _items(self, value: list[Value], depth: int) -> list[Json]:
        tree: list[Json] = []
        for done, item in enumerate(value):
            if not self._take(""):
                tree.append({"$more": len(value) - done})
                break
            tree.append(self._node(item, depth + 1))
        return tree

    def _node(self, value: Value, depth: int) -> Json:
        match value:
            case dict() | list() if depth > MAX_DEPTH:
                return {"$cut": {"items": len(value)}}
            case dict():
                return self.members(value, depth)
            case list():
                return self._items(value, depth)
            case bytes():
                return self._cost({"$bytes": {"length": len(value), "sha256": _sha256(value)}})
            case str() if len(value) > MAX_TEXT or not self._take(value):
                return self._cost({"$cut": {"length": len(value), "sha256": _sha256(value.encode("utf-8", "surrogatepass"))}})
            case str():
                return value
            case _:
                return self._cost(plain(value))

    def _take(self, text: str) -> bool:
        """Take room for a string or name in JSON with its comma or colon; False where none is left for a mark after it."""
        cost = len(encode_basestring_ascii(text)) + 4
        if cost + _SPARE > self.left:
            return False
        self.left -= cost
        return True

    def _cost(self, tree: Json) -> Json:
        self.left -= len(json.dumps(tree))
        return tree


_SPARE = 8 * MAX_DEPTH + 160
"""Characters held back for closing brackets, a `$more` on each open level, and the mark that stands for the last value."""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
