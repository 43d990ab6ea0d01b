"""`trio-gate pending` lists what waits, and shows one call in full."""

from __future__ import annotations

import json

from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import question


async def waits(tell, nursery) -> None:
    for name, level in (("q1", "fact"), ("q2", "danger")):
        nursery.start_soon(tell.hub.ask, asked(question(name, digest=name[1] * 64, repeat_key=name, level=level)))
        await wait_all_tasks_blocked()


async def test_what_waits_takes_a_line_each_and_the_dangerous_are_first(tell, nursery):
    await waits(tell, nursery)
    tell.hub.stop("other", "bob", "odd")
    status, out, _ = await tell("pending")
    first, second, stop = out.splitlines()
    assert (status, first[:2], second[:2], stop) == (0, "q2", "q1", "STOPPED by bob: other: odd")
    assert "DANGER  Delete" in first


async def test_one_call_is_shown_with_all_that_its_approval_is_bound_to(tell, nursery):
    await waits(tell, nursery)
    status, out, _ = await tell("pending", "q1")
    assert status == 0
    assert ("payload" in out, "q2" in out) == (True, False)


async def test_programs_get_frames(tell, nursery):
    await waits(tell, nursery)
    status, out, _ = await tell("pending", "--json")
    assert (status, [json.loads(line)["prompt"]["id"] for line in out.splitlines()]) == (0, ["q2", "q1"])
    assert json.loads((await tell("pending", "q1", "--json"))[1])["type"] == "pending"


async def test_a_call_that_does_not_wait_is_said_to_be_gone(tell):
    assert await tell("pending", "--json") == (0, "", "")
    assert await tell("pending") == (0, "nothing waits for you\n", "")
    status, out, err = await tell("pending", "q\x1b1")
    assert (status, out) == (1, "")
    assert err.startswith("trio-gate pending: q\\u{1b}1 does not wait for you: ")
