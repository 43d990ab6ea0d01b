"""One end of the approval channel that keeps each frame as the text that it was on the wire."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from tests.kit.wire.raw import Raw

if TYPE_CHECKING:
    from tests.kit.gateway import Gateway

PROTOCOLS = ["trio-gate.approvals.v1", "trio-gate.decided.v1"]
"""The channel, and the wish to be told of decided calls."""

PATIENCE = 30
"""Seconds until a frame that does not come has failed the test."""


class Channel:
    """A person's connection. `sent` and `came` are the frames of each side, in order."""

    def __init__(self, gateway: Gateway, token: str | None, *, follows: bool = False) -> None:
        own = str(gateway.folder / "state" / "ca" / "own.pem")
        self._raw = Raw(gateway.doors["admin"]).tls(own, "localhost")
        self._socket = WSConnection(ConnectionType.CLIENT)
        self.sent: list[str] = []
        self.came: list[str] = []
        self._part = ""
        self._unread: list[str] = []
        headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        asked = Request(host="localhost", target="/v1/approvals", subprotocols=PROTOCOLS[: 1 + follows], extra_headers=headers)
        self._raw.send(self._socket.send(asked))
        assert isinstance(self._event(), AcceptConnection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.socket.close()

    def send(self, text: str) -> None:
        self.sent.append(text)
        self._raw.send(self._socket.send(TextMessage(data=text)))

    def say(self, **frame: Any) -> None:
        """A frame of these members, in this order."""
        self.send(json.dumps(frame, separators=(",", ":")))

    def next(self) -> dict[str, Any]:
        """The next frame."""
        while not self._unread:
            event = self._event()
            assert not isinstance(event, CloseConnection), event
            assert isinstance(event, TextMessage), event
            self._part += event.data
            if event.message_finished:
                self._unread.append(self._part)
                self._part = ""
        self.came.append(self._unread.pop(0))
        return json.loads(self.came[-1])

    def until(self, *kinds: str, **members: Any) -> dict[str, Any]:
        """The next frame of one of these types that has these members."""
        end = time.monotonic() + PATIENCE
        while (frame := self.next())["type"] not in kinds or any(frame[name] != value for name, value in members.items()):
            assert time.monotonic() < end, (kinds, members)
        return frame

    def _event(self) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for event in self._socket.events():
                if not isinstance(event, Ping):
                    return event
                self._raw.send(self._socket.send(event.response()))
            self._socket.receive_data(self._raw.take())
        raise TimeoutError("the gateway said nothing but pings")
