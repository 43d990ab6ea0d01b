"""Parameters as they are shown to people: a JSON tree of safe text and bounded size.

Rule: nothing is left out silently. Where a value is not shown, an object with one `$` member stands in its place and says why:
`$unknown`, `$masked`, `$blob`, `$cut`, `$number`, `$more`. No agent can forge one: a `$` that begins a real name is escaped.
Code is in a mark `$code`, as lines that a person can read. Whatever can be opened in full has a `part` and is listed in `not_shown`.
"""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from trio_gate.content.code import Code, joined
from trio_gate.content.colors import colored, language
from trio_gate.content.readable import readable
from trio_gate.text.secret_detection import is_secret
from trio_gate.text.secret_members import BY_SHAPE
from trio_gate.text.visible import visible, visible_lines
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape
    from trio_gate.content.code import What
    from trio_gate.text.visible import Json

MAX_TOTAL = 64 * 1024
"""Characters of one tree. A prompt goes to every approver and stays in memory while it waits."""

MAX_MADE = 256 * 1024
"""Bytes and characters that are unpacked and laid out for one tree: 32 times as many as one text shows. What is larger opens in full."""

MAX_TEXT = 8 * 1024
"""Characters of one text: above IAM's largest policy (6,144)."""

MAX_NAME = 256
"""Characters of a member's name, and of the place of a part."""

MAX_BLOB = 256
"""Bytes of a blob that are shown."""

MAX_ITEMS = 500
"""Members or items of one object or list."""

MAX_DEPTH = 32
"""Levels of nesting."""

MAX_BITS = 1024
"""Bits of an integer that is shown by its digits."""

MAX_PARTS = 200
"""How many parts get a name of their own; any others are opened with all parameters together."""

WHOLE = "params"
"""Name of the part that holds all parameters."""

NODE_COST = 8
"""How many characters every node counts for in MAX_TOTAL, so that a long list of empty items is cut too."""

Why = Literal["masked", "cut", "blob", "more", "name", "streamed", "deep"]


@value_class
class Part:
    """Something that a prompt does not show, or only in part: `part` opens it, `name` says where it is, `why` is the cause."""

    part: str
    name: str
    why: Why


@value_class
class ToRead:
    """Something that a person should read before approving.

    Attributes:
        part, name: as in `Part`.
        what: the word for it: that of `content.code.What`, or "text", "data", "upload", "request", "resources", "parameters".
        whole: whether the prompt shows all of the part, so that it need not be opened; never of WHOLE, which holds more than this.
    """

    part: str
    name: str
    what: str
    whole: bool


@value_class
class Shown:
    """Parameters as a tree, and what it leaves out: a list for people (`not_shown`), the values by part, the code and its kinds by part."""

    tree: dict[str, Json]
    not_shown: tuple[Part, ...]
    values: Mapping[str, Value]
    code: tuple[ToRead, ...] = ()
    kinds: Mapping[str, What] = field(default_factory=dict)


Look = Literal["plain", "hidden", "secret", "open"]
"""How values are shown: as their names say; only the code, because the model calls them sensitive; not at all, because a name says secret;
or even if the model calls them sensitive."""


def shown(params: Mapping[str, Value], shape: Shape | None = None, code: Code | None = None) -> Shown:
    """Make the tree of a call's parameters. Never fails, whatever the parameters hold.

    Args:
        params: the parameters.
        shape: the operation's input.
        code: which of its members carry code; None for none.
    """
    tree = _Tree(code or Code())
    made = tree.members(params, shape, at="", depth=0, look="plain")
    return Shown(
        tree=made,
        not_shown=tuple(tree.parts),
        values={**tree.values, WHOLE: dict(params)},
        code=tuple(tree.code),
        kinds=tree.kinds,
    )


