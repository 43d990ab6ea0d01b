"""Who is not who they were, by a reload or over a restart, loses what hangs on who they were."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.approvals.agents import Agent
from tests.kit.approvals.asking import asked, listening
from tests.kit.approvals.hubs import nowhere
from tests.kit.approvals.questions import FixedClock, question
from tests.kit.configs import BASE, MAIN, load
from tests.shell.audit.test_acts import chain
from trio_gate.approval.channel.frames import Decide, Decided, Pending, Resolved, Revoke
from trio_gate.approval.question import Group
from trio_gate.approval.terms import Terms
from trio_gate.errors import Denied
from trio_gate.shell.approval.clearance import HubClearance
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, hub_config
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.audit.writer import open_audit_log

ALICE = f'person "alice" {{ token_sha256 = "{"a" * 64}" may_grant = true }}'
TEXT = f"""
gateway {{
  listener "proxy" {{ bind = "127.0.0.1:0" }}
  admin {{ bind = "127.0.0.1:0" }}
}}
agent "ci" {{
  key_suffix = "CI01"
  secret = "0123456789abcdef"
}}
{ALICE}
person "bob" {{ token_sha256 = "{"b" * 64}" may_grant = true }}
approver "human" "oncall" {{
  people = [person.alice, person.bob]
  quorum = 2
}}
rule "the rest" {{ action = "approve" approvers = [human.oncall] }}
"""
CHANGES = {
    "nothing": lambda text: text,
    "the secret": lambda text: text.replace("0123456789abcdef", "fedcba9876543210"),
    "a second secret": lambda text: text.replace(
        'secret = "0123456789abcdef"', 'secrets = ["fedcba9876543210", "0123456789abcdef"]'
    ),
    "the suffix": lambda text: text.replace("CI01", "CI02"),
    "the accounts": lambda text: text.replace('"CI01"', '"CI01"\n accounts = ["111111111111"]'),
    "the agent": lambda text: text.replace('agent "ci"', 'agent "cd"'),
    "her token": lambda text: text.replace("a" * 64, "c" * 64),
    "her right to grant": lambda text: text.replace(ALICE, ALICE.replace(" may_grant = true", "")),
    "the approver": lambda text: text.replace("person.alice, ", "").replace("quorum = 2", "quorum = 1"),
}
AGENTS = ("the secret", "the suffix", "the accounts", "the agent")
TERMS = Terms(uses=3, minutes=5)
BOTH = Group(id="human.oncall", people=("alice", "bob"), quorum=2, timeout=600.0)


def rolled(change: str = "nothing") -> HubConfig:
    return hub_config(load(BASE + MAIN + CHANGES[change](TEXT)))


def call(number: int = 1):
    digest = f"{number:064x}"
    made = replace(question(f"q{number}", BOTH), digest=digest, repeat_key=digest, grantable=True)
    return asked(made, f"i{number}", standing=rolled().standings["the rest"])


def votes(hub, clock, names, made, grant=None, verdict="approve"):
    for name in names:
        with listening(hub, clock, name, may_grant=True) as person:
            person.vote(verdict, prompt_id=made.question.id, digest=made.question.digest, grant=grant)


async def leaves(hub, made):
    """An agent asks and goes: its question waits, detached."""
    with trio.move_on_after(0):
        await hub.ask(made)


@pytest.fixture
def clock():
    return FixedClock()


@pytest.fixture(params=["reload", "restart"])
def changed(request, tmp_path, clock):
    """A hub to which a change has come after `begin`, and what its chain holds."""

    @asynccontextmanager
    async def run(change, begin):
        async with open_audit_log(str(tmp_path / "audit.db")) as audit:

            def opened(name):
                config = load(BASE + MAIN + CHANGES[name](TEXT))
                return open_hub(config, clock, str(tmp_path / "approvals.db"), "", audit, send=nowhere)

            async with opened("nothing") as hub:
                await begin(hub)
                if request.param == "reload":
                    hub.judge_again(rolled(change))
                    yield hub
                    return
            async with opened(change) as hub:
                yield hub

    return run


@pytest.mark.parametrize("change", CHANGES)
async def test_an_agents_questions_and_grants_end_when_it_is_another(changed, clock, change):
    async def begin(hub):
        await leaves(hub, call(1))
        await leaves(hub, call(2))
        votes(hub, clock, ("alice", "bob"), call(1), TERMS)

    async with changed(change, begin) as hub:
        kinds = {grant.kind for grant in hub.grants.table}
        waits = hub.pending
    stays = {
        "nothing": (1, {"once", "exact"}),
        "a second secret": (1, {"once", "exact"}),
        "her token": (1, set()),
        "her right to grant": (1, {"once"}),
    }
    assert (waits, kinds) == stays.get(change, (0, set()))


@pytest.mark.parametrize("change", CHANGES)
async def test_an_agent_reads_how_its_questions_ended_while_it_is_who_it_was(changed, clock, change):
    async def begin(hub):
        await leaves(hub, call(1))
        votes(hub, clock, ["alice"], call(1), verdict="deny")
        assert (await hub.asked_by("ci", "q1", 0))["status"] == "denied"

    async with changed(change, begin) as hub:
        assert (await hub.asked_by("ci", "q1", 0) is None) == (change in AGENTS)
        with listening(hub, clock, "bob", follows=True) as bob:
            assert (await bob.until(Decided)).id == "q1"


@pytest.mark.parametrize("grant", [None, TERMS])
@pytest.mark.parametrize("change", ["nothing", "her token", "her right to grant"])
async def test_half_a_quorum_counts_only_while_its_person_is_who_they_were(changed, clock, tmp_path, change, grant):
    async def begin(hub):
        await leaves(hub, call())
        votes(hub, clock, ["alice"], call(), grant)

    counts = change == "nothing" or (change == "her right to grant" and grant is None)
    async with changed(change, begin) as hub:
        with listening(hub, clock, "bob", may_grant=True) as bob:
            await bob.next()
            prompt = await bob.prompt()
            assert [group["approved"] for group in prompt["approvers"]] == [["alice"] if counts else []]
            said = [risk["text"] for risk in prompt["risks"] if risk["code"] == "recount"]
            assert [text.startswith("the answer of alice no longer counts") for text in said] == [True] * (not counts)
            bob.vote(digest=call().question.digest, grant=grant)
            assert hub.pending == (not counts)
            if not counts:
                votes(hub, clock, ["alice"], call())  # again, as she is now
            assert (await bob.until(Resolved)).by == (["alice", "bob"] if counts else ["bob", "alice"])
    voided = [(row["kind"], row["approvers"][0]["person"]) for row in chain(tmp_path / "audit.db") if row["kind"] == "void"]
    assert voided == [("void", "alice")] * (not counts)


async def test_who_listens_is_told_of_a_vote_that_does_not_count_any_more(clock):
    hub = ApprovalHub(clock, config=rolled())
    await leaves(hub, call())
    with listening(hub, clock, "bob") as bob:
        votes(hub, clock, ["alice"], call())
        hub.judge_again(rolled("her token"))
        await bob.until(Pending)
        frame = await bob.until(Pending)
    assert frame.prompt["approvers"][0]["approved"] == []
    assert frame.prompt["risks"][0]["code"] == "recount"


async def test_both_people_of_a_quorum_have_their_rows(clock, tmp_path):
    path = str(tmp_path / "audit.db")
    async with open_audit_log(path) as audit:
        hub = ApprovalHub(clock, config=rolled(), audit=audit)
        await leaves(hub, call())
        for name in ("alice", "bob"):
            with listening(hub, clock, name) as person:
                await person.say(Decide(id="q1", digest=call().question.digest, verdict="approve", reason=f"says {name}"))
        await hub.acts.flush()
    rows = [row for row in chain(path) if row["kind"] in ("vote", "grant")]
    assert [(row["kind"], [one["person"] for one in row["approvers"]], row["act"].get("status")) for row in rows] == [
        ("vote", ["alice"], "pending"),
        ("vote", ["bob"], "approved"),
        ("grant", ["alice", "bob"], None),
    ]
    assert [row["act"]["reason"] for row in rows] == ["says alice", "says bob", "says alice; says bob"]


async def cleared(hub, clock, nursery, number=1, grant=None):
    """An approval on its way: its agent waits for credentials, say."""
    agent = Agent(hub, call(number))
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    votes(hub, clock, ("alice", "bob"), call(number), grant)
    await agent.done.wait()
    assert isinstance(agent.answer, HubClearance)
    return agent.answer


TAKEN_BACK = {
    **{change: (lambda hub, change=change: hub.judge_again(rolled(change))) for change in (*AGENTS, "her token", "the approver")},
    "a stop": lambda hub: hub.stop("ci", "bob", ""),
    "a stop of everything that was lifted since": lambda hub: (hub.stop(None, "bob", ""), hub.stops.lift(None, "bob")),
}


@pytest.mark.parametrize("what", TAKEN_BACK)
async def test_an_approval_on_its_way_is_not_sent_after_it_was_taken_back(clock, nursery, what):
    hub = ApprovalHub(clock, config=rolled())
    approved = await cleared(hub, clock, nursery)
    TAKEN_BACK[what](hub)
    with pytest.raises(Denied, match="withdrawn"):
        approved.sending()
    approved.close()
    assert list(hub.grants.table) == []


@pytest.mark.parametrize("what", TAKEN_BACK)
async def test_nor_is_one_that_its_agent_has_not_heard_of(clock, nursery, what):
    hub = ApprovalHub(clock, config=rolled())
    agent = Agent(hub, call())
    nursery.start_soon(agent.run)
    await wait_all_tasks_blocked()
    votes(hub, clock, ("alice", "bob"), call())
    TAKEN_BACK[what](hub)
    await agent.done.wait()
    with pytest.raises(Denied, match="withdrawn"):
        agent.answer.sending()


@pytest.mark.parametrize("change", ["nothing", "her right to grant"])
async def test_an_approval_on_its_way_goes_where_nothing_of_it_changed(clock, nursery, change):
    hub = ApprovalHub(clock, config=rolled())
    approved = await cleared(hub, clock, nursery)
    hub.judge_again(rolled(change))
    hub.stop("another", "bob", "")
    approved.sending()


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_use_of_a_grant_is_not_sent_after_the_grant_was_revoked(clock, nursery, revoked):
    hub = ApprovalHub(clock, config=rolled())
    first = await cleared(hub, clock, nursery, grant=TERMS)
    first.sending()
    first.close()
    [grant] = hub.grants.table
    uses = [await hub.ask(call()) for _ in range(grant.uses)]
    if revoked:
        with listening(hub, clock, "bob") as bob:
            await bob.say(Revoke(id=grant.id))
    for use in uses:
        assert use.grant == grant.id
        if revoked:
            with pytest.raises(Denied, match="withdrawn"):
                use.sending()
        else:
            use.sending()
        use.close()


@pytest.mark.parametrize(("change", "repeated"), [("nothing", True), ("the secret", False), ("her token", False)])
async def test_a_throttled_call_is_not_repeated_under_an_approval_of_who_is_another(clock, nursery, change, repeated):
    hub = ApprovalHub(clock, config=rolled())
    approved = await cleared(hub, clock, nursery)
    approved.sending()
    approved.answered(429, None)
    approved.close()
    hub.judge_again(rolled(change))
    again = Agent(hub, call())
    nursery.start_soon(again.run)
    await wait_all_tasks_blocked()
    assert (hub.pending == 0) is repeated
