"""Values for these tests: a call, an intent and an outcome that hold nothing special."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.kit.calls import make_call
from trio_gate.audit.record import Intent, Outcome

if TYPE_CHECKING:
    from trio_gate.audit.rows import Row

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)

CALL = make_call(resource_accounts=())


def intent(request: str = "r-1", **fields) -> Intent:
    given = Intent(
        id=request,
        time=NOW,
        agent="ci",
        agent_address="127.0.0.1",
        access_key_suffix="CI01",
        account="111111111111",
        account_name="prod",
        partition="aws",
        region="us-east-1",
        service="s3",
        operation="GetObject",
        iam_action="s3:GetObject",
        access="read",
        resources='["arn:aws:s3:::b/k"]',
        host="s3.us-east-1.amazonaws.com",
        method="GET",
        path="/b/k",
        params='{"Bucket":"b"}',
        outcome="allow",
        rule="reads ok",
        generation=1,
    )
    return replace(given, **fields)


def outcome(request: str = "r-1", **fields) -> Outcome:
    given = Outcome(id=request, time=NOW, status=200, upstream_status=200, aws_request_id="A1", bytes_out=4, end="answered")
    return replace(given, **fields)


def rows_of(path: str) -> list[tuple[int, bytes, bytes]]:
    """Number, text and hash of each row of a database, read as docs/formats.md tells."""
    with closing(sqlite3.connect(path)) as db:
        [(dictionary,)] = db.execute("SELECT text FROM dictionary")
        return [
            (seq, row.encode() if packed is None else zlib.decompressobj(zdict=dictionary).decompress(packed), hashed)
            for seq, row, packed, hashed in db.execute("SELECT seq, row, packed, hash FROM record ORDER BY seq")
        ]


def read(row: Row) -> dict[str, Any]:
    return json.loads(row.text)
