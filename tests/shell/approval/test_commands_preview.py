"""A grant is previewed by who may give it, as the grant itself would be taken or refused."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.asking import STANDING, asked, listening
from tests.kit.approvals.questions import question
from tests.kit.records import intent, outcome, read
from trio_gate.approval.channel.frames import Preview, Previewed, Rejected
from trio_gate.approval.task import Task
from trio_gate.audit.rows import whole_row
from trio_gate.shell.approval.preview import Recorded


def recorded(*rows):
    def recent(rules, since, most):
        yield from rows

    return Recorded(recent=recent, never_vends=lambda *_: False)


async def test_a_grant_is_previewed_before_it_is_given(hub, clock, nursery):
    for name in ("q1", "q2", "q3"):
        made = question(name, digest=name[1] * 64, repeat_key=name[1] * 64, agent="eve" if name == "q3" else "ci")
        nursery.start_soon(hub.ask, asked(made))
        await wait_all_tasks_blocked()
    with listening(hub, clock, may_grant=True) as alice:
        alice.commands._recorded = recorded(read(whole_row(intent(digest="1" * 64), outcome())), None)
        await alice.say(Preview(ref="1", id="q1", predicate='aws.service == "s3"'))
        found = await alice.until(Previewed)
        assert (found.words, found.waiting, found.calls) == ("all operations of s3", ("q2",), 1)
        await alice.say(Preview(ref="2", id="q1"))
        assert ((found := await alice.until(Previewed)).covered, found.waiting) == (1, ())


@pytest.mark.parametrize(
    ("abilities", "changes", "predicate", "code"),
    [
        ({}, {}, None, "not_allowed"),
        ({"may_grant": True}, {"grantable": False}, None, "not_grantable"),
        ({"may_grant": True}, {}, "aws.service ==", "predicate"),
        ({"may_grant": True}, {"id": "q9"}, None, "gone"),
    ],
)
async def test_a_preview_is_refused_as_the_grant_would_be(hub, clock, nursery, abilities, changes, predicate, code):
    nursery.start_soon(
        hub.ask, asked(question(**{"question_id" if name == "id" else name: value for name, value in changes.items()}))
    )
    await wait_all_tasks_blocked()
    with listening(hub, clock, **abilities) as alice:
        await alice.say(Preview(ref="1", id="q1", predicate=predicate))
        assert (await alice.until(Rejected)).code == code


TASK = Task(
    purpose="move",
    lines=("s3: all",),
    predicate='aws.service == "s3"',
    uses=2,
    minutes=1,
    rules=(("the rest", STANDING), ("b", "2" * 64)),
)


@pytest.mark.parametrize("may_grant", [True, False])
async def test_a_task_is_previewed_by_who_may_approve_it(hub, clock, nursery, may_grant):
    nursery.start_soon(hub.ask, asked(question("q1", task=TASK, grantable=False, agent="ci"), standing=TASK.standing))
    for name, rule, standing in (("q2", "the rest", STANDING), ("q3", "b", "2" * 64), ("q4", "c", "2" * 64)):
        made = question(name, rule=rule, digest=name[1] * 64, repeat_key=name[1] * 64, agent="ci")
        nursery.start_soon(hub.ask, asked(made, standing=standing))
        await wait_all_tasks_blocked()
    with listening(hub, clock, may_grant=may_grant) as alice:
        alice.commands._recorded = recorded(read(whole_row(intent(), outcome())), None)
        await alice.say(Preview(ref="1", id="q1"))
        if may_grant:
            found = await alice.until(Previewed)
            assert (found.words, found.waiting, found.calls, found.undecided) == ("s3: all", ("q2", "q3"), 1, 1)
        else:
            assert (await alice.until(Rejected)).code == "not_allowed"
