"""The demo, with real traffic: an agent (the AWS CLI), the gateway, two AWS accounts, and a person who approves.

At a terminal you are the person. With --yes, or without a terminal, the script shows the prompt and approves it itself. Every
step is checked; the exit status is 0 only if all of them worked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..embedded import aws as embedded_aws
from ..embedded.aws import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TRIO_GATE = (sys.executable, "-m", "trio_gate")
AWS = next(
    (str(path) for path in (ROOT / ".venv-awscli" / "bin" / "aws", Path(sys.executable).with_name("aws")) if path.exists()),
    shutil.which("aws"),
)
SIZE = 64 * 1024 * 1024
PATIENCE = 60
REASON = "ask for a reference instead"

CONFIG = """\
gateway {{
  state_dir = "./state"
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin            {{ bind = "127.0.0.1:0" }}
}}

credential "aws_account" "base" {{
  access_key_id     = env("BASE_ACCESS_KEY_ID")
  secret_access_key = env("BASE_SECRET_ACCESS_KEY")
}}

endpoint "aws_api" "main" {{
  role       = "{role}"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod", "222222222222=staging"]
}}

upstream "*.amazonaws.com" {{
  address = "127.0.0.1:{port}"
  ca_file = "{ca_file}"
}}

agent "demo" {{
  key_suffix = "DEMO"
  secret     = env("AGENT_SECRET")
}}

person "alice" {{ token_sha256 = "{token_sha256}" }}
approver "human" "oncall" {{
  people  = [person.alice]
  timeout = "10m"
}}

rule "no secrets"      {{ match = aws.reads_secret                action = "deny"  reason = "{reason}" }}
rule "reads ok"        {{ match = aws.access in ["read", "list"]  action = "allow" }}
rule "staging is open" {{ match = aws.account_name == "staging"   action = "allow" }}
rule "the rest"        {{ action = "approve"  approvers = [human.oncall] }}
"""


class DemoError(Exception):
    """A step did not work."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the steps of the demo share: folder, AWS, gateway and keys."""

    folder: Path
    aws: embedded_aws.Embedded
    proxy: str
    admin: str
    token: str
    agent_secret: str
    agent_ca: str
    unattended: bool

    @property
    def config(self) -> str:
        return str(self.folder / "gateway.hcl")

    def agent(self, account: str) -> dict[str, str]:
        """The agent's whole environment: placeholder keys for one account, and the gateway as proxy."""
        return {
            "HTTPS_PROXY": f"http://{self.proxy}",
            "AWS_CA_BUNDLE": self.agent_ca,
            "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNTS[account]}DEMO",
            "AWS_SECRET_ACCESS_KEY": self.agent_secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self, account: str, command: str, **given: object) -> subprocess.Popen:
        """Start an `aws …` command as the agent would."""
        print(f"\n  [{account}] $ {command}", flush=True)
        words = [AWS, *shlex.split(command)[1:]]
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "AWS_PAGER": "", **self.agent(account)}
        return subprocess.Popen(words, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, text=True, **given)

    def run(self, account: str, command: str) -> tuple[int, str, str]:
        """Run a command to its end; its exit status and output."""
        process = self.start(account, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=300)
        show(out + err)
        return process.returncode, out, err

    def gate(self, *words: str, **given: object) -> subprocess.CompletedProcess:
        """Run a verb of `trio-gate`."""
        env = {**os.environ, "TRIO_GATE_TOKEN": self.token}
        return subprocess.run([*TRIO_GATE, *words], env=env, check=False, text=True, **given)

    def approver(self, *words: str, verb: str = "approve") -> tuple[str, ...]:
        return (verb, "--url", f"wss://{self.admin}", "--ca", str(self.folder / "state" / "ca" / "own.pem"), *words)

    def in_bucket(self, account: str, key: str) -> bool:
        """Whether AWS has an object, checked without the gateway."""
        s3 = embedded_aws.client("s3", self.aws, embedded_aws.assumed(self.aws, ACCOUNTS[account]))
        listed = s3.list_objects_v2(Bucket=f"{account}-data").get("Contents", [])
        return any(entry["Key"] == key for entry in listed)


