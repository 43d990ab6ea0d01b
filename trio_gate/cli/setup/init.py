"""`trio-gate init`: a first configuration with an agent and a person, and the policies that AWS needs for it.

Rule: what is not given by an option is found out or, at a terminal, asked for. Nothing that is there is overwritten.
"""

from __future__ import annotations

import getpass
import re
import secrets
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.aws.hosts.table import HostTable
from trio_gate.cli import config_file
from trio_gate.cli.config_place import FILE
from trio_gate.cli.setup import policies
from trio_gate.cli.setup.block_text import SECRET_BYTES, TOKEN_BYTES, hashed, token_of
from trio_gate.cli.setup.declared import NotDeclaredError
from trio_gate.cli.setup.first_config import ADMIN, First, config_text
from trio_gate.cli.setup.verbs import FOLDER, write_new
from trio_gate.cli.wiring.reading import suffix_for
from trio_gate.config.blocks import NAME, REGION
from trio_gate.shell.models.packaged_data import packaged_hosts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from trio_gate.cli.setup.found import Found

EXAMPLES = """\
  trio-gate init                                                    # asks for what it cannot find out
  trio-gate init --account 111111111111=prod --account 222222222222=staging --profile gate --dir /etc/trio-gate"""

AWS = "aws"
"""Folder of the policies, beside the configuration."""

_ACCOUNT = re.compile(r"([0-9]{12})(?:=([A-Za-z0-9_.-]{1,64}))?")
_PROFILE = re.compile(r"[A-Za-z0-9_.@/+-]{1,128}")
_LISTED = re.compile(rf"{_ACCOUNT.pattern}(?:\s*,\s*{_ACCOUNT.pattern})*")
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--dir", default=".", metavar="FOLDER", help="where the files are made (default: here)")
    parser.add_argument(
        "--account",
        action="append",
        metavar="ID[=LABEL]",
        help="an account that agents may reach; may be repeated (default: the base key's)",
    )
    parser.add_argument("--role", help="name of the role that is assumed in each account (default: trio-gate)")
    parser.add_argument("--region", help="where STS is called (default: that of the environment or the profile)")
    parser.add_argument("--profile", help="profile of the AWS config files with the base key (default: the standard chain)")
    parser.add_argument("--principal", metavar="ARN", help="the base key's user or role (default: whom STS says that the key is)")
    parser.add_argument(
        "--managed-policy",
        action="append",
        metavar="ARN",
        help="what the role may do; may be repeated (default: AWS's ReadOnlyAccess)",
    )
    parser.add_argument("--agent", help="name of the first agent (default: ci)")
    parser.add_argument("--person", help="name of the first person who approves (default: you)")
    parser.add_argument("--offline", action="store_true", help="do not ask STS whose the base key is")


def run(args: argparse.Namespace) -> int:
    """Make the files. Returns 1 if one is there already or cannot be written, 2 if something needed is not known."""
    from trio_gate.cli.setup.found import found  # noqa: PLC0415 - loads botocore's session

    try:
        if args.profile and not _PROFILE.fullmatch(args.profile):
            raise NotDeclaredError("--profile: the name of a profile is needed, of letters, digits and _.@/+-")
        folder = Path(args.dir)
        taken = [path for path in (folder / FILE, folder / AWS) if path.exists()]
        if taken:
            return _fail(f"{taken[0]} is there already: name another folder by --dir", 1)
        known = found(args.profile, args.region, ask=not args.offline)
        whose = args.principal or known.arn
        _say(
            f"region {known.region}; "
            + (f"the base key is {whose}" if whose else f"the base key's user or role is not known: {known.trouble}")
        )
        return _make(folder, args, known)
    except (NotDeclaredError, EOFError) as error:
        return _fail(str(error) or "the input ended", 2)
    except OSError as error:
        if error.filename is None:  # of the output
            raise
        return _fail(f"cannot write {error.filename}: {error.strerror}", 1)


