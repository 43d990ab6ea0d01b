"""What an approver may open of a waiting call: its parameters, its head, its resources, and its body while that is stored.

Rule: what is opened is what will be sent. The framing of an upload is undone, and what is shown then has the hash that the approval is
bound to. A body larger than `WHOLE` is shown in hexadecimal, a page at a time, with its framing.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from trio_gate.approval.question import request_text
from trio_gate.approval.reading import FILE, file_of
from trio_gate.aws.call import Unknown
from trio_gate.content.colors import colored, language
from trio_gate.content.readable import Readable, hex_lines, readable
from trio_gate.errors import Malformed
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence, compile_condition
from trio_gate.ports import Opened
from trio_gate.text.visible import visible
from trio_gate.values import value_class
from trio_gate.wire.chunked import unframed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trio_gate.approval.digest import DigestInput
    from trio_gate.aws.call import Call, Value
    from trio_gate.content.code import What
    from trio_gate.facet.extract import Facets
    from trio_gate.policy.cel import Condition
    from trio_gate.shell.exchange.bodies import Spool
    from trio_gate.text.visible import Json
    from trio_gate.wire.head import StreamKind

    Made = tuple[Readable, Opened | None]
    Run = Callable[[Callable[[], Made]], Awaitable[Made]]


KEPT = 64 * 1024
"""Largest payload, in bytes, whose call can still be read after its agent has left."""

WHOLE = 1024 * 1024
"""Largest body, in bytes, that is read whole and shown as text."""

HEX_BYTES = 32
HEX_LINE = 80
"""A line of hexadecimal shows HEX_BYTES bytes in HEX_LINE characters, including the line feed."""

PAGE_LINES = 800

MAX_NAMES = 64 * 1024
"""Characters of the names in a list of an archive's files; each takes at most twelve once escaped."""


@value_class
class StoredBody:
    """A call's whole body: in `data`, or in `spool`, in the framing of aws-chunked `framed`; None for none."""

    data: bytes = b""
    spool: Spool | None = None
    framed: StreamKind | None = None


class PromptDetails:
    """The details of one attempt's call, for approvers to read and for the predicates of grants.

    Args:
        values: the parameters that may be opened, by the path of their prompt.
        what: what those that are code carry.
        body: the body of the call.
        run: runs a function in a worker thread.
    """

    def __init__(
        self,
        call: Call,
        facets: Facets,
        bound: DigestInput,
        values: Mapping[str, Value],
        *,
        what: Mapping[str, What],
        body: StoredBody,
        run: Run,
    ) -> None:
        resources = "not known" if isinstance(call.resources, Unknown) else "\n".join(call.resources)
        self._values: dict[str, Value] = {**values, "request": request_text(bound), "resources": resources}
        if body.spool is None:
            self._values["body"] = body.data
        self._what = what
        self._facets: Facets | None = facets
        self._bound = bound
        self._spool = body.spool
        self._last: tuple[str, Readable] | None = None
        self._run = run
        self._framed = body.framed

    def covers(self, predicate: str) -> bool:
        """Whether the predicate of a grant holds for the call; False where it cannot be decided. May be called from any thread."""
        facets = self._facets  # once: the attempt may end meanwhile
        if facets is None:
            return False
        try:
            return _condition(predicate).holds(Evidence(facets))
        except (Undecided, ValueError):
            return False

    def leave(self) -> None:
        """End the attempt: its upload can no longer be opened, and a large call's details are dropped."""
        self._spool = self._last = None
        if self._bound.payload_length > KEPT:
            self._values, self._facets = {}, None

    async def open(self, part: str, offset: int, colors: bool = False) -> Opened | None:
        """A piece of a part, from the character `offset` on; None if there is no such part. Raises StorageUnavailable."""
        of, number = file_of(part) or (part, None)
        if of == "body" and self._spool is not None:
            return await self._body(self._spool, number, offset, colors)
        if of not in self._values:
            return None
        return await self._piece(of, self._values[of], number, offset, colors)

    async def body(self) -> bytes | None:
        """The body's content; None if it is larger than `WHOLE`, or no longer here. Raises StorageUnavailable."""
        if self._spool is not None:
            return await self._unframed(self._spool) if self._spool.size <= WHOLE else None
        held = self._values.get("body")
        return held if isinstance(held, bytes) else None

    async def _piece(self, part: str, value: Value, number: int | None, offset: int, colors: bool) -> Opened | None:
        """A piece of a part as text, or of a file in it. The last part's text is kept, because approvers read it piece by piece."""
        last = self._last[1] if self._last is not None and self._last[0] == part else None

        def made() -> Made:
            text = last or readable(value)
            what = self._what.get(part)
            return text, _opened(part, text, offset, what, colors) if number is None else _inside(text, number, offset, colors)

        text, opened = await self._run(made)
        self._last = part, text
        return opened

    async def _unframed(self, spool: Spool) -> bytes:
        body = await spool.read_at(0, spool.size)
        return body if self._framed is None else self._content(body, self._framed)

    async def _body(self, spool: Spool, number: int | None, offset: int, colors: bool) -> Opened | None:
        size = spool.size
        if size <= WHOLE:
            return await self._piece("body", await self._unframed(spool), number, offset, colors)
        if number is not None:
            return None
        line = offset // HEX_LINE
        data = await spool.read_at(line * HEX_BYTES, PAGE_LINES * HEX_BYTES)
        after = (line + PAGE_LINES) * HEX_LINE
        length = -(-size // HEX_BYTES) * HEX_LINE
        return Opened(
            text=hex_lines(data),
            next=after if after < length else None,
            length=length,
            size=size,
            sha256=self._bound.payload_sha256,
            how=("hex",) if self._framed is None else ("framed", "hex"),
        )

    def _content(self, body: bytes, framed: StreamKind) -> bytes:
        """What an upload stores, without its framing; as it is sent where that is not what the approval is bound to."""
        try:
            content = unframed(body, signed=framed.signed_chunks)
        except Malformed:
            return body
        return content if hashlib.sha256(content).hexdigest() == self._bound.payload_sha256 else body


@lru_cache(maxsize=256)
def _condition(source: str) -> Condition:
    return compile_condition(source)


def _opened(part: str, text: Readable, offset: int, what: What | None, colors: bool, file: str = "") -> Opened:
    piece, after = text.piece(offset)
    name = language(text.text, what, file)
    return Opened(
        text=piece,
        next=after,
        length=len(text.text),
        size=text.size,
        sha256=text.sha256,
        how=text.how,
        colors=colored(piece.split("\n"), name, "script" if file and name == "shell" else what) if colors else [],
        files=_listed(part, text) if offset == 0 else [],
    )


def _listed(part: str, text: Readable) -> list[dict[str, Json]]:
    """The files of an archive, each with the part that opens its text; empty where their names are too long for one frame."""
    if sum(len(one.name) for one in text.files) > MAX_NAMES:
        return []
    return [
        {"part": f"{part}{FILE}{at}" if one.text else None, "name": visible(one.name), "size": one.size, "said": one.said}
        for at, one in enumerate(text.files)
    ]


def _inside(text: Readable, number: int, offset: int, colors: bool) -> Opened | None:
    """A piece of a file's text; None where there is none."""
    file = text.files[number] if number < len(text.files) else None
    if file is None or not file.text or file.sha256 is None:
        return None
    one = Readable(text=file.text, size=file.size, sha256=file.sha256, how=())
    return _opened("", one, offset, None, colors, file=file.name)
