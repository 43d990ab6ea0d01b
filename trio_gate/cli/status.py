"""`trio-gate status`: how the running gateway is, asked of its admin listener by somebody who may monitor.

Exit status: 0 where it takes calls, 1 where it does not or cannot be asked, 2 if the arguments cannot work.
"""

from __future__ import annotations

import http.client
import json
import ssl
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trio_gate.cli import connecting
from trio_gate.client import ClientError, parse_url, tls_fault
from trio_gate.effect.sentence import counted
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

TARGET = "/v1/status"
TIMEOUT_SECONDS = 30
MOST_BYTES = 1024 * 1024
"""Of the answer."""

EXAMPLES = """\
  trio-gate status --config gateway.hcl
  trio-gate status --json | jq .waiting"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    connecting.add_arguments(parser, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Print the status. Returns the exit status."""
    try:
        text = _asked(connecting.resolved(args))
        told = json.loads(text)
        lines = [text] if args.json else list(_lines(told))
        ready = bool(told["ready"])
    except connecting.UsageError as error:
        return connecting.fail("status", str(error), 2)
    except ClientError as error:
        return connecting.fail("status", str(error), 1)
    except (ValueError, KeyError, TypeError):
        return connecting.fail("status", "what answers is not a gateway of this version", 1)
    print("\n".join(map(plain, lines)))
    return 0 if ready else 1


def _asked(to: connecting.Resolved) -> str:
    """The gateway's answer, as it came. Raises ClientError."""
    gateway = parse_url(to.url)
    connection = http.client.HTTPSConnection(gateway.host, gateway.port, timeout=TIMEOUT_SECONDS, context=to.tls)
    try:
        connection.request("GET", TARGET, headers={"authorization": f"Bearer {to.token}"})
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES).decode("utf-8", "replace").strip()
    except ssl.SSLError as error:
        raise tls_fault(f"{gateway} ({to.origin})", error) from None
    except (OSError, http.client.HTTPException) as error:
        raise ClientError(f"cannot ask {gateway} ({to.origin}): {getattr(error, 'strerror', None) or error}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise ClientError(f"{plain(text)} (status {answer.status})")
    return text


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"trio-gate {told['version']}, up {_long(told['uptime_seconds'])}, configuration {told['generation']}"
    yield "takes calls" if told["ready"] else f"NOT READY: {told['why_not']}"
    if told["reloaded_in_part"]:
        yield "RELOADED IN PART: restart the gateway; its log says why"
    elif told["reload_failed"]:
        yield "the last reload failed: the gateway's log says why"
    yield from (
        f"listener {one['kind']} on {one['address']}, {counted(one['connections'], 'connection')}" for one in told["listeners"]
    )
    yield from (f"agent {one['name']}: {_seen(one['seen'])}" for one in told["agents"])
    yield from (
        f"STOPPED since {_time(one['since'])}: {one['agent'] or 'all agents'}; a person may lift that" for one in told["stopped"]
    )
    oldest = told["waiting_oldest_seconds"]
    since = "" if oldest is None else f", the oldest for {_long(oldest)}"
    yield f"{counted(told['waiting'], 'call')} waiting{since}, {counted(told['people_connected'], 'connection')} of people"
    if told["notices_undelivered"]:
        yield f"{counted(told['notices_undelivered'], 'notice')} undelivered: the gateway's log says which"
    yield f"{counted(told['sessions_total'], 'virtual session')}"
    yield from (
        f"  {one['id']} of {one['agent'] or '-'}: {one['role']}, until {_time(one['expires'])}" for one in told["sessions"]
    )
    more = told["sessions_total"] - len(told["sessions"])
    if more > 0:
        yield f"  and {more} more"
    yield f"connections to AWS: {told['upstream']['lent']} lent, {told['upstream']['idle']} idle"
    if told["tunnels"]:
        yield f"{counted(told['tunnels'], 'tunnel')} to other hosts"
    if told["unreviewed_operations"]:
        yield f"{counted(told['unreviewed_operations'], 'operation')} met that the review does not have: see `trio-gate check`"


def _seen(time: str | None) -> str:
    return "not seen since the start" if time is None else f"last seen {_time(time)}"


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"


def _long(seconds: int) -> str:
    """A duration in its two largest units."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s")) if count]
    return " ".join(parts[:2]) or "0 s"
