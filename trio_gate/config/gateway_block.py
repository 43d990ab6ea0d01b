"""Reads the `gateway` block: the process, its listeners, and what these need before other machines may reach them.

Rule: a listener that other machines can reach serves only proven agents, so without an `agent` block it is a fault.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from trio_gate.config import attribute_types
from trio_gate.config.block_reader import title
from trio_gate.config.blocks import path
from trio_gate.config.host_pattern import well_formed
from trio_gate.config.logs.model import LogSettings
from trio_gate.config.model import Address, Admin, Gateway, Listener
from trio_gate.config.passthrough.model import HTTPS, Passthrough, Place
from trio_gate.config.source import Flaw
from trio_gate.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.config.block_reader import Form
    from trio_gate.config.expressions import Value

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_TIB = 1 << 40

_LOG_FORM: attribute_types.Kind[Literal["text", "json"]] = attribute_types.one_of("text", "json")

_COLLECTOR = re.compile(r"https?://(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]{0,200})?")

_COLLECTOR_FORM = 'the collector\'s URL: "http://127.0.0.1:4318"'

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - addresses of blocks are compared with these; nothing is bound by them

IDLE_SECONDS = 900.0
"""Silence that ends a tunnel: a model may think as long before it answers as AWS may."""

LONGEST_SECONDS = 43_200.0
"""Life of a tunnel: a working day, after which even a program that keeps its connection is asked for its proof again."""

_LOCALHOST = ("127.0.0.1", "::1")
"""What `localhost` stands for."""

_NUMBER = re.compile(r"(?:.*\.)?[0-9]+")

DEFAULT_LISTENERS = (
    Listener(kind="proxy", bind=Address(host="127.0.0.1", port=8080), tls=False, names=(), certificate=None, key=None),
    Listener(kind="endpoint", bind=Address(host="127.0.0.1", port=8081), tls=False, names=(), certificate=None, key=None),
)
DEFAULT_ADMIN = Admin(bind=Address(host="127.0.0.1", port=9443), names=(), certificate=None, key=None)
DEFAULTS_NOTE = "no listener is declared: listening on 127.0.0.1:8080 (proxy), 127.0.0.1:8081 (endpoint), 127.0.0.1:9443 (admin)"


def gateway(form: Form, *, proven: bool) -> Gateway:
    """Read the gateway block; an empty one gives the defaults. `proven` says whether any agent is declared."""
    listeners, administration, measured = _listeners(form, proven=proven)
    connections = form.default(attribute_types.whole(1, 1_000_000), "max_connections", 1000)
    made = Gateway(
        state_dir=form.reading.lookups.path(form.default(attribute_types.file, "state_dir", "./state")),
        listeners=listeners,
        admin=administration,
        metrics=measured,
        ca_file=path(form, "ca_file"),
        decision_log=path(form, "decision_log"),
        record_limit=form.default(attribute_types.size(_MIB, 1024 * _TIB), "record_limit", 16 * _GIB),
        decision_log_limit=form.default(attribute_types.size(_KIB, 1024 * _TIB), "decision_log_limit", _GIB),
        held_limit=form.default(attribute_types.size(_KIB, _TIB), "held_limit", 70 * _MIB),
        held_total=form.default(attribute_types.size(_KIB, _TIB), "held_total", 512 * _MIB),
        spool_limit=form.default(attribute_types.size(_KIB, 1024 * _TIB), "spool_limit", 8 * _GIB),
        max_connections=connections,
        max_connections_per_agent=form.take(attribute_types.whole(1, 1_000_000), "max_connections_per_agent")
        or max(1, connections // 2),
        **_most(form),
        deny_cooldown=form.default(attribute_types.duration(0), "deny_cooldown", 60.0),
        head_timeout=form.default(attribute_types.duration(), "head_timeout", 10.0),
        idle_timeout=form.default(attribute_types.duration(), "idle_timeout", 60.0),
        connect_timeout=form.default(attribute_types.duration(), "connect_timeout", 10.0),
        answer_timeout=form.default(attribute_types.duration(), "answer_timeout", 900.0),
        drain_timeout=form.default(attribute_types.duration(), "drain_timeout", 10.0),
        body_rate=form.default(attribute_types.size(1, _GIB), "body_rate", _KIB),
        log=_log(form),
    )
    form.close()
    if made.held_limit > made.held_total:
        which = "held_limit" if form.given("held_limit") else "held_total"
        form.fault("`held_total` is less than `held_limit`: no body of that size could ever be held", of=which)
    return made


def _most(form: Form) -> dict[str, Any]:
    """What calls, sessions and grants there may be at once, and how much one grant may be."""
    return {
        "max_pending": form.default(attribute_types.whole(1, 10_000), "max_pending", 1000),
        "max_pending_per_agent": form.default(attribute_types.whole(1, 10_000), "max_pending_per_agent", 100),
        "max_sessions": form.default(attribute_types.whole(1, 100_000), "max_sessions", 10_000),
        "max_sessions_per_agent": form.default(attribute_types.whole(1, 100_000), "max_sessions_per_agent", 1000),
        "max_grants": form.default(attribute_types.whole(1, 10_000), "max_grants", 1000),
        "grant_ttl": form.default(attribute_types.duration(), "grant_ttl", 1800.0),
        "grant_time": form.default(attribute_types.duration(60), "grant_time", 28_800.0),
        "grant_uses": form.default(attribute_types.whole(1, 10_000), "grant_uses", 100),
    }


def _log(form: Form) -> LogSettings:
    return LogSettings(
        form=form.default(_LOG_FORM, "log_format", "text"),
        requests=form.default(attribute_types.flag, "log_requests", default=False),
        traces=_traces(form),
    )


def _traces(form: Form) -> str | None:
    """The URL of the collector of traces."""
    found = form.take(attribute_types.matching(_COLLECTOR, _COLLECTOR_FORM), "traces")
    try:
        parts = urlsplit(found or "")
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # no address in the brackets, or no port
        form.fault(f"expected {_COLLECTOR_FORM}", of="traces")
        return None
    if parts.scheme == "http" and not attribute_types.is_loopback(host):
        form.fault("traces go off this machine by https alone", "they name agents, accounts and operations", of="traces")
    return found


def _listeners(form: Form, *, proven: bool) -> tuple[tuple[Listener, ...], Admin | None, Listener | None]:
    """The listeners of agents, of people and of metrics; the first two are the defaults where neither is declared."""
    read = [(nested, _listener(nested, proven=proven)) for nested in form.nested("listener")]
    admins = [(nested, admin(nested)) for nested in form.nested("admin")]
    measured = [(nested, metrics(nested)) for nested in form.nested("metrics")]
    for kind, found in (("admin", admins), ("metrics", measured)):
        for extra, _ in found[1:]:
            extra.fault(f"`{kind}` is given twice", f"first on line {form.report.source.line(found[0][0].block.at)}")
    _distinct([*read, *admins[:1], *measured[:1]])
    listeners = tuple(found for _, found in read if found is not None)
    administration = admins[0][1] if admins else None
    if not read and not admins:
        form.report.note(DEFAULTS_NOTE)
        listeners, administration = DEFAULT_LISTENERS, DEFAULT_ADMIN
    elif not read:
        form.fault("no listener is declared, so no agent can connect", 'such as listener "proxy" { bind = "127.0.0.1:8080" }')
    return listeners, administration, measured[0][1] if measured else None


def _listener(form: Form, *, proven: bool) -> Listener | None:
    bind = form.need(attribute_types.address(0), "bind")
    word = form.name if len(form.block.labels) == 1 else ""
    if bind is not None:
        _loopback_or_proven(form, bind, proven=proven)
    if word == "endpoint":
        return _endpoint_listener(form, bind)
    if word == "proxy":
        return _proxy_listener(form, bind)
    form.close()
    if word != "tls":
        hint = did_you_mean(word, ("proxy", "tls", "endpoint"))
        form.fault('`listener` takes one label: "proxy", "tls" or "endpoint"', hint)
    return None if bind is None else Listener(kind="tls", bind=bind, tls=True, names=(), certificate=None, key=None)


def _proxy_listener(form: Form, bind: Address | None) -> Listener | None:
    names, certificate, key, tls = _served(form, bind)
    tunnelled = _passthrough(form)
    form.close()
    if bind is None:
        return None
    if bind.host in EVERY_ADDRESS and tls:
        _named(form, bind)
    return Listener(kind="proxy", bind=bind, tls=tls, names=names, certificate=certificate, key=key, passthrough=tunnelled)


def _passthrough(form: Form) -> Passthrough | None:
    """What a proxy listener tunnels; None for nothing, which is the default."""
    places = form.take(attribute_types.listing(_PLACE), "passthrough")
    idle = form.default(attribute_types.duration(), "passthrough_idle", IDLE_SECONDS)
    longest = form.default(attribute_types.duration(), "passthrough_time", LONGEST_SECONDS)
    for name in ("passthrough_idle", "passthrough_time"):
        if form.given(name) and not form.given("passthrough"):
            form.fault(f"`{name}` goes with `passthrough`, which is not given", of=name)
    return Passthrough(places=places, idle=idle, longest=longest) if places else None


def _place(value: Value) -> Place:
    """A host pattern, with a port after a colon where that is not 443. Raises Flaw."""
    pattern, colon, port = attribute_types.text(value).lower().partition(":")
    if not well_formed(pattern) or _NUMBER.fullmatch(pattern):
        hint = 'names and patterns, such as "api.model.example" or "*.packages.example:8443", "*" for all; no address'
        raise Flaw(value.at, "expected a host pattern, with or without a port", hint)
    if colon and not (re.fullmatch(r"[1-9][0-9]{0,4}", port) and int(port) <= 65_535):
        raise Flaw(value.at, "expected a port from 1 to 65535 after the colon")
    return Place(pattern=pattern, port=int(port) if colon else HTTPS)


_PLACE = attribute_types.Kind(
    form='a host pattern and perhaps a port, as `"*.packages.example"` or `"git.example:22"`', read=_place
)


def _endpoint_listener(form: Form, bind: Address | None) -> Listener | None:
    names, certificate, key, tls = _served(form, bind)
    _private(form, bind, "an endpoint listener", tls=tls)
    form.close()
    if bind is None:
        return None
    if bind.host in EVERY_ADDRESS and tls:
        _named(form, bind)
    return Listener(kind="endpoint", bind=bind, tls=tls, names=names, certificate=certificate, key=key)


def _served(form: Form, bind: Address | None) -> tuple[tuple[str, ...], str | None, str | None, bool]:
    """Names, certificate and key of a listener that may speak TLS; and whether it does."""
    names = form.take(attribute_types.listing(attribute_types.host), "names") or ()
    certificate, key = _certificate(form)
    tls = form.take(attribute_types.flag, "tls")
    if bind is not None and tls is False and certificate is not None:
        form.fault("`certificate` needs `tls = true`", of="tls")
    return names, certificate, key, bool(tls) or certificate is not None


def _private(form: Form, bind: Address | None, what: str, *, tls: bool) -> None:
    if bind is not None and not tls and not attribute_types.is_loopback(bind.host):
        hint = "tls = true, or a certificate and its key; or bind to 127.0.0.1"
        form.fault(f"{what} off loopback needs TLS", hint, of="bind")


def metrics(form: Form) -> Listener:
    """Read the `metrics` block, the listener for metrics and health."""
    bind = form.need(attribute_types.address(0), "bind")
    names, certificate, key, tls = _served(form, bind)
    _private(form, bind, "a metrics listener", tls=tls)
    form.close()
    if bind is not None and tls and not attribute_types.is_loopback(bind.host):
        _named(form, bind)
    if form.block.labels:
        form.fault("`metrics` takes no label")
    return Listener(kind="metrics", bind=bind or DEFAULT_ADMIN.bind, tls=tls, names=names, certificate=certificate, key=key)


def admin(form: Form) -> Admin:
    """Read the `admin` block, the listener for people and operators."""
    bind = form.need(attribute_types.address(0), "bind") or DEFAULT_ADMIN.bind
    names = form.take(attribute_types.listing(attribute_types.host), "names") or ()
    certificate, key = _certificate(form)
    form.close()
    if not attribute_types.is_loopback(bind.host):
        _named(form, bind)
    if form.block.labels:
        form.fault("`admin` takes no label")
    return Admin(bind=bind, names=names, certificate=certificate, key=key)


def _named(form: Form, bind: Address) -> None:
    """Report a listener off loopback without `names`: it refuses requests for any name that it does not know."""
    if form.given("names") is None:
        own = "gate.internal.example" if bind.host in EVERY_ADDRESS else bind.host
        hint = f'names = ["{own}"]: all host names and addresses that clients use for it'
        form.fault(
            f"{title(form.block)} is off loopback and has no `names`: it would refuse every client that uses one", hint, of="bind"
        )


def _certificate(form: Form) -> tuple[str | None, str | None]:
    certificate, key = path(form, "certificate"), path(form, "key")
    if (form.given("certificate") is None) != (form.given("key") is None):
        form.fault("`certificate` and `key` go together", of="certificate" if form.given("certificate") else "key")
    return certificate, key


def _loopback_or_proven(form: Form, bind: Address, *, proven: bool) -> None:
    if not proven and not attribute_types.is_loopback(bind.host):
        hint = "declare an `agent` block with a secret for each agent, or bind to 127.0.0.1"
        form.fault(f"{title(form.block)} is off loopback, and nothing proves which agent is calling", hint, of="bind")


def _distinct(listeners: Sequence[tuple[Form, Listener | Admin | None]]) -> None:
    """Report a second listener on the same address; port 0 stands for a new port each time."""
    taken: list[Address] = []
    for form, listener in listeners:
        if listener is not None and listener.bind.port:
            if any(_clash(listener.bind, other) for other in taken):
                form.fault("another listener has this address", of="bind")
            taken.append(listener.bind)


def _clash(one: Address, other: Address) -> bool:
    """Whether it is certain that no two sockets can have these addresses."""
    pairs = product(*(_LOCALHOST if each.host == "localhost" else (each.host,) for each in (one, other)))
    return one.port == other.port and any(a == b or _covers(a, b) or _covers(b, a) for a, b in pairs)


def _covers(every: str, host: str) -> bool:
    """Whether one is all addresses of a family, and the other one of these. What a name stands for is not known here."""
    return every in EVERY_ADDRESS and attribute_types.is_literal(host) and (":" in every) == (":" in host)
