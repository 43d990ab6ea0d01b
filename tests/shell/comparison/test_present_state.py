"""Comparing is bounded: by time, by the list of reads, and by what is still at hand."""

from functools import partial
from types import SimpleNamespace

import pytest
import trio

from tests.kit.calls import make_call
from trio_gate.comparison.reads import IncomparableError
from trio_gate.shell.comparison.present_state import PresentState
from trio_gate.shell.worker_threads import WorkerThreads
from trio_gate.wire.head import Empty


class Silent:
    """A reader whose answers never come."""

    async def read(self, *_):
        await trio.sleep_forever()


def state(operation):
    identified = SimpleNamespace(
        call=make_call(service="iam", operation=operation, params={"RoleName": "r"}), shape=None, body=Empty()
    )

    async def body():
        await trio.lowlevel.checkpoint()

    return PresentState(identified, None, Silent(), body, partial(WorkerThreads().run, "one"))


async def recorded(_):
    await trio.lowlevel.checkpoint()


async def test_an_aws_that_does_not_answer_ends_it(autojump_clock):
    with pytest.raises(IncomparableError, match=r"^it took more than 8 s$"):
        await state("DeleteRolePolicy").compare(recorded)


async def test_a_call_that_was_dropped_cannot_be_compared():
    made = state("DeleteRolePolicy")
    made.leave()
    with pytest.raises(IncomparableError, match="its agent has left"):
        await made.compare(recorded)


async def test_there_is_no_plan_for_every_call():
    with pytest.raises(IncomparableError, match=r"iam.GetRole cannot be compared"):
        await state("GetRole").compare(recorded)
