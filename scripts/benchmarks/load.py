"""The load of small requests: one process with many connections, which sends prepared bytes and only looks at how an answer ends.

It must cost less than what it measures. Requests are signed as boto3 does, once for each run, and sent again and again.
"""

from __future__ import annotations

import select
import socket
import ssl
import statistics
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scripts.benchmarks import boto
from scripts.benchmarks.proxies import AGENT, DYNAMODB

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Proxy

PATIENCE = 60
END = b'"}}}'
"""The last bytes of the stand-in's answer."""

KEY = {"pk": {"S": "user#0001"}, "sk": {"S": "x" * 850}}
READ = {"ConsistentRead": True, "ProjectionExpression": "#a,#b", "ExpressionAttributeNames": {"#a": "name", "#b": "note"}}
CALLS = {
    "read": ("get_item", {"TableName": "agents", "Key": KEY, **READ}),
    "write": ("put_item", {"TableName": "agents", "Item": {"pk": {"S": "user#0001"}, "note": {"S": "x" * 900}}}),
}


def request(kind: str) -> bytes:
    """A GetItem ("read") or PutItem ("write") of 1 KiB, signed now."""
    operation, params = CALLS[kind]
    return boto.wire(boto.sent("dynamodb", operation, params, AGENT.access_key_id, AGENT.secret_access_key))


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a run gave: how many answers, how many a second, the milliseconds that they took, and the microseconds of the proxy's CPU for each."""

    count: float
    rate: float
    p50: float
    p99: float
    cpu: float

    @classmethod
    def of(cls, took: list[float], seconds: float, cpu: float) -> Load:
        took.sort()
        p50, p99 = (took[round(part * (len(took) - 1))] * 1e3 for part in (0.5, 0.99))
        return cls(count=len(took), rate=len(took) / seconds, p50=p50, p99=p99, cpu=cpu * 1e6 / len(took))


def median(loads: list[Load]) -> Load:
    """The median of each figure."""
    return Load(
        **{name: statistics.median(getattr(load, name) for load in loads) for name in ("count", "rate", "p50", "p99", "cpu")}
    )


class Agent:
    """A keep-alive connection. `due` is when its request was sent, or should have been."""

    __slots__ = ("_answer", "_request", "due", "tls")

    def __init__(self, proxy: Proxy, sent: bytes) -> None:
        self.tls = connect(proxy)
        self.tls.setblocking(False)
        self._request = sent
        self._answer = b""
        self.due = 0.0

    def send(self, due: float) -> None:
        self.due = due
        self.tls.send(self._request)  # it is far smaller than the socket's buffer

    def answered(self) -> bool:
        """Whether the answer is whole now. Raises RuntimeError for one that is not 200."""
        try:
            while not self._answer.endswith(END):
                some = self.tls.recv(65536)
                self._answer += some
                if not some or not self._answer.startswith(b"HTTP/1.1 200 "[: len(self._answer)]):
                    raise RuntimeError(f"not an answer with 200: {self._answer!r}")
        except ssl.SSLWantReadError:
            return False
        self._answer = b""
        return True


class Agents:
    """Agents with open connections to a proxy, each of which had an answer before."""

    def __init__(self, proxy: Proxy, kind: str, count: int) -> None:
        self._proxy = proxy
        self._opened = ExitStack()
        sent = request(kind)
        self._by_fd: dict[int, Agent] = {}
        for _ in range(count):
            agent = Agent(proxy, sent)
            self._opened.enter_context(agent.tls)
            self._by_fd[agent.tls.fileno()] = agent
            if self._each([agent]):
                raise RuntimeError(f"{proxy.name} does not answer with 200")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def again(self) -> int:
        """One more request of each agent, 16 at a time. Returns how many were not answered with 200."""
        agents, errors = list(self._by_fd.values()), 0
        for first in range(0, len(agents), 16):
            errors += self._each(agents[first : first + 16])
        return errors

    def run(self, seconds: float) -> Load:
        """All send as fast as they get answers."""
        self._closed(seconds / 4)
        cpu, began = self._proxy.cpu(), time.perf_counter()
        took = self._closed(seconds)
        return Load.of(took, time.perf_counter() - began, self._proxy.cpu() - cpu)

    def run_at(self, rate: float, seconds: float) -> Load:
        """Requests are due at this rate, whatever the answers take; each counts from when it was due."""
        cpu, began = self._proxy.cpu(), time.perf_counter()
        took = self._open(rate, seconds)
        return Load.of(took, time.perf_counter() - began, self._proxy.cpu() - cpu)

    def _each(self, agents: list[Agent]) -> int:
        errors = 0
        for agent in agents:
            agent.send(time.perf_counter())
        for agent in agents:
            try:
                while not agent.answered():
                    if not select.select([agent.tls], [], [], PATIENCE)[0]:
                        raise TimeoutError
            except (OSError, RuntimeError):
                errors += 1
        return errors

    def _closed(self, seconds: float) -> list[float]:
        took, clock, waiting = [], time.perf_counter, set(self._by_fd)
        with select.epoll() as poll:
            for fd, agent in self._by_fd.items():
                poll.register(fd, select.EPOLLIN)
                agent.send(clock())
            end = clock() + seconds
            while waiting:
                if not (ready := poll.poll(PATIENCE)):
                    raise TimeoutError
                for fd, _ in ready:
                    agent = self._by_fd[fd]
                    if agent.answered():
                        now = clock()
                        took.append(now - agent.due)
                        if now < end:
                            agent.send(now)
                        else:
                            waiting.discard(fd)
        return took

    def _open(self, rate: float, seconds: float) -> list[float]:
        took, clock = [], time.perf_counter
        idle, busy = list(self._by_fd), set[int]()
        began = due = clock()
        late: deque[float] = deque()
        while due < began + seconds or late or busy:
            now = clock()
            while due <= now and due < began + seconds:
                late.append(due)
                due += 1 / rate
            while late and idle:
                fd = idle.pop()
                busy.add(fd)
                self._by_fd[fd].send(late.popleft())
            wait = max(0.0, due - clock()) if due < began + seconds else PATIENCE
            for fd in select.select(list(busy), [], [], wait)[0]:  # it waits more exactly than epoll, which counts milliseconds
                if self._by_fd[fd].answered():
                    took.append(clock() - self._by_fd[fd].due)
                    busy.discard(fd)
                    idle.append(fd)
        return took


def connect(proxy: Proxy, host: str = DYNAMODB, source: str = "127.0.0.1") -> ssl.SSLSocket:
    tcp = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE, source_address=(source, 0))
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return proxy.trust.wrap_socket(tcp, server_hostname=host)


def new_connections(proxy: Proxy, count: int, seconds: float) -> Load:
    """Each of `count` agents opens a connection for each request, with a full handshake, and closes it."""
    sent = request("read")
    end = time.perf_counter() + seconds

    def agent(_: int) -> list[float]:
        took = []
        while not took or time.perf_counter() < end:
            began, answer = time.perf_counter(), b""
            with connect(proxy) as tls:
                tls.sendall(sent)
                while not answer.endswith(END):
                    some = tls.recv(65536)
                    if not some or not (answer + some).startswith(b"HTTP/1.1 200 "):
                        raise RuntimeError(f"not an answer with 200: {answer + some!r}")
                    answer += some
            took.append(time.perf_counter() - began)
        return took

    cpu, began = proxy.cpu(), time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        took = [one for found in pool.map(agent, range(count)) for one in found]
    return Load.of(took, time.perf_counter() - began, proxy.cpu() - cpu)
