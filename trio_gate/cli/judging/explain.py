"""`trio-gate explain`: what requests mean and what the rules decide; nothing is sent anywhere.

Reads one connection's bytes, as an agent sends them inside TLS (lines end in CR LF), from a file or standard input, and prints a
page per request. With --jsonl it reads JSON lines: {"id", "sni", "connect", "mode", "request_b64"}, where `connect` is the authority
of the CONNECT request (by default `sni`:443) and `mode` "endpoint" means AWS_ENDPOINT_URL; and it writes one JSON line per request:
{"id", "outcome": "call", "call", "decision", "forward"} or {"id", "outcome": "refused", "status", "code", "reason"}.
With --operations it reads no request and shows which operations a condition can be true for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trio_gate.cli import config_place
from trio_gate.cli.config_file import read
from trio_gate.cli.judging.explain_operations import show_operations
from trio_gate.cli.judging.explain_run import ADDRESS, Explainer, Shown
from trio_gate.cli.judging.explain_view import page
from trio_gate.cli.times import moment
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.shell.clock import SystemClock

if TYPE_CHECKING:
    import argparse

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\s:]+)", re.IGNORECASE)

EXAMPLES = """\
  trio-gate explain request.http                   # what a request means and what the rules decide
  trio-gate explain --operations 'aws.access == "write" && aws.service == "s3"'
  trio-gate explain --jsonl < requests.jsonl       # for programs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "request", metavar="REQUEST", nargs="?", default="-", help="a file of raw HTTP/1.1, or of JSON lines; - is standard input"
    )
    parser.add_argument(
        "--config", metavar="CONFIG", help=f"judge by the accounts, agents and rules of this: {config_place.HELP_HERE}"
    )
    parser.add_argument(
        "--now", metavar="TIME", type=moment, help="the time of the requests, such as 2026-01-15T12:00:00Z (default: now)"
    )
    parser.add_argument(
        "--endpoint", action="store_true", help="the requests were sent to AWS_ENDPOINT_URL, not to AWS's host names"
    )
    proofs = parser.add_argument_group(
        "what the connection shows; with any of these, all that the agent's block asks for is checked"
    )
    proofs.add_argument("--from", dest="address", metavar="ADDRESS", help=f"the agent's address (default: {ADDRESS})")
    proofs.add_argument("--certificate", metavar="FILE", help="its client certificate (PEM), as if TLS had verified it")
    proofs.add_argument("--proxy-user", metavar="NAME", help="the agent whose proxy token it has")
    parser.add_argument("--name", default="gateway.test", help="the Host name of the endpoint listener (default: %(default)s)")
    parser.add_argument("--jsonl", action="store_true", help="read and write JSON lines")
    parser.add_argument(
        "--operations",
        metavar="CONDITION",
        help="show on one page which AWS operations a rule's condition can be true for, by access level; reads no request",
    )
    parser.add_argument("--all", action="store_true", help="with --operations: name every operation, on as many pages as needed")


def run(args: argparse.Namespace) -> int:
    """Explain the input. Returns 1 if it, or a line of it, is not a request; 2 if configuration or condition cannot be read."""
    if args.operations is not None:
        return show_operations(args.operations, as_rows=args.jsonl, whole=args.all)
    place = config_place.look(args, here=True)
    config = read(place) if place else None
    if place and config is None:
        return 2
    try:
        shown = _shown(args)
    except (OSError, ValueError) as error:
        return _fault(f"{args.certificate}: {getattr(error, 'strerror', None) or error}: name a file with a certificate")
    explainer = Explainer(compile_snapshot(1, config) if config else None, args.now or SystemClock().now(), args.name, shown)
    try:
        return _lines(explainer, args.request) if args.jsonl else _pages(explainer, args.request, endpoint=args.endpoint)
    except OSError as error:
        return _fault(f"{args.request}: {error.strerror}: name a file with a request")


def _shown(args: argparse.Namespace) -> Shown | None:
    """What the connection shows; None if no option says anything. Raises OSError, or ValueError for a file without a certificate."""
    if args.address is args.certificate is args.proxy_user is None:
        return None
    certificate = None if args.certificate is None else _certificate(Path(args.certificate).read_text("ascii", "replace"))
    return Shown(address=args.address or ADDRESS, certificate=certificate, proxy_user=args.proxy_user)


def _certificate(pem: str) -> bytes:
    """The first certificate in a file, in DER. Raises ValueError."""
    found = _PEM.search(pem)
    if found is None:
        message = "it holds no certificate in PEM"
        raise ValueError(message)
    return base64.b64decode("".join(found[1].split()), validate=True)


def _pages(explainer: Explainer, name: str, *, endpoint: bool) -> int:
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    named = _HOST.search(raw)
    if named is None:
        return _fault(f"{name}: no host field: give the request as it is sent, with CR LF after each line")
    row = {"sni": named[1].decode("latin-1"), "mode": "endpoint" if endpoint else "proxy"}
    for number, answer in enumerate(explainer.connection(row, raw), start=1):
        print(page(number, answer))
    return 0


def _lines(explainer: Explainer, name: str) -> int:
    status = 0
    with sys.stdin if name == "-" else Path(name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            found = _row(line)
            if found is None:
                status = _fault(f"line {number} is not a JSON line with a request: docs/formats.md lists its fields")
                continue
            row, raw = found
            for answer in explainer.connection(row, raw):
                print(json.dumps({"id": row.get("id"), **answer}))
    return status


def _row(line: str) -> tuple[dict[str, Any], bytes] | None:
    try:
        row = json.loads(line)
        raw = base64.b64decode(row["request_b64"], validate=True)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        return None
    texts = (row.get("sni"), row.get("connect"), row.get("mode"))
    return (row, raw) if all(isinstance(text, str | None) for text in texts) else None


def _fault(text: str) -> int:
    print(f"trio-gate explain: {text}", file=sys.stderr)
    return 1
