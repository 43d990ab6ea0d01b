"""`trio-gate agent`: makes agents and their secrets, and lists them. Blocks are printed, and written only with --write."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.cli import config_place
from trio_gate.cli.setup import verbs
from trio_gate.cli.setup.block_text import SECRET_BYTES, agent_block, free_suffix, free_variable
from trio_gate.cli.setup.declared import NotDeclaredError, named
from trio_gate.config.agents.block import MOST_SECRETS

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.setup.declared import Declared, DeclaredAgent

EXAMPLES = """\
  trio-gate agent new ci --account staging         # print a block and a secret
  trio-gate agent new ci --write                   # add it to the configuration, with the secret in a file
  trio-gate agent list
  trio-gate agent rotate ci                        # a new secret beside the old one"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    below = parser.add_subparsers(dest="agent_verb", required=True, metavar="VERB")
    new = below.add_parser("new", help="make an agent: print its block and its secret")
    verbs.named(new, "the agent's")
    new.add_argument(
        "--account",
        action="append",
        default=[],
        help="a label or id, of an account that it may use; may be repeated (default: all)",
    )
    new.add_argument(
        "--write", action="store_true", help=f"add the block to the configuration, with the secret in a file of {verbs.FOLDER}/"
    )
    listed = below.add_parser("list", help="list the agents")
    config_place.add_option(listed)
    listed.add_argument("--json", action="store_true", help="print one JSON line per agent")
    verbs.named(
        below.add_parser("rotate", help="make another secret for an agent, which works beside the old one"), "the agent's"
    )


def run(args: argparse.Namespace) -> int:
    """Print or write. Returns 2 if the configuration or a name cannot be used."""
    work = {"new": _new, "list": _list, "rotate": _rotate}[args.agent_verb]
    return verbs.run(f"agent {args.agent_verb}", args, lambda found: work(args, found), needed=args.agent_verb != "new")


def _new(args: argparse.Namespace, found: Declared) -> int:
    verbs.checked("agent", args.name, found.agents)
    suffix = free_suffix(args.name, [one.key_suffix for one in found.agents])
    accounts = [_account(found, wanted) for wanted in args.account]
    secret = secrets.token_urlsafe(SECRET_BYTES)
    if args.write:
        if args.config is None:
            raise NotDeclaredError("there is no configuration to write to: name it by --config")
        file = Path(args.config).absolute().parent / verbs.FOLDER / f"agent-{args.name}"
        verbs.write_secret(file, secret)
        block = agent_block(args.name, suffix, f'file("{verbs.FOLDER}/{file.name}")', accounts)
        verbs.append(args.config, block)
        print(f"# Added to {args.config}; the secret is in {file}. `trio-gate reload` takes it.\n{block}", end="")
        return 0
    variable = free_variable(args.name, found.variables)
    print(f"# The secret of {args.name}. It is shown once and stored nowhere.\n{variable}={secret}\n")
    print("# For the configuration:\n" + agent_block(args.name, suffix, _read(variable), accounts), end="")
    return 0


def _read(variable: str) -> str:
    return f'env("{variable}")'


def _account(found: Declared, wanted: str) -> str:
    numbers = [number for number, label in found.accounts.items() if wanted in (number, label)]
    if len(numbers) == 1:
        return numbers[0]
    if not found.accounts and wanted.isascii() and wanted.isdigit() and len(wanted) == 12:
        return wanted
    known = ", ".join(label or number for number, label in found.accounts.items())
    raise NotDeclaredError(f"--account {wanted} names no account or several" + (f": there are {known}" if known else ""))


def _list(args: argparse.Namespace, found: Declared) -> int:
    for one in found.agents:
        accounts = [found.accounts.get(number) or number for number in one.accounts or found.accounts]
        if args.json:
            facts = {
                "name": one.name,
                "key_suffix": one.key_suffix,
                "accounts": accounts,
                "needs": one.proofs,
                "secrets": len(one.secrets),
            }
            print(json.dumps(facts))
        else:
            print(f"{one.name:<20} {one.key_suffix:<16} {', '.join(accounts)}{_more(one)}")
    return 0


def _more(one: DeclaredAgent) -> str:
    more = [*one.proofs, *([f"{len(one.secrets)} secrets"] if len(one.secrets) > 1 else [])]
    return f"  ({', '.join(more)})" if more else ""


def _rotate(args: argparse.Namespace, found: Declared) -> int:
    one = named("agent", found.agents, args.name)
    if len(one.secrets) >= MOST_SECRETS:
        raise NotDeclaredError(
            f"{one.name} has {MOST_SECRETS} secrets, the most that an agent may have: remove those no longer used, at {one.where}"
        )
    variable = free_variable(args.name, found.variables)
    print(
        f"# The new secret of {one.name}. It is shown once and stored nowhere.\n{variable}={secrets.token_urlsafe(SECRET_BYTES)}\n"
    )
    print(f"# 1. In place of its secret, at {one.where}:\n  secrets = [{', '.join((_read(variable), *one.secrets))}]")
    print("# 2. `trio-gate reload`, and give the agent the new secret. The old one works until then.")
    print(f"# 3. Leave the old one out, and reload again:\n  secret = {_read(variable)}")
    return 0
