"""Every limit on what the gateway holds at once: where it is set, its default, what happens at it, and what is counted of it.

Rule: a limit of the process answers 503 with Retry-After, so that SDKs come again. One of an agent answers 403, which they take for an
answer, so that an agent that does too much at once is told so and does not have more by trying; a body that is too large 413.
"""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class

Where = Literal["gateway", "agent", "listener", "fixed"]


@value_class
class Limit:
    """A limit.

    Attributes:
        name: its label, and the attribute that sets it.
        where: the block of that attribute; "fixed" where none sets it.
        status: of the answer where it is met; None where nobody is refused.
        met: what happens then.
        used: whether it has the metrics `limit` and `limit_used`.
        most: a fixed limit; 0 for the others.
        default: of an attribute of a listener; empty for the others.
    """

    name: str
    where: Where
    status: int | None
    met: str
    used: bool = True
    most: int = 0
    default: str = ""


def _fixed(name: str, most: int, status: int | None, met: str, *, used: bool = True) -> Limit:
    return Limit(name=name, where="fixed", status=status, met=met, used=used, most=most)


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
    _set("max_pending", "gateway", 403, "the call is refused instead of waiting for people"),
    _set("max_pending_per_agent", "gateway", 403, "the call is refused instead of waiting for people"),
    _set("held_limit", "gateway", 413, "the call is refused", used=False),
    _set("held_total", "gateway", 503, "slow connections without proof are closed, then the call is refused"),
    _set("spool_limit", "gateway", 503, "slow connections without proof are closed, then the call is refused"),
    _set("record_limit", "gateway", 503, "all calls are refused, and `/readyz` answers 503"),
    _set("decision_log_limit", "gateway", None, "at half of it the file is renamed to FILE.1, over an older one"),
    _set("max_in_flight", "agent", 403, "the call is refused", used=False),
    _set("rate", "agent", 403, "the call is refused", used=False),
    _set("passthrough_idle", "listener", None, "a tunnel in which no byte moves is closed", used=False, default="15m"),
    _set("passthrough_time", "listener", None, "the tunnel is closed, whatever moves", used=False, default="12h"),
    _fixed("sessions", 10_000, 403, "no further virtual session is begun"),
    _fixed("sessions_per_agent", 1000, 403, "no further virtual session of the agent is begun", used=False),
    _fixed("work_per_agent", 512, 403, "the call is refused: too many of the agent's large calls wait to be read"),
    _fixed("wrong_tokens", 8, 429, "of one source address, while each is answered late: a further one is refused at once"),
    _fixed("grants", 1000, None, "no further grant is made; a person may revoke one"),
    _fixed("notices", 10_000, None, "no further notice of a waiting call is sent"),
    _fixed("admin_unproven", 64, None, "the oldest connection without a token is closed, of the address that has most"),
    _fixed("admin_people", 200, None, "the oldest connection of the person that has most is closed"),
    _fixed("metrics_unproven", 64, None, "as `admin_unproven`, at the metrics listener"),
    _fixed("metrics_people", 200, None, "as `admin_people`, at the metrics listener"),
)
"""All limits that are counted, in the order of the docs. An agent's own `max_connections` and `max_pending` count as those per agent."""

FIXED = {one.name: one.most for one in LIMITS if one.where == "fixed"}

FIRST, LAST = "<!-- limits: made by the program -->", "<!-- /limits -->"
"""Enclose the table in the docs."""


def table(defaults: dict[str, str]) -> str:
    """The table of the docs; `defaults` are those of the `gateway` block, as it writes them."""
    rows = [f"| `{one.name}` | {_where(one)} | {_default(one, defaults)} | {_metric(one)} | {_met(one)} |" for one in LIMITS]
    return "\n".join(["| limit | set in | default | used | when it is met |", "|---|---|---|---|---|", *rows]) + "\n"


def _where(one: Limit) -> str:
    return "not set" if one.where == "fixed" else f"`{one.where}`"


def _default(one: Limit, defaults: dict[str, str]) -> str:
    return str(one.most) if one.where == "fixed" else one.default or defaults.get(one.name, "none")


def _metric(one: Limit) -> str:
    return "yes" if one.used else "no"


def _met(one: Limit) -> str:
    answer = "" if one.status is None else f"{one.status} with Retry-After: " if one.status == 503 else f"{one.status}: "
    return answer + one.met
