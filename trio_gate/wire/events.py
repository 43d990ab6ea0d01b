"""The events that the two connections report, besides heads.

Theory: a connection is fed bytes and asked for its next event. It returns one of these or a head, or raises an error; it never
waits and never touches a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NeedData:
    """More bytes are needed for the next event."""


NEED_DATA: Final = NeedData()


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyData:
    """Bytes of the body, transfer coding removed; never empty."""

    data: bytes


@dataclass(frozen=True, slots=True)
class BodyEnd:
    """The message is complete. Follows every head, even where there is no body."""


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The peer closed the connection between messages or while it waited for an answer."""


@dataclass(frozen=True, slots=True)
class Http2Preface:
    """The agent speaks HTTP/2: send `agent_connection.HTTP2_GOAWAY` and close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Informational:
    """A 1xx answer, which is not passed on."""

    status: int
