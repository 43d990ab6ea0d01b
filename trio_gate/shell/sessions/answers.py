"""Answers a call with a virtual session, in AWS's own shape.

Rule: the session is on disk and AWS's credentials are kept before the agent learns of it; an answer that does not hold exactly one
session is withheld.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC
from typing import TYPE_CHECKING

from trio_gate.errors import AnswerWithheld, CredentialsUnavailable, StorageUnavailable
from trio_gate.exchange.virtual import request_of
from trio_gate.sessions.answer import NoSessionError, own_answer, read_answer
from trio_gate.sessions.session import RANDOM_BYTES, placeholder_of
from trio_gate.wire.head import ResponseHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_gate.exchange.virtual import Plan
    from trio_gate.ports import Clock, CredentialSource, RoleRequest, Sessions
    from trio_gate.sessions.session import Sent, VirtualSession

log = logging.getLogger(__name__)


class SessionAnswer:
    """The session that one call is answered with.

    `signer`: whose credentials sign the call. `check` raises GateError where its agent may not have the session any more; what ends
    it while it is written is seen in the table afterwards.
    """

    def __init__(
        self,
        plan: Plan,
        signer: RoleRequest,
        *,
        check: Callable[[VirtualSession], None],
        sessions: Sessions,
        credentials: CredentialSource,
        clock: Clock,
    ) -> None:
        self._check = check
        self._plan = plan
        self._signer = signer
        self._sessions = sessions
        self._credentials = credentials
        self._clock = clock

    async def of_aws(self, sent: Sent, head: ResponseHead, body: bytes) -> bytes:
        """What the agent gets instead of AWS's answer to what was sent. Raises AnswerWithheld, Denied, SessionOver."""
        now, placeholder = self._clock.now(), placeholder_of(self._plan.account, os.urandom(RANDOM_BYTES))
        try:
            if head.one(b"content-encoding") not in (None, b"identity"):
                raise NoSessionError("it is encoded")
            answer = read_answer(body)
            credentials = answer.credentials_for(sent, self._plan.role)
            text = answer.written(placeholder)
        except ValueError as fault:
            raise AnswerWithheld(f"it is not one session ({fault})") from None
        session = self._plan.session(placeholder, now, credentials.expires or now)
        try:
            await self._opened(session)
        except StorageUnavailable as fault:
            log.error("%s", fault.detail)  # noqa: TRY400 - the fault is the disk's
            raise AnswerWithheld("its session could not be stored") from fault
        if session.expires > now:
            self._sessions.table.check(session, now)  # of one that has ended nothing is kept
        try:
            self._credentials.keep(request_of(session, self._signer), credentials)
        except CredentialsUnavailable as fault:
            self._sessions.end(lambda one: one is session)
            raise AnswerWithheld("its session ends at once") from fault
        return text

    async def _opened(self, session: VirtualSession) -> None:
        """Add a session, unless what allowed it has changed while AWS was asked. Raises GateError."""
        self._check(session)
        await self._sessions.open(session)

    async def of_gateway(self, request_id: str) -> tuple[ResponseHead, bytes]:
        """The answer that the gateway gives without AWS. Raises Denied, SessionOver, StorageUnavailable."""
        now, placeholder = self._clock.now(), placeholder_of(self._plan.account, os.urandom(RANDOM_BYTES))
        session = self._plan.session(placeholder, now, (now + self._plan.life).replace(microsecond=0))
        await self._opened(session)
        self._sessions.table.check(session, now)
        text = own_answer(placeholder, session.expires.astimezone(UTC), request_id)
        fields = ((b"content-type", b"text/xml"), (b"x-amzn-requestid", request_id.encode()))
        return ResponseHead(status=200, reason=b"OK", headers=fields), text
