"""`trio-gate presign s3://BUCKET/KEY`: a URL that works at AWS without the gateway, if a rule lets it be signed."""

from __future__ import annotations

import argparse
import re
import sys

from trio_gate.cli.agents import asking
from trio_gate.exchange.presign import MOST_SECONDS

_OBJECT = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)

EXAMPLES = """\
  curl -T january.pdf "$(trio-gate presign s3://reports/2026/january.pdf --method PUT)"
  trio-gate presign s3://reports/2026/january.pdf --expires-in 300"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("object", metavar="s3://BUCKET/KEY", type=_object, help="the object")
    parser.add_argument("--method", choices=("GET", "PUT"), default="GET", help="to read it or to write it (default: GET)")
    parser.add_argument(
        "--expires-in", type=int, default=MOST_SECONDS, metavar="SECONDS", help=f"at most {MOST_SECONDS} (the default)"
    )
    asking.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the URL, and on standard error the fields that must be sent with it."""
    bucket, key = args.object
    asked = {"bucket": bucket, "key": key, "method": args.method, "expires": args.expires_in}
    made = asking.run("presign", args, "/-/agent/presign", asked)
    if isinstance(made, int):
        return made
    if made.seconds < args.expires_in:
        print(f"trio-gate presign: it works for {made.seconds} seconds, until the session that signed it ends", file=sys.stderr)
    for name, value in made.headers.items():
        print(f"trio-gate presign: send the field `{name}: {value}` with it", file=sys.stderr)
    print(made.url)
    return 0


def _object(text: str) -> tuple[str, str]:
    found = _OBJECT.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("an object is s3://BUCKET/KEY")
    return found[1], found[2]
