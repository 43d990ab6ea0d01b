"""TLS over a transport.

Theory: only senders write to the transport below, so what TLS sends by itself (the answer to a key update) leaves before the next
piece. OpenSSL gets one small record at a time: in a single call it would process all records until one holds data, and a peer needs no
key to fill 64 KiB with records of 27 bytes that hold none.
"""

from __future__ import annotations

import math
import ssl
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import trio

from trio_gate.shell.net.transport import LONGEST_RECORD, RECEIVE, RECORDS, Receiver, inner_room, receive_room

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from trio_gate.shell.net.transport import ReadInto, Transport

SPARE = 64
"""Records without data that a peer may send at first: a handshake takes at most ten."""

SPARE_EVERY = 1024 * 1024
"""Bytes of data after which it may send one more: keys are updated after many gigabytes."""

_HEADER = struct.Struct(">HxH")
"""A record's header: type and major version, minor version, and the bytes that follow (RFC 8446 section 5.1)."""

_BEGINNINGS = frozenset(kind << 8 | 3 for kind in range(20, 25))
"""Types of records, all of version 3.x. OpenSSL reports what begins otherwise."""

_LARGE = 4096
"""Bytes of a record that costs OpenSSL's time for its length, so that several may be passed on at once, and a smaller one after them."""

FEED = 64 * 1024
"""Bytes that pass through OpenSSL's buffers at once, each way, and the rest of a record: these stay as large as they ever were."""

GOODBYE_TIMEOUT = 1
"""Seconds to send TLS's close_notify, to a peer that may no longer read."""


