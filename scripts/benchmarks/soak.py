"""Whether the gateway stays as it is for long, and whether its record and AWS's agree: all that a day has, at once.

    scripts/soak [--minutes 10]          # 60 for the whole

Agents read and write, and one asks a second's write to be approved, which a bot does. One in a hundred requests meets a fault of AWS,
one in a hundred agents leaves before its answer, sessions live for two minutes, and the configuration changes every 30 seconds.
At the end each request that the stand-in for AWS saw is looked for in the record, by the id of its answer, and each answered call of
the record in what the stand-in saw. Exits with 1 if something is there and not here, or memory, descriptors or threads grow.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import statistics
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks import aws, boto, steady
from scripts.benchmarks.load import CALLS, connect
from scripts.benchmarks.proxies import AGENT, TRIO_GATE, Place
from scripts.benchmarks.table import row, title
from trio_gate.shell.audit.database import FILE, search
from trio_gate.shell.clock import SystemClock

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from scripts.benchmarks.proxies import Gateway

ONE_IN = 100
"""Of so many requests one meets a fault, and one agent leaves."""

LIFE = timedelta(seconds=120)
"""Of a session of a role."""

AGENTS, PAUSE = 8, 0.05
"""How many agents there are, half of which read, and the seconds between two requests of one."""

RELOAD, ASK_EVERY, SIGNED_FOR, SAMPLE = 30.0, 1.0, 60.0, 2.0
"""Seconds between two reloads, questions, signatures of an agent's request, and samples."""

PATIENCE, SETTLED = 30.0, 5.0
"""Seconds that an answer may take, and until the gateway has closed what nobody needs."""

MAY_RISE = {"memory MiB": 1.0, "descriptors": 2.0, "threads": 1.0}
"""By which each may grow in ten minutes, by its slope, once a run has ten minutes for that."""

TEN_MINUTES, PAGE = 600.0, 10_000
"""Seconds over which a slope is told, and rows of the record that are read at once."""

EXPECTED = frozenset({"200", "502", "left"})
"""What agents may get: an answer, the fault of AWS, or nothing as they did not wait."""

TOKEN = f"tg_bot-{uuid.uuid4()}"
ASKED = """\
person "bot" {{
  kind         = "bot"
  token_sha256 = "{sha256}"
}}
approver "bot" "soak" {{ people = [person.bot] }}
rule "asked" {{
  priority  = 10
  match     = aws.action == "DeleteItem"
  action    = "approve"
  approvers = [bot.soak]
}}
"""
KINDS = {**CALLS, "asked": ("delete_item", {"TableName": "agents", "Key": {"pk": {"S": "user#0001"}}})}


