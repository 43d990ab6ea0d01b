"""Ways into a gateway for programs that are not ours, and how they are run: as a person would, with nothing of this process.

Theory: the transparent way needs AWS's names to mean this machine, and port 443. Both are had without privileges in namespaces
of the test's own: its /etc/hosts names AWS's hosts, and a socket that was bound there is handed out of it, so what a program
dials as AWS arrives at the gateway's `tls` listener. Nothing else can be reached from there.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET
from tests.kit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.kit.gateway import Gateway

CLIENTS = Path(__file__).parent / "clients"
CLIS = {"1": ROOT / ".venv-awscli" / "bin" / "aws", "2": Path("/usr/bin/aws")}
"""The AWS CLI by its version."""

GO = Path("/usr/share/gocode")
"""What Debian's packages of Go have; the SDK is among them."""

BUCKET = "staging-data"
KEY = f"AKIA{ACCOUNTS['staging']}CI01"
PATIENCE = 240
"""Seconds that one command of a program may take."""
START = 30
"""Seconds for namespaces to be made, and to be gone."""

HOSTS = [
    *(f"{service}.{REGION}.amazonaws.com" for service in ("s3", "sts", "dynamodb", "s3.dualstack")),
    *(f"{BUCKET}.{s3}.amazonaws.com" for s3 in ("s3", f"s3.{REGION}", f"s3.dualstack.{REGION}")),
    *("s3.amazonaws.com", "sts.amazonaws.com"),
]
"""What the programs dial; /etc/hosts knows no wildcards."""

_HOLD = """\
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/hosts"], check=True)
door = socket.create_server(("127.0.0.1", 443), backlog=128)
with socket.socket(fileno=int(sys.argv[2])) as out:
    socket.send_fds(out, [b"."], [door.fileno()])
sys.stdin.read()
"""


def need(name: str, *files: Path) -> None:
    """Leave the test, by name, where a program is not on this machine."""
    if not all(file.exists() for file in files):
        _lacking(f"{name} is not installed (scripts/programs does it)")


def go_client(name: str, folder: Path) -> Path:
    """A client in Go, built from Debian's packages alone."""
    need("the AWS SDK for Go", GO / "src/github.com/aws/aws-sdk-go-v2/service/sts")
    env = {"GO111MODULE": "off", "GOPATH": str(GO), "GOCACHE": str(folder / "cache"), "GOFLAGS": "-p=2"}
    command = ["go", "build", "-o", str(folder / name), str(CLIENTS / f"{name}.go")]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / name


def need_terraform() -> Path:
    """Terraform, of which neither Debian nor PyPI nor npm has the program."""
    path = shutil.which("terraform")
    if path is None:
        _lacking("Terraform is not installed, and scripts/programs cannot install it: put it on PATH")
    return Path(str(path))


def need_namespaces(why_not: str | None) -> None:
    """Leave the test where the transparent way cannot be made."""
    if why_not is not None:
        _lacking(f"the transparent way cannot be tried here: {why_not}")


def _lacking(what: str) -> None:
    pytest.skip(what)  # reason: no test can install programs that are not Python's, or allow itself namespaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a program comes to the gateway. `proxy` and `endpoint` are URLs; `enter` puts a command where AWS's names are ours."""

    name: str
    ca_file: str
    proxy: str | None = None
    endpoint: str | None = None
    enter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A tree to bring to S3 by one way and back.

    Attributes:
        key: the key id of the environment; None where the keys are in a profile.
        others: whether other services are there as well.
    """

    way: Way
    source: Path
    target: Path
    prefix: str
    folder: Path
    key: str | None = KEY
    secret: str = SECRET
    token: str | None = None
    others: bool = True

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"

    def run(self, *words: object, shell: str | None = None, **env: str) -> str:
        """Run a command with placeholder keys and what the way sets; what it printed. Raises AssertionError when it fails."""
        command = [*self.way.enter, *(("sh", "-euc", shell, "sh") if shell else ()), *(str(word) for word in words)]
        done = subprocess.run(
            command,
            env=self.environment() | env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        out = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{command} by {self.way.name}: exit status {done.returncode}\n{out[-6000:]}"
        return out

    def environment(self) -> dict[str, str]:
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.way.proxy) if self.way.proxy else {}
        endpoint = {"AWS_ENDPOINT_URL": self.way.endpoint} if self.way.endpoint else {}
        session = {"AWS_SESSION_TOKEN": self.token} if self.token else {}
        keys = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret} if self.key else {}
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            **keys,
            **proxy,
            **endpoint,
            **session,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program and how it takes a tree there and back.

    Attributes:
        needs: the files without which it is not installed.
        slow: whether it takes minutes for 300 files, with or without a gateway.
        no_way: by which ways it cannot come, or to "swift", and why.
    """

    name: str
    needs: tuple[Path, ...]
    sync: Callable[[Job], None]
    slow: bool = False
    no_way: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, *stops: str) -> str | None:
        """Why it cannot be tried here by this way, or before that S3; None where it can."""
        absent = [str(path) for path in self.needs if not path.exists()]
        if absent:
            return f"{self.name} is not installed (scripts/programs does it): {', '.join(absent)}"
        return next((f"{self.name}: {self.no_way[stop]}" for stop in stops if stop in self.no_way), None)


