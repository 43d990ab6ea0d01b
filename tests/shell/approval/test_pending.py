"""The table of what waits: who finds which question, how many there may be, what is kept and what is sent of each change."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from tests.kit.approvals.asking import STANDING, asked, person
from tests.kit.approvals.questions import NOW, question
from trio_gate.approval.channel.codec import decode_server
from trio_gate.approval.channel.frames import Pending, Updated
from trio_gate.approval.state import Prompt, decide, withdraw
from trio_gate.approval.terms import Terms
from trio_gate.errors import Denied, Overloaded
from trio_gate.shell.approval.database import ApprovalDatabase
from trio_gate.shell.approval.hub_config import Change, Limits
from trio_gate.shell.approval.pending import RETRY_SECONDS, PendingQuestions
from trio_gate.shell.approval.subscribers import Subscribers

OTHER = "e" * 64
SAME = Change(before={}, after={})
NEW_TOKEN = Change(before={"person alice": "a"}, after={"person alice": "b"})
NEW_RIGHTS = Change(before={"grantor alice": "a"}, after={})


@pytest.fixture
def database(tmp_path):
    with closing(ApprovalDatabase(str(tmp_path / "approvals.db"))) as made:
        yield made


@pytest.fixture
def subscribers() -> Subscribers:
    return Subscribers()


@pytest.fixture
def table(subscribers, database) -> PendingQuestions:
    return PendingQuestions(lambda: Limits(max_pending=3, max_pending_per_agent=2), subscribers, database)


@pytest.fixture
def sent(subscribers):
    """What each of these people was sent."""
    with ExitStack() as joined:
        people = {name: joined.enter_context(subscribers.join(person(name), ())) for name in ("alice", "mallory")}

        async def read(name: str) -> list:
            return [decode_server(await people[name].next()) for _ in range(people[name].behind)]

        yield read


def voted(prompt: Prompt, grant: Terms | None = None) -> Prompt:
    both = replace(prompt.question.approvers[0], quorum=2)
    asking = replace(prompt, question=replace(prompt.question, approvers=(both,)))
    after = decide(asking, person="alice", digest=prompt.question.digest, verdict="approve", reason="", now=NOW, grant=grant)
    assert isinstance(after, Prompt)
    return after


async def test_a_new_question_is_kept_and_shown_to_its_approvers_alone(table, database, sent):
    entry = table.add(question(), STANDING)
    assert (list(table), len(table), table.get("q1", "alice")) == ([entry], 1, entry)
    assert (table.get("q1", "mallory"), table.get("q2", "alice")) == (None, None)
    [shown] = await sent("alice")
    assert isinstance(shown, Pending)
    assert await sent("mallory") == []
    await database.flush()
    assert database.load("prompt", dict).keys() == {"q1"}


async def test_the_next_start_reads_them_back_without_their_agents(table, database, subscribers):
    entry = table.add(question(), STANDING)
    table.begin(entry, asked())
    table.leave(entry, entry.attempt)
    await database.flush()
    again = PendingQuestions(Limits, subscribers, database)
    again.load()
    [found] = again
    assert (found.prompt, found.standing, found.frame) == (entry.prompt, STANDING, entry.frame)
    assert (found.asked, found.attempt, found.prompt.detached) == (None, None, True)


async def test_an_attempt_that_comes_is_attached_and_one_that_leaves_is_detached(table, sent):
    entry = table.add(question(), STANDING)
    first = table.begin(entry, asked())
    second = table.begin(entry, asked())
    assert (first.done.is_set(), first.answered, second.done.is_set()) == (True, None, False)
    table.leave(entry, first)
    assert (entry.attempt, entry.prompt.detached) == (second, False), "the older takes nothing with it"
    table.leave(entry, second)
    assert (entry.attempt, entry.prompt.detached) == (None, True)
    _, *news = await sent("alice")
    assert [(type(one), one.detached) for one in news] == [(Updated, True)], "a step that changes nothing is not news"


@pytest.mark.parametrize(
    ("changes", "standing", "found"),
    [
        ({}, STANDING, True),
        ({"digest": OTHER}, STANDING, False),
        ({"agent": "eve"}, STANDING, False),
        ({"agent": None}, STANDING, False),
        ({}, "t", False),
    ],
)
def test_an_attempt_finds_the_question_of_its_own_asker_call_and_rule(table, changes, standing, found):
    entry = table.add(question(), STANDING)
    assert table.matching(asked(question("q2", **changes), standing=standing)) is (entry if found else None)


@pytest.mark.parametrize(
    ("waits", "comes", "found"),
    [("i", "i", True), ("i", "j", False), (None, "j", True), ("i", None, True), ("nobody", "j", True)],
)
def test_ids_of_the_sdk_tell_apart_only_two_calls_that_wait(table, waits, comes, found):
    entry = table.add(question(), STANDING)
    if waits != "nobody":
        table.begin(entry, asked(invocation=waits))
    assert table.matching(asked(question("q2"), comes)) is (entry if found else None)


@pytest.mark.parametrize("changes", [{}, {"agent": "eve"}, {"repeat_key": OTHER}])
@pytest.mark.parametrize("detached", [True, False])
def test_a_fresh_token_outdates_the_same_call_whose_agent_has_left(table, changes, detached):
    entry = table.add(question(), STANDING)
    if detached:
        table.leave(entry, table.begin(entry, asked()))
    outdated = table.outdated_by(question("q2", digest=OTHER, **changes))
    assert outdated == ([entry] if detached and not changes else [])


def test_an_asker_has_its_share_of_the_room_and_the_room_an_end(table):
    for number, agent in enumerate(["ci", "ci", "eve"]):
        table.check_room(f"agent {agent}")
        table.add(question(f"q{number}", agent=agent), STANDING)
        if number == 1:
            with pytest.raises(Denied, match="this agent has 2 calls"):
                table.check_room("agent ci")
            with pytest.raises(Denied, match="this agent has 2 calls"):
                table.check_room("agent ci", 1)
            table.check_room("agent ci", 3)
    with pytest.raises(Overloaded, match="too many calls wait") as full:
        table.check_room("agent third")
    assert (full.value.status, full.value.retry_after) == (503, RETRY_SECONDS)
    assert (table.fullest({}), table.fullest({"agent ci": 5})) == ((2, 2), (1, 2))


async def test_a_question_that_ends_leaves_the_table_and_the_disk_and_gives_back_who_waits(table, database):
    entry = table.add(question(), STANDING)
    attempt = table.begin(entry, asked())
    after = withdraw(entry.prompt)
    assert table.end(entry, after) is attempt
    assert (entry.prompt, entry.attempt, list(table), attempt.done.is_set()) == (after, None, [], False)
    await database.flush()
    assert database.load("prompt", dict) == {}


TERMS = Terms(uses=1, minutes=1)


@pytest.mark.parametrize(
    ("change", "grant", "void"),
    [(SAME, TERMS, False), (NEW_TOKEN, None, True), (NEW_RIGHTS, None, False), (NEW_RIGHTS, TERMS, True)],
    ids=["same", "token", "rights, not used", "rights"],
)
async def test_votes_of_who_changed_are_void_and_the_question_says_so(table, sent, change, grant, void):
    entry = table.add(question(), STANDING)
    table.step(entry, voted(entry.prompt, grant))
    assert [vote.person for vote in table.void_votes(entry, change)] == (["alice"] if void else [])
    assert len(entry.prompt.votes) == (0 if void else 1)
    *_, last = await sent("alice")
    if void:
        assert "the answer of alice no longer counts" in last.prompt["risks"][0]["text"]
    else:
        assert isinstance(last, Updated)
