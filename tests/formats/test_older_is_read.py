"""What older gateways wrote, and `older/` and `written/` keep, is read by this one, and written back as it was."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trio_gate.approval
from tests.formats.kit import ROW, as_if_now, kept, masked, written
from tests.formats.record import Run, answer, asked, dump, make
from tests.formats.setting import AGENTS, EVE, FAR, FAR_AWAY, PEOPLE, RULES, machine, queue, secret, topic
from tests.kit.gateway import TRIO_GATE, running
from tests.kit.records import rows_of
from trio_gate.approval.channel.codec import decode_client, decode_server, encode
from trio_gate.approval.persistence import GONE, NOT_KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.embedded.aws import Embedded

GIVEN = {"agent": AGENTS, "extra": FAR_AWAY + PEOPLE, "rules": RULES}
FRAMES = [line.split(" ", 1) for older in (False, True) for line in written("frames.txt", older=older).splitlines()]
ASKED_AGAIN = {
    "CreateQueue": lambda: queue("waiting", region=FAR),
    "RunInstances": lambda: machine("ami-87654321", "second"),
    "CreateSecret": lambda: secret(region=FAR, Name="new", SecretString="correct-horse-battery", Description="for tests"),
}
GRANTED = {
    "exact": lambda: queue("nightly", region=FAR),
    "predicate": lambda: topic("weekend", region=FAR),
    "once": lambda: topic("once", region=FAR),
}
"""A call for each kind of grant."""

DOMAIN, GENESIS = b"trio-gate audit row v1\0", bytes(32)


@pytest.fixture(params=[False, True], ids=["written", "older"])
def then(request) -> Callable[[str], str]:
    """Return a file, by its name, as a gateway of then wrote it."""
    return partial(written, older=request.param)


def kept_rows(path: Path) -> list[tuple[object, ...]]:
    """The rows of a record as they are stored."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT seq, kind, id, row, hash FROM record ORDER BY seq").fetchall()


@pytest.mark.parametrize(("name", "words"), [("log.jsonl", ("--json",)), ("log.txt", ())])
def test_the_record_is_printed_as_it_was(then, tmp_path, name, words):
    make(then("audit.sql"), tmp_path / "audit.db")
    command = [*TRIO_GATE, "log", "--state-dir", str(tmp_path), "-n", "1000", *words]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == then(name)


def test_the_record_goes_on_where_it_was(then, tmp_path):
    path = tmp_path / "state" / "audit.db"
    make(then("audit.sql"), path)
    before = kept_rows(path)
    with running(tmp_path, None, **GIVEN):
        pass
    assert kept_rows(path)[: len(before)] == before
    rows = rows_of(str(path))
    assert [json.loads(row)["kind"] for _, row, _ in rows[len(before) :]] == ["started", "stopped"]
    link = GENESIS
    for _, row, found in rows:
        link = hashlib.sha256(DOMAIN + link + row).digest()
        assert found == link


@pytest.mark.parametrize(("side", "text"), FRAMES, ids=range(len(FRAMES)))
def test_a_frame_is_written_as_it_was_read(side, text):
    assert encode({"client": decode_client, "gateway": decode_server}[side](text)) == text


@pytest.mark.parametrize(("side", "name"), [("client", "client"), ("gateway", "server")])
def test_there_is_a_frame_of_each_kind(side, name):
    schema = json.loads((Path(trio_gate.approval.__file__).parent / "channel" / "channel.schema.json").read_text())
    names = [one["$ref"].rpartition("/")[2] for one in schema["$defs"][name]["oneOf"]]
    wanted = {schema["$defs"][one]["properties"]["type"]["const"] for one in names}
    assert {json.loads(text)["type"] for one, text in FRAMES if one == side} == wanted


@contextmanager
def older(folder: Path, aws: Embedded, text: str) -> Iterator[Run]:
    """A gateway on approvals that an older one left."""
    make(text, folder / "state" / "approvals.db")
    with running(folder, aws, **GIVEN, hosts="*.us-east-1.amazonaws.com") as gateway, ExitStack() as stack:
        yield Run(gateway, stack)