def ways(gateway: Gateway, inside: tuple[str, ...]) -> dict[str, Way]:
    """The ways into a gateway by name; `inside` enters namespaces that lead to its `tls` listener."""
    ca_file = gateway.ca_file
    return {
        "proxy": Way(name="proxy", ca_file=ca_file, proxy=f"http://{gateway.doors['proxy']}"),
        "transparent": Way(name="transparent", ca_file=ca_file, enter=inside),
        "endpoint": Way(name="endpoint", ca_file=ca_file, endpoint=f"http://{gateway.doors['endpoint']}"),
    }


def no_namespaces() -> str | None:
    """Why this machine gives no namespaces; None where it does."""
    for tool in ("unshare", "nsenter", "ip", "mount"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    asked = subprocess.run(
        ["unshare", "--map-root-user", "--net", "--mount", "true"], capture_output=True, text=True, check=False
    )
    return f"unshare: {asked.stderr.strip()}" if asked.returncode else None


@contextmanager
def namespaces(folder: Path, address: str, names: Iterable[str] = HOSTS) -> Iterator[tuple[str, ...]]:
    """Namespaces in which AWS's hosts are `address`, until the block is left; gives what to put before a command."""
    hosts = folder / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(START)
        unshare = ["unshare", "--map-root-user", "--net", "--mount", sys.executable, "-c", _HOLD, str(hosts), str(far.fileno())]
        process = subprocess.Popen(unshare, stdin=subprocess.PIPE, pass_fds=[far.fileno()])
        far.close()
        try:
            _, handed, _, _ = socket.recv_fds(near, 1, 1)
            if not handed:
                raise RuntimeError("the namespaces could not be made; unshare said why above")
            with socket.socket(fileno=handed[0]) as door, _relayed(door, address):
                enter = ["nsenter", f"--target={process.pid}", "--user", "--net", "--mount", "--preserve-credentials"]
                yield (*enter, f"--wd={folder}")
        finally:
            try:
                process.communicate(timeout=START)
            finally:
                process.kill()


@contextmanager
def _relayed(door: socket.socket, address: str) -> Iterator[None]:
    """What is dialled at `door` comes to `address`, until the block is left: what is still connected then is cut."""
    relays: set[_Relay] = set()

    def accept() -> None:
        with suppress(OSError):
            while True:
                relays.add(_Relay(door.accept()[0], address, relays.discard))

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield
    finally:
        door.shutdown(socket.SHUT_RDWR)
        accepting.join(START)
        for relay in list(relays):
            relay.cut()


class _Relay:
    """One connection that is passed on; `ended` is set when it is over."""

    def __init__(self, agent: socket.socket, address: str, ended: Callable[[_Relay], None]) -> None:
        host, _, port = address.rpartition(":")
        self._agent = agent
        self._gate = socket.create_connection((host, int(port)), timeout=START)
        self._gate.settimeout(None)
        self._ended = ended
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._agent, self._gate:
            back = threading.Thread(target=_copy, args=(self._gate, self._agent), daemon=True)
            back.start()
            _copy(self._agent, self._gate)
            back.join()
        self._ended(self)

    def cut(self) -> None:
        for end in (self._agent, self._gate):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._thread.join(START)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def same(source: Mapping[str, str], target: Mapping[str, str]) -> str:
    """How two trees differ, in a few words; empty if they do not."""
    lost = sorted(source.keys() - target.keys())
    more = sorted(target.keys() - source.keys())
    other = sorted(name for name in source.keys() & target.keys() if source[name] != target[name])
    parts = (("lost", lost), ("too many", more), ("other content", other))
    return "; ".join(f"{len(names)} {what}: {names[:8]}" for what, names in parts if names)


def found(*places: str) -> Path:
    """The first of these that is there, else the first."""
    return next((path for path in map(Path, places) if path.exists()), Path(places[0]))


def size_of_tree() -> str:
    """`TRIO_GATE_PROGRAMS=full` asks for 300 files up to 200 MiB by every way."""
    return os.environ.get("TRIO_GATE_PROGRAMS", "quick")
