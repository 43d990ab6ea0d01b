"""The admin listener: real TLS and real WebSockets over loopback; deadlines on memory streams and trio's own clock."""

import pytest
import trio
from trio.testing import MockClock, lockstep_stream_pair, memory_stream_pair, wait_all_tasks_blocked

from tests.kit.approvals.admin_gate import ALICE, WEBSOCKET, admin_server, handle, head
from tests.kit.approvals.asking import asked
from tests.kit.approvals.questions import FixedClock, question
from trio_gate.approval.channel.frames import Accepted, Hello, Pending, Rejected, Resolved, Updated
from trio_gate.approval.question import Group
from trio_gate.client import ClientError, Hopeless, connect
from trio_gate.shell.admin import channel, connection_limits
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import Limits
from trio_gate.shell.approval.subscription import MAX_BEHIND


async def prompt_of(client) -> dict:
    frame = await client.receive()
    assert isinstance(frame, Pending)
    return frame.prompt


@pytest.mark.parametrize(("verdict", "status"), [("approve", "approved"), ("deny", "denied")])
async def test_a_person_decides(gate, verdict, status):
    answers = []

    async def ask() -> None:
        answers.append(await gate.hub.ask(asked()))

    async with gate.connect() as client, trio.open_nursery() as nursery:
        assert (await client.receive()).person == "alice"
        nursery.start_soon(ask)
        prompt = await prompt_of(client)
        await client.decide(prompt["id"], prompt["digest"], verdict, "because")
        assert await client.receive() == Accepted(ref="", id="q1", status=status)
        assert await client.receive() == Resolved(id="q1", status=status, by=["alice"], reason="because", grant=None)
    [found] = [getattr(answer, "verdict", answer) for answer in answers]
    assert (found.outcome, found.by, found.reason) == (verdict, ("alice",), "because")


async def test_a_decision_about_something_else_is_rejected(gate):
    async with gate.connect() as client, trio.open_nursery() as nursery:
        nursery.start_soon(gate.hub.ask, asked())
        await client.receive()
        prompt = await prompt_of(client)
        for prompt_id, digest, code in (("q1", "f" * 64, "digest"), ("q2", prompt["digest"], "gone")):
            await client.decide(prompt_id, digest, "approve")
            refused = await client.receive()
            assert isinstance(refused, Rejected)
            assert (refused.id, refused.code) == (prompt_id, code)
        assert gate.hub.pending == 1
        nursery.cancel_scope.cancel()


async def test_two_people_must_agree(gate):
    both = Group(id="human.two", people=("alice", "bob"), quorum=2, timeout=600.0)
    async with gate.connect("alice") as alice, gate.connect("bob") as bob, trio.open_nursery() as nursery:
        nursery.start_soon(gate.hub.ask, asked(question("q1", both)))
        for client, status in ((alice, "pending"), (bob, "approved")):
            await client.receive()
            prompt = await prompt_of(client)
            await client.decide("q1", prompt["digest"], "approve")
            while not isinstance(frame := await client.receive(), Accepted):
                pass
            assert frame.status == status


async def test_an_agent_that_leaves_leaves_its_question(gate):
    async with gate.connect() as client, trio.open_nursery() as nursery:
        await client.receive()
        nursery.start_soon(gate.hub.ask, asked())
        await prompt_of(client)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            frame = await client.receive()
            assert isinstance(frame, Updated)
            assert frame.detached


async def test_a_question_waits_for_someone_to_come(gate):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(gate.hub.ask, asked())
        await wait_all_tasks_blocked()
        async with gate.connect() as client:
            hello = await client.receive()
            assert isinstance(hello, Hello)
            assert hello.pending == 1
            prompt = await prompt_of(client)
            await client.decide("q1", prompt["digest"], "approve")
            assert await client.receive() == Accepted(ref="", id="q1", status="approved")


async def test_a_token_of_nobody_is_refused(gate):
    with pytest.raises(Hopeless, match="does not know this token"):
        async with connect(gate.url, "tg_" + "x" * 43, gate.trust):
            pytest.fail("connected")


async def test_health_needs_no_token(gate):
    assert await gate.request("/healthz") == (200, "ok\n")


async def test_a_stop_closes_channels_at_once_and_says_so(gate):
    async with gate.connect() as client, gate.connect("bob") as other:
        for channel in (client, other):
            await channel.receive()
        async with await gate.stream() as silent:
            await silent.do_handshake()
            gate.stop.request()
            for channel in (client, other):
                with pytest.raises(ClientError, match=r"\Athe gateway is stopping\Z"):
                    await channel.receive()
            assert await silent.receive_some() == b""


async def test_readiness_needs_no_token_and_says_no_reason():
    why: list[str | None] = [None]
    made = admin_server(ApprovalHub(FixedClock()), unready=lambda: why[0])

    async def ready() -> bytes:
        ours, theirs = memory_stream_pair()
        await ours.send_all(head("/readyz"))
        await handle(made, theirs)
        return bytes(await ours.receive_some())

    assert (await ready()).startswith(b"HTTP/1.1 200 ")
    why[0] = "calls are refused"
    answer = await ready()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"\r\n\r\nnot ready\n")


async def quiet(hub: ApprovalHub, raw: bytes) -> float:
    """When the gate lets go of a peer that sends this and nothing more."""
    ours, theirs = memory_stream_pair()
    await ours.send_all(raw)
    await handle(admin_server(hub), theirs)
    return trio.current_time()


@pytest.mark.parametrize("raw", [b"", b"GET /healthz HTTP/1.1\r\nHost: loc", head("/v1/approvals", **WEBSOCKET)])
async def test_a_peer_that_stops_talking_is_let_go(autojump_clock: MockClock, raw):
    assert await quiet(ApprovalHub(FixedClock()), raw) == pytest.approx(connection_limits.HEAD_TIMEOUT, abs=0.1)


async def test_a_peer_that_fell_off_the_network_is_noticed(autojump_clock: MockClock):
    hub = ApprovalHub(FixedClock())
    gone = await quiet(hub, head("/v1/approvals", **WEBSOCKET, **ALICE))
    assert gone == pytest.approx(channel.PING_EVERY_SECONDS + channel.PONG_TIMEOUT + connection_limits.CLOSE_TIMEOUT, abs=0.1)


async def test_a_peer_that_does_not_read_is_cut_off(autojump_clock: MockClock):
    hub = ApprovalHub(FixedClock(), Limits(max_pending=10_000, max_pending_per_agent=10_000))
    ours, theirs = lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        handling = trio.Event()

        async def serve() -> None:
            await handle(admin_server(hub), theirs)
            handling.set()

        nursery.start_soon(serve)
        await ours.send_all(head("/v1/approvals", **WEBSOCKET, **ALICE))
        await ours.receive_some()
        for number in range(MAX_BEHIND):
            nursery.start_soon(hub.ask, asked(question(f"q{number}", digest=f"{number:064x}")))
        await handling.wait()
        assert trio.current_time() <= connection_limits.SEND_TIMEOUT + connection_limits.CLOSE_TIMEOUT + 0.1
        nursery.cancel_scope.cancel()
