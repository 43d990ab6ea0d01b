"""Opening the approval hub of a process: it reads back its database, and its tasks run until the block is left.

Rule: whatever still waits to be written is written at the end, within `LAST_FLUSH_SECONDS`.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import trio

from trio_gate.errors import StorageUnavailable
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import hub_config, limits_of
from trio_gate.shell.notices.delivery import Delivery
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio_gate.config.model import Config
    from trio_gate.ports import AuditLog, Clock, Sessions
    from trio_gate.shell.audit.acts import Acts
    from trio_gate.shell.notices.delivery import Send

SWEEP_EVERY = 30
"""The most seconds between two checks for what has expired: that soon, a machine that slept is noticed."""

RETRY_WRITE_SECONDS = 1
"""Pause before a failed write is tried again."""

LAST_FLUSH_SECONDS = 5
"""How long the last write may take."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_hub(
    config: Config,
    clock: Clock,
    path: str,
    link: str,
    audit: AuditLog | None = None,
    sessions: Sessions | None = None,
    *,
    send: Send,
) -> AsyncIterator[ApprovalHub]:
    """A hub that keeps its state in the database at `path`; `link` is the address of the approvals page.

    `audit` is the record of what people do, `sessions` are those that they may end, `send` is the way to webhooks. Raises StorageUnavailable if the database cannot be used.
    """
    database = await in_thread(ApprovalDatabase, path)
    limits, made, post = limits_of(config), hub_config(config), Delivery(send, clock)
    hub = ApprovalHub(clock, limits, made, database=database, audit=audit, delivery=post, sessions=sessions, page=link)
    try:
        with database.understood("what it keeps"):
            hub.load()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sweeping, hub, clock)
            nursery.start_soon(database.look)
            nursery.start_soon(_writing, database)
            nursery.start_soon(_writing, hub.acts)
            nursery.start_soon(hub.notifier.run)
            yield hub
            nursery.cancel_scope.cancel()
    finally:
        with trio.move_on_after(LAST_FLUSH_SECONDS, shield=True):
            for last in (database, hub.acts):
                with suppress(StorageUnavailable):
                    await last.flush()
            await database.rest()
        database.close()


async def sweeping(hub: ApprovalHub, clock: Clock) -> None:
    """End questions and grants as their time runs out, until cancelled."""
    while True:
        hub.sweep()
        hub.deadlines_changed = trio.Event()
        ends = [entry.prompt.question.expires_at for entry in hub] + [grant.expires_at for grant in hub.grants.table]
        now = clock.now()
        wait = min([SWEEP_EVERY, *((end - now).total_seconds() for end in ends)])
        with trio.move_on_after(max(wait, 0)):
            await hub.deadlines_changed.wait()


async def _writing(database: ApprovalDatabase | Acts) -> None:
    """Write notes as they come, until cancelled."""
    while True:
        await database.noted.wait()
        try:
            await database.flush()
        except StorageUnavailable as fault:
            log.error("%s", fault.detail)  # noqa: TRY400 - the fault is the disk's
            await trio.sleep(RETRY_WRITE_SECONDS)
