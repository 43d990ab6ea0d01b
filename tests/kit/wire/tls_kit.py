"""Authorities on disk, a clock to move, and clients that shake hands over memory streams."""

from __future__ import annotations

import ssl
from contextlib import suppress

import trio
from trio.testing import memory_stream_pair

from trio_gate.shell.certificates.authority import CertificateAuthority
from trio_gate.shell.clock import SystemClock


class MovingClock:
    """The real time until it is moved: OpenSSL verifies by the real time."""

    def __init__(self) -> None:
        self.time = SystemClock().now()

    def now(self):
        return self.time


def open_authority(folder, name="interception", *, domains=("amazonaws.com", "api.aws"), now=None) -> CertificateAuthority:
    return CertificateAuthority.open(folder, name, common_name=f"test {name}", domains=domains, now=now or SystemClock().now())


def client_of(authority: CertificateAuthority, *protocols: str) -> ssl.SSLContext:
    """A client that trusts this CA alone, and is as strict as OpenSSL can be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authority.pem.decode())
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


async def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> trio.SSLStream:
    """The client's end after a handshake. Raises what the client finds wrong."""
    near, far = memory_stream_pair()
    ours = trio.SSLStream(near, client, server_hostname=host, https_compatible=True)
    theirs = trio.SSLStream(far, server, server_side=True, https_compatible=True)
    fault: BaseException | None = None

    async def serve() -> None:
        with suppress(trio.BrokenResourceError):
            await theirs.do_handshake()
        await far.send_eof()

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            try:
                await ours.do_handshake()
            except trio.BrokenResourceError as broken:
                fault = broken.__cause__
                await near.send_eof()
    if fault:
        raise fault
    return ours


def alternative_names(stream) -> set[str]:
    return {name for _, name in stream.getpeercert()["subjectAltName"]}


def client_hello(name: str | None, **versions) -> bytes:
    """What a client of OpenSSL's says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    for key, value in versions.items():
        setattr(context, key, value)
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError
