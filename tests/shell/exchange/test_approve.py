"""Signs of life while a call waits: as many as each kind of client takes."""

import threading
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import trio
from trio.testing import memory_stream_pair

from tests.kit.wire.streams import agent_stream
from tests.kit.wire.transports import StreamTransport
from trio_gate.errors import AgentGone
from trio_gate.shell.exchange.approve import FEW, ApprovalStage, patience, signs_of_life
from trio_gate.shell.worker_threads import WorkerThreads

BOTO3 = "Boto3/1.44.8 md/Botocore#1.44.8"
CLI = "aws-cli/2.31.0 md/awscrt#0.27"
JS = "aws-sdk-js/3.900.0 ua/2.1"
GO = "aws-sdk-go-v2/1.39.0 ua/2.1"
GO1 = "aws-sdk-go/1.55.0 (go1.22)"
RUST = "aws-sdk-rust/1.8.0 ua/2.1"


@pytest.mark.parametrize(
    ("user_agent", "expects", "signs"),
    [
        *((patient, False, 10) for patient in (BOTO3, CLI, JS, "Botocore/1.44.8", "trio-gate/0.1")),
        (BOTO3, True, 11),
        *((counting, False, FEW) for counting in (GO, GO1, RUST)),
        *((counting, True, FEW) for counting in (GO, GO1, RUST)),
        *((unknown, False, 0) for unknown in ("curl/8", "", "aws-sdk-java/2.30", "my Boto3/1", "python-requests/2")),
        ("curl/8", True, 1),
    ],
)
async def test_each_client_gets_what_it_takes(autojump_clock, user_agent, expects, signs):
    ours, theirs = memory_stream_pair()
    agent = agent_stream(StreamTransport(theirs), head_timeout=10)
    expect = "Expect: 100-continue\r\n" if expects else ""
    await ours.send_all(f"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n{expect}\r\n".encode())
    await agent.next_head()
    await agent.ask_for_body()
    await ours.send_all(b"abc")
    while await agent.next_piece() is not None:
        pass
    with trio.move_on_after(21):
        await signs_of_life(agent, user_agent)
    await theirs.aclose()
    said = b"".join([piece async for piece in ours])
    assert said == b"HTTP/1.1 100 Continue\r\n\r\n" * signs
    assert FEW == 4


async def test_a_client_that_has_left_is_noticed(autojump_clock):
    ours, theirs = memory_stream_pair()
    agent = agent_stream(StreamTransport(theirs), head_timeout=10)
    await ours.send_all(b"GET /k HTTP/1.1\r\nHost: h\r\n\r\n")
    await agent.next_head()
    await ours.aclose()
    with pytest.raises(AgentGone):
        await signs_of_life(agent, BOTO3)


@pytest.mark.parametrize(
    ("user_agent", "seconds"),
    [
        ("aws-sdk-cpp/1.11.594 ua/2.1 api/S3", 3),
        ("aws-sdk-java/2.30.0 md/io#sync", 30),
        ("aws-sdk-java/1.12.780 Linux/6.1", 30),
        ("aws-sdk-kotlin/1.4.0", 30),
        ("aws-sdk-ruby3/3.220.0 ua/2.1", 60),
        ("aws-sdk-dotnet-coreclr/4.0.0 ua/2.1", 100),
    ],
)
def test_a_client_with_a_short_limit_hears_before_it(user_agent, seconds):
    assert 0 < patience(user_agent) < seconds


@pytest.mark.parametrize("user_agent", [BOTO3, CLI, JS, GO, RUST, "", "curl/8"])
def test_others_wait_as_long_as_the_rule_says(user_agent):
    assert patience(user_agent) == float("inf")


async def test_a_prompt_is_made_in_a_thread_of_its_own(monkeypatch, autojump_clock):
    """However small the body is: what it unpacks to may be large."""
    threads = []

    def made(*_):
        threads.append(threading.current_thread())
        raise AgentGone

    monkeypatch.setattr(ApprovalStage, "_made", made)
    stage = ApprovalStage.__new__(ApprovalStage)
    stage._services = SimpleNamespace(workers=WorkerThreads())
    stage._identified = SimpleNamespace(proven=SimpleNamespace(asker="ci"))
    ours, theirs = memory_stream_pair()
    with pytest.raises(AgentGone), ExitStack() as opened:
        await stage.ask(None, None, agent_stream(StreamTransport(theirs), head_timeout=10), opened)
    assert threads[0] is not threading.current_thread()
    await ours.aclose()
