"""Makes the reads of comparisons: signed with the credentials of a call, sent on a connection of the gateway's own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from trio_gate.signing.sigv4 import S3_FAMILY, sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_gate.comparison.reads import Answer, Read
    from trio_gate.ports import Clock, CredentialSource, RoleRequest
    from trio_gate.wire.head import RequestHead, ResponseHead

    Send = Callable[[str, RequestHead, bytes], Awaitable[tuple[ResponseHead, bytes]]]
    Run = Callable[[Callable[[], Any]], Awaitable[Any]]

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer, and so of an object, that are read."""


class Reader:
    """Reads from AWS.

    Args:
        credentials: of roles.
        send: the way to AWS, for answers of `MAX_ANSWER` bytes at most.
        place: host and signing region for a signing name and a region.
        clock: wall time.
        load: botocore's model of a service, as JSON; reads files.
    """

    def __init__(
        self,
        credentials: CredentialSource,
        *,
        send: Send,
        place: Callable[[str, str], tuple[str, str]],
        clock: Clock,
        load: Callable[[str], Any],
    ) -> None:
        self._credentials = credentials
        self._send = send
        self._place = place
        self._clock = clock
        self._load = load

    async def read(self, asked: Read, role: RoleRequest, region: str, run: Run) -> Answer:
        """AWS's answer to a read in a region; None where it says that there is no such thing. `run` runs a function in a thread.

        Raises IncomparableError, GateError.
        """
        from trio_gate.shell.comparison import read_calls  # noqa: PLC0415 - loads botocore's parsers, which few gateways ever need

        model = await run(lambda: read_calls.model_of(asked.service, self._load))
        host, signing_region = self._place(model.signing_name, region)
        head, body = read_calls.request_of(model, asked, host)
        signed = sign(
            head,
            payload_hash=hashlib.sha256(body).hexdigest(),
            credentials=await self._credentials.credentials(role),
            service=model.signing_name,
            region=signing_region,
            now=self._clock.now(),
            s3=model.signing_name in S3_FAMILY,
        )
        answer, content = await self._send(host, signed.head, body)
        found: Answer = await run(lambda: read_calls.answer_of(model, asked, answer, content))
        return found
