"""What people write is masked in the record as anything else is."""

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from tests.kit.approvals.acts import ALL, CONFIG, decide, leaves
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.hubs import nowhere
from tests.kit.approvals.questions import FixedClock, question
from trio_gate.approval.channel.frames import Decide, Stop
from trio_gate.approval.question import Group
from trio_gate.errors import Denied
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.writer import open_audit_log

SECRET = "password=hunter2-canary"


async def test_what_people_write_is_masked_wherever_it_is_kept_or_logged(path, tmp_path, caplog):
    caplog.set_level("DEBUG")
    clock = FixedClock()
    file = str(tmp_path / "approvals.db")
    async with open_audit_log(path) as audit, open_hub(CONFIG, clock, file, "", audit, send=nowhere) as hub:
        standing = hub.config.standings["the rest"]
        made = asked(
            question("q1", Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0)), standing=standing
        )
        await leaves(hub, made)
        with listening(hub, clock, "alice", **ALL) as alice, listening(hub, clock, "bob") as bob:
            await alice.say(decide("approve", SECRET))
            await bob.say(Decide(id="q1", digest=made.question.digest, verdict="deny", reason=SECRET))
            with pytest.raises(Denied) as cooling:
                await hub.ask(made)
            await leaves(hub, asked(replace(made.question, id="q2", digest="e" * 64, repeat_key="e" * 64), standing=standing))
            await alice.say(Decide(id="q2", digest="e" * 64, verdict="approve", reason=SECRET))
            await alice.say(Stop(agent="ci", reason=SECRET))
        with pytest.raises(Denied) as stopped:
            hub.check("ci")
    for fault in (cooling.value, stopped.value):
        assert "hunter2-canary" in fault.reason
        assert "hunter2-canary" not in str(fault)
        assert "$masked" in str(fault)
    assert "hunter2-canary" not in caplog.text
    assert all(
        b"hunter2-canary" not in data for data in await trio.to_thread.run_sync(lambda: written(path, file, f"{file}-wal"))
    )


def written(*files):
    return [Path(file).read_bytes() for file in files if Path(file).exists()]