def _make(folder: Path, args: argparse.Namespace, known: Found) -> int:
    accounts = _accounts(args.account, known)
    person = _answer("who approves", args.person, _login(), NAME, "a name of letters, digits, - and _")
    agent = _answer("the first agent", args.agent, "ci", NAME, "a name of letters, digits, - and _")
    role = _answer("the role that is assumed in each account", args.role, "trio-gate", _ROLE, "the name of a role")
    region = _answer("where STS is called", args.region, known.region, REGION, "a region such as us-east-1")
    principal = _answer(
        "ARN of the base key's user or role",
        args.principal,
        known.arn,
        policies.PRINCIPAL,
        "an ARN such as arn:aws:iam::999999999999:user/gateway",
        option="--principal",
    )
    secret, token = secrets.token_urlsafe(SECRET_BYTES), token_of(secrets.token_urlsafe(TOKEN_BYTES))
    secret_file = f"{FOLDER}/agent-{agent}"
    first = First(
        profile=args.profile,
        role=role,
        region=region,
        accounts=accounts,
        agent=agent,
        suffix=suffix_for(agent),
        secret_file=secret_file,
        person=person,
        token_sha256=hashed(token),
    )
    partition = _partition(region, principal, args.managed_policy or ())
    managed = args.managed_policy or [f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
    needs = policies.Needs(partition=partition, principal=principal, role=role, accounts=[*accounts], managed=managed)
    made = {f"{AWS}/{name}": text for name, text in policies.files(needs).items()}
    _write(folder, {secret_file: f"{secret}\n", FILE: config_text(first), **made})
    if config_file.read(str(folder / FILE)) is None:
        return 1
    print(_next_steps(folder, first, token))
    return 0


def _partition(region: str, principal: str, managed: Sequence[str]) -> str:
    """That of the region, in which all else must be, too: no policy of one names what is in another. Raises NotDeclaredError."""
    own = principal.split(":")[1]
    wanted = HostTable(packaged_hosts()).partition_of(region) or own
    for arn in managed:
        if not policies.MANAGED.fullmatch(arn):
            raise NotDeclaredError(
                f"--managed-policy {arn!r}: an ARN such as arn:{wanted}:iam::aws:policy/ReadOnlyAccess is needed"
            )
    for arn in (principal, *managed):
        if (found := arn.split(":")[1]) != wanted:
            raise NotDeclaredError(f"{arn} is of the partition {found}, and the region {region} of {wanted}: pass others")
    return wanted


def _accounts(given: list[str] | None, known: Found) -> Mapping[str, str | None]:
    if given is None:
        wanted = "accounts as ID=LABEL, with commas between them"
        text = _answer(
            "accounts that agents may reach, such as 111111111111=prod, …",
            None,
            known.account,
            _LISTED,
            wanted,
            option="--account",
        )
        given = [one.strip() for one in text.split(",")]
    read = [_ACCOUNT.fullmatch(one) for one in given]
    found = {one[1]: one[2] for one in read if one}
    labels = [label for label in found.values() if label]
    if not all(read) or len(found) < len(read):
        raise NotDeclaredError(f"--account {' '.join(given)}: each is an id of 12 digits, once, and perhaps =LABEL")
    if len({*labels}) < len(labels) or {*labels} & {*found}:
        raise NotDeclaredError(f"--account {' '.join(given)}: a label means one account, and is the id of none")
    return found


def _answer(
    what: str, given: str | None, default: str | None, form: re.Pattern[str], wanted: str, *, option: str | None = None
) -> str:
    """What was given, else what is typed at a terminal, else the default. Raises NotDeclaredError."""
    answer = given if given is not None else default or ""
    if given is None and sys.stdin.isatty() and sys.stderr.isatty():
        answer = _typed(what, default)
        while not form.fullmatch(answer):
            _say(f"{wanted} is needed")
            answer = _typed(what, default)
    if not answer and option:
        raise NotDeclaredError(f"{what}: not known, so pass {option}")
    if not form.fullmatch(answer):
        raise NotDeclaredError(f"{what}: {wanted} is needed, not {answer!r}")
    return answer


def _typed(what: str, default: str | None) -> str:
    """One line of the terminal, or the default in place of an empty one. Raises EOFError."""
    print(f"{what}{f' [{default}]' if default else ''}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip() or default or ""


def _login() -> str:
    try:
        name = re.sub(r"[^A-Za-z0-9_-]", "_", getpass.getuser())
    except (OSError, KeyError):
        name = ""
    return name if NAME.fullmatch(name) else "approver"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Make all files, none of which is there, or none; only their owner can read them. Raises OSError with the name of a file."""
    made: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in files.items():
            file = folder / name
            for parent in reversed(file.relative_to(folder).parents):
                (folder / parent).mkdir(mode=0o700, exist_ok=True)
            write_new(file, text)
            made.append(file)
    except OSError:
        for file in made:
            file.unlink(missing_ok=True)
        raise


def _next_steps(folder: Path, first: First, token: str) -> str:
    at = f" --config {shlex.quote(str(folder / FILE))}"
    account = next(label or number for number, label in first.accounts.items())
    return f"""\
Made {folder / FILE}, the agent's secret in {folder / first.secret_file}, and policies for AWS in {folder / AWS}/.

The token of {first.person}, shown once and stored nowhere:
{token}

Next:
  1. create the role in each account by one of the files in {folder / AWS}/role/ (CloudFormation, Terraform, or JSON by hand),
     and let the base key assume it by one of those in {folder / AWS}/base-key/
  2. trio-gate doctor{at}
  3. trio-gate serve{at}
  4. trio-gate exec {first.agent} --account {account}{at} -- aws sts get-caller-identity
  5. trio-gate approve{at}, with that token in TRIO_GATE_TOKEN, in another terminal, or https://{ADMIN}/: both show what waits"""


def _say(text: str) -> None:
    print(f"trio-gate init: {text}", file=sys.stderr)


def _fail(text: str, status: int) -> int:
    _say(text)
    return status
