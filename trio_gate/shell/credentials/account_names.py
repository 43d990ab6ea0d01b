"""What an organization calls the accounts of the configuration, asked for beside all calls, which never wait for it.

Rule: a name is known, known not to be there, or unknown. What AWS said last stays in force while it does not answer.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from trio_gate.aws.call import UNKNOWN, Unknown
from trio_gate.errors import GateError, fault_text
from trio_gate.exchange.binding import same_role
from trio_gate.exchange.organization import SERVICE, answered_name, asking_role, question
from trio_gate.signing.sigv4 import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from trio_gate.config.model import Endpoint
    from trio_gate.ports import AssumeRole, Clock, CredentialSource
    from trio_gate.shell.credentials.sts import Send

REFRESH_SECONDS = 3600.0
"""After this long all names are asked for again."""

RETRY_SECONDS = 60.0
"""After this long those are asked for again that AWS did not tell."""

DEADLINE = 10.0
"""Seconds that one answer may take, the role's session included."""

log = logging.getLogger(__name__)


class AccountNames:
    """The port `AccountNames`. Made by `open_account_names`."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        credentials: CredentialSource,
        send: Send,
        place: Callable[[str, str], tuple[str, str]],
        clock: Clock,
    ) -> None:
        self._asked = _asked(endpoints)
        self._round = trio.CancelScope()
        self._names: dict[str, str | None] = {}
        self._fault = ""
        self._credentials = credentials
        self._send = send
        self._place = place
        self._clock = clock

    def of(self, account: str) -> str | Unknown | None:
        """What the organization calls an account; None where it has none, or nobody asks; UNKNOWN until AWS has said so."""
        return self._names.get(account, UNKNOWN) if account in self._asked else None

    def change(self, endpoints: Iterable[Endpoint]) -> None:
        """Ask for the accounts of these endpoints from now on; the others' names are forgotten."""
        asked = _asked(endpoints)
        same = {account for account, role in asked.items() if account in self._asked and same_role(role, self._asked[account])}
        changed, self._asked = same != asked.keys() | self._asked.keys(), asked
        if changed:
            self._names = {account: name for account, name in self._names.items() if account in same}
            self._round.cancel()

    async def run(self) -> None:
        """Ask for all names again and again, until cancelled."""
        while True:
            with trio.CancelScope() as self._round:
                await self._ask_all()

    async def _ask_all(self) -> None:
        """Ask until the accounts change."""
        left, again = [*self._asked], trio.current_time() + REFRESH_SECONDS
        while self._asked:
            left = [account for account in left if not await self._told(account)]
            if left:
                told = f"{left[-1]}: {self._fault}"
                log.warning(
                    "organizations did not tell the names of %d accounts, next try in %g s: %s", len(left), RETRY_SECONDS, told
                )
            await trio.sleep_until(min(again, trio.current_time() + RETRY_SECONDS) if left else again)
            if trio.current_time() >= again:
                left, again = [*self._asked], trio.current_time() + REFRESH_SECONDS
        await trio.sleep_forever()

    async def _told(self, account: str) -> bool:
        """Ask for one name; return whether AWS answered, and keep why it did not."""
        try:
            with trio.fail_after(DEADLINE):
                self._names[account] = await self._ask(account, self._asked[account])
        except trio.TooSlowError:
            self._fault = f"no answer within {DEADLINE:g} s"
        except (GateError, ValueError) as fault:
            self._fault = str(fault)
        except Exception as error:  # a bug must not end the gateway
            self._fault = fault_text(error)
        else:
            return True
        return False

    async def _ask(self, account: str, role: AssumeRole) -> str | None:
        host, region = self._place(SERVICE, role.region)
        head, body = question(host, account)
        credentials = await self._credentials.credentials(role)
        signed = sign(
            head,
            payload_hash=hashlib.sha256(body).hexdigest(),
            credentials=credentials,
            service=SERVICE,
            region=region,
            now=self._clock.now(),
            s3=False,
        )
        answer, content = await self._send(host, signed.head, body)
        return answered_name(answer.status, content, account)


def _asked(endpoints: Iterable[Endpoint]) -> dict[str, AssumeRole]:
    """The accounts that are asked for, and the role that may ask."""
    found = [(endpoint, asking_role(endpoint)) for endpoint in endpoints]
    return {account: role for endpoint, role in found if role is not None for account in endpoint.accounts}


@asynccontextmanager
async def open_account_names(
    endpoints: Iterable[Endpoint],
    credentials: CredentialSource,
    *,
    send: Send,
    place: Callable[[str, str], tuple[str, str]],
    clock: Clock,
) -> AsyncIterator[AccountNames]:
    """Keep an organization's names of accounts until the block is left; at first none is known.

    Args:
        endpoints: whose accounts are asked for, where they say by which role.
        credentials: of those roles.
        send: the way to AWS.
        place: host and signing region for a service and a region of its partition.
        clock: wall time.
    """
    names = AccountNames(endpoints, credentials, send, place, clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(names.run)
        yield names
        nursery.cancel_scope.cancel()
