"""The `trio-gate` command: one file for each verb, loaded when the verb is run.

Exit status: 0 for success, 1 for failure, 2 for wrong usage, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from trio_gate import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import ModuleType

VERBS = {
    "demo": "show all of it with an embedded AWS on this machine",
    "init": "make a first configuration, and the policies that AWS needs for it",
    "serve": "run the gateway",
    "reload": "have the running gateway read its configuration again",
    "status": "show how the running gateway is",
    "check": "print what a configuration means, or everything that is wrong with it",
    "doctor": "try what a configuration needs, on this machine and at AWS",
    "ca": "print the CA certificate that agents must trust",
    "person": "make tokens for people who approve, and list them",
    "agent": "make agents and their secrets, and list them",
    "approve": "answer calls that wait for approval",
    "pending": "list the calls that wait for your approval",
    "deny": "deny a call that waits",
    "grants": "list the grants in force",
    "revoke": "end a grant",
    "stop": "refuse all calls of an agent until the stop is lifted",
    "lift": "end a stop",
    "agent-view": "show what an agent may do, as the agent reads it",
    "sessions": "list the virtual sessions of agents, or end one",
    "log": "show recent calls",
    "explain": "show what requests mean, without sending them",
    "env": "print the environment with which an agent's programs use the gateway",
    "exec": "run a command as an agent, in that environment",
    "profiles": "print profiles of an agent's accounts for AWS's configuration files",
    "mcp": "on the agent's machine: serve what a model may ask the gateway, by the Model Context Protocol",
    "task": "on the agent's machine: ask people once for the calls of a whole task",
    "presign": "on the agent's machine: have a URL of S3 signed",
    "eks-token": "on the agent's machine: have a token for an EKS cluster signed",
    "rds-token": "on the agent's machine: have a password for a database of RDS signed",
    "completion": "print what makes a shell complete these verbs and their options",
}

STATUSES = "0 when done, 1 if it failed, 2 if the arguments or the configuration cannot work, 130 after Ctrl-C"

OF_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What standard output may answer; faults of files have their names."""

ROOMS = {
    "agents": ("eks-token", "mcp", "presign", "rds-token", "task"),
    "approving": ("agent-view", "approve", "deny", "grants", "lift", "pending", "revoke", "sessions", "stop"),
    "diagnosis": ("doctor",),
    "judging": ("check", "explain"),
    "setup": ("agent", "completion", "demo", "init", "person"),
    "wiring": ("env", "exec", "profiles"),
}
"""The folders of verbs; the other verbs stand beside this file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the pipe has closed it
        _drop_output()
        return 1
    except OSError as error:
        if error.filename is None:
            _drop_output()
        print(f"trio-gate {given[0]}: {_words(error)}", file=sys.stderr)
        return 1


def _run(given: Sequence[str]) -> int:
    parser = parser_for(given[:1])
    if not given:
        parser.print_help(sys.stderr)
        return 2
    args, unknown = parser.parse_known_args(given)
    if unknown:  # said with the usage of the verb, which argparse itself does not
        getattr(args, "usage_of", parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    status = int(_module(args.verb).run(args))
    if sys.stdout is not None:  # it was closed before the start
        sys.stdout.flush()  # here, where a full disk can still be said
    return status


def _drop_output() -> None:
    """Python tries again at the exit to write what could not be written, and would say so in its own way."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _words(error: OSError) -> str:
    """A fault of a file that no verb has words for, or of the output, which has no name."""
    said = error.strerror or str(error)
    if error.filename is not None:
        return f"{error.filename}: {said}"
    return f"cannot write the output: {said}" if error.errno in OF_OUTPUT else said


def parser_for(wanted: Collection[str]) -> argparse.ArgumentParser:
    """What reads the command line. It knows all verbs, and the arguments of those that are wanted, whose modules are loaded."""
    parser = argparse.ArgumentParser(
        prog="trio-gate", description="The gateway between AI agents and AWS.", epilog="`trio-gate VERB --help` says more."
    )
    parser.add_argument("--version", action="version", version=f"trio-gate {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, help_text in VERBS.items():
        below = verbs.add_parser(verb, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.")
        if verb in wanted:
            module = _module(verb)
            below.set_defaults(usage_of=below)
            module.add_arguments(below)
            _teach(below, module)
    return parser


def _teach(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    """Add a verb's examples and its exit statuses to its help."""
    if parser.epilog is None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = f"examples:\n{module.EXAMPLES}\n\nexit status: {getattr(module, 'STATUSES', STATUSES)}"


def module_of(verb: str) -> str:
    """The name of the module of a verb."""
    room = next((f"{room}." for room, verbs in ROOMS.items() if verb in verbs), "")
    return f"trio_gate.cli.{room}{verb.replace('-', '_')}"


def _module(verb: str) -> ModuleType:
    return import_module(module_of(verb))
