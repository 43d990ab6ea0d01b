"""A hub as a process opens it, with its database, and agents that ask there."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace

import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question
from tests.kit.configs import BASE, HASH, MAIN, load
from trio_gate.approval.question import Group
from trio_gate.errors import UpstreamError
from trio_gate.shell.approval.hub_config import hub_config

TEXT = f"""
gateway {{
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin {{ bind = "127.0.0.1:0" }}
  max_pending = 3
  max_pending_per_agent = 2
  grant_ttl = "60s"
  grant_time = "2m"
  grant_uses = 4
  deny_cooldown = "0s"
}}
agent "ci" {{ key_suffix = "CI01" secret = "0123456789abcdef" }}
person "alice" {{ token_sha256 = "{HASH}" may_grant = true may_stop = true }}
approver "human" "oncall" {{ people = [person.alice] }}
rule "the rest" {{ action = "approve" approvers = [human.oncall] }}
"""
CONFIG = load(BASE + MAIN + TEXT)
OTHER_RULE = load(BASE + MAIN + TEXT.replace('action = "approve"', 'match = aws.access == "write" action = "approve"'))
STANDING = hub_config(CONFIG).standings["the rest"]
ALICE = Group(id="human.oncall", people=("alice",), quorum=1, timeout=600.0)


async def nowhere(host, *_):
    """The way to webhooks on a machine without a network."""
    await trio.lowlevel.checkpoint()
    raise UpstreamError(f"{host} cannot be reached")


def call(number: int = 1, **changes):
    return asked(replace(question(f"q{number}", ALICE), **changes), standing=STANDING)


@asynccontextmanager
async def waiting(hub, *attempts):
    """Agents that ask, and hang up at the end."""
    agents = [Agent(hub, attempt) for attempt in attempts]
    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(agent.run)
        await wait_all_tasks_blocked()
        yield agents
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