def main() -> int:
    """Run the demo; return its exit status."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="approve without asking, also at a terminal")
    parser.add_argument("--stay", action="store_true", help="keep gateway and AWS running afterwards, for a second terminal")
    args = parser.parse_args()
    return play(yes=args.yes, stays=args.stay)


def play(*, yes: bool, stays: bool) -> int:
    """Show it; return the exit status. `yes` approves without asking, `stays` keeps gateway and AWS running afterwards."""
    if AWS is None:
        print("the AWS CLI, which is the agent here, is not installed: pip install awscli", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with stage(unattended=yes or not sys.stdin.isatty()) as ready:
            for step in (reads, upload, secret, delete, record):
                step(ready)
            print("\nEverything worked. `trio-gate init` makes a configuration for accounts of your own.")
            if stays:
                stay(ready)
    except DemoError as fault:
        print(f"\nFAILED: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def stage(*, unattended: bool) -> Iterator[Stage]:
    """AWS and gateway, running until the block is left."""
    with tempfile.TemporaryDirectory(prefix="trio-gate-demo-") as name:
        folder = Path(name)
        say("Starting an embedded AWS (moto, over TLS, with its own CA) ...")
        with embedded_aws.start(folder / "aws") as aws:
            token, agent_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
            text = CONFIG.format(
                role=embedded_aws.ROLE,
                port=aws.port,
                ca_file=aws.ca_file,
                token_sha256=hashlib.sha256(token.encode()).hexdigest(),
                reason=REASON,
            )
            config = folder / "gateway.hcl"
            config.write_text(text)
            say("Starting the gateway ...")
            secret_env = {
                "BASE_ACCESS_KEY_ID": aws.base_access_key_id,
                "BASE_SECRET_ACCESS_KEY": aws.base_secret_access_key,
                "AGENT_SECRET": agent_secret,
            }
            with gateway(config, {**os.environ, **secret_env}) as doors:
                ca = subprocess.run(
                    [*TRIO_GATE, "ca", str(config)], env={**os.environ, **secret_env}, check=True, capture_output=True
                )
                (folder / "agent-ca.pem").write_bytes(ca.stdout)
                yield Stage(
                    folder=folder,
                    aws=aws,
                    proxy=doors["proxy"],
                    admin=doors["admin"],
                    token=token,
                    agent_secret=agent_secret,
                    agent_ca=str(folder / "agent-ca.pem"),
                    unattended=unattended,
                )


@contextmanager
def gateway(config: Path, env: dict[str, str]) -> Iterator[dict[str, str]]:
    """A running gateway; gives the addresses of its listeners by kind."""
    log = config.with_name("gateway.log")
    with log.open("w") as sink:
        process = subprocess.Popen(
            [*TRIO_GATE, "serve", str(config)], env=env, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "trio-gate: ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"the gateway did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield dict(re.findall(r"listening (\w+) (\S+)", log.read_text()))
        if process.poll() is not None:
            raise DemoError(f"the gateway ended by itself:\n{log.read_text()}")
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def reads(stage: Stage) -> None:
    """Read in both accounts."""
    say("1. The agent reads in both accounts. Its keys are placeholders: the digits in them name the account.")
    for account, other in (("prod", "staging"), ("staging", "prod")):
        status, out, _ = stage.run(account, "aws s3 ls")
        check(
            status == 0 and f"{account}-data" in out and f"{other}-data" not in out, f"`aws s3 ls` in {account} shows its bucket"
        )
        status, out, _ = stage.run(account, "aws dynamodb describe-table --table-name orders --query Table.TableArn")
        check(status == 0 and f":{ACCOUNTS[account]}:table/orders" in out, f"DynamoDB answers for {account}")


def upload(stage: Stage) -> None:
    """Upload 64 MiB and download them again, as the agent."""
    say("2. It uploads 64 MiB in staging, where it may write, and downloads them again.")
    sent, got = stage.folder / "sent.bin", stage.folder / "got.bin"
    with sent.open("wb") as file:
        for _ in range(SIZE // (1024 * 1024)):
            file.write(os.urandom(1024 * 1024))
    for command in (
        "aws s3 cp --no-progress sent.bin s3://staging-data/big.bin",
        "aws s3 cp --no-progress s3://staging-data/big.bin got.bin",
    ):
        began = time.monotonic()
        status, _, _ = stage.run("staging", command)
        check(status == 0, "the copy succeeds")
        show(f"({SIZE / 2**20 / (time.monotonic() - began):.0f} MiB/s, the CLI's start included)")
    check(sha256(sent) == sha256(got), "what came back is what was sent, byte for byte")
    show(f"Both files have the SHA-256 {sha256(got)}.")


def secret(stage: Stage) -> None:
    """A rule refuses, and the CLI prints why."""
    say("3. It tries to read a secret. A rule refuses; the CLI prints the rule's reason.")
    for account in ACCOUNTS:
        status, out, err = stage.run(account, "aws secretsmanager get-secret-value --secret-id db-password")
        check(status != 0 and REASON in err, "the CLI fails with the rule's reason")
        check("the password of" not in out + err, "the secret is not in the answer")


def delete(stage: Stage) -> None:
    """Delete an object: the call waits until a person decides."""
    say("4. It deletes an object in prod. The call waits for a person.")
    check(stage.in_bucket("prod", "report.txt"), "prod holds report.txt")
    process = stage.start(
        "prod", "aws s3api delete-object --bucket prod-data --key report.txt", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        shown = wait_for_prompt(stage, process)
        check("Delete report.txt" in shown, "the approver is shown the call")
        check(process.poll() is None and stage.in_bucket("prod", "report.txt"), "nothing has happened yet: the agent waits")
        say("The approver's side, over the WebSocket:" + ("" if stage.unattended else " you decide."))
        words = stage.approver("--once", "--yes") if stage.unattended else stage.approver("--once")
        check(stage.gate(*words).returncode == 0, "the approver's decision is accepted")
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    show(out + err)
    if not stage.unattended and process.returncode != 0:
        check(stage.in_bucket("prod", "report.txt"), "it was denied, so prod still holds report.txt")
        show("You said no: the agent was told so, and report.txt is still there.")
        return
    check(process.returncode == 0, "the delete succeeds")
    check(not stage.in_bucket("prod", "report.txt"), "prod no longer holds report.txt")
    check(stage.in_bucket("staging", "report.txt"), "staging's report.txt was not touched")
    show("It was approved, and only then executed: report.txt is gone from prod.")


def wait_for_prompt(stage: Stage, process: subprocess.Popen) -> str:
    """What `pending` prints once something waits."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        listed = stage.gate(*stage.approver(verb="pending"), capture_output=True)
        if "Delete report.txt" in listed.stdout:
            return listed.stdout
        if process.poll() is not None:
            break
        time.sleep(0.2)
    process.kill()
    raise DemoError(f"no prompt came up: {listed.stdout}{listed.stderr}{''.join(process.communicate())}")


