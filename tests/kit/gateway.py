"""A gateway as a process of its own, and botocore clients that reach the embedded AWS through it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from scripts.embedded.aws import ACCOUNTS, REGION, ROLE
from tests.kit.systemd.activation import activated
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.audit.database import FILE, read_last

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scripts.embedded.aws import Embedded

TRIO_GATE = (sys.executable, "-m", "trio_gate")
SECRET = "agent-secret-0123456789"
TOKEN = "tg_alice-0123456789abcdef0123456789abcdef"
START, STOP = 60, 30
"""Seconds for the gateway to start, and to stop."""

SETTLE = 3
"""Seconds in which the outcome of a call that is over is on disk, also on a busy machine."""

HEAD = """\
gateway {{
  state_dir = "./state"
  decision_log = "./decisions.jsonl"
  listener "proxy"    {{ {proxy} }}
  listener "tls"      {{ bind = "127.0.0.1:0" }}
  listener "endpoint" {{ bind = "127.0.0.1:0" {endpoint} }}
  admin               {{ bind = "127.0.0.1:0" }}
  {knobs}
}}
credential "aws_account" "base" {{
  {base}
}}
endpoint "aws_api" "main" {{
  role       = "{role}"
  region     = "{region}"
  credential = aws_account.base
  accounts   = ["111111111111=prod", "222222222222=staging"]
  {served}
}}
{first}
upstream "{hosts}" {{
  address = "127.0.0.1:{port}"
  ca_file = "{ca_file}"
}}
upstream "*.api.aws" {{
  address = "127.0.0.1:{port}"
  ca_file = "{ca_file}"
}}
person "alice" {{ token_sha256 = "{token_sha256}" }}
person "bob"   {{ token_sha256 = "{bob_sha256}" }}
approver "human" "oncall" {{
  people  = [person.alice]
  timeout = "60s"
}}
"""
BASE = """access_key_id     = env("BASE_ACCESS_KEY_ID")
  secret_access_key = env("BASE_SECRET_ACCESS_KEY")"""
PLAIN = {
    "base": BASE,
    "endpoint": "",
    "first": "",
    "hosts": "*.amazonaws.com",
    "knobs": "",
    "proxy": 'bind = "127.0.0.1:0"',
    "served": "",
}
"""What HEAD is filled with where a test says nothing else."""

AGENT = f'agent "ci" {{\n  key_suffix = "CI01"\n  secret = "{SECRET}"\n}}\n'
RULES = """\
rule "no secrets" { match = aws.reads_secret                action = "deny"  reason = "ask for a reference instead" }
rule "reads ok"   { match = aws.access in ["read", "list"]  action = "allow" }
rule "staging"    { match = aws.account_name == "staging"   action = "allow" }
rule "the rest"   { action = "approve"  approvers = [human.oncall] }
"""

_CLIENTS = ("AWS_", "SSL_CERT_", "REQUESTS_CA_", "CURL_CA_", "NODE_EXTRA_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def sha256(text: str) -> str:
    """As the configuration has it of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client of a test reads what this machine sets for its own use."""
    for name in [name for name in os.environ if name.upper().startswith(_CLIENTS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@dataclass(kw_only=True)
class Gateway:
    """A running gateway: the addresses of its listeners by kind, its files, and where it reports to its service manager."""

    folder: Path
    process: subprocess.Popen[bytes]
    doors: Mapping[str, str]
    env: Mapping[str, str]
    told: socket.socket | None = None
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        self.config = self.folder / "gateway.hcl"

    @cached_property
    def ca_file(self) -> str:
        """The interception certificate, as `trio-gate ca` prints it; it is asked once."""
        path = self.folder / "agent-ca.pem"
        path.write_text(self.gate("ca", str(self.config)).stdout)
        return str(path)

    @property
    def both_ca_file(self) -> str:
        """Both of its certificates: an endpoint listener and the admin listener have theirs of the second."""
        path = self.folder / "both-ca.pem"
        own = self.folder / "state" / "ca" / "own.pem"
        path.write_text(f"{Path(self.ca_file).read_text()}\n{own.read_text()}")
        return str(path)

    @property
    def log(self) -> str:
        return (self.folder / "gateway.log").read_text()

    def gate(self, *words: str, token: str = TOKEN, **given: Any) -> subprocess.CompletedProcess[str]:
        """Run a verb of `trio-gate` with the gateway's environment and a person's token, alice's by default."""
        env = {**os.environ, **self.env, "TRIO_GATE_TOKEN": token}
        return subprocess.run([*TRIO_GATE, *words], env=env, capture_output=True, text=True, check=False, **given)

    def approver(self, *words: str, verb: str = "approve") -> tuple[str, ...]:
        """The words of a verb for approvers."""
        return (verb, "--url", f"wss://{self.doors['admin']}", "--ca", str(self.folder / "state" / "ca" / "own.pem"), *words)

    def client(
        self,
        service: str,
        account: str = "staging",
        *,
        by: str = "proxy",
        suffix: str = "CI01",
        secret: str = SECRET,
        **config: Any,
    ) -> Any:
        """A botocore client as an agent has it: placeholder keys and one of the ways in."""
        given: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "read_timeout": 30, **config}
        session = boto3.Session(
            aws_access_key_id=f"AKIA{ACCOUNTS.get(account, account)}{suffix}",
            aws_secret_access_key=secret,
            region_name=given.pop("region_name", REGION),
        )
        path = given.pop("path", "")
        if by == "endpoint":
            url = f"http://{self.doors['endpoint']}{path}"
            return session.client(service, endpoint_url=url, config=Config(proxies={}, **given))
        proxies = {"https": f"http://{self.doors['proxy']}"}
        return session.client(service, verify=self.ca_file, config=Config(proxies=proxies, **given))

    def records(self, *words: str) -> list[dict[str, Any]]:
        """Those of calls; `rows` has what people did, too."""
        return [row for row in self.rows(*words) if "act" not in row]

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """Rows as `trio-gate log` gives them, outcomes of answered calls included: they are written a moment after the answers."""
        self._settle()
        return [
            json.loads(line) for line in self.gate("log", str(self.config), "--json", "-n", "1000", *words).stdout.splitlines()
        ]

    def _settle(self) -> None:
        """Wait until each call that was decided on has an outcome on disk, but not for those that are under way."""
        decisions, record = self.folder / "decisions.jsonl", str(self.folder / "state" / FILE)
        if not decisions.is_file():
            return
        lines = map(json.loads, decisions.read_text("utf-8").splitlines())
        missing = {line["id"] for line in lines if line["outcome"] == "call"}
        deadline = time.monotonic() + SETTLE
        with suppress(AuditUnavailable):
            while missing and time.monotonic() < deadline:
                missing -= {row["id"] for row in read_last(record, 1000) if row["outcome"]}


