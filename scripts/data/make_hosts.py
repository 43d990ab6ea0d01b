#!/usr/bin/env python3
"""Writes trio_gate/aws/hosts/hosts.json.gz: every AWS host that botocore's endpoint rule sets can produce, as patterns.

    python -m scripts.data.make_hosts --replace trio_gate/aws/hosts/hosts.json.gz    for the installed botocore

Run it when botocore changes; a test compares. Without `--replace` an existing file is kept.
`trio_gate/shell/exchange/host_rules.py` says how they are found, and their format.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.shell.exchange.host_rules import LOADER, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Write the table of AWS's hosts for the installed botocore.")
    parser.add_argument("file", type=Path, help="where to write, such as trio_gate/aws/hosts/hosts.json.gz")
    parser.add_argument("--replace", action="store_true", help="overwrite an existing file")
    parser.add_argument("--service", action="append", metavar="NAME", help="only this service, to look at; may be repeated")
    args = parser.parse_args(words)
    if args.file.exists() and not args.replace:
        parser.error(f"{args.file} is there already: pass --replace to write over it")
    if unknown := sorted({*(args.service or ())} - {*LOADER.list_available_services("service-2")}):
        parser.error(f"botocore has no service {', '.join(unknown)}")
    text = json.dumps(table(args.service), separators=(",", ":"), sort_keys=True)
    made = args.file.with_name(args.file.name + ".new")
    made.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    made.replace(args.file)
    print(f"{args.file}: {len(text)} characters, {args.file.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