class TlsTransport(Receiver):
    """A `Transport` with TLS over a socket's or over TLS, which it owns. Call `handshake` first; `arrived` was received before."""

    __slots__ = (
        "_ahead",
        "_arrived",
        "_at",
        "_below",
        "_deadline",
        "_ended",
        "_incoming",
        "_outgoing",
        "_raw",
        "_read",
        "_spare",
        "_tls",
    )

    def __init__(
        self,
        below: Transport,
        context: ssl.SSLContext,
        *,
        server_hostname: str | None = None,
        server_side: bool = False,
        arrived: bytes = b"",
    ) -> None:
        super().__init__()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side, server_hostname=server_hostname)
        self._below = below
        self._read = cast("ReadInto", self._tls.read)
        self._raw = inner_room() if isinstance(below, TlsTransport) else receive_room()
        self._arrived: bytes | memoryview = arrived
        self._at = 0
        self._ahead = b""  # decrypted before it was asked for
        self._spare = float(SPARE)
        self._ended = False
        self._deadline = math.inf

    async def handshake(self, deadline: float = math.inf) -> None:
        """Agree on keys and check certificates. Cancelling it ends the transport.

        Raises trio.BrokenResourceError, trio.TooSlowError.
        """
        self._deadline = deadline
        self._next_records()
        while isinstance(fault := self._shake(), ssl.SSLWantReadError):
            await self._flush(deadline - trio.current_time())
            while not (self._next_records() or self._ended):
                await self._more(RECEIVE)
            self._next_records()  # of a client's two, the first is often for old middleboxes alone (RFC 8446 appendix D.4)
            self._keep()
        try:
            await self._flush(deadline - trio.current_time())  # if it failed, the alert for the peer's log
        except trio.BrokenResourceError:
            if fault is None:
                raise
        if fault is not None:
            raise trio.BrokenResourceError from fault
        self._in_a_row = 1  # the first data may have come with the end of the handshake, which was waited for

    @property
    def peer_certificate(self) -> bytes | None:
        """The certificate (DER) that the peer has proven to be its own; None without one."""
        return self._tls.getpeercert(binary_form=True)

    def _shake(self) -> ssl.SSLError | None:
        """Continue the handshake. Returns what stopped it, None if it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLError as fault:
            return fault
        return None

    async def send_all(self, data: bytes | memoryview, within: float = math.inf) -> None:
        """See `Transport`."""
        if len(data) <= FEED:
            await self._encrypted(data, within)
            return
        deadline = trio.current_time() + within
        whole = memoryview(data)
        for at in range(0, len(whole), FEED):
            await self._encrypted(whole[at : at + FEED], max(0, deadline - trio.current_time()))

    async def _encrypted(self, data: bytes | memoryview, within: float) -> None:
        try:
            self._tls.write(data)
        except ssl.SSLError as fault:
            raise trio.BrokenResourceError from fault
        await self._flush(within)

    def _read_until(self, deadline: float) -> None:
        self._deadline = deadline

    def _must_wait(self) -> bool:
        asked = self._ended or self._incoming.pending or self._tls.pending() or self._ahead
        return not asked and _end_of_records(self._arrived, self._at) == self._at

    def _arrives(self) -> Awaitable[None]:
        return self._below.arrival(self._deadline)

    def receive_now(self, room: memoryview) -> int | None:
        """See `Transport`."""
        if self._ahead:
            count = min(len(room), len(self._ahead))
            room[:count], self._ahead = self._ahead[:count], self._ahead[count:]
            return count
        try:
            return self._decrypted(room)
        finally:
            self._keep()

    def _decrypted(self, room: memoryview) -> int | None:
        incoming, read_into, most, count, records = self._incoming, self._read, len(room), 0, 0
        while (
            count < most
            and records < RECORDS
            and (incoming.pending or self._tls.pending() or self._next_records() or (self._ended and not count))
        ):
            before, read = count, 1
            try:
                while read and count < most and (incoming.pending or count == before):
                    read = read_into(most - count, room[count:])
                    count += read
                    records += 1
            except ssl.SSLWantReadError:
                pass  # a record without data
            except ssl.SSLZeroReturnError:  # the peer's goodbye after ours
                read = 0
            except ssl.SSLError as fault:
                raise trio.BrokenResourceError from fault
            if not read:
                self._ended = True
                break
            if count > before:
                self._spare += (count - before) / SPARE_EVERY + 1
        return count if count or self._ended else None

    def _next_records(self) -> bool:
        """Pass more to OpenSSL, see `_end_of_records`; return whether there was a whole record.

        Raises trio.BrokenResourceError if too many records hold no data.
        """
        arrived, at = self._arrived, self._at
        end = _end_of_records(arrived, at)
        if end == at:
            return False
        self._spare -= 1
        if self._spare < 0:
            raise trio.BrokenResourceError("too many records without data")
        with memoryview(arrived) as view:
            self._incoming.write(view[at:end])
        self._arrived, self._at = (arrived, end) if end < len(arrived) else (b"", 0)
        return True

    async def _more(self, most: int) -> None:
        """Receive, right behind the part of a record that has arrived. Up to `RECEIVE` bytes come in one go, or `most`, if that is more."""
        self._keep()
        count = await self._below.receive_into(self._raw[LONGEST_RECORD : LONGEST_RECORD + max(RECEIVE, most)], self._deadline)
        part = self._arrived[self._at :]
        if count:
            begin = LONGEST_RECORD - len(part)
            self._raw[begin:LONGEST_RECORD] = part
            self._arrived, self._at = self._raw[: LONGEST_RECORD + count], begin
        else:
            self._ended = True
            self._incoming.write(part)
            self._incoming.write_eof()
            self._arrived = b""

    def _keep(self) -> None:
        """Copy what is left of what has arrived: others receive in the same buffer."""
        if isinstance(self._arrived, memoryview):
            self._arrived, self._at = bytes(self._arrived[self._at :]), 0

    def move_deadline(self, deadline: float) -> None:
        """See `Transport`."""
        self._deadline = deadline
        self._below.move_deadline(deadline)

    async def end_sending(self) -> None:
        """See `Transport`."""
        try:
            self._decrypt_ahead()
            with suppress(ssl.SSLWantReadError):  # the peer's goodbye is not there yet
                self._tls.unwrap()
        except ssl.SSLError as fault:
            raise trio.BrokenResourceError from fault
        await self._flush()
        await self._below.end_sending()

    def _decrypt_ahead(self) -> None:
        """Decrypt all that OpenSSL was given: it would read on to find the peer's goodbye, and drop data."""
        while self._incoming.pending or self._tls.pending():
            with suppress(ssl.SSLWantReadError):  # a part of a record
                some = self._tls.read(FEED)
                if not some:
                    self._ended = True
                    return
                self._ahead += some

    def reset(self) -> None:
        """See `Transport`."""
        self._below.reset()

    async def _say_goodbye(self, within: float) -> None:
        with suppress(ssl.SSLError):  # the peer's is not there yet, or there was no handshake
            self._tls.unwrap()
        await self._flush(within)

    async def _flush(self, within: float = math.inf) -> None:
        if data := self._outgoing.read():
            await self._below.send_all(data, within)

    async def drain(self, most: int, *, quiet: float = math.inf) -> None:
        """See `Transport`. What arrives is not decrypted."""
        await self._say_goodbye(math.inf)
        await self._below.drain(most, quiet=quiet)

    async def aclose(self) -> None:
        """See `Transport`. Does not wait for the peer's close_notify."""
        try:
            with suppress(trio.BrokenResourceError, trio.TooSlowError):
                await self._say_goodbye(GOODBYE_TIMEOUT)
        finally:
            await self._below.aclose()


def _end_of_records(arrived: bytes | memoryview, at: int) -> int:
    """Where the record that begins at `at` ends, or, if it is large, the last of those after it; `at` if it is not all there.

    OpenSSL gets whole records alone, because to ask it in vain costs as much as a record.
    """
    there, end = len(arrived), at
    while end + _HEADER.size <= there and end - at < FEED:
        beginning, length = _HEADER.unpack_from(arrived, end)
        following = end + _HEADER.size + length
        if beginning not in _BEGINNINGS or following - end > LONGEST_RECORD:
            return there  # OpenSSL says what is wrong with it
        if following > there:
            break
        end = following
        if length < _LARGE:
            break
    return end
