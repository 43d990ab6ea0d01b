"""Every limit on what the gateway holds at once: where it is set, its default, what happens at it, and what is counted of it.

Rule: a limit of the process answers 503 with Retry-After, so that SDKs come again. One of an agent answers 403, which they take for an
answer, so that an agent that does too much at once is told so and does not have more by trying; a body that is too large 413, what comes
too slowly 408. Those that no attribute sets have their reason beside the constant. What is only remembered to save work is no limit:
one more costs the oldest. Those on the form of one request are in docs/limits.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable

Where = Literal["gateway", "agent", "listener", "fixed"]

Filled = tuple[float, float]
"""How much of a limit is used, and how much it allows; infinity where there is none."""


def fullest(limits: Iterable[Filled], most: float = math.inf) -> Filled:
    """The limit of which the largest part is used; one that allows `most`, unused, if there are none."""
    return max(limits, key=lambda one: one[0] / one[1], default=(0, most))


@value_class
class Limit:
    """A limit.

    Attributes:
        name: its label, and the attribute that sets it.
        where: the block of that attribute; "fixed" where none sets it.
        status: of the answer where it is met; None where nobody is refused.
        met: what happens then.
        used: whether it has the metrics `limit` and `limit_used`: all but times and rates.
        most: a fixed limit; 0 for the others.
        default: where it is not one number of the `gateway` block; else empty.
    """

    name: str
    where: Where
    status: int | None
    met: str
    used: bool = True
    most: int = 0
    default: str = ""


def _fixed(name: str, most: int, status: int | None, met: str, *, default: str = "") -> Limit:
    return Limit(name=name, where="fixed", status=status, met=met, most=most, default=default)


def _set(name: str, where: Where, status: int | None, met: str, *, used: bool = True, default: str = "") -> Limit:
    return Limit(name=name, where=where, status=status, met=met, used=used, default=default)


LIMITS = (
    _set("max_connections", "gateway", None, "the slowest connection without proof is closed; where all are busy, new ones wait"),
    _set(
        "max_connections_per_agent",
        "gateway",
        403,
        "an idle connection of the agent is closed; where all are busy, the call is refused",
    ),
    _set("max_pending", "gateway", 503, "the call is refused instead of waiting for people"),
    _set("max_pending_per_agent", "gateway", 403, "the call is refused instead of waiting for people"),
    _set("max_sessions", "gateway", 503, "no further virtual session is begun"),
    _set("max_sessions_per_agent", "gateway", 403, "no further virtual session of the agent is begun"),
    _set("max_grants", "gateway", None, "no further grant is made; a person may revoke one"),
    _set("held_limit", "gateway", 413, "the call is refused; used: the largest body in memory"),
    _set("held_total", "gateway", 503, "slow connections without proof are closed, then the call is refused"),
    _set("spool_limit", "gateway", 503, "slow connections without proof are closed, then the call is refused"),
    _set("record_limit", "gateway", 503, "all calls are refused, and `/readyz` answers 503"),
    _set("decision_log_limit", "gateway", None, "at half of it the file is renamed to FILE.1, over an older one"),
    _set(
        "head_timeout",
        "gateway",
        408,
        "the connection is closed: its head, its handshake or a CONNECT came too slowly",
        used=False,
    ),
    _set("body_rate", "gateway", 408, "the call is refused: its body came too slowly, or stopped for `idle_timeout`", used=False),
    _set("max_in_flight", "agent", 403, "the call is refused"),
    _set("rate", "agent", 403, "the call is refused; used: what is taken of `burst`"),
    _set("passthrough_idle", "listener", None, "a tunnel in which no byte moves is closed", used=False, default="15m"),
    _set("passthrough_time", "listener", None, "the tunnel is closed, whatever moves", used=False, default="12h"),
    _fixed("unknown_tunnels", 0, 503, "no further tunnel without proof is opened", default="a quarter of `max_connections`"),
    _fixed(
        "unknown_tunnels_pace",
        0,
        503,
        "the same, for so many at once and one in two seconds",
        default="300 of a source, 1000 of all",
    ),
    _fixed("work_per_agent", 512, 403, "the call is refused: too many of the agent's large calls wait to be read"),
    _fixed("wrong_tokens", 8, 429, "of one source address, while each is answered late: a further one is refused at once"),
    _fixed(
        "refusal_rows", 0, None, "a refusal without proof is counted in one row a minute", default="100 of a source, 1000 of all"
    ),
    _fixed("record_queue", 4096, None, "calls wait until rows are written"),
    _fixed("notices", 10_000, None, "no further notice of a waiting call is sent"),
    _fixed("admin_unproven", 64, None, "the oldest connection without a token is closed, of the address that has most"),
    _fixed("admin_people", 200, None, "the oldest connection of the person that has most is closed"),
    _fixed("metrics_unproven", 64, None, "as `admin_unproven`, at the metrics listener"),
    _fixed("metrics_people", 200, None, "as `admin_people`, at the metrics listener"),
)
"""All limits that are counted, in the order of the docs. An agent's own `max_connections` and `max_pending` count as those per agent."""

FIXED = {one.name: one.most for one in LIMITS if one.most}
"""The numbers of those that nothing sets."""

FIRST, LAST = "<!-- limits: made by the program -->", "<!-- /limits -->"
"""Enclose the table in the docs."""


def table(defaults: dict[str, str]) -> str:
    """The table of the docs; `defaults` are those of the `gateway` block, as it writes them."""
    rows = [f"| `{one.name}` | {_where(one)} | {_default(one, defaults)} | {_metric(one)} | {_met(one)} |" for one in LIMITS]
    return "\n".join(["| limit | set in | default | used | when it is met |", "|---|---|---|---|---|", *rows]) + "\n"


def _where(one: Limit) -> str:
    return "not set" if one.where == "fixed" else f"`{one.where}`"


def _default(one: Limit, defaults: dict[str, str]) -> str:
    return one.default or str(one.most or defaults.get(one.name, "none"))


def _metric(one: Limit) -> str:
    return "yes" if one.used else "no"


def _met(one: Limit) -> str:
    answer = "" if one.status is None else f"{one.status} with Retry-After: " if one.status in (429, 503) else f"{one.status}: "
    return answer + one.met
