"""How long the gateway takes to be ready, and for the first call of a service that it has not seen."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from scripts.benchmarks import boto
from scripts.benchmarks.load import Agents, connect
from scripts.benchmarks.proxies import AGENT
from scripts.benchmarks.table import row, title

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Gateway, Place
    from scripts.benchmarks.run import Effort

EC2 = "ec2.us-east-1.amazonaws.com"
FOLDER = "started"


def start(place: Place, effort: Effort) -> dict[str, float]:
    """Milliseconds from the start to ready, and of the first and second call of EC2, with an empty and with a used state folder."""
    title("start, and EC2's first call", "ready\nms", "first\ncall ms", "second\ncall ms")
    figures = {}
    for name, new in (("empty state folder", True), ("used state folder", False)):
        rounds = []
        for _ in range(effort.rounds):
            if new:
                shutil.rmtree(place.folder / FOLDER, ignore_errors=True)
            with place.gateway(FOLDER) as gateway, Agents(gateway, "read", 1):  # one call of another service was answered
                rounds.append((gateway.ready * 1e3, _describe_instances(gateway), _describe_instances(gateway)))
        ready, first, second = (sorted(column)[len(column) // 2] for column in zip(*rounds, strict=True))
        row(name, ready, first, second)
        figures |= {f"{name} ready": ready, f"{name} first": first}
    return figures


def _describe_instances(gateway: Gateway) -> float:
    """Milliseconds until a call is answered."""
    asked = boto.wire(boto.sent("ec2", "describe_instances", {}, AGENT.access_key_id, AGENT.secret_access_key))
    with connect(gateway, EC2) as tls:
        began = time.perf_counter()
        tls.sendall(asked)
        answer = tls.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"not an answer with 200: {answer!r}")
        return (time.perf_counter() - began) * 1e3
