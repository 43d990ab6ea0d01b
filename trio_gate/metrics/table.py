"""Every metric: its name, kind, labels and meaning. What is read at `/metrics` and the table of the docs are both made of this."""

from __future__ import annotations

from typing import Literal

from trio_gate.values import value_class

PREFIX = "trio_gate_"
"""Begins the name of every metric but those of the process."""

PROCESS = ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")
"""Metrics that Prometheus' library has of every process, and that the docs, the dashboard and the alerts may use."""


@value_class
class Metric:
    """A metric; its full name is `PREFIX`, the name and, for a counter, "_total"."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The name as it is read."""
        return f"{PREFIX}{self.name}{'_total' if self.kind == 'counter' else ''}"


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind="counter", text=text, labels=labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind="gauge", text=text, labels=labels)


def _histogram(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind="histogram", text=text, labels=labels)


METRICS = (
    _gauge("info", "1, for the version that runs", "version"),
    _gauge("started_seconds", "when the gateway started, in seconds since 1970"),
    _counter("requests", "requests that ended, by what was decided", "service", "access", "outcome", "agent", "account"),
    _counter("ends", "requests that ended, by how: as in the record, and the class of the agent's status", "end", "status"),
    _histogram("own_seconds", "the gateway's own time for a request, with the time that the agent takes to send it", "access"),
    _histogram("aws_seconds", "from sending a request until the head of AWS's answer, with the time to connect", "service"),
    _gauge("waiting", "calls that wait for people"),
    _gauge("waiting_oldest_seconds", "how long the oldest of these waits; 0 if none does"),
    _histogram("decision_seconds", "from asking people until it was decided or ended", "status"),
    _gauge("people_connected", "connections of people to the approvals channel"),
    _gauge("sessions", "virtual sessions of agents"),
    _counter("notices_undelivered", "notices about waiting calls that were given up"),
    _counter("sts_calls", "calls to STS for credentials of roles, by result: ok or failed", "result"),
    _gauge("role_credentials", "roles whose credentials are kept"),
    _gauge("role_credentials_oldest_seconds", "age of the oldest of these"),
    _gauge("role_credentials_expiry_seconds", "seconds until the first of these expires; negative if one has"),
    _gauge("upstream_connections", "connections to AWS, by state: lent or idle", "state"),
    _counter("upstream_dials", "connections to AWS that were tried, by result: ok or failed", "result"),
    _counter("record_rows", "rows written to the record"),
    _gauge("record_queue", "rows that wait to be written"),
    _gauge("state_free_bytes", "free bytes of the disk that holds the state folder"),
    _gauge("failing", "1 while calls are refused because this cannot be written: record, approvals or decision_log", "part"),
    _gauge("ready", "1 while calls are taken: what /readyz says"),
    _gauge("config_generation", "number of the configuration in force; 1 at the start"),
    _gauge("config_reload_ok", "0 if the last reload failed, or any since the start was applied in part, else 1"),
    _gauge("unreviewed_operations", "operations that were called and are newer than the review"),
    _gauge("connections", "open connections, by kind: agents, admin or metrics", "kind"),
    _gauge("tunnels", "open tunnels to hosts that are none of AWS's"),
    _counter("tunnels_asked", "tunnels that agents asked for, by result: opened, refused or failed", "result"),
    _counter(
        "tunnels_opened", "of these, those opened, by what proved the agent: kinds of proof joined with +, or none", "proof"
    ),
    _counter("tunnel_bytes", "bytes through tunnels, by direction: in from agents, out from hosts", "direction"),
    _gauge("limit", "the most that a limit allows", "limit"),
    _gauge("limit_used", "what is used of it; of limits per agent, by the agent that uses most", "limit"),
    _counter("limit_refused", "what it refused or closed", "limit"),
    _histogram("loop_lag_seconds", "how late the event loop was, measured four times a second"),
)
"""All metrics, in the order in which they are shown."""

FIRST, LAST = "<!-- metrics: made by the program -->", "<!-- /metrics -->"
"""Enclose the table in the docs."""


def table() -> str:
    """The table of the docs."""
    rows = [f"| `{one.full}` | {one.kind} | {', '.join(one.labels)} | {one.text} |" for one in METRICS]
    return "\n".join(["| metric | kind | labels | meaning |", "|---|---|---|---|", *rows]) + "\n"
