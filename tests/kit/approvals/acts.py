"""What people do, and an audit that is full or slow."""

import json

import trio

from tests.kit.approvals.questions import question
from tests.kit.configs import BASE, MAIN, load
from tests.kit.records import read, rows_of
from trio_gate.approval.channel.frames import Decide
from trio_gate.audit.chain import GENESIS, link
from trio_gate.errors import AuditUnavailable

CONFIG = load(
    BASE
    + MAIN
    + f"""
gateway {{
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin {{ bind = "127.0.0.1:0" }}
}}
agent "ci" {{ key_suffix = "CI01" secret = "0123456789abcdef" }}
person "alice" {{ token_sha256 = "{"a" * 64}" may_grant = true may_stop = true }}
person "bob" {{ token_sha256 = "{"b" * 64}" }}
approver "human" "oncall" {{
  people = [person.alice, person.bob]
  quorum = 2
}}
rule "the rest" {{ action = "approve" approvers = [human.oncall] }}
"""
)
ALL = {"may_grant": True, "may_observe": True, "may_stop": True}
OLD = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX record_id ON record (id);
PRAGMA user_version = 1;
"""


def decide(verdict, reason, **more):
    return Decide(id="q1", digest=question().digest, verdict=verdict, reason=reason, **more)


async def leaves(hub, made):
    """An agent asks and goes: its question waits, detached."""
    with trio.move_on_after(0):
        await hub.ask(made)


class Full:
    """A record that takes nothing."""

    full = True

    def __init__(self):
        self.rows = []

    async def acted(self, row):
        await trio.lowlevel.checkpoint()
        if self.full:
            raise AuditUnavailable("no room")
        self.rows.append(row.kind)


class Slow:
    """A record whose lifts wait."""

    failing = False

    def __init__(self):
        self.rows, self.go = [], trio.Event()

    async def acted(self, row):
        if row.kind == "lift":
            await self.go.wait()
        self.rows.append((row.kind, read(row)["approvers"][0]["person"]))


def chain(path):
    rows, head = rows_of(path), GENESIS
    for _, row, kept in rows:
        head = link(head, row)
        assert kept == head
    return [json.loads(row) for _, row, _ in rows]
