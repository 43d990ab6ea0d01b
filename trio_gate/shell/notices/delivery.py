"""One try to deliver a notice: a program is run, or a message is posted over TLS to a webhook or to Slack.

Rule: a try ends within its deadline and raises nothing; what went wrong is said without a URL. A host is dialled as those of AWS are:
its certificate is checked, its address must be public unless an `upstream` block says otherwise, and no redirect is followed. The
answer's head says whether it took the message, and nothing else of it is read. A program's environment has of the gateway's own only
`_ENVIRONMENT`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, assert_never

import trio

from trio_gate.config.receivers.model import Program, Slack, Webhook
from trio_gate.errors import GateError, fault_text
from trio_gate.notices.notice import arguments, as_json, as_slack, variables
from trio_gate.notices.post import request, signed, trouble_of
from trio_gate.notices.trouble import Trouble
from trio_gate.shell.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trio_gate.config.receivers.model import Url
    from trio_gate.notices.notice import Notice
    from trio_gate.ports import Clock
    from trio_gate.wire.head import RequestHead, ResponseHead

    Send = Callable[[str, RequestHead, bytes], Awaitable[ResponseHead]]
    """Sends a request to a host and reads the head of its answer. Raises GateError."""

RUN_TIMEOUT = 30
"""Seconds that a program may take before it is killed."""

POST_TIMEOUT = 10
"""Seconds for one request and its answer: receivers take a message first and work on it later."""

_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class Delivery:
    """Delivers notices. `send` is the way to hosts, `clock` wall time."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send = send
        self._clock = clock

    async def deliver(self, to: Program | Webhook | Slack, notice: Notice) -> Trouble | None:
        """Try once; what went wrong, None if nothing did."""
        try:
            return await self._tried(to, notice)
        except Exception as error:  # a bug must not end the gateway, nor what an environment cannot hold
            return Trouble(text=fault_text(error), final=True)

    async def _tried(self, to: Program | Webhook | Slack, notice: Notice) -> Trouble | None:
        if isinstance(to, Program):
            return await _run(to.command, notice)
        if isinstance(to, Webhook):
            body = as_json(notice)
            return await self._post(to.url, signed(notice.id, body, to.secret, self._clock.now()), body)
        if isinstance(to, Slack):
            return await self._post(to.url, {}, as_slack(notice))
        assert_never(to)

    async def _post(self, url: Url, fields: Mapping[str, str], body: bytes) -> Trouble | None:
        try:
            with trio.fail_after(POST_TIMEOUT):
                answer = await self._send(url.host, request(url, fields), body)
        except trio.TooSlowError:
            return Trouble(text=f"{url.host} did not answer within {POST_TIMEOUT} seconds")
        except GateError as error:
            return Trouble(text=error.detail)
        return trouble_of(url.host, answer)


async def _run(command: tuple[str, ...], notice: Notice) -> Trouble | None:
    env = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        with trio.fail_after(RUN_TIMEOUT):
            status, _ = await run_program((*command, *arguments(notice)), env={**env, **variables(notice)})
    except OSError as error:
        return Trouble(text=f"{command[0]} could not be run: {error.strerror}", final=True)
    except trio.TooSlowError:
        return Trouble(text=f"{command[0]} took more than {RUN_TIMEOUT} s and was killed", final=True)
    return Trouble(text=f"{command[0]} ended with status {status}", final=True) if status else None
