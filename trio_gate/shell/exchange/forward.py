"""Sends a signed request to AWS, and AWS's answer to the agent.

Rule: the last bytes of a streamed body are withheld until its check has passed, so AWS never completes one that fails it. An answer
is passed on as it arrives; if it breaks off, so does the agent's. A client error is read first: if it holds our credentials, or
rejects our signature, the agent gets a refusal of our own instead.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import NOT_YOUR_FAULT, AnswerWithheld, UpstreamError
from trio_gate.shell.exchange.large_calls import offload
from trio_gate.shell.net.race import race
from trio_gate.signing.chunk_signatures import ChunkWriter
from trio_gate.signing.credential_leaks import expired, faults_signature, holds, readable
from trio_gate.signing.sigv4 import NO_KEY
from trio_gate.signing.vended_answer import hands_out
from trio_gate.text.markup import escaped
from trio_gate.values import value_class
from trio_gate.wire.body_checkers import checker_for
from trio_gate.wire.events import BodyData, BodyEnd
from trio_gate.wire.head import Streamed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.exchange.results import Identified, Outbound
    from trio_gate.exchange.virtual import Plan
    from trio_gate.ports import Clearance, CredentialSource, RoleRequest
    from trio_gate.shell.exchange.bodies import Source
    from trio_gate.shell.exchange.recorder import Recorder
    from trio_gate.shell.net.agent_stream import AgentStream
    from trio_gate.shell.upstream.connection import UpstreamExchange
    from trio_gate.shell.worker_threads import WorkerThreads
    from trio_gate.signing.sigv4 import Credentials, Signed
    from trio_gate.wire.body_checkers import Checker
    from trio_gate.wire.head import Headers, RequestHead, ResponseHead

    Look = Callable[[ResponseHead, bytes], Awaitable[bytes]]
    """Looks through a whole success and returns the body to pass on. Raises AnswerWithheld for none."""

FIRST = 256 * 1024
"""Bytes of a streamed body that are read before AWS is called: a body that ends within them is checked whole first."""

MOST_LOOKED_THROUGH = 1024 * 1024
"""Bytes of an answer that is looked through before any of it goes on; a longer one does not."""

READ_FIRST = 64 * 1024
"""Bytes of a client error that are read before any of it is passed on. AWS's are under 4 KiB."""

_CODE = re.compile(rb'<Code>([A-Za-z0-9.:]{1,128})</Code>|"__type" *: *"(?:[^"#]*#)?([A-Za-z0-9.]{1,128})')
_REQUEST_IDS = (b"x-amzn-requestid", b"x-amz-request-id", b"x-amz-id-2")

log = logging.getLogger(__name__)


@value_class
class Flow:
    """A streamed body: its `first` bytes, the `source` of the rest, and its check. If `ended`, there is no rest."""

    first: bytes
    ended: bool
    source: Source
    checker: Checker
    body: Streamed


@value_class
class Prepared:
    """A call as it would be sent.

    Attributes:
        outbound: the request to sign, with its body where that is in memory.
        assume: whose credentials sign it.
        plan: the virtual session that it is answered with; None for AWS's own answer.
        vends: whether its rule lets credentials go to the agent.
        source: where the body is read from; None where `outbound` holds it.
    """

    identified: Identified
    outbound: Outbound
    assume: RoleRequest
    plan: Plan | None
    vends: bool
    source: Source | None


@value_class
class Cleared:
    """A call that may be sent.

    Attributes:
        recheck: judges it again under the current configuration; raises GateError where that no longer lets it pass.
        clearance: its approval; None where no person had to be asked.
    """

    prepared: Prepared
    recheck: Callable[[], Awaitable[object]]
    clearance: Clearance | None = None


class Expired(UpstreamError):  # noqa: N818 - AWS's word
    """AWS says that the session token has expired."""


class NotSentError(UpstreamError):
    """The connection failed before a byte of the request was written, so the request may be sent again."""


class _AsItCame:
    """Writes a body without aws-chunked framing."""

    def __init__(self, length: int | None) -> None:
        self.length = length

    def data(self, data: bytes | memoryview) -> bytes | memoryview:
        return data

    def end(self, _: Headers) -> bytes:
        return b""


def _writer(signed: Signed, body: Streamed) -> _AsItCame | ChunkWriter:
    return ChunkWriter(signed, body) if body.kind.signed_chunks else _AsItCame(body.length)


