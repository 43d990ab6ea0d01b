"""The events that the two connections report, besides heads.

Theory: a connection is fed bytes and asked for its next event. It returns one of these or a head, or raises an error; it never
waits and never touches a socket.
"""

from __future__ import annotations

from typing import Final

from trio_gate.values import value_class


@value_class
class NeedData:
    """More bytes are needed for the next event."""


NEED_DATA: Final = NeedData()


@value_class
class BodyData:
    """Bytes of the body, transfer coding removed; never empty. A view is what `receive` was given."""

    data: bytes | memoryview


@value_class
class BodyEnd:
    """The message is complete. Follows every head, even where there is no body."""


BODY_END: Final = BodyEnd()


@value_class
class PeerClosed:
    """The peer closed the connection between messages or while it waited for an answer."""


@value_class
class Http2Preface:
    """The agent speaks HTTP/2: send `agent_connection.HTTP2_GOAWAY` and close."""


@value_class
class Informational:
    """A 1xx answer, which is not passed on."""

    status: int
