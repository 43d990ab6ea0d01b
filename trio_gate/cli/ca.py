"""`trio-gate ca`: the CA certificate that agents must trust, as PEM on standard output.

Rule: this is the CA that `serve` uses. It is created here if the gateway has never run; only then is the whole configuration read,
for the names that the CA may sign. The key is never printed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trio_gate.app.state_dir import StartFailed
from trio_gate.aws.hosts.table import HostTable
from trio_gate.cli import config_file, state_dir
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.authority import INTERCEPTION, OWN, domains_of, interception
from trio_gate.shell.certificates.trust_roots import system_bundle
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models.packaged_data import packaged_hosts

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

EXAMPLES = """\
  trio-gate ca > agent-ca.pem                      # for NODE_EXTRA_CA_CERTS
  trio-gate ca --listeners > agent-ca.pem          # for a proxy or an endpoint that speaks TLS, too
  trio-gate ca --bundle > bundle.pem               # with the system's roots, for AWS_CA_BUNDLE"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    state_dir.add_arguments(parser)
    parser.add_argument(
        "--bundle", action="store_true", help="also print the system's roots, for tools that take a single file (AWS_CA_BUNDLE)"
    )
    parser.add_argument(
        "--listeners", action="store_true", help="also print the CA of the gateway's own listeners, such as a proxy with TLS"
    )


def run(args: argparse.Namespace) -> int:
    """Print the certificates. Returns 1 if one of them or the system's roots cannot be read, 2 if the configuration cannot."""
    folder = state_dir.find(args)
    if folder is None:
        return 2
    domains: tuple[str, ...] = ()
    try:
        if not state_dir.has(folder, INTERCEPTION) and args.config:
            config = config_file.read(args.config)
            if config is None:
                return 2
            domains = domains_of(config, HostTable(packaged_hosts()))
        authority = interception(folder, domains, now=SystemClock().now())
        roots = system_bundle() if args.bundle else b""
        own = _own(folder / OWN) if args.listeners else b""
    except (CertificatesUnavailable, StartFailed) as error:
        print(f"trio-gate: {error}", file=sys.stderr)
        return 1
    print((roots + authority.pem + own).decode("ascii"), end="")
    if args.listeners and args.config:
        _name_others(args.config)
    return 0


def _name_others(config: str) -> None:
    """Name the listeners that the printed certificates do not verify, on standard error. The configuration was read before."""
    root, reading = state_dir.read_blocks(config)
    for block in (inside for top in root.blocks if top.kind == "gateway" for inside in top.blocks):
        if block.kind == "listener" and any(one.name == "certificate" for one in block.attributes):
            where = f"the listener on line {reading.report.source.line(block.at)} of {config}"
            print(f"trio-gate: {where} has a `certificate` of its own, which this CA has not signed", file=sys.stderr)


def _own(file: Path) -> bytes:
    """The other CA's certificate. Raises CertificatesUnavailable."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificatesUnavailable(f"{file} cannot be read: {error.strerror}: start the gateway, which makes it") from None