def spaced(text: str) -> str:
    """A dump whose values have blanks: a row that has none has been written again."""
    return ROW.sub(lambda row: row[0].replace(row[3], json.dumps(json.loads(row[3]))), text)


def test_what_waited_waits_and_is_kept_as_it_was(then, embedded_aws, tmp_path):
    text = as_if_now(then("approvals.sql"))
    with older(tmp_path, embedded_aws, spaced(text)) as run:
        ann = run.joins("ann")
        prompts = [json.loads(frame)["prompt"] for frame in ann.came if frame.startswith('{"type":"pending"')]
        assert {prompt["id"] for prompt in prompts} == kept(text, "prompt").keys()
        assert [bool(prompt["not_shown"]) for prompt in prompts if prompt["operation"] == "CreateSecret"] == [True]
        for prompt in prompts:
            agent = run.calls(ASKED_AGAIN[prompt["operation"]]())
            ann.until("updated", id=prompt["id"], detached=False)
            run.leaves(agent, ann, prompt)
    todays = re.sub(f'{NOT_KEPT}[^"]*', GONE, text)  # the agents made their calls again
    assert kept(dump(tmp_path / "state" / "approvals.db"), "prompt") == kept(todays, "prompt")


def test_a_vote_counts_with_those_of_then(then, embedded_aws, tmp_path):
    text = as_if_now(then("approvals.sql"))
    with older(tmp_path, embedded_aws, text) as run:
        ben = run.joins("ben")
        [prompt] = [one for one in map(json.loads, ben.came) if one.get("prompt", {}).get("operation") == "CreateQueue"]
        assert [group["approved"] for group in prompt["prompt"]["approvers"]] == [["ann"]]
        assert answer(ben, prompt["prompt"], grant=prompt["prompt"]["proposed"]) == "approved"
        assert ben.until("resolved")["by"] == ["ann", "ben"]


def test_a_grant_holds_and_is_kept_as_it_was(then, embedded_aws, tmp_path):
    text = as_if_now(then("approvals.sql"))
    grants = {name: json.loads(value) for name, value in kept(text, "grant").items()}
    exact, predicate = ([one for one in grants.values() if one["kind"] == kind] for kind in ("exact", "predicate"))
    spare = {one["digest"] for one in (*exact, *predicate)}
    revoked = [name for name, one in grants.items() if one["kind"] == "once" and one["digest"] in spare]
    with older(tmp_path, embedded_aws, spaced(text)) as run:
        ann = run.joins("ann")
        assert [asked(ann, type="revoke", id=name)["status"] for name in revoked] == ["done", "done"]
        for kind, call in GRANTED.items():
            assert run.calls(call()).answer().status == 502  # approved, and nobody listens where it is sent
            used = run.gateway.records()[-1]["grant"]
            assert grants[used]["kind"] == kind
    found = kept(dump(tmp_path / "state" / "approvals.db"), "grant")
    assert found == {name: value for name, value in kept(text, "grant").items() if name not in revoked}


def test_a_stop_stands(then, embedded_aws, tmp_path):
    text = as_if_now(then("approvals.sql"))
    with older(tmp_path, embedded_aws, spaced(text)) as run:
        refused = run.calls(queue("eve", key_id="AKIA111111111111EVE1", secret=EVE)).answer()
        assert (refused.status, "it calls too often" in refused.text) == (403, True)
        ann = run.joins("ann")
        assert asked(ann, type="lift", agent="eve")["status"] == "done"
        assert asked(ann, type="stop", agent="eve", reason="it calls too often")["status"] == "done"
    found = kept(dump(tmp_path / "state" / "approvals.db"), "stop")
    assert masked(str(found)) == masked(str(kept(text, "stop")))


def test_a_stop_of_everything_stands(then, embedded_aws, tmp_path):
    with older(tmp_path, embedded_aws, as_if_now(then("approvals.stopped.sql"))) as run:
        refused = run.calls(queue("nightly", region=FAR)).answer()
        assert (refused.status, "a drill" in refused.text) == (403, True)
