"""What becomes of a question."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.approvals.questions import NOW, question
from trio_gate.approval.question import Group
from trio_gate.approval.reading import Reading
from trio_gate.approval.state import Prompt, Refused, Status, decide, expire, verdict_of, withdraw
from trio_gate.approval.task import Task

DIGEST = question().digest
PEOPLE = ("alice", "bob", "carol", "dave")


def group(name: str, *people: str, quorum: int = 1) -> Group:
    return Group(id=name, people=people, quorum=quorum, timeout=600.0)


def vote(
    prompt: Prompt,
    person: str,
    verdict: str = "approve",
    *,
    digest: str = DIGEST,
    reason: str = "",
    later: float = 0,
    reading=None,
) -> Prompt | Refused:
    now = NOW + timedelta(seconds=later)
    return decide(prompt, person=person, digest=digest, verdict=verdict, reason=reason, now=now, reading=reading)


def test_one_approval_is_enough_for_a_quorum_of_one():
    after = vote(Prompt(question=question()), "bob", reason="fine")
    assert after.status is Status.APPROVED
    assert (verdict_of(after).outcome, verdict_of(after).by, verdict_of(after).reason) == ("approve", ("bob",), "fine")


def test_a_quorum_needs_different_people():
    start = Prompt(question=question("q", group("a", "alice", "bob", "carol", quorum=2)))
    once = vote(start, "alice")
    assert once.status is Status.PENDING
    assert vote(once, "alice").code == "answered"
    assert verdict_of(vote(once, "carol")).by == ("alice", "carol")


def test_two_groups_mean_both():
    start = Prompt(question=question("q", group("a", "alice"), group("b", "bob")))
    once = vote(start, "alice")
    assert once.status is Status.PENDING
    assert vote(once, "bob").status is Status.APPROVED


def test_one_denial_ends_it():
    start = Prompt(question=question("q", group("a", "alice", "bob", quorum=2)))
    after = vote(vote(start, "alice", reason="fine"), "bob", "deny", reason="no")
    assert after.status is Status.DENIED
    assert (verdict_of(after).by, verdict_of(after).reason) == (("bob",), "no")


@pytest.mark.parametrize("confirmed", [None, (), (2,), (3,), (1, 4)])
def test_each_line_of_a_task_with_dangers_is_confirmed_by_itself(confirmed):
    task = Task(purpose="x", lines=("a", "b", "c", "d"), predicate="true", uses=1, minutes=1, rules=(("r", "s"),), dangers=(2, 3))
    start = Prompt(question=question(task=task))
    missing = [line for line in task.dangers if line not in (confirmed or ())]
    refused = vote(start, "alice", reading=None if confirmed is None else Reading(confirmed=confirmed))
    assert (refused.code, refused.message.rpartition(": ")[2]) == ("not_allowed", ", ".join(map(str, missing)))
    assert vote(start, "alice", reading=Reading(confirmed=(2, 3))).status is Status.APPROVED
    assert vote(start, "alice", "deny").status is Status.DENIED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "f" * 64}, "digest"),
        ({"person": "mallory"}, "not_yours"),
        ({"later": 600}, "gone"),
    ],
)
def test_votes_that_do_not_count(changes, code):
    given = {"person": "alice", **changes}
    refused = vote(Prompt(question=question()), given.pop("person"), **given)
    assert isinstance(refused, Refused)
    assert refused.code == code


@pytest.mark.parametrize(
    "end", [expire, withdraw, lambda prompt: vote(prompt, "bob"), lambda prompt: vote(prompt, "bob", "deny")]
)
def test_nothing_moves_a_prompt_that_has_ended(end):
    ended = end(Prompt(question=question()))
    assert ended.status is not Status.PENDING
    assert vote(ended, "alice").code == "gone"
    assert expire(ended) is ended
    assert withdraw(ended) is ended


def test_a_pending_question_has_no_verdict():
    with pytest.raises(RuntimeError):
        verdict_of(Prompt(question=question()))


STEPS = st.one_of(
    st.tuples(
        st.sampled_from([*PEOPLE, "mallory"]),
        st.sampled_from(["approve", "deny"]),
        st.sampled_from([DIGEST, "f" * 64]),
        st.sampled_from([0, 599, 600]),
    ),
    st.sampled_from(["expire", "withdraw"]),
)
GROUPS = st.lists(
    st.tuples(st.sets(st.sampled_from(PEOPLE), min_size=1), st.integers(1, 3)).map(
        lambda pair: (pair[0], min(pair[1], len(pair[0])))
    ),
    min_size=1,
    max_size=3,
)


@given(GROUPS, st.lists(STEPS, max_size=12))
def test_any_story_has_at_most_one_end(made, steps):
    groups = tuple(group(f"g{number}", *sorted(people), quorum=quorum) for number, (people, quorum) in enumerate(made))
    prompt, ends = Prompt(question=question("q", *groups)), []
    for step in steps:
        if isinstance(step, str):
            after = expire(prompt) if step == "expire" else withdraw(prompt)
        else:
            person, verdict, digest, later = step
            after = vote(prompt, person, verdict, digest=digest, later=later)
        if isinstance(after, Refused) or after is prompt:
            continue
        assert prompt.status is Status.PENDING
        prompt = after
        if prompt.status is not Status.PENDING:
            ends.append(prompt.status)
    assert ends == ([] if prompt.status is Status.PENDING else [prompt.status])
    yes = {one.person for one in prompt.votes if one.answer == "approve"}
    enough = all(len(yes & set(one.people)) >= one.quorum for one in groups)
    assert (prompt.status is Status.APPROVED) == (enough and not any(one.answer == "deny" for one in prompt.votes) and ends != [])
    assert len({one.person for one in prompt.votes}) == len(prompt.votes)
