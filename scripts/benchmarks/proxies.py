"""The proxies that are compared: the gateway with all that it normally does, nginx, and a textbook proxy in Python.

All are reached over TLS, each alone on the first core, and trust only the stand-in's certificate.
"""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scripts.benchmarks import aws, machine, nginx
from scripts.benchmarks.programs import free_port, listens, running
from trio_gate.signing.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRIO_GATE = [sys.executable, "-m", "trio_gate"]
AGENT = Credentials(access_key_id="AKIA222222222222CI01", secret_access_key="an-agents-secret-0123456789")
DYNAMODB = "dynamodb.us-east-1.amazonaws.com"

CONFIG = """\
gateway {{
  state_dir       = "./state"
  decision_log    = "./decisions.jsonl"
  max_connections = 4000
  listener "tls"      {{ bind = "127.0.0.1:0" }}
  listener "endpoint" {{ bind = "127.0.0.1:0" }}
  admin               {{ bind = "127.0.0.1:0" }}
}}
credential "aws_account" "base" {{
  access_key_id     = "AKIAEXAMPLEEXAMPLE00"
  secret_access_key = "base"
}}
endpoint "aws_api" "main" {{
  role       = "trio-gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod", "222222222222=staging"]
}}
upstream "{dynamodb}" {{
  address = "127.0.0.1:{small}"
  ca_file = "{ca_file}"
}}
upstream "*.amazonaws.com" {{
  address = "127.0.0.1:{large}"
  ca_file = "{ca_file}"
}}
agent "ci" {{
  key_suffix = "CI01"
  secret     = "{secret}"
}}
rule "no secrets" {{ match = aws.reads_secret                action = "deny" }}
rule "reads ok"   {{ match = aws.access in ["read", "list"]  action = "allow" }}
rule "staging"    {{ match = aws.account_name == "staging"   action = "allow" }}
"""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running proxy: its process, and how agents reach it."""

    name: str
    pid: int
    port: int
    ca_file: Path

    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        return machine.cpu(self.pid)

    @cached_property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


@dataclass(frozen=True, kw_only=True)
class Gateway(Proxy):
    """The gateway: `folder` has its configuration, state and logs; `ready` is the seconds until it was ready."""

    folder: Path
    endpoint: int
    ready: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where all run: a folder with certificates, and the ports of the stand-ins for small requests and for all others."""

    folder: Path
    small: int
    large: int

    @contextmanager
    def gateway(self, name: str = "gateway") -> Iterator[Gateway]:
        """The gateway in its own folder; the same name again is a restart."""
        own, ca_file = self.folder / name, self.folder / "ca.pem"
        own.mkdir(exist_ok=True)
        config, log, agents_ca = own / "gateway.hcl", own / "gateway.log", own / "agent-ca.pem"
        secret = AGENT.secret_access_key
        config.write_text(CONFIG.format(dynamodb=DYNAMODB, small=self.small, large=self.large, ca_file=ca_file, secret=secret))
        command, began = [*TRIO_GATE, "serve", str(config)], time.monotonic()
        with running(command, log, lambda: "trio-gate: ready" in log.read_text(), machine.PROXIES) as process:
            ready = time.monotonic() - began
            agents_ca.write_bytes(subprocess.run([*TRIO_GATE, "ca", config], check=True, capture_output=True).stdout)
            ports = {door: int(port) for door, port in re.findall(r"listening (\w+) \S*?:(\d+)", log.read_text())}
            yield Gateway(
                name="gateway",
                pid=process.pid,
                port=ports["tls"],
                ca_file=agents_ca,
                folder=own,
                endpoint=ports["endpoint"],
                ready=ready,
            )

    @contextmanager
    def nginx(self) -> Iterator[Proxy | None]:
        """nginx; None where it is not installed."""
        if nginx.find() is None:
            yield None
            return
        with nginx.proxy(self.folder, self.small, self.large) as (pid, port):
            yield Proxy(name="nginx", pid=pid, port=port, ca_file=self.folder / "ca.pem")

    @contextmanager
    def textbook(self) -> Iterator[Proxy]:
        """The textbook proxy."""
        own = free_port()
        numbers = map(str, (own, self.small, self.large))
        command = [sys.executable, "-m", "scripts.benchmarks.textbook", str(self.folder), *numbers]
        with running(command, self.folder / "textbook.log", lambda: listens(own), machine.PROXIES) as process:
            yield Proxy(name="textbook", pid=process.pid, port=own, ca_file=self.folder / "ca.pem")

    @contextmanager
    def all(self) -> Iterator[tuple[Gateway, Proxy, Proxy | None]]:
        """The gateway, the textbook proxy, and nginx, where it is installed."""
        with self.gateway() as gateway, self.textbook() as textbook, self.nginx() as plain:
            yield gateway, textbook, plain


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """A place with stand-ins for AWS: a cheap one for small requests, where nginx is installed."""
    with aws.stand_in(folder) as large:
        if nginx.find() is None:
            yield Place(folder=folder, small=large, large=large)
            return
        with nginx.stand_in(folder, aws.ITEM) as small:
            yield Place(folder=folder, small=small, large=large)
