"""`trio-gate person`: tokens of people who answer prompts, which are stored nowhere, and sign-ins for their phones.

Rule: a block is printed, and written only with --write.
"""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli import config_place, connecting
from trio_gate.cli.approving import requests
from trio_gate.cli.setup import verbs
from trio_gate.cli.setup.block_text import TOKEN_BYTES, hashed, person_block, token_of
from trio_gate.cli.setup.declared import NotDeclaredError, named
from trio_gate.config.model import RIGHTS

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.setup.declared import Declared

EXAMPLES = """\
  trio-gate person new alice --may-grant           # print a block and a token
  trio-gate person list
  trio-gate person rotate alice                    # another token
  trio-gate person remove alice                    # what to take out of the configuration"""

LINK_EXAMPLES = """\
  trio-gate person link alice --config gateway.hcl
  trio-gate person link alice --page https://gate.internal.example:9443/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    below = parser.add_subparsers(dest="person_verb", required=True, metavar="VERB")
    new = below.add_parser("new", help="make a token for a person and print the block for the configuration")
    verbs.named(new, "the person's")
    for right in RIGHTS:
        new.add_argument(f"--{right.replace('_', '-')}", dest=right, action="store_true", help=f"with `{right} = true`")
    new.add_argument("--write", action="store_true", help="add the block to the configuration")
    listed = below.add_parser("list", help="list the people and what they may do")
    config_place.add_option(listed)
    listed.add_argument("--json", action="store_true", help="print one JSON line per person")
    verbs.named(below.add_parser("rotate", help="make another token for a person, in place of the old one"), "the person's")
    verbs.named(below.add_parser("remove", help="say what to take out of the configuration"), "the person's")
    link = below.add_parser("link", help="make a link that signs you in to the approvals page on another device, once")
    link.add_argument("name", metavar="NAME", help="you, as the configuration calls you")
    link.add_argument("--page", metavar="URL", help="the page's address as the device reaches it (default: the gateway's own)")
    connecting.add_arguments(link, LINK_EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Print, write, or make a link. Returns the exit status."""
    if args.person_verb == "link":
        return connecting.run("person link", args, partial(requests.link, args.name, args.page, json=args.json))
    work = {"new": _new, "list": _list, "rotate": _rotate, "remove": _remove}[args.person_verb]
    return verbs.run(f"person {args.person_verb}", args, lambda found: work(args, found), needed=args.person_verb != "new")


def _new(args: argparse.Namespace, found: Declared) -> int:
    verbs.checked("person", args.name, [one for one in found.people if args.write])
    token = token_of(secrets.token_urlsafe(TOKEN_BYTES))
    block = person_block(args.name, hashed(token), [right for right in RIGHTS if getattr(args, right)])
    if args.write:
        if args.config is None:
            raise NotDeclaredError("there is no configuration to write to: name it by --config")
        verbs.append(args.config, block)
    _print_token(args.name, token)
    print(f"# {f'Added to {args.config}' if args.write else 'For the configuration'}:\n{block}", end="")
    print(f"# Who is asked is in the `people` of an approver: add person.{args.name} there, then `trio-gate reload`.")
    return 0


def _print_token(name: str, token: str) -> None:
    print(f"# The token of {name}. It is shown once and stored nowhere: give it to {name} only.\n{token}\n")


def _list(args: argparse.Namespace, found: Declared) -> int:
    for one in found.people:
        asked_by = [approver.id for approver in found.approvers if one.name in approver.people]
        if args.json:
            print(json.dumps({"name": one.name, "kind": one.kind, "rights": one.rights, "approvers": asked_by}))
        else:
            print(
                f"{one.name:<20} {one.kind:<6} {', '.join(asked_by) or 'no approver'}"
                + (f"  ({', '.join(one.rights)})" if one.rights else "")
            )
    return 0


def _rotate(args: argparse.Namespace, found: Declared) -> int:
    one = named("person", found.people, args.name)
    token = token_of(secrets.token_urlsafe(TOKEN_BYTES))
    _print_token(one.name, token)
    print(f"# In place of the old one, at {one.where}; then `trio-gate reload`, which ends what is open with the old one:")
    print(f'  token_sha256 = "{hashed(token)}"')
    return 0


def _remove(args: argparse.Namespace, found: Declared) -> int:
    one = named("person", found.people, args.name)
    print(f'Take out of the configuration, then `trio-gate reload`:\n  the block person "{one.name}", at {one.where}')
    for approver in [approver for approver in found.approvers if one.name in approver.people]:
        left = len(approver.people) - 1
        lacks = f", which then has {left} people and needs {approver.quorum}" if left < approver.quorum else ""
        print(f"  person.{one.name} of approver {approver.id}, at {approver.where}{lacks}")
    return 0
