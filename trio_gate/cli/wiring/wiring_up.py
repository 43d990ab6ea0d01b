"""Wires an agent up for a verb: the arguments that say which agent, account and way, and what they make."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

from trio_gate.app.state_dir import StartFailed
from trio_gate.aws.hosts.table import HostTable
from trio_gate.cli import config_place
from trio_gate.cli.wiring import proofs, roots, ways
from trio_gate.cli.wiring.reading import NotWiredError, facts
from trio_gate.cli.wiring.variables import FOREIGN_KINDS, Wiring, entries, no_proxy, variables
from trio_gate.config.blocks import REGION
from trio_gate.config.source import ConfigFaults
from trio_gate.errors import Unidentified
from trio_gate.shell.models.packaged_data import packaged_hosts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from trio_gate.cli.wiring.reading import AgentFacts
    from trio_gate.config.model import Listener


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which agent is wired up, and how."""
    parser.add_argument("agent", metavar="AGENT", help="the agent's name in the configuration; any word where it has no agents")
    config_place.add_option(parser)
    parser.add_argument("--region", help="the region (default: AWS_REGION, AWS_DEFAULT_REGION or that of the account's endpoint)")
    parser.add_argument(
        "--via",
        choices=ways.WAYS,
        help="the listener (default: the endpoint, as a proxy would take the agent's other hosts, too)",
    )
    parser.add_argument(
        "--gateway", metavar="HOST:PORT", type=ways.address, help="the listener's address, where the agent dials another"
    )
    parser.add_argument("--ca", metavar="FILE", help="what verifies the gateway (default: the CA in its state folder)")
    proofs.add_secret(parser)


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Declare what an environment has and a profile has not: one account, and what is for a proxy."""
    parser.add_argument("--account", help="the account's label or id (default: the only one)")
    parser.add_argument(
        "--direct", action="append", default=[], metavar="HOST", help="a host that is reached without the proxy; may be repeated"
    )
    proofs.add_token(parser)


def run(verb: str, args: argparse.Namespace, work: Callable[[AgentFacts], int]) -> int:
    """Do the work of a verb with what is known of its agent. Returns 2, after saying why, where that cannot be."""
    config = config_place.find(args)
    if config is None:
        return 2
    try:
        return work(facts(config, args.agent))
    except ConfigFaults as faults:
        print(faults, file=sys.stderr)
    except (NotWiredError, StartFailed, ValueError) as error:
        print(f"trio-gate {verb}: {error}", file=sys.stderr)
    return 2


def environment(verb: str, args: argparse.Namespace, known: AgentFacts) -> dict[str, str | None]:
    """The variables of the agent. Raises NotWiredError. What the user should know besides is printed."""
    account, listener = known.account(args.account), ways.choose(known, args.via, args.gateway)
    made = wiring(args, known, account, listener, proofs.token(known, args.token_file))
    for note in (ways.other_hosts(listener, args.direct), _certificate_note(known), _tls_note(made)):
        if note:
            print(f"trio-gate {verb}: {note}", file=sys.stderr)
    hosts = packaged_hosts()
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    if listener.kind == "endpoint":
        direct = ",".join(dict.fromkeys([*entries(given), made.url.partition("//")[2].rpartition(":")[0].strip("[]")]))
    else:
        table = HostTable(hosts)
        direct = no_proxy(given, args.direct, table.domains(hosts["partitions"]), _zone(table, made.region))
    return variables(made, direct) | {name: None for name in os.environ if name.startswith(FOREIGN_KINDS)}


def wiring(args: argparse.Namespace, known: AgentFacts, account: str, listener: Listener, token: str | None) -> Wiring:
    """How the agent reaches the gateway with the keys of one account. Raises NotWiredError."""
    env = os.environ.get
    region = args.region or env("AWS_REGION") or env("AWS_DEFAULT_REGION") or known.accounts[account].region
    if not REGION.fullmatch(region):
        raise NotWiredError(f"{region!r} is no region, such as us-east-1: pass another by --region")
    ours = roots.authority(listener, known.state_dir, args.ca)
    bundle, alone = roots.write(ours) if ours is not None else (None, None)
    shown = f"{known.name}:{quote(token, safe='')}@" if token is not None else ""
    scheme = "https" if listener.tls else "http"
    return Wiring(
        key_id=f"AKIA{account}{known.key_suffix}",
        secret=proofs.secret(known, args.secret_file),
        region=region,
        way="proxy" if listener.kind == "proxy" else "endpoint",
        url=f"{scheme}://{shown}{args.gateway or ways.dialled(listener)}",
        bundle=bundle,
        authority=alone,
    )


def _zone(table: HostTable, region: str) -> str:
    """The domain of a region's hosts, such as eu-west-1.amazonaws.com."""
    try:
        found = table.place_of_scope("sts", region).candidates[0].host
    except Unidentified:  # a region that this table does not have
        return f"{region}.amazonaws.com"
    return found.partition(".")[2]


def _certificate_note(known: AgentFacts) -> str | None:
    if not known.certificate:
        return None
    return f"{known.name} also needs its client certificate, for which there is no variable: its program must be given it"


def _tls_note(made: Wiring) -> str | None:
    if made.way != "proxy" or not made.url.startswith("https:"):
        return None
    return f"the proxy speaks TLS: curl needs --proxy-cacert {made.bundle}; Java and Python's urllib cannot use such a proxy"