async def begin(source: Source, checker: Checker, body: Streamed) -> Flow:
    """Read the first `FIRST` bytes of a streamed body, and finish its check if it ends there. Raises GateError, AgentGone."""
    first = bytearray()
    ended = False
    while len(first) < FIRST and not ended:
        piece = await source.next_piece()
        if piece is None:
            ended = True
            checker.finish()
        else:
            first += checker.feed(piece)
    return Flow(first=bytes(first), ended=ended, source=source, checker=checker, body=body)


async def flow_of(identified: Identified, source: Source | None, agent: AgentStream) -> Flow | None:
    """Read the start of a body that is not in memory; None where it is. Raises GateError, AgentGone."""
    body, chain = identified.body, identified.chain
    if not isinstance(body, Streamed) or source is None:
        return None
    await agent.ask_for_body()
    return await begin(source, checker_for(body, chain=chain.fresh() if chain else None), body)


async def without_credentials(workers: WorkerThreads, agent: AgentStream, asker: str, head: ResponseHead, body: bytes) -> bytes:
    """An answer as it came. Raises AnswerWithheld if it contains credentials or cannot be parsed, Overloaded, AgentGone."""
    if await offload(workers, agent, asker, len(body), partial(hands_out, head, body)):
        raise AnswerWithheld("it contains credentials, or cannot be checked for them")
    return body


async def credentials_for(identified: Identified, assume: RoleRequest, source: CredentialSource) -> Credentials:
    """The credentials that sign a call; NO_KEY for one that came unsigned, and is sent so. Raises as `source`."""
    return NO_KEY if identified.proven.admitted.signer.unsigned else await source.credentials(assume)


async def send_whole(exchange: UpstreamExchange, head: RequestHead, data: bytes, meanwhile: Callable[[], None]) -> ResponseHead:
    """Send a request whose body is in memory; return the head of the answer. `meanwhile` is called once it is sent. Raises UpstreamError."""
    connection = exchange.connection
    await exchange.send(connection.send_request(head, length=len(data)) + connection.send_data(data) + connection.send_end())
    meanwhile()
    return await exchange.answer_head()


async def send_flow(exchange: UpstreamExchange, signed: Signed, flow: Flow) -> ResponseHead:
    """Send a request and its body as that arrives; return the head of the answer, which may come before all is sent.

    Raises:
        Malformed: the body is not what its head declares; AWS did not get its end.
        Unauthenticated: the body is not what the agent signed; AWS did not get its end.
        AgentGone: the agent left before its body was complete.
        UpstreamError: the connection to AWS broke, or its answer is not HTTP.
    """

    async def pump() -> None:
        try:
            await _pump(exchange, signed, flow)
        except UpstreamError:
            log.debug("%s stopped reading the request body", signed.head.one("host"))
        await trio.sleep_forever()

    async def answer() -> ResponseHead:
        return await exchange.answer_head()

    found = await race(answer, pump)
    if found is None:
        message = "the task that sends the body returned"
        raise RuntimeError(message)
    return found


async def _pump(exchange: UpstreamExchange, signed: Signed, flow: Flow) -> None:
    connection, writer = exchange.connection, _writer(signed, flow.body)
    start, kept = connection.send_request(signed.head, length=writer.length), bytes(writer.data(flow.first))
    if not flow.ended:
        await exchange.send(start)
        start = b""
        while (piece := await flow.source.next_piece()) is not None:
            if passed := flow.checker.feed(piece):
                await exchange.send(connection.send_data(kept))
                data, kept = writer.data(passed), b""
                if len(data) < (connection.unsent or 0):  # more is to come in any case
                    await exchange.send(connection.send_data(data))
                else:
                    kept = bytes(data)
        flow.checker.finish()
    last = b"".join((kept, writer.end(flow.checker.trailers)))
    await exchange.send(b"".join((start, connection.send_data(last), connection.send_end())))


async def relay(
    agent: AgentStream,
    exchange: UpstreamExchange,
    head: ResponseHead,
    credentials: Credentials,
    recorder: Recorder,
    *,
    again: bool,
    look: Look | None = None,
    note: str | None = None,
) -> str | None:
    """Pass an answer on; gives the code of an error. Where `look` is given, a success is read whole, and what it returns passed on.

    `credentials` signed the request. `note` is a sentence for the agent, added to the message of an XML error.

    Raises:
        Expired: AWS did not take the session token, and `again` says that another may be tried; the agent has got nothing.
        UpstreamError: the answer was withheld, kept from the agent, or broke: then the agent's is begun and must break as well.
        AgentGone: nobody reads it.
    """
    recorder.answered(head.status, _request_id(head))
    code, (first, ended) = None, await _first(exchange, head, look)
    if head.status >= 400:
        said = _said(head, first)
        code = _error_code(head, said)
        recorder.failed(code)
        _keep_back(head, said, credentials, code, again=again)
        first = first if note is None else _noted(first, note)
    if not ended and 400 <= head.status < 500:  # the unread rest may repeat our key
        raise UpstreamError("aws refused the call, and its answer is too long to be checked", status=403)
    length = exchange.connection.content_length
    if ended:
        length = len(first) if length is None or first else length  # an answer to HEAD has a length and no body
    else:
        more, ended = _arrived(exchange)
        first += more
    await agent.send_head(head, length=length, data=first, ended=ended)
    if not ended:
        await _relay_rest(agent, exchange)
    return code


