"""`trio-gate person new NAME`: a token for someone who answers prompts, which is stored nowhere. `person link`: a sign-in on a phone."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.cli.approving import connecting, requests

if TYPE_CHECKING:
    import argparse

TOKEN_BYTES = 32
"""256 bits cannot be guessed, so the configuration may hold the token's plain SHA-256."""

EXAMPLES = """\
  trio-gate person link alice --config gateway.hcl
  trio-gate person link alice --page https://gate.internal.example:9443/"""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    verbs = parser.add_subparsers(dest="person_verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="make a token for a person and print the block for the configuration")
    new.add_argument("name", metavar="NAME", help="the person's name in the configuration")
    link = verbs.add_parser("link", help="make a link that signs you in to the approvals page on another device, once")
    link.add_argument("name", metavar="NAME", help="you, as the configuration calls you")
    link.add_argument("--page", metavar="URL", help="the page's address as the device reaches it (default: the gateway's own)")
    connecting.add_arguments(link, EXAMPLES)


def run(args: argparse.Namespace) -> int:
    """Make a token and print it with the `person` block of its hash, or make a link. Returns the exit status."""
    if args.person_verb == "link":
        return connecting.run("person link", args, partial(requests.link, args.name, args.page, json=args.json))
    if not _NAME.fullmatch(args.name):
        print(
            "trio-gate person: a name has at most 64 letters, digits, `-` and `_`, and begins with a letter or `_`",
            file=sys.stderr,
        )
        return 2
    token = f"tg_{secrets.token_urlsafe(TOKEN_BYTES)}"
    print(f"# The token of {args.name}. It is shown once and stored nowhere: give it to {args.name} only.")
    print(token)
    print()
    print("# For the configuration:")
    print(f'person "{args.name}" {{')
    print(f'  token_sha256 = "{hashlib.sha256(token.encode("ascii")).hexdigest()}"')
    print("}")
    return 0
