"""`trio-gate approve`: answer prompts at a terminal, from a script (--yes, --deny, --list) or by a program (--exec).

Rule: what is sent is the digest of what was shown. A key pressed before a prompt was on the screen answers nothing.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from ssl import VERIFY_X509_PARTIAL_CHAIN
from typing import TYPE_CHECKING

from trio_gate.approval.frames import EndSession, Lift, Revoke, Sessions, Stop
from trio_gate.cli import state_dir
from trio_gate.config.model import bracketed
from trio_gate.config.source import ConfigFaults
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.trust_roots import client_context
from trio_gate.values import value_class

if TYPE_CHECKING:
    import argparse
    import ssl

    from trio_gate.approval.frames import Request

TOKEN_VARIABLE = "TRIO_GATE_TOKEN"  # noqa: S105 - the variable's name
DEFAULT_URL = "wss://127.0.0.1:9443"
INTERRUPTED = 130
"""What a shell reports for a program that ended by SIGINT."""
OWN_CA = Path("ca") / "own.pem"


class UsageError(Exception):
    """Arguments, a token, a file or a configuration that cannot work. Its text is one line that says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--url", help=f"the gateway's admin listener (default: CONFIG's, or {DEFAULT_URL})")
    parser.add_argument(
        "--ca", metavar="FILE", help="PEM file that verifies the gateway (default: CONFIG's, or ./state/ca/own.pem)"
    )
    parser.add_argument("--config", metavar="CONFIG", help="the gateway's configuration, for its address and certificate")
    parser.add_argument("--token-file", metavar="FILE", help=f"file with your token (default: the variable {TOKEN_VARIABLE})")
    parser.add_argument("--list", action="store_true", help="print what waits, and exit")
    parser.add_argument("--once", action="store_true", help="answer one prompt, and exit")
    parser.add_argument("--json", action="store_true", help="print frames as JSON, one per line")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument("--yes", action="store_true", help="approve every prompt")
    answers.add_argument("--deny", metavar="REASON", help="deny every prompt")
    answers.add_argument(
        "--exec",
        metavar="PROGRAM",
        dest="program",
        help='run PROGRAM with each prompt as JSON on its standard input; it prints {"verdict": "approve" or "deny", "reason": "…"}',
    )
    tells = parser.add_mutually_exclusive_group()
    tells.add_argument("--revoke", metavar="GRANT", help="end a grant, and exit")
    tells.add_argument("--stop", metavar="AGENT", help="refuse the calls of an agent, or of all (*), until lifted, and exit")
    tells.add_argument("--sessions", action="store_true", help="list the virtual sessions of agents, and exit")
    tells.add_argument("--end-session", metavar="ID", help="end a virtual session and those that came from it, and exit")
    tells.add_argument("--lift", metavar="AGENT", help="end a stop, and exit")


def run(args: argparse.Namespace) -> int:
    """Answer prompts. Returns 0 when done, 1 if the gateway or an answer failed, 2 if the arguments cannot work."""
    import trio  # noqa: PLC0415 - loaded by this verb alone

    from trio_gate.cli.approving.prompt_input import TypedAnswer  # noqa: PLC0415 - loads trio
    from trio_gate.cli.approving.session import ApproverSession  # noqa: PLC0415 - loads trio
    from trio_gate.client import ClientError  # noqa: PLC0415 - loads trio

    request = _request(args)
    if not (args.list or request or args.yes or args.deny is not None or args.program or sys.stdin.isatty()):
        return _fail("there is no terminal to ask at: use --list, --yes, --deny REASON or --exec PROGRAM", 2)
    try:
        place = _place(args.url, args.ca, args.config)
        session = ApproverSession(
            url=place.url,
            origin=place.origin,
            token=_token(args.token_file),
            ssl_context=_tls(place.roots, args.ca),
            json=args.json,
        )
    except UsageError as error:
        return _fail(str(error), 2)
    try:
        if args.list:
            return trio.run(session.list_pending)
        if request is not None:
            return trio.run(session.request, request)
        given = None
        if args.yes or args.deny is not None:
            given = TypedAnswer(verdict="approve" if args.yes else "deny", reason=args.deny or "")
        return trio.run(partial(session.work, given, args.program, once=args.once))
    except ClientError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseExceptionGroup as group:
        if group.split(KeyboardInterrupt)[1] is None:  # trio may hand Ctrl-C over in a group
            return INTERRUPTED
        raise


def _request(args: argparse.Namespace) -> Request | None:
    """The one request that the arguments ask for; None if prompts are to be answered."""
    if args.revoke is not None:
        return Revoke(id=args.revoke)
    if args.stop is not None:
        return Stop(agent=_agent(args.stop))
    if args.end_session is not None:
        return EndSession(id=args.end_session)
    if args.sessions:
        return Sessions()
    return None if args.lift is None else Lift(agent=_agent(args.lift))


def _agent(name: str) -> str | None:
    return None if name == "*" else name


def _fail(reason: str, status: int) -> int:
    print(f"trio-gate approve: {reason}", file=sys.stderr)
    return status


def _token(file: str | None) -> str:
    if file is None:
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise UsageError(f"no token: set {TOKEN_VARIABLE} or pass --token-file FILE")
        return token
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise UsageError(f"cannot read a token from {file}") from None


@value_class
class _Place:
    """The gateway's address, where it comes from, and the file that verifies the gateway."""

    url: str
    origin: str
    roots: Path


def _place(url: str | None, ca: str | None, config: str | None) -> _Place:
    """From the arguments, else the configuration, else the defaults. Raises UsageError."""
    found, origin, roots = DEFAULT_URL, "the default: --config or --url names another", Path("state") / OWN_CA
    if config is not None:
        found, origin, roots = _configured(config)
    if url is not None:
        found, origin = url, "of --url"
    return _Place(url=found, origin=origin, roots=Path(ca) if ca else roots)


def _configured(config: str) -> tuple[str, str, Path]:
    try:
        admin, where = state_dir.admin(config)
        own = Path(state_dir.state_dir(config)) / OWN_CA
    except (OSError, ValueError, ConfigFaults):
        raise UsageError(f"cannot read {config}: see `trio-gate check`, or pass --url and --ca") from None
    if admin.bind.port == 0:
        raise UsageError(f"the port {where} is the system's choice: pass --url")
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
    host = admin.names[0] if admin.certificate and admin.names else local.get(admin.bind.host, admin.bind.host)
    url = f"wss://{bracketed(host)}:{admin.bind.port}"
    return url, where, Path(admin.certificate) if admin.certificate else own


def _tls(file: Path, given: str | None) -> ssl.SSLContext:
    try:
        context = client_context(str(file))
    except CertificatesUnavailable:
        hint = "" if given else ": pass --ca FILE with the gateway's own CA, STATE_DIR/ca/own.pem on its machine"
        raise UsageError(f"cannot read certificates from {file}{hint}") from None
    context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN  # the configured certificate itself is trusted, also if it is no CA
    return context
