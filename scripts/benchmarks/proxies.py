"""The benchmark's proxies: the gateway with all that it normally does, and one that only relays bytes.

The latter is nginx if it is installed, else a relay in Python. Both are reached over TLS and trust only the stand-in's certificate.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.agent import Way
from trio_gate.signing.sigv4 import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRIO_GATE = str(Path(__file__).parents[2] / ".venv" / "bin" / "trio-gate")
AGENT = Credentials(access_key_id="AKIA222222222222CI01", secret_access_key="an-agents-secret-0123456789")
PATIENCE = 60
TICK = os.sysconf("SC_CLK_TCK")

CONFIG = """\
gateway {{
  state_dir    = "./state"
  decision_log = "./decisions.jsonl"
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin            {{ bind = "127.0.0.1:0" }}
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
upstream "*.amazonaws.com" {{
  address = "127.0.0.1:{port}"
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

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/temp;
  keepalive_requests 1000000;
  upstream aws {{ server 127.0.0.1:{port}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{own} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass https://aws;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate {folder}/ca.pem;
      proxy_ssl_name localhost;
    }}
  }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running proxy and how to reach AWS through it."""

    process: subprocess.Popen[bytes]
    way: Way

    def cpu(self) -> float:
        """Seconds of CPU that all its threads have used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self, name: str) -> float:
        """MiB: `VmRSS` is the memory now, `VmHWM` the peak since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


@contextmanager
def gateway(folder: Path, port: int) -> Iterator[Proxy]:
    """A new gateway, with nothing in its state directory."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        own = Path(name)
        config = own / "gateway.hcl"
        config.write_text(CONFIG.format(port=port, ca_file=folder / "ca.pem", secret=AGENT.secret_access_key))
        log = own / "gateway.log"
        with running([TRIO_GATE, "serve", str(config)], log, lambda: "trio-gate: ready" in log.read_text()) as process:
            ca_file = own / "agent-ca.pem"
            ca_file.write_bytes(subprocess.run([TRIO_GATE, "ca", config], check=True, capture_output=True).stdout)
            host, _, door = re.search(r"listening proxy (\S+)", log.read_text())[1].rpartition(":")
            yield Proxy(process=process, way=Way(address=(host, int(door)), proxy=True, ca_file=str(ca_file), credentials=AGENT))


@contextmanager
def plain(folder: Path, port: int) -> Iterator[Proxy]:
    """A plain TLS-to-TLS relay: nginx, or `pump.py`."""
    own, log = free_port(), folder / "plain.log"
    command = [sys.executable, "-m", "scripts.benchmarks.pump", str(folder), str(own), str(port)]
    if nginx := find_nginx():
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, own=own))
        command = [nginx, "-e", str(log), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    way = Way(address=("127.0.0.1", own), proxy=False, ca_file=str(folder / "ca.pem"), credentials=AGENT)
    with running(command, log, lambda: answers(way)) as process:
        yield Proxy(process=process, way=way)


@contextmanager
def running(command: list[str], log: Path, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block is left; the block starts when it is ready."""
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def find_nginx() -> str | None:
    """The path of nginx, which may be in a directory that is not in PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def answers(way: Way) -> bool:
    """Whether something is listening on a port."""
    try:
        socket.create_connection(way.address).close()
    except OSError:
        return False
    return True
