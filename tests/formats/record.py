"""What a gateway writes, made by one: a run in which each kind of row, grant, stop, line and frame comes to be.

    python -m tests.formats.record FOLDER

Rule: all is driven from outside, so that the run is the same whatever the files of the code are called.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import trio_gate
from scripts.embedded.aws import start
from tests.content.test_archive import packed as archive
from tests.formats.setting import (
    AGENTS,
    EVE,
    EXPLAINED,
    FAR,
    RULES,
    TOKENS,
    TOPICS,
    by_session,
    calls,
    machine,
    passing_through,
    queue,
    renamed,
    role,
    secret,
    task,
    topic,
    tunnelled,
    url,
)
from tests.kit.approvals.channel import Channel
from tests.kit.gateway import START, TRIO_GATE, running
from tests.kit.wire.raw import Raw, connect, tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scripts.embedded.aws import Embedded
    from tests.kit.gateway import Gateway

WRITTEN = Path(__file__).parent / "written"
OLDER = Path(__file__).parent / "older"


class Run:
    """One gateway and who talks to it; `frames` keeps the text of all that was said on its channel."""

    def __init__(self, gateway: Gateway, stack: ExitStack) -> None:
        self.gateway = gateway
        self.channels: dict[str, Channel] = {}
        self._stack = stack
        self._ca_file = gateway.ca_file

    def joins(self, name: str, *, first_frame: bool = False, follows: bool = False) -> Channel:
        """A person connects, with the token in a header or in a first frame, and reads the present state."""
        channel = self._stack.enter_context(Channel(self.gateway, None if first_frame else TOKENS[name], follows=follows))
        if first_frame:
            channel.say(type="hello", token=TOKENS[name])
        hello = channel.until("hello")
        for _ in range(hello["pending"] + hello["grants"]):
            channel.next()
        self.channels[f"{name} {len(self.channels)}"] = channel
        return channel

    def calls(self, call: tuple[str, bytes]) -> Raw:
        """An agent sends a request, and waits."""
        host, raw = call
        return self._stack.enter_context(tunnel(self.gateway, self._ca_file, host)).send(raw)

    def asks(self, call: tuple[str, bytes], ann: Channel) -> tuple[Raw, dict[str, Any]]:
        agent = self.calls(call)
        return agent, ann.until("pending")["prompt"]

    def leaves(self, agent: Raw, ann: Channel, prompt: Mapping[str, Any]) -> None:
        """The agent hangs up."""
        agent.socket.close()
        ann.until("updated", id=prompt["id"], detached=True)

    def reload(self, text: str, said: str) -> None:
        self.gateway.config.write_text(text)
        self.gateway.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + START
        while said not in self.gateway.log:
            assert time.monotonic() < deadline, self.gateway.log
            time.sleep(0.02)  # nothing tells of a reload but the log

    @property
    def frames(self) -> list[str]:
        """All that was said, each line with who said it."""
        said = [[("client", one.sent), ("gateway", one.came)] for one in self.channels.values()]
        return [f"{side} {text}\n" for one in said for side, texts in one for text in texts if text != NO_FRAME]


def answer(channel: Channel, prompt: Mapping[str, Any], verdict: str = "approve", reason: str = "", grant: Any = None) -> str:
    """Vote; the status of the prompt after it."""
    ref = f"{len(channel.sent)}"
    channel.say(type="decide", ref=ref, id=prompt["id"], digest=prompt["digest"], verdict=verdict, reason=reason, grant=grant)
    return channel.until("accepted", "rejected", ref=ref).get("status", "rejected")


def asked(channel: Channel, **frame: Any) -> dict[str, Any]:
    """Say something; its answer."""
    channel.say(**frame)
    kinds = ("accepted", "rejected", "detail", "found", "sessions", "agent_view", "link", "preview", "compared")
    return channel.until(*kinds, ref=frame.get("ref", ""))


ACTIVITIES = len(calls()) + len(["lift", "unreviewed", "a url", "stop", "eve's call", "lift"])
NO_FRAME = "{}"
TERMS = {"uses": 1, "minutes": 10, "predicate": None}


def first_run(run: Run, model: socket.socket) -> None:
    """Everything that ends: what is left of it stands in the record."""
    ann, ben = run.joins("ann"), run.joins("ben", first_frame=True)
    asked(ann, type="observe", ref="watch", on=True)
    asked(ann, type="lift", ref="old", agent="ci")
    for call in calls().values():
        run.calls(call).answer()
    own = run.gateway.doors["endpoint"]
    with Raw(own).send(url(own)) as agent:
        assert agent.answer().status == 200
    stops(run, ann)
    while sum(text.startswith('{"type":"activity"') for text in ann.came) < ACTIVITIES:
        ann.next()
    asked(ann, type="observe", ref="enough", on=False)
    sessions(run, ann)
    link(run, ann)
    tunnelled(run.gateway, model)
    for _ in range(102):
        with Raw(run.gateway.doors["proxy"], source="127.0.1.1").send(connect("example.com:443")) as raw:
            raw.rest()
    grants(run, ann, ben)
    compared(run, ann)
    unpacked(run, ann)
    rejections(run, ann, ben)
    asked(ann, type="search", ref="all", filters={"service": "sqs", "agent": "ci"}, before=None, limit=2)
    reloads(run, ann)


def sessions(run: Run, ann: Channel) -> None:
    """One that its agent uses, and that a person lists and ends."""
    made = run.calls(role()).answer().text
    keys = (re.search(f"<{name}>([^<]+)<", made)[1] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    key, *parts = keys
    assert run.calls(by_session(key, *parts)).answer().status == 200
    assert asked(ann, type="sessions", ref="open")["sessions"][0]["id"] == key
    assert asked(ann, type="agent_view", ref="ci", agent="ci")["view"]["agent"] == "ci"
    asked(ann, type="end_session", ref="over", id=key)


def link(run: Run, ann: Channel) -> None:
    """A link that she makes and uses."""
    code = asked(ann, type="link", ref="phone")["code"]
    trust = ssl.create_default_context(cafile=run.gateway.both_ca_file)
    connection = http.client.HTTPSConnection(run.gateway.doors["admin"], context=trust)
    fields = {"Authorization": f"Link {code}", "Origin": f"https://{run.gateway.doors['admin']}", "Content-Length": "0"}
    with closing(connection):
        connection.request("POST", "/v1/session", headers=fields)
        assert connection.getresponse().status == 200


def grants(run: Run, ann: Channel, ben: Channel) -> None:
    """One for an equal call that is used, one with a condition that is revoked, one for an agent who left that expires."""
    told(run, ann)
    own = run.gateway.doors["endpoint"]
    with Raw(own).send(task(own)) as agent:
        prompt = ann.until("pending")["prompt"]
        vote = {"id": prompt["id"], "digest": prompt["digest"], "verdict": "approve", "reason": "", "grant": None}
        assert asked(ann, type="decide", ref="task", **vote, unread=True, confirmed=[2])["status"] == "approved"
        assert agent.answer().status == 200
    agent, prompt = run.asks(queue("jobs-1"), ann)
    asked(ann, type="detail", ref="whole", id=prompt["id"], part="params", offset=3, colors=True)
    assert answer(ann, prompt, reason="the nightly jobs", grant=TERMS) == "pending"
    assert answer(ben, prompt, grant=TERMS) == "approved"
    assert agent.answer().status == 200
    assert run.calls(queue("jobs-1")).answer().status == 200
    ann.until("grant_ended", why="used")
    agent, prompt = run.asks(topic("news"), ann)
    asked(ann, type="preview", ref="before", id=prompt["id"], predicate='aws.params.Name == "news"')
    assert answer(ann, prompt, grant={**TERMS, "uses": 3, "predicate": 'aws.params.Name == "news"'}) == "approved"
    assert agent.answer().status == 200
    grant = ann.until("granted")["grant"]
    asked(ann, type="revoke", ref="back", id=grant["id"])
    agent, prompt = run.asks(topic("gone"), ann)
    run.leaves(agent, ann, prompt)
    assert answer(ann, prompt) == "approved"
    ann.until("grant_ended", why="expired")


def compared(run: Run, ann: Channel) -> None:
    """One that is compared with what is there now."""
    agent, prompt = run.asks(renamed("news", "News"), ann)
    assert asked(ann, type="compare", ref="now", id=prompt["id"])["reads"] == ["sns.GetTopicAttributes"]
    assert answer(ann, prompt, "deny") == "denied"
    assert agent.answer().status == 403


def unpacked(run: Run, ann: Channel) -> None:
    """An archive whose files are listed, one of which is opened and shown."""
    packed = base64.b64encode(archive({"run.sh": "ls\n", "logo.png": b"\0"})).decode()
    agent, prompt = run.asks(secret(region=FAR, Name="packed", SecretString=packed), ann)
    [part] = (one["part"] for one in prompt["not_shown"] if one["name"] == "SecretString")
    files = asked(ann, type="detail", ref="list", id=prompt["id"], part=part, offset=0, colors=True, shows=True)["files"]
    asked(ann, type="detail", ref="file", id=prompt["id"], part=files[0]["part"], offset=0, colors=True, shows=True)
    asked(ann, type="read", ref="shown", id=prompt["id"], digest=prompt["digest"], parts=[f"{part}f", files[0]["part"]])
    assert answer(ann, prompt, "deny") == "denied"
    assert agent.answer().status == 403


def told(run: Run, ann: Channel) -> None:
    """One who follows is told what became of a call."""
    watcher = run.joins("ann", follows=True)
    agent, prompt = run.asks(topic("told"), ann)
    assert answer(ann, prompt) == "approved"
    assert agent.answer().status == 200
    assert watcher.until("decided", id=prompt["id"])["outcome"]["status"] == 200


def rejections(run: Run, ann: Channel, ben: Channel) -> None:
    agent, prompt = run.asks(queue("jobs-2", policy='{"Version":"2012-10-17","Statement":[]}'), ann)
    asked(ben, type="stop", ref="no", agent="eve", reason="")
    asked(ben, type="decide", ref="changed", id=prompt["id"], digest="0" * 64, verdict="approve", reason="", grant=None)
    asked(ann, type="detail", ref="none", id=prompt["id"], part="p9", offset=0)
    vote = {"type": "decide", "ref": "unread", "id": prompt["id"], "digest": prompt["digest"], "verdict": "approve"}
    asked(ann, **vote, reason="", grant=None, unread=False)
    asked(ben, type="read", ref="seen", id=prompt["id"], digest=prompt["digest"], parts=["p1"])
    assert answer(ann, prompt, grant={**TERMS, "uses": 1_000_000}) == "rejected"
    ann.send(NO_FRAME)
    ann.until("rejected", code="malformed")
    assert asked(ann, **{**vote, "ref": "knowing"}, reason="", grant=None, unread=True)["status"] == "pending"
    assert answer(ben, prompt, "deny", "not on a Friday") == "denied"
    assert agent.answer().status == 403
    assert answer(ann, prompt) == "rejected"


def stops(run: Run, ann: Channel) -> None:
    asked(ann, type="stop", ref="eve", agent="eve", reason="it calls too often")
    assert run.calls(queue("eve", key_id="AKIA111111111111EVE1", secret=EVE)).answer().status == 403
    asked(ann, type="lift", ref="eve", agent="eve")


def reloads(run: Run, ann: Channel) -> None:
    """A rule and a person are others than before: a grant and a vote do not count any more."""
    agent, prompt = run.asks(topic("voided"), ann)
    assert answer(ann, prompt, grant=TERMS) == "approved"
    agent.answer()
    agent, prompt = run.asks(machine("ami-12345678", "first"), ann)
    cid = run.joins("cid")
    assert answer(cid, prompt, reason="fine") == "pending"
    text = run.gateway.config.read_text()
    token = hashlib.sha256(TOKENS["cid"].encode()).hexdigest()
    other = text.replace(token, "c" * 64).replace(TOPICS, f"{TOPICS} || false")
    run.reload(other, "generation 2")
    assert ann.until("pending")["prompt"]["risks"][0]["code"] == "recount"
    ann.until("grant_ended", why="void")
    assert answer(ann, prompt, "deny", "no") == "denied"
    assert agent.answer().status == 403
    run.reload(text.replace("rule", "role"), "the configuration has faults")


def second_run(run: Run) -> None:
    """What is left when it ends: a stop, a grant of each kind, and prompts that wait, one with a vote."""
    ann, ben = run.joins("ann"), run.joins("ben")
    agent, prompt = run.asks(queue("nightly", region=FAR), ann)
    terms = {"uses": 5, "minutes": 400, "predicate": None}
    answer(ann, prompt, reason="the nightly jobs", grant=terms)
    assert answer(ben, prompt, grant=terms) == "approved"
    assert agent.answer().status == 502
    agent, prompt = run.asks(topic("weekly", region=FAR), ann)
    assert answer(ann, prompt, grant={**terms, "predicate": 'aws.params.Name.startsWith("week")'}) == "approved"
    assert agent.answer().status == 502
    agent, prompt = run.asks(topic("once", region=FAR), ann)
    run.leaves(agent, ann, prompt)
    assert answer(ann, prompt, reason="go on") == "approved"
    agent, prompt = run.asks(queue("waiting", region=FAR), ann)
    assert answer(ann, prompt, reason="one more", grant={**terms, "uses": 2}) == "pending"
    run.leaves(agent, ann, prompt)
    agent, prompt = run.asks(machine("ami-87654321", "second"), ann)
    run.leaves(agent, ann, prompt)
    agent, prompt = run.asks(secret(region=FAR, Name="new", SecretString="correct-horse-battery", Description="for tests"), ann)
    run.leaves(agent, ann, prompt)
    asked(ann, type="stop", ref="eve", agent="eve", reason="it calls too often")


NOTIFIED = 2
"""How many of the calls that wait at the end their approvers are notified of."""


def dump(path: Path) -> str:
    """A database as text that makes it again."""
    with closing(sqlite3.connect(path)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        return "\n".join([*db.iterdump(), f"PRAGMA user_version = {version};", ""])


def make(text: str, path: Path) -> None:
    """The database that a dump is of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(text)