@contextmanager
def running(
    folder: Path,
    aws: Embedded | None,
    *,
    rules: str = RULES,
    agent: str = AGENT,
    extra: str = "",
    sockets: Sequence[socket.socket] = (),
    **changes: Any,
) -> Iterator[Gateway]:
    """Start a gateway on `folder/gateway.hcl`, wait until it says that it is ready, and stop it with SIGTERM.

    It is passed `sockets` as systemd does it.
    """
    facts = {
        "role": ROLE,
        "region": REGION,
        "port": aws.port if aws else 1,
        "ca_file": aws.ca_file if aws else ssl.get_default_verify_paths().openssl_cafile,
        "token_sha256": sha256(TOKEN),
        "bob_sha256": sha256(TOKEN.replace("alice", "bob")),
    }
    base_secret = changes.pop("base_secret", aws.base_secret_access_key if aws else "anything")
    (folder / "gateway.hcl").write_text(HEAD.format(**{**PLAIN, **facts, **changes}) + agent + extra + rules)
    env = {
        "BASE_ACCESS_KEY_ID": aws.base_access_key_id if aws else "AKIAANYTHINGATALL000",
        "BASE_SECRET_ACCESS_KEY": base_secret,
        "NOTIFY_SOCKET": f"@trio-gate-test-{secrets.token_hex(8)}",
    }
    log = folder / "gateway.log"
    with log.open("w") as sink, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind("\0" + env["NOTIFY_SOCKET"][1:])
        told.settimeout(START)
        command = [*activated(sockets), *TRIO_GATE, "serve", str(folder / "gateway.hcl")]
        given = {"env": {**os.environ, **env}, "pass_fds": [one.fileno() for one in sockets]}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, **given)
        ended = threading.Thread(target=_tell_end, args=(process, env["NOTIFY_SOCKET"]), daemon=True)
        ended.start()
        try:
            if told.recv(64) != b"READY=1":
                raise RuntimeError(f"the gateway did not start:\n{log.read_text()}")
            doors = dict(re.findall(r"listening (\w+) ([^\s\"]+)", log.read_text()))
            yield Gateway(folder=folder, process=process, doors=doors, env=env, told=told)
        finally:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def reload(gate: Gateway, old: str, new: str, said: str) -> None:
    """Change the file, send the signal, and wait for what the log says."""
    text, before = gate.config.read_text(), gate.log.count(said)
    assert old in text
    gate.config.write_text(text.replace(old, new))
    gate.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + START
    while gate.log.count(said) == before:
        assert time.monotonic() < deadline, gate.log


def _tell_end(process: subprocess.Popen[bytes], path: str) -> None:
    """A process that ends before it is ready must not be waited for."""
    process.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.sendto(b"ended", "\0" + path[1:])
