"""A plain TLS-to-TLS relay: `python -m scripts.benchmarks.pump FOLDER PORT UPSTREAM-PORT`, with the stand-in's certificates in the folder."""

from __future__ import annotations

import ssl
import sys
from functools import partial
from pathlib import Path

import trio

PIECE = 256 * 1024


async def main(folder: Path, port: int, upstream: int) -> None:
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    outside = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    await trio.serve_ssl_over_tcp(partial(serve, upstream, outside), port, inside, host="127.0.0.1", https_compatible=True)


async def serve(upstream: int, context: ssl.SSLContext, agent: trio.SSLStream) -> None:
    try:
        tcp = await trio.open_tcp_stream("127.0.0.1", upstream)
        aws = trio.SSLStream(tcp, context, server_hostname="localhost", https_compatible=True)
        async with aws, trio.open_nursery() as nursery:
            nursery.start_soon(copy, aws, agent, nursery)
            nursery.start_soon(copy, agent, aws, nursery)
    except* trio.BrokenResourceError:
        pass


async def copy(source: trio.SSLStream, to: trio.SSLStream, nursery: trio.Nursery) -> None:
    while data := await source.receive_some(PIECE):
        await to.send_all(data)
    nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