def explained(folder: Path, rows: str, now: str, *words: str) -> str:
    """What `explain --jsonl` says to requests, by `EXPLAINED`."""
    config = folder / "explained.hcl"
    config.write_text(EXPLAINED)
    command = [*TRIO_GATE, "explain", "--jsonl", "--config", str(config), "--now", now, *words]
    return subprocess.run(command, input=rows, capture_output=True, text=True, check=True).stdout


@contextmanager
def unreviewed(folder: Path) -> Iterator[None]:
    """A copy of the package, as an older one, whose lists do not know GetBucketVersioning, comes before the package."""
    shutil.copytree(Path(trio_gate.__file__).parent, folder / "trio_gate")
    [path] = (folder / "trio_gate").rglob("operations.txt")
    text = path.read_text("ascii")
    assert "\nGetBucketVersioning " in text
    path.write_text(re.sub(r"(?m)^GetBucketVersioning .*\n", "", text))
    with patch.dict(os.environ, {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}):
        os.environ.pop("COVERAGE_PROCESS_START", None)  # the copy is not what is measured
        yield


def record(folder: Path, aws: Embedded, work: Path) -> None:
    """Write to `folder` what a gateway leaves that runs in `work`."""
    model = socket.create_server(("127.0.0.1", 0))
    make((WRITTEN / "approvals.schema-1.sql").read_text(), work / "state" / "approvals.db")
    given = {"agent": AGENTS, "rules": RULES, "hosts": "*.us-east-1.amazonaws.com", **passing_through(model)}
    with (
        model,
        unreviewed(work / "older"),
        running(work, aws, knobs='grant_ttl = "1s"', **given) as gateway,
        ExitStack() as stack,
    ):
        run = Run(gateway, stack)
        first_run(run, model)
        frames = run.frames
    with running(work, aws, knobs='grant_ttl = "12h"', **given) as gateway, ExitStack() as stack:
        run = Run(gateway, stack)
        second_run(run)
        while dump(work / "state" / "approvals.db").count("VALUES('notice'") < NOTIFIED:
            threading.Event().wait(0.01)
        (folder / "approvals.sql").write_text(dump(work / "state" / "approvals.db"))
        asked(run.joins("ann"), type="stop", ref="all", agent=None, reason="a drill")
        (folder / "approvals.stopped.sql").write_text(dump(work / "state" / "approvals.db"))
        frames += run.frames
    (folder / "audit.sql").write_text(dump(work / "state" / "audit.db"))
    for name, words in {"log.jsonl": ("--json",), "log.txt": ()}.items():
        (folder / name).write_text(gateway.gate("log", str(gateway.config), "-n", "1000", *words).stdout)
    (folder / "frames.txt").write_text("".join(frames))
    (folder / "decisions.jsonl").write_text((work / "decisions.jsonl").read_text())
    now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - signed now, so explained as of now
    asked_too = {"one that is asked about": queue("jobs-1"), "another body": secret(Name="new", SecretString="hidden"), **calls()}
    rows = [
        {"id": name, "now": now, "sni": host, "request_b64": base64.b64encode(raw).decode()}
        for name, (host, raw) in asked_too.items()
    ]
    own = base64.b64encode(url("localhost")).decode()
    rows.append({"id": "a url", "now": now, "sni": "localhost", "mode": "endpoint", "request_b64": own})
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "explain.requests.jsonl").write_text(text)
    (folder / "explain.jsonl").write_text(explained(work, text, now))


def main() -> None:
    with tempfile.TemporaryDirectory() as work, start(work) as aws:
        record(Path(sys.argv[1]), aws, Path(work))


if __name__ == "__main__":
    main()
