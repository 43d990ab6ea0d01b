"""Heads and bodies as values: what the strict reader made of the bytes, and all that later rooms ever see.

Rule: rules, signature and wire use these values; the bytes that arrived are never looked at again. A head is serialised
from its value, so a request line that two readers could understand differently cannot pass through.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import quote

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNRESERVED = "-._~"
_BARE = re.compile(r"[A-Za-z0-9\-._~]*")
_BARE_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")


def encoded(text: str) -> str:
    """A text percent-encoded as SigV4 wants it: letters, digits and `-._~` bare (RFC 3986 §2.3), everything else as %XX."""
    return text if _BARE.fullmatch(text) else quote(text, safe=_UNRESERVED)


def encoded_path(text: str) -> str:
    """As `encoded`, but slashes stay."""
    return text if _BARE_PATH.fullmatch(text) else quote(text, safe="/" + _UNRESERVED)


@value_class
class Target:
    """A request target in origin form, each part decoded once.

    `segments` are the decoded parts of the path after its leading slash, split at raw slashes: `/a%2Fb/` is ("a/b", "").
    `query` is the decoded name and value pairs in the order they arrived; a name without `=` has the value "".
    A plus sign stays a plus sign. `arrived` is the encoded path as the agent spelled it, for one use: outside S3 the inbound
    signature covers that spelling. It is empty for a target that was not read from the wire.
    """

    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    arrived: str = field(default="", compare=False, repr=False)
    _path: str | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The path in its canonical spelling, as it is signed and sent."""
        path = self._path
        if path is None:
            path = "/" + "/".join(self.segments)
            whole = path.count("/") == len(self.segments)
            path = encoded_path(path) if whole else "/" + "/".join(map(encoded, self.segments))
            object.__setattr__(self, "_path", path)  # spelled once, unseen by the type checker: it is signed, sent and recorded
        return path

    @property
    def query_string(self) -> str:
        """The query in its canonical spelling, in the order of arrival, without the question mark."""
        return "&".join([f"{encoded(name)}={encoded(value)}" for name, value in self.query])

    @property
    def text(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{self.query_string}" if self.query else self.path


Headers = tuple[tuple[str, str], ...]
"""Field names in lower case with their values, outer whitespace removed, in order of arrival. Values are valid UTF-8."""


@value_class
class RequestHead:
    """The head of a request.

    Attributes:
        method: as sent, in upper case.
        target: path and query.
        headers: all fields.
        first: the first value of each field, by its name.
        one: gives the value of the field of a name (lower case), None when absent. Repeated single-valued fields were refused before.
    """

    method: str
    target: Target
    headers: Headers
    first: Mapping[str, str] = field(init=False, compare=False, repr=False)
    one: Callable[[str], str | None] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the fields by name, once: a head is asked some twenty times."""
        first = dict(reversed(self.headers))
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "one", first.get)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the field `name` (lower case)."""
        return tuple([value for key, value in self.headers if key == name]) if name in self.first else ()

    def where(self, keep: Callable[[str], bool]) -> RequestHead:
        """This head with only the fields whose name `keep` accepts."""
        return replace(self, headers=tuple([field for field in self.headers if keep(field[0])]))


@value_class
class ResponseHead:
    """The head of a response; `headers` hold raw bytes, names in lower case: they are passed on and never interpreted."""

    status: int
    reason: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...]

    def one(self, name: bytes) -> bytes | None:
        """The first value of the field `name` (lower case), None when absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class StreamKind(Enum):
    """The forms of `x-amz-content-sha256` in which a body may be streamed."""

    HASHED = "sha256 in the head"
    UNSIGNED = "UNSIGNED-PAYLOAD"
    UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"

    @property
    def signed_chunks(self) -> bool:
        """Whether each chunk has a signature, so that the body must be framed and signed again."""
        return self in (StreamKind.SIGNED, StreamKind.SIGNED_TRAILER)


@value_class
class Empty:
    """The body of a request without one."""


@value_class
class Held:
    """A body that was read whole before anything was decided.

    Attributes:
        data: the content, without transfer coding and aws-chunked framing.
        framed: the form of aws-chunked that it arrived in; None for none.
    """

    data: bytes
    framed: StreamKind | None = None


@value_class
class Streamed:
    """A body that is passed on after the decision, while it arrives; only what the head says about it is known.

    Attributes:
        kind: how it is signed.
        length: bytes after transfer decoding, with aws-chunked framing; None if not declared.
        decoded_length: bytes of content, from `x-amz-decoded-content-length` or `length`; None if not declared.
        sha256: the hash that the agent declared, in lower-case hex; only for HASHED.
        trailers: the names that `x-amz-trailer` announced, in lower case.
        checksums: the head's fields that declare checksums of the content.
    """

    kind: StreamKind
    length: int | None
    decoded_length: int | None
    sha256: str | None = None
    trailers: tuple[str, ...] = ()
    checksums: Headers = ()


Body = Empty | Held | Streamed
