"""Connections to AWS in tests: a request on one, and its whole answer."""

from tests.kit.standins.stand_in import HOST, request
from trio_gate.shell.upstream.pool import UpstreamPool, fetch
from trio_gate.wire.events import BodyData, BodyEnd


async def ask(upstreams: UpstreamPool, body: bytes = b"", host: str = HOST) -> bytes:
    _, content = await fetch(upstreams, host, request("PUT"), body, most=1000)
    return content


async def start(link, body: bytes | None = b"", *, length: int | None = None) -> None:
    """Send a request on a link, only its head where `body` is None."""
    make = link.connection
    data = make.send_request(request("PUT"), length=len(body or b"") if length is None else length)
    if body is not None:
        data += make.send_data(body) + make.send_end()
    await link.send(data)


async def events(link) -> list:
    """The whole answer."""
    found = []
    while not isinstance(event := await link.next_event(), BodyEnd):
        found.append(BodyData(data=bytes(event.data)) if isinstance(event, BodyData) else event)
    return [*found, event]


async def exchange(link) -> bytes:
    await start(link)
    return b"".join(event.data for event in await events(link) if isinstance(event, BodyData))