def record(stage: Stage) -> None:
    """Everything is in the audit record."""
    say("5. The audit record has all of it:")
    print(f"\n  $ trio-gate log {stage.config} -n 12", flush=True)
    check(stage.gate("log", stage.config, "-n", "12").returncode == 0, "the log can be read")
    rows = [
        json.loads(line)
        for line in stage.gate("log", stage.config, "--json", "-n", "1000", capture_output=True).stdout.splitlines()
    ]
    refused = [row for row in rows if row["action"] == "GetSecretValue"]
    check(len(refused) == len(ACCOUNTS) and all(row["outcome"]["end"] == "refused" for row in refused), "it holds the refusals")
    deleted = [row for row in rows if row["action"] == "DeleteObject" and row["account_name"] == "prod"]
    said = [(row["decision"]["outcome"], who["person"]) for row in deleted for who in row["approvers"]]
    check(sorted(said) == [("approve", "alice"), ("vote", "alice")], "it holds the delete, and the vote of who decided")
    check(all(row["outcome"] for row in rows), "every call has its outcome")


def stay(stage: Stage) -> None:
    """Keep AWS and gateway running until Ctrl-C."""
    say("Gateway and AWS stay up until Ctrl-C. In a second terminal:")
    for name, value in stage.agent("prod").items():
        print(f"  export {name}={shlex.quote(value)}")
    print(f"  {AWS} s3 ls                  # for staging use the key AKIA{ACCOUNTS['staging']}DEMO")
    print(f"and in a third, for prompts:\n  export TRIO_GATE_TOKEN={stage.token}")
    print(f"  {shlex.join([*TRIO_GATE, *stage.approver()])}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def show(text: str) -> None:
    """The output of a program, indented."""
    print("".join(f"  | {line}\n" for line in text.splitlines() if line.strip()), end="", flush=True)


def check(holds: bool, what: str) -> None:
    if not holds:
        raise DemoError(f"it should be that {what}")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
