"""`trio-gate agent`: makes agents and their secrets, and lists them. Blocks are printed, and written only with --write."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from trio_gate.cli import config_place
from trio_gate.cli.setup import verbs
from trio_gate.cli.setup.block_text import SECRET_BYTES, agent_block, free_suffix, free_variable
from trio_gate.cli.setup.declared import NotDeclaredError, named
from trio_gate.config.agents.block import MOST_SECRETS

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from trio_gate.cli.setup.declared import Declared, DeclaredAgent

EXAMPLES = """\
  trio-gate agent new ci --account staging         # print a block and a secret
  trio-gate agent new ci --write                   # add it to the configuration, with the secret in a file
  trio-gate agent list
  trio-gate agent rotate ci --write                # a new secret in a file, and how it stands beside the old one"""

RESTART = "a running one sees no new variable; --write puts the secret into a file, which a reload reads"
"""What to know of a secret in a variable of the environment."""


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
    rotate = below.add_parser("rotate", help="make another secret for an agent, which works beside the old one")
    verbs.named(rotate, "the agent's")
    rotate.add_argument(
        "--write", action="store_true", help=f"put the secret into a file of {verbs.FOLDER}/; the configuration stays as it is"
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
        file = _free_file(args.config, args.name)
        block = agent_block(args.name, suffix, _in(file), accounts)
        verbs.write_secret(file, secret)
        try:
            verbs.append(args.config, block)
        except OSError:
            file.unlink()
            raise
        print(f"# Added to {args.config}; the secret is in {file}. `trio-gate reload` takes it.\n{block}", end="")
        return 0
    variable = free_variable(args.name, found.variables)
    print(f"# The secret of {args.name}. It is shown once and stored nowhere.\n{variable}={secret}\n")
    print(
        f"# For the configuration of a gateway that is started with the variable ({RESTART}):\n"
        + agent_block(args.name, suffix, _read(variable), accounts),
        end="",
    )
    return 0


def _read(variable: str) -> str:
    return f'env("{variable}")'


def _in(file: Path) -> str:
    return f'file("{verbs.FOLDER}/{file.name}")'


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
    secret = secrets.token_urlsafe(SECRET_BYTES)
    if args.write:
        file = _free_file(args.config, one.name)
        verbs.write_secret(file, secret)
        expression, then = _in(file), "`trio-gate reload`"
        print(f"# The new secret of {one.name} is in {file}.\n")
    else:
        variable = free_variable(one.name, found.variables)
        expression, then = _read(variable), f"Restart the gateway with the variable ({RESTART})"
        print(f"# The new secret of {one.name}. It is shown once and stored nowhere.\n{variable}={secret}\n")
    print(f"# 1. In place of its secret, at {one.where}:\n  secrets = [{', '.join((expression, *one.secrets))}]")
    print(f"# 2. {then}, and give the agent the new secret. The old one works until then.")
    print(f"# 3. Leave the old one out, and `trio-gate reload`:\n  secret = {expression}")
    return 0


def _free_file(config: str, name: str) -> Path:
    """Where the next secret of an agent goes: no agent's name has a dot, so it is no other agent's.

    A file that is there may be that of an agent of the same name in another configuration of this folder.
    """
    first = config_place.folder_of(config) / verbs.FOLDER / f"agent-{name}"
    return next(
        path for path in (first, *(first.with_name(f"{first.name}.{number}") for number in range(2, 1000))) if not path.exists()
    )
