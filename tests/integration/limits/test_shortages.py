"""A process without descriptors, and a record without room: what runs goes on, and what was missing is used once it is there."""

from __future__ import annotations

import os
import resource
import time
from contextlib import ExitStack
from pathlib import Path

from tests.kit.gateway import AGENT, START, running
from tests.kit.shortages import room
from tests.kit.wire.raw import Raw, request

DENY = 'rule "nothing" { action = "deny" }\n'
IDLE = 500
CALLS = 20
SPINNING = 0.2
"""Share of a core that only a loop that hardly waits takes."""


def descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(gate, said: str, count: int) -> None:
    deadline = time.monotonic() + START
    while gate.log.count(said) < count:
        assert time.monotonic() < deadline, gate.log


def test_without_descriptors_what_is_open_goes_on_and_nothing_spins(tmp_path):
    with running(tmp_path, None, agent=AGENT, rules=DENY) as gate, ExitStack() as opened:
        host, process = gate.doors["endpoint"], gate.process.pid
        kept = opened.enter_context(Raw(host))
        assert kept.send(request(host=host)).answer().status == 403
        before = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (descriptors(process), before[1]))
        try:
            for _ in range(IDLE):
                opened.enter_context(Raw(host))
            until(gate, "no connection can be accepted: Too many open files", 1)
            began, used = time.monotonic(), cpu_seconds(process)
            until(gate, "no connection can be accepted: Too many open files", 3)
            assert cpu_seconds(process) - used < SPINNING * (time.monotonic() - began)
            assert [kept.send(request(host=host)).answer().status for _ in range(CALLS)] == [403] * CALLS
        finally:
            resource.prlimit(process, resource.RLIMIT_NOFILE, before)
        with Raw(host) as new:
            assert new.send(request(host=host)).answer().status == 403
        assert len(gate.records()) == 1 + CALLS + 1


def test_without_room_for_the_record_calls_are_refused_until_there_is_some(tmp_path):
    with running(tmp_path, None, agent=AGENT, rules=DENY) as gate, Raw(gate.doors["endpoint"]) as raw:
        asked = request(host=gate.doors["endpoint"])
        assert raw.send(asked).answer().status == 403
        with room(1, gate.process.pid):  # of its log, too, which is a file here
            refused = becomes(raw, asked, 503)
        assert "retry-after" in refused.fields
        assert "denied by rule" in becomes(raw, asked, 403).text
        rows = [row["outcome"]["status"] for row in gate.records()]
        assert (rows[0], rows[-1]) == (403, 403)


def becomes(raw: Raw, asked: bytes, status: int):
    """Ask until the answer has this status."""
    deadline = time.monotonic() + START
    while (answer := raw.send(asked).answer()).status != status:
        assert time.monotonic() < deadline, answer
    return answer
