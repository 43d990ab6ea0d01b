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
  trio-gate profiles ci --write ~/.aws/config      # also again, after a change: its other profiles stay
  AWS_PROFILE=ci-prod aws s3 ls"""

BEGIN, END = (
    "# trio-gate profiles {}: made by the program, which replaces all until the end\n",
    "# end of trio-gate profiles {}\n",
)
"""The lines around the profiles of an agent in a file that has others, too."""

HEAD = "# Made by `trio-gate profiles`, which replaces this file.\n"
"""The first line of files that older versions made, of profiles of one agent alone."""

_SECTION = re.compile(r"^\[[^\]\n]*\]", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    wiring_up.add_arguments(parser)
    parser.add_argument(
        "--write", metavar="FILE", help="put them into FILE (0600) in place of the agent's older ones; what else it has stays"
    )


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
            _write(Path(args.write), known.name, text)
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
    """By the account's label, where that means it alone."""
    label = known.accounts[number].label
    labels = [account.label for account in known.accounts.values()]
    plain = label and _PLAIN.fullmatch(label) and labels.count(label) == 1 and label not in known.accounts
    return f"{known.name}-{label if plain else number}"


def _write(file: Path, agent: str, text: str) -> None:
    """Put the profiles into a file so that nobody ever sees a part of it. Raises NotWiredError."""
    file = Path(os.path.realpath(file))  # a link stays one
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        whole = _among(file.read_bytes().decode("utf-8") if file.exists() else "", agent, text)
        descriptor, made = tempfile.mkstemp(dir=file.parent)  # 0600
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
            opened.write(whole)
        Path(made).replace(file)
    except UnicodeDecodeError:
        raise NotWiredError(f"{file} is not a text file in UTF-8") from None
    except NotWiredError as error:
        raise NotWiredError(f"{file} {error}") from None
    except OSError as error:
        raise NotWiredError(f"cannot write {file}: {error.strerror}") from None


def _among(there: str, agent: str, text: str) -> str:
    """A file's text with an agent's profiles, in place of older ones. Raises NotWiredError with what is wrong with it."""
    begin, end = BEGIN.format(agent), END.format(agent)
    before, begun, rest = ("" if there.startswith(HEAD) else there).partition(begin)
    _, ended, after = rest.partition(end)
    if begun and not ended:
        raise NotWiredError(f"has no line {end.strip()!r} any more: put it back after the agent's profiles")
    if taken := sorted({*_SECTION.findall(text)} & {*_SECTION.findall(before + after)}):
        raise NotWiredError(f"has {taken[0]} already, which this verb has not made: rename it")
    apart = "" if not before or before.endswith("\n\n") or begun else "\n" if before.endswith("\n") else "\n\n"
    return f"{before}{apart}{begin}{text}{end}{after}"
