"""The HTTP server of the metrics listener, which has nothing but metrics and health.

Rule: on loopback metrics need no token. Off loopback they do, and the listener speaks TLS. Agents' credentials open nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.errors import Unidentified
from trio_gate.shell.admin.http_request import check_request
from trio_gate.shell.admin.http_server import HttpServer, check_monitor
from trio_gate.shell.net.plain_response import answer
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import trio

    from trio_gate.metrics.counts import Counts
    from trio_gate.shell.admin.authentication import SignIn
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest
    from trio_gate.shell.admin.http_server import Monitored


class MetricsServer(HttpServer):
    """Serves the connections of the metrics listener.

    Args:
        monitored: what it shows.
        names: the Host names it answers to, lower case, without port and brackets.
        sign_in: who may read; None where everyone may who can connect.
        idle, unready, counted: as of `HttpServer`.
    """

    name = "metrics"

    def __init__(
        self,
        monitored: Monitored,
        names: frozenset[str],
        sign_in: SignIn | None,
        *,
        idle: Callable[[], AbstractContextManager[None]],
        unready: Callable[[], str | None],
        counted: Callable[[str, str], bool] = lambda _, __: False,
    ) -> None:
        super().__init__(idle=idle, unready=unready, counted=counted)
        self._monitored = monitored
        self._names = names
        self._sign_in = sign_in

    async def _respond(self, _: trio.abc.Stream, request: AdminRequest, connection: AdminConnection) -> bytes | None:
        check_request(request, self._names)
        if self._sign_in is not None:
            check_monitor(await self._sign_in.bearer(request, connection))
        if request.method != "GET" or request.target not in self._monitored:
            raise Unidentified("there is nothing here: metrics are at /metrics", status=404)
        return await self._monitored[request.target]()


async def response(counts: Counts) -> bytes:
    """The response with all metrics. They are read at once, and written in a thread. Raises Overloaded."""
    collected = counts.collect()

    def written() -> bytes:
        from trio_gate.shell.admin.exposition import KIND, exposition  # noqa: PLC0415 - loads Prometheus' library, which takes a while

        return answer(200, exposition(collected), kind=KIND)

    return await in_thread(written)