def _noted(answer: bytes, note: str) -> bytes:
    """An XML error with a sentence added to its message; any other answer as it is."""
    message, ends, rest = answer.partition(b"</Message>")
    return message + f" (trio-gate: {escaped(note)})".encode() + ends + rest if ends else answer


async def _relay_rest(agent: AgentStream, exchange: UpstreamExchange) -> None:
    while True:
        event = exchange.arrived_event()
        if event is None:
            event = await exchange.next_event()
        else:
            await trio.lowlevel.checkpoint()  # it came in many pieces at once: others have their turn between them
        if not isinstance(event, BodyData):
            break
        await agent.send_data(event.data)
    if not isinstance(event, BodyEnd):
        raise UpstreamError("aws's answer broke off")
    await agent.send_end()


def _request_id(head: ResponseHead) -> str | None:
    for name in _REQUEST_IDS:
        if found := head.one(name):
            return found.decode("latin-1")
    return None


def _arrived(exchange: UpstreamExchange) -> tuple[bytes, bool]:
    """What of the body came with the head, and whether it is all of it: a small answer is passed on in one piece."""
    first: list[bytes | memoryview] = []
    while isinstance(event := exchange.arrived_event(), BodyData):
        first.append(event.data)
    return b"".join(first), isinstance(event, BodyEnd)


async def _first(exchange: UpstreamExchange, head: ResponseHead, look: Look | None) -> tuple[bytes, bool]:
    """What of a body is read before any of it goes on, and whether it is all of it. Raises AnswerWithheld, UpstreamError."""
    if 400 <= head.status < 500:
        return await _read_first(exchange, READ_FIRST)
    if look is None or head.status >= 400:
        return b"", False
    body, ended = await _read_first(exchange, MOST_LOOKED_THROUGH)
    if not ended:
        raise AnswerWithheld("it is too long to be checked for credentials")
    return await look(head, body), True


async def _read_first(exchange: UpstreamExchange, most: int) -> tuple[bytes, bool]:
    """The start of a body, and whether it is all of it."""
    first = bytearray()
    while len(first) < most:
        event = await exchange.next_event()
        if isinstance(event, BodyEnd):
            return bytes(first), True
        if not isinstance(event, BodyData):
            raise UpstreamError("aws's answer broke off")
        first += event.data
    return bytes(first), False


def _said(head: ResponseHead, body: bytes) -> bytes:
    """An error's body, decompressed. Raises UpstreamError if it cannot be."""
    coding = head.one(b"content-encoding")
    said = readable(body, coding.decode("latin-1").strip().lower() if coding and body else None)
    if said is None:
        raise UpstreamError("aws refused the call in an encoding that the gateway cannot read")
    return said


def _error_code(head: ResponseHead, body: bytes) -> str | None:
    found = _CODE.search(body)
    code = head.one(b"x-amzn-errortype") or (found[1] or found[2] if found else None)
    return None if code is None else code.decode("latin-1").partition(":")[0].rpartition("#")[2][:128]


def _keep_back(head: ResponseHead, body: bytes, credentials: Credentials, code: str | None, *, again: bool) -> None:
    """Raise if an error must not reach the agent. Its code decides, if it has one: the rest may repeat the agent's words."""
    if credentials is NO_KEY:  # it can only be about what the agent sent
        return
    said = body + b"\n".join(value for _, value in head.headers)
    named = b'"%b"' % code.encode() if code else said
    if again and expired(named):
        raise Expired("the gateway's session for this account has expired: try again", status=503)
    if holds(said, credentials):
        raise UpstreamError("aws refused the call, and its answer repeats the gateway's credentials", status=403)
    if faults_signature(named):
        detail = f"aws rejected the gateway's signature ({code or 'without an error code'})"
        raise UpstreamError(NOT_YOUR_FAULT, status=403, detail=detail)
