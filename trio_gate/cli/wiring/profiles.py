"""`trio-gate profiles AGENT`: a profile for each of an agent's accounts, for AWS's configuration files."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.cli.wiring import ways, wiring_up
from trio_gate.cli.wiring.reading import NotWiredError

if TYPE_CHECKING:
    import argparse

    from trio_gate.cli.wiring.reading import AgentFacts
    from trio_gate.cli.wiring.variables import Wiring

EXAMPLES = """\
  trio-gate profiles ci >> ~/.aws/config
  trio-gate profiles ci --write ~/.aws/trio-gate && export AWS_CONFIG_FILE=~/.aws/trio-gate
  AWS_PROFILE=ci-prod aws s3 ls"""

HEAD = "# Made by `trio-gate profiles`, which replaces this file.\n"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    wiring_up.add_arguments(parser)
    parser.add_argument("--write", metavar="FILE", help="write them to FILE (0600), a new one or one that this verb has written")


def run(args: argparse.Namespace) -> int:
    """Print or write the profiles. Returns 2 if the agent cannot be wired up."""

    def work(known: AgentFacts) -> int:
        listener = ways.choose(known, args.via, args.gateway)
        made = {number: wiring_up.wiring(args, known, number, listener, None) for number in known.accounts}
        text = "\n".join(profile(_name(known, number), one) for number, one in made.items())
        if listener.kind == "proxy":
            print(
                "trio-gate profiles: a profile cannot name a proxy: set HTTPS_PROXY, as `trio-gate env` prints it",
                file=sys.stderr,
            )
        if args.write is None:
            print(text, end="")
        else:
            _write(Path(args.write), text)
        return 0

    return wiring_up.run("profiles", args, work)


def profile(name: str, wiring: Wiring) -> str:
    """One profile, with line ends."""
    lines = {
        "aws_access_key_id": wiring.key_id,
        "aws_secret_access_key": wiring.secret,
        "region": wiring.region,
        "endpoint_url": wiring.url if wiring.way == "endpoint" else None,
        "ca_bundle": wiring.bundle,
    }
    return f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)


def _name(known: AgentFacts, number: str) -> str:
    label = known.accounts[number].label
    return f"{known.name}-{label if label and _PLAIN.fullmatch(label) else number}"


def _write(file: Path, text: str) -> None:
    """Write the profiles so that nobody ever sees a part of them. Raises NotWiredError."""
    try:
        if file.exists() and not file.read_text("utf-8", "replace").startswith(HEAD):
            raise NotWiredError(f"{file} is not of this verb: name another file, or append what is printed without --write")
        descriptor, made = tempfile.mkstemp(dir=file.absolute().parent)  # 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(HEAD + text)
        Path(made).replace(file)
    except OSError as error:
        raise NotWiredError(f"cannot write {file}: {error.strerror}") from None
