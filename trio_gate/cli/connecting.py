"""Where the gateway is and who asks: the arguments, exit statuses and faults that all verbs share with which people ask a running gateway.

Exit status: 0 when done, 1 if the gateway cannot be reached or refused, 2 if the arguments cannot work, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from ssl import VERIFY_X509_PARTIAL_CHAIN
from typing import TYPE_CHECKING

import trio

from trio_gate.app.state_dir import StartFailed
from trio_gate.cli import config_place, state_dir
from trio_gate.client import MALFORMED, TOKEN, ClientError, connect
from trio_gate.config.gateway_block import EVERY_ADDRESS
from trio_gate.config.model import bracketed
from trio_gate.config.source import ConfigFaults
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.values import value_class

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from trio_gate.client import ApproverClient

    Connect = Callable[[], AbstractAsyncContextManager[ApproverClient]]

VARIABLE = "TRIO_GATE_TOKEN"
"""Environment variable with a person's token."""

DEFAULT_URL = "wss://127.0.0.1:9443"
INTERRUPTED = 130
"""What a shell reports for a program that ended by SIGINT."""
OWN_CA = Path("ca") / "own.pem"

_STATUSES = """\
exit status: 0 when done, 1 if the gateway cannot be reached or refused, 2 if the arguments cannot work, 130 after Ctrl-C"""


class UsageError(Exception):
    """Arguments, a token, a file or a configuration that cannot work. Its text is one line that says why."""


def add_arguments(parser: argparse.ArgumentParser, examples: str) -> None:
    """Declare where the gateway is and who asks. `examples` are lines of commands, each with a comment, for the verb's help."""
    config_place.add_option(parser)
    parser.add_argument("--url", help=f"the gateway's admin listener (default: CONFIG's, or {DEFAULT_URL})")
    parser.add_argument("--ca", metavar="FILE", help="PEM file that verifies the gateway (default: CONFIG's)")
    parser.add_argument("--token-file", metavar="FILE", help=f"file with your token (default: the variable {VARIABLE})")
    parser.add_argument("--json", action="store_true", help="print the channel's frames as JSON, one per line")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"examples:\n{examples}\n\n{_STATUSES}"


def run(verb: str, args: argparse.Namespace, work: Callable[[Connect], Awaitable[int]]) -> int:
    """Do the work of a verb, and say in one line why it could not be done. Returns the exit status."""
    try:
        connection = _connection(args)
    except UsageError as error:
        return fail(verb, str(error), 2)
    try:
        return trio.run(work, connection)
    except ClientError as error:
        return fail(verb, str(error), 1)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseExceptionGroup as group:
        if group.split(KeyboardInterrupt)[1] is None:  # trio may hand Ctrl-C over in a group
            return INTERRUPTED
        raise


def fail(verb: str, reason: str, status: int) -> int:
    """Say why a verb ends with an exit status, and return that."""
    print(f"trio-gate {verb}: {reason}", file=sys.stderr)
    return status


def _connection(args: argparse.Namespace) -> Connect:
    to = resolved(args)
    return partial(connect, to.url, to.token, to.tls, origin=to.origin)


@value_class
class Resolved:
    """The gateway's address, where that comes from, who asks, and what verifies the gateway."""

    url: str
    origin: str
    token: str
    tls: ssl.SSLContext


def resolved(args: argparse.Namespace) -> Resolved:
    """What the arguments of `add_arguments` mean. Raises UsageError."""
    token = _token(args.token_file)
    place = _place(args.url, args.ca, config_place.look(args))
    return Resolved(url=place.url, origin=place.origin, token=token, tls=_tls(place.roots, args.ca))


def _token(file: str | None) -> str:
    try:
        token = os.environ.get(VARIABLE, "") if file is None else Path(file).read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(f"cannot read a token from {file}: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"cannot read a token from {file}: it is not ASCII") from None
    if not token:
        raise UsageError(
            f"no token: set {VARIABLE} or pass --token-file FILE" if file is None else f"there is no token in {file}"
        )
    if not TOKEN.fullmatch(token):
        raise UsageError(MALFORMED)
    return token


@value_class
class _Place:
    """The gateway's address, where it comes from, and the file that verifies the gateway."""

    url: str
    origin: str
    roots: Path


def _place(url: str | None, ca: str | None, config: str | None) -> _Place:
    """From the arguments, else the configuration, else the default address. Raises UsageError.

    What verifies the gateway is always named: a file of the current folder could be anyone's.
    """
    found, origin, roots = DEFAULT_URL, "the default: --config or --url names another", ca
    if config is not None and not (url and ca):
        found, origin, roots = _configured(config)
    if url is not None:
        found, origin = url, "of --url"
    if roots is None:
        raise UsageError(
            f"{config_place.absent()}; or pass --ca FILE with the gateway's own CA, STATE_DIR/ca/own.pem on its machine"
        )
    return _Place(url=found, origin=origin, roots=Path(ca or roots))


def _configured(config: str) -> tuple[str, str, str]:
    try:
        admin, where = state_dir.admin(config)
        own = Path(state_dir.state_dir(config)) / OWN_CA
    except StartFailed as error:
        raise UsageError(f"{error}; or pass --url and --ca") from None
    except ConfigFaults:
        raise UsageError(f"{config} has faults: see `trio-gate check`, or pass --url and --ca") from None
    if admin.bind.port == 0:
        raise UsageError(f"the port {where} is the system's choice: pass --url")
    local = dict(zip(EVERY_ADDRESS, ("127.0.0.1", "::1"), strict=True))
    host = admin.names[0] if admin.certificate and admin.names else local.get(admin.bind.host, admin.bind.host)
    url = f"wss://{bracketed(host)}:{admin.bind.port}"
    return url, where, admin.certificate or str(own)


def _tls(file: Path, given: str | None) -> ssl.SSLContext:
    try:
        context = client_context(str(file))
    except CertificatesUnavailable:
        hint = "" if given else ": pass --ca FILE with the gateway's own CA, STATE_DIR/ca/own.pem on its machine"
        raise UsageError(f"cannot read certificates from {file}{hint}") from None
    context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN  # the configured certificate itself is trusted, also if it is no CA
    return context
