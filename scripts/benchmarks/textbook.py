"""A textbook proxy that signs: `python -m scripts.benchmarks.textbook FOLDER PORT UPSTREAM S3-UPSTREAM`, with the stand-in's certificates.

What a good engineer writes in an afternoon with the usual parts: trio.SSLStream, h11 on both sides, connections to AWS that are kept, and
botocore's signer. It takes every request from everyone: it verifies no signature, names no call, asks no rule and records nothing.
"""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import h11
import trio
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = Credentials("ASIAEXAMPLEEXAMPLE00", "secret", "t" * 400)
READ = 65536
DROPPED = frozenset((b"authorization", b"x-amz-date", b"x-amz-security-token", b"connection", b"expect"))


class Peer:
    """One side of an exchange: a TLS stream, and h11's view of it."""

    def __init__(self, stream: trio.SSLStream, role: type[h11.CLIENT | h11.SERVER]) -> None:
        self.stream = stream
        self.http = h11.Connection(role)

    async def next_event(self) -> h11.Event:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.http.receive_data(await self.stream.receive_some(READ))
        return event

    async def send(self, event: h11.Event) -> None:
        if data := self.http.send(event):
            await self.stream.send_all(data)


class Proxy:
    """Serves agents; keeps connections to each host of AWS for the next request."""

    def __init__(self, trust: ssl.SSLContext, port: int, s3_port: int) -> None:
        self.trust = trust
        self.ports = {"dynamodb": port, "s3": s3_port}
        self.idle: dict[str, list[Peer]] = {"dynamodb": [], "s3": []}

    async def serve(self, stream: trio.SSLStream) -> None:
        """All requests of one connection."""
        agent = Peer(stream, h11.SERVER)
        try:
            while isinstance(request := await agent.next_event(), h11.Request):
                await self.exchange(agent, request)
                if agent.http.our_state is h11.MUST_CLOSE:
                    break
                agent.http.start_next_cycle()
            await stream.aclose()
        except (OSError, trio.BrokenResourceError, h11.ProtocolError):
            await trio.aclose_forcefully(stream)

    async def exchange(self, agent: Peer, request: h11.Request) -> None:
        """One request: sign it, send it, and pass the answer on."""
        host = dict(request.headers)[b"host"].decode()
        service = "s3" if ".s3." in host or host.startswith("s3.") else "dynamodb"
        # S3's clients say the body's hash in the head; for others it must be read before it can be signed.
        body = None if service == "s3" else b"".join([bytes(part.data) async for part in self.parts(agent)])
        aws = self.idle[service].pop() if self.idle[service] else await self.dial(service, host)
        await aws.send(h11.Request(method=request.method, target=request.target, headers=signed(request, host, service, body)))
        if body:
            await aws.send(h11.Data(data=body))
        elif service == "s3":
            async for part in self.parts(agent):
                await aws.send(part)
        await aws.send(h11.EndOfMessage())
        answer = await aws.next_event()
        while isinstance(answer, h11.InformationalResponse):
            answer = await aws.next_event()
        await agent.send(h11.Response(status_code=answer.status_code, reason=answer.reason, headers=list(answer.headers)))
        async for part in self.parts(aws):
            await agent.send(part)
        await agent.send(h11.EndOfMessage())
        aws.http.start_next_cycle()
        self.idle[service].append(aws)

    async def parts(self, peer: Peer) -> AsyncIterator[h11.Data]:
        while isinstance(event := await peer.next_event(), h11.Data):
            yield event

    async def dial(self, service: str, host: str) -> Peer:
        tcp = await trio.open_tcp_stream("127.0.0.1", self.ports[service])
        return Peer(trio.SSLStream(tcp, self.trust, server_hostname=host, https_compatible=True), h11.CLIENT)


def signed(request: h11.Request, host: str, service: str, body: bytes | None) -> list[tuple[str, str]]:
    """The fields of a request, signed with our key."""
    fields = {name.decode(): value.decode() for name, value in request.headers if name not in DROPPED}
    again = AWSRequest(request.method.decode(), f"https://{host}{request.target.decode()}", fields, body or b"")
    SigV4Auth(KEY, service, "us-east-1").add_auth(again)
    return list(again.headers.items())


async def main(folder: Path, port: int, upstream: int, s3_upstream: int) -> None:
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    proxy = Proxy(ssl.create_default_context(cafile=str(folder / "ca.pem")), upstream, s3_upstream)
    await trio.serve_ssl_over_tcp(proxy.serve, port, inside, host="127.0.0.1", https_compatible=True)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), *map(int, sys.argv[2:]))
