"""What `trio-gate doctor` checks on this machine: ports, disk, certificates, and what is newer than the review. All of it blocks."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from trio_gate.app.state_dir import owner
from trio_gate.cli.diagnosis.finding import fail, note, ok
from trio_gate.cli.judging.check_newer import newer_lines
from trio_gate.cli.judging.check_sense import readable_tokens
from trio_gate.cli.state_dir import has
from trio_gate.shell.certificates.authority import INTERCEPTION, OWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trio_gate.cli.diagnosis.finding import Finding
    from trio_gate.config.model import Address, Config

LEAST_FREE = 256 * 1024 * 1024
"""Bytes of disk below which a gateway is soon one that refuses calls."""

SOON = timedelta(days=30)
"""Before its end a certificate is named."""

_MIB = 1 << 20


def ports(config: Config) -> Iterator[Finding]:
    """Whether each listener can be opened, or is that of the gateway that runs."""
    gateway = config.gateway
    agents_and_metrics = (*gateway.listeners, *([gateway.metrics] if gateway.metrics else []))
    listeners = [(f"{listener.kind} {listener.bind}", listener.bind) for listener in agents_and_metrics]
    if gateway.admin:
        listeners.append((f"admin {gateway.admin.bind}", gateway.admin.bind))
    try:
        runs = owner(Path(gateway.state_dir)) is not None
    except (OSError, ValueError):
        runs = False
    for name, bind in listeners:
        trouble = _trouble(bind)
        if trouble is None:
            yield ok(name, "it can be opened")
        elif trouble.errno == errno.EADDRINUSE and runs:
            yield ok(name, "it is in use while the gateway runs")
        else:
            yield fail(name, _words(trouble))


def _trouble(bind: Address) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bind.host, bind.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen()
    except OSError as error:
        return error
    return None


def _words(trouble: OSError) -> str:
    hints = {
        errno.EADDRINUSE: "another program has this port: stop it, or change `bind`",
        errno.EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE, or a socket of systemd",
        errno.EADDRNOTAVAIL: "this machine has no such address: change `bind`",
    }
    if isinstance(trouble, socket.gaierror):
        return f"its name has no address here ({trouble.strerror}): change `bind`"
    return hints.get(trouble.errno or 0, f"{trouble.strerror}: change `bind`")


def tokens(config: Config) -> Iterator[Finding]:
    """The proxies to which agents show tokens in the clear."""
    yield from (note("tokens", text) for text in readable_tokens(config))


def disk(config: Config) -> Iterator[Finding]:
    """Whether the state folder can be used, and how much space there is."""
    folder = Path(config.gateway.state_dir)
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield fail("state_dir", f"this user cannot write to {there}: run this as the gateway's user, or name another folder")
        return
    if folder.exists() and folder.stat().st_mode & 0o077:
        yield note("state_dir", f"others can read {folder}: the gateway makes it 0700 when it starts")
    free = shutil.disk_usage(there).free
    said = f"{free // _MIB} MiB are free for {folder}"
    if free < LEAST_FREE:
        yield fail("disk", f"{said}, less than {LEAST_FREE // _MIB} MiB: make room, or name another `state_dir`")
    elif free < config.gateway.record_limit:
        yield note("disk", f"{said}, less than `record_limit` ({config.gateway.record_limit // _MIB} MiB)")
    else:
        yield ok("disk", said)


def certificates(config: Config, now: datetime) -> Iterator[Finding]:
    """Until when the gateway's authorities, its listeners' certificates and its roots are good. Raises StartFailed where it may not look."""
    state, gateway = Path(config.gateway.state_dir), config.gateway
    named = {
        str(listener.certificate)
        for listener in (*gateway.listeners, gateway.admin, gateway.metrics)
        if listener and listener.certificate
    }
    named |= {file for file in (gateway.ca_file, *(one.ca_file for one in config.upstreams)) if file}
    made = [str(state / name) for name in (INTERCEPTION, OWN) if has(state, name)]
    if not made:
        yield ok("certificates", "the gateway makes its own when it starts")
    for file in (*made, *sorted(named)):
        yield _certificate(file, now)


def _certificate(file: str, now: datetime) -> Finding:
    what = f"certificate {file}"
    try:
        ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(Path(file).read_bytes()))
    except OSError as error:
        return fail(what, f"it cannot be read: {error.strerror}")
    except ValueError:
        return fail(what, "it holds no certificates in PEM")
    said = f"it is good until {ends:%Y-%m-%d}"
    if ends <= now:
        return fail(what, f"it has expired on {ends:%Y-%m-%d}: renew it")
    return note(what, f"{said}: renew it soon") if ends - now < SOON else ok(what, said)


def newer(config: Config) -> Iterator[Finding]:
    """What botocore has that the packaged review does not."""
    first, *more = newer_lines(config)
    yield (
        ok("review", first)
        if not more and first.startswith("no operation")
        else note("review", f"{first}: see `trio-gate check`")
    )