class Soaked(aws.Connection):
    """Answers with an id of its own, which it notes in the file `seen`, or not at all; its sessions are short."""

    seen = Path(os.devnull)

    def answer(self, head: str, body: bytes) -> None:
        own = "sts" if "\r\nhost: sts." in head else str(uuid.uuid4())
        faulty = own != "sts" and random.random() * ONE_IN < 1
        with self.seen.open("a") as seen:
            seen.write(f"{own} {'fault' if faulty else 'answer'}\n")
        if faulty:
            raise ConnectionResetError
        if own == "sts":
            ends = (SystemClock().now() + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
            text = aws.ROLE.format(account="222222222222", token="t" * 400).replace("2099-01-01T00:00:00Z", ends)
            self.say(text.encode(), "text/xml")
        else:
            fields = f"content-type: application/x-amz-json-1.0\r\ncontent-length: {len(aws.ITEM)}\r\nx-amzn-requestid: {own}"
            self.tls.sendall(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + aws.ITEM)


@dataclass
class Work(steady.Work):
    """What the threads share, with what agents got."""

    statuses: Counter[str] = field(default_factory=Counter)


def ask(gateway: Gateway, work: Work, kind: str, pause: float) -> None:
    """One agent: requests one after the other, on a connection as long as it lasts; now and then it leaves."""
    operation, params = KINDS[kind]
    signed, at, tls = b"", -SIGNED_FOR, None
    while work.left() > 0:
        if time.monotonic() - at > SIGNED_FOR:
            signed, at = (
                boto.wire(boto.sent("dynamodb", operation, params, AGENT.access_key_id, AGENT.secret_access_key)),
                time.monotonic(),
            )
        leaving = random.random() * ONE_IN < 1
        try:
            tls = tls or connect(gateway)
            tls.settimeout(PATIENCE)
            tls.sendall(signed)
            status = "left" if leaving else _status(tls)
        except OSError as fault:
            status = repr(fault)
        with work.lock:
            work.statuses[status] += 1
        if tls is not None and status != "200":
            tls.close()
            tls = None
        time.sleep(pause)
    if tls is not None:
        tls.close()


def _status(tls: ssl.SSLSocket) -> str:
    """The status of a whole answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (some := tls.recv(65536))
        if not some:
            raise ConnectionResetError
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += (some := tls.recv(65536))
        if not some:
            raise ConnectionResetError
    return head.split(b" ", 2)[1].decode()


def reload(gateway: Gateway, work: Work, text: str) -> None:
    """Change a rule that no call meets."""
    count = 0
    while work.left() > 0:
        time.sleep(max(0.0, min(RELOAD, work.left())))
        count += 1
        rule = f'rule "reload {count}" {{ match = aws.service == "iam" action = "deny" }}\n'
        (gateway.folder / "gateway.hcl").write_text(text + rule)
        os.kill(gateway.pid, signal.SIGHUP)


def sample(gateway: Gateway, work: Work, samples: list[tuple[float, dict[str, float]]]) -> None:
    """Look at the process every some seconds."""
    while work.left() > 0:
        samples.append((time.monotonic(), steady.state(gateway)))
        time.sleep(SAMPLE)


@contextmanager
def approving(gateway: Gateway) -> Iterator[None]:
    """A bot that approves all that it is asked."""
    address = re.search(r"listening admin (\S+)", (gateway.folder / "gateway.log").read_text())[1]
    url = f"wss://{address}"
    command = [*TRIO_GATE, "approve", "--yes", "--url", url, "--ca", str(gateway.folder / "state" / "ca" / "own.pem")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, "TRIO_GATE_TOKEN": TOKEN}, **quiet) as bot:
        try:
            yield
        finally:
            bot.terminate()


def reconciled(seen: Path, record: str) -> list[str]:
    """What AWS's stand-in saw and the record does not have, or the other way."""
    lines = Counter(seen.read_text().splitlines())
    answered = {line.partition(" ")[0] for line in lines if line.endswith(" answer")} - {"sts"}
    faults = sum(line.endswith(" fault") for line in lines)
    recorded, ends = Counter[str](), Counter[str]()
    before: int | None = None
    while True:
        calls, before = search(record, {"service": "dynamodb"}, before, PAGE)
        for call in calls:
            outcome = call["outcome"] or {"aws_request_id": None, "end": "open"}
            if outcome["aws_request_id"] is None:
                ends[outcome["end"]] += 1
            else:
                recorded[outcome["aws_request_id"]] += 1
        if before is None:
            break
    missing = answered - recorded.keys()
    row("record", str(len(answered)), str(faults), str(recorded.total()), str(ends["failed"]), str(ends["aborted"]))
    wrong = [f"{len(recorded.keys() - answered)} answers are in the record that AWS did not give"] * bool(
        recorded.keys() - answered
    )
    wrong += [f"{one} is in the record {count} times" for one, count in recorded.items() if count > 1]
    wrong += [f"{ends['open']} calls have no outcome"] * bool(ends["open"])
    if len(missing) + max(0, faults - ends["failed"]) > ends["aborted"]:  # a call that AWS did not see hides no answer
        wrong.append(
            f"{len(missing)} answers and {faults} faults of AWS, {ends['failed']} calls failed, {ends['aborted']} were left"
        )
    return wrong


def rising(samples: list[tuple[float, dict[str, float]]]) -> list[str]:
    """What grows, by its slope after the first third of the run; a short run is only judged by how far it came."""
    after = samples[len(samples) // 3 :]
    times, wrong = [at for at, _ in after], []
    ten_minutes = times[-1] - times[0] >= 2 * TEN_MINUTES / 3
    for word, most in MAY_RISE.items():
        values = [found[word] for _, found in after]
        slope = statistics.linear_regression(times, values).slope * TEN_MINUTES if len(times) > 1 else 0.0
        row(word, f"{values[0]:.0f}", f"{values[-1]:.0f}", f"{slope:.2f}")
        if slope > most if ten_minutes else values[-1] > values[0] + steady.MAY_GROW[word]:
            wrong.append(f"{word} went from {values[0]:.0f} to {values[-1]:.0f}, {slope:.2f} in ten minutes")
    return wrong


def soak(minutes: float) -> list[str]:
    """Run for so long; print what was counted; return what is wrong."""
    with tempfile.TemporaryDirectory(prefix="trio-gate-soak-") as name:
        folder = Path(name)
        Soaked.seen = folder / "seen"
        Soaked.seen.touch()
        with aws.stand_in(folder, Soaked) as port:
            where = Place(folder=folder, small=port, large=port)
            with where.gateway() as gateway:
                work, samples = _run(gateway, minutes * 60)
                log = (gateway.folder / "gateway.log").read_text()
            title(f"{minutes:g} minutes", "answers\nof AWS", "faults", "recorded", "failed", "left")
            wrong = reconciled(Soaked.seen, str(gateway.folder / "state" / FILE))
        title("of the gateway", "after\na third", "at the\nend", "in ten\nminutes")
        wrong += rising(samples) + work.faults
        strange = {status: count for status, count in work.statuses.items() if status not in EXPECTED}
        print(f"agents got {dict(work.statuses)}")
        return [
            *wrong,
            *([f"agents got {strange}"] if strange else []),
            *(["the gateway's log has a traceback"] if "Traceback" in log else []),
            *([] if log.count(": reloaded, generation") > 1 else ["nothing was reloaded"]),
        ]


def _run(gateway: Gateway, seconds: float) -> tuple[Work, list[tuple[float, dict[str, float]]]]:
    """All of it at once; afterwards nobody is connected."""
    text = (gateway.folder / "gateway.hcl").read_text() + ASKED.format(sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
    (gateway.folder / "gateway.hcl").write_text(text)
    os.kill(gateway.pid, signal.SIGHUP)
    while ": reloaded, generation" not in (gateway.folder / "gateway.log").read_text():
        time.sleep(0.05)
    work, samples = Work(until=time.monotonic() + seconds), list[tuple[float, dict[str, float]]]()
    jobs = [(ask, "read" if number % 2 else "write", PAUSE) for number in range(AGENTS)]
    jobs += [(ask, "asked", ASK_EVERY), (reload, text), (sample, samples)]
    with approving(gateway), ThreadPoolExecutor(len(jobs)) as pool:
        started = [pool.submit(job, gateway, work, *words) for job, *words in jobs]
        for job in started:
            job.result()
        time.sleep(SETTLED)
    return work, samples


def main() -> None:
    """Run, and exit with 1 if something is wrong."""
    steady.command("scripts/soak", __doc__, soak, "nothing grows, and the record and AWS agree")


if __name__ == "__main__":
    main()