class _Tree:
    """Builds one tree. `left` is how many characters of MAX_TOTAL remain, `most` how many of MAX_MADE."""

    def __init__(self, code: Code) -> None:
        self.left = MAX_TOTAL
        self.most = MAX_MADE
        self.parts: list[Part] = []
        self.values: dict[str, Value] = {}
        self.code: list[ToRead] = []
        self.kinds: dict[str, What] = {}
        self._code = code

    def members(self, value: Mapping[str, Value], shape: Shape | None, *, at: str, depth: int, look: Look) -> dict[str, Json]:
        tree: dict[str, Json] = {}
        for done, (name, item) in enumerate(value.items()):
            if done >= MAX_ITEMS or self.left <= 0:
                tree["$more"] = self._more(len(value) - done, at)
                break
            label = self._name(name, at)
            inner = shape.inner(name) if shape is not None else None
            where = f"{at}.{label}" if at else label
            if is_secret(name) or (shape is not None and (shape.name, name) in BY_SHAPE):
                tree[label] = self._node(item, inner, at=where, depth=depth + 1, look="secret")
                continue
            carried = self._coded(name, item, where) if look != "secret" else None
            below: Look = "open" if self._code.opens(name) and look != "secret" else look
            tree[label] = carried or self._node(item, inner, at=where, depth=depth + 1, look=_look(below, inner))
        return tree

    def _coded(self, name: str, item: Value, at: str) -> Json:
        """The mark of a member that carries code; None for any other member."""
        what = self._code.what(name)
        whole = joined(item, what) if what is not None else None
        return None if what is None or whole is None or whole in ("", b"") else self._code_mark(whole, what, at)

    def _code_mark(self, value: str | bytes, what: What, at: str) -> Json:
        text = readable(value, self.most)
        self.most -= text.made
        room = max(0, min(MAX_TEXT, self.left))
        lines = visible_lines(text.text[:room])[:room]
        whole = len(text.text) <= room and len(lines) < max(room, 1) and text.whole and text.how[-1:] != ("hex",)
        self.left -= len(lines)
        part = self._part(value, at, "cut", hidden=not whole)
        self.kinds[part] = what
        self.code.append(ToRead(part=part, name=at[:MAX_NAME], what=what, whole=whole and part != WHOLE))
        shown_lines = lines.split("\n")
        facts: dict[str, Json] = {
            "what": what,
            "lines": [*shown_lines],
            "length": len(text.text),
            "size": text.size,
            "sha256": text.sha256,
            "how": [*text.how],
            "whole": whole,
            "part": part,
            "colors": colored(shown_lines, language(text.text, what), what),
        }
        return {"$code": facts}

    def _name(self, name: str, at: str) -> str:
        if len(name) > MAX_NAME:
            name = f"{name[:MAX_NAME]}… ({len(name)} characters, sha256 {_sha256(name)})"
            self._part(None, at, "name")
        name = visible(name)
        self.left -= len(name) + NODE_COST
        return f"\\u{{24}}{name[1:]}" if name.startswith("$") else name

    def _items(self, value: list[Value], shape: Shape | None, *, at: str, depth: int, look: Look) -> list[Json]:
        inner = shape.inner("") if shape is not None else None
        look = _look(look, inner)
        tree: list[Json] = []
        for done, item in enumerate(value):
            if done >= MAX_ITEMS or self.left <= 0:
                tree.append({"$more": self._more(len(value) - done, at)})
                break
            tree.append(self._node(item, inner, at=f"{at}[{done}]", depth=depth + 1, look=look))
        return tree

    def _node(self, value: Value, shape: Shape | None, *, at: str, depth: int, look: Look) -> Json:
        self.left -= NODE_COST
        if isinstance(value, (dict, list)) and depth > MAX_DEPTH:
            return {"$cut": {"why": "nested too deep", "items": len(value), "part": self._part(None, at, "deep")}}
        match value:
            case dict():
                return self.members(value, shape, at=at, depth=depth, look=look)
            case list():
                return self._items(value, shape, at=at, depth=depth, look=look)
            case str() | bytes() if look in ("hidden", "secret"):
                return {"$masked": {"length": len(value), "sha256": _sha256(value), "part": self._part(value, at, "masked")}}
            case str():
                return self._text(value, at)
            case bytes():
                return self._blob(value, at)
            case bool() | None:
                return value
            case int():
                return self._integer(value, at)
            case float():
                return value if math.isfinite(value) else {"$number": str(value)}
            case _:
                return {"$unknown": "streamed, too large, or not derivable"}

    def _text(self, value: str, at: str) -> Json:
        room = max(0, min(MAX_TEXT, self.left))
        text = visible(value[:room])[:room]
        self.left -= len(text)
        if len(value) <= room and len(text) < max(room, 1):
            return text
        return {"$cut": {"text": text, "length": len(value), "sha256": _sha256(value), "part": self._part(value, at, "cut")}}

    def _blob(self, value: bytes, at: str) -> Json:
        head = base64.b64encode(value[:MAX_BLOB]).decode("ascii")
        self.left -= len(head)
        part = self._part(value, at, "blob", hidden=len(value) > MAX_BLOB)
        return {"$blob": {"bytes": len(value), "sha256": _sha256(value), "base64": head, "part": part}}

    def _integer(self, value: int, at: str) -> Json:
        """A number if all JSON readers read it alike (RFC 8259 section 6), otherwise text."""
        if abs(value) < 2**53:
            return value
        if value.bit_length() > MAX_BITS:
            self._part(None, at, "cut")
            return {"$number": f"an integer of {value.bit_length()} bits"}
        return {"$number": str(value)}

    def _more(self, items: int, at: str) -> Json:
        return {"items": items, "part": self._part(None, at, "more")}

    def _part(self, value: str | bytes | None, at: str, why: Why, *, hidden: bool = True) -> str:
        """Register a part and return its name; WHOLE for the value None. Not `hidden` means shown, but not readable."""
        if value is None or len(self.values) >= MAX_PARTS:
            if all(part.part != WHOLE for part in self.parts):
                self.parts.append(Part(part=WHOLE, name=at[:MAX_NAME], why=why))
            return WHOLE
        name = f"p{len(self.values) + 1}"
        self.values[name] = value
        if hidden:
            self.parts.append(Part(part=name, name=at[:MAX_NAME], why=why))
        return name


def _look(look: Look, shape: Shape | None) -> Look:
    """How a value of this shape is shown inside one that is shown so."""
    return "hidden" if look == "plain" and shape is not None and shape.sensitive else look


def _sha256(value: str | bytes) -> str:
    return hashlib.sha256(value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")).hexdigest()
