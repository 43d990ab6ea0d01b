"""SIGHUP: rules, agents, people, approvers and reviews change under a running gateway, whole or not at all."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import trio
from botocore.exceptions import ClientError
from trio.testing import wait_all_tasks_blocked

from scripts.embedded.aws import ACCOUNTS
from tests.kit.approvals.approver import Person
from tests.kit.approvals.hubs import CONFIG, nowhere
from tests.kit.gateway import SECRET, START, reload, running
from tests.kit.shortages import no_thread
from trio_gate.app.reload import READ_WITHIN, ActiveConfig, reload_on_signal
from trio_gate.shell.approval.open_hub import open_hub
from trio_gate.shell.clock import SystemClock

ASKS = 'rule "the rest"   { action = "approve"  approvers = [human.oncall] }'
READS = 'rule "reads ok"   { match = aws.access in ["read", "list"]  action = "allow" }'


@pytest.fixture
def gate(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def test_another_rule_holds_for_the_next_call_of_an_open_connection(gate):
    client = gate.client("dynamodb")
    client.list_tables()
    reload(gate, READS, READS.replace("allow", "deny"), "reloaded, generation 2")
    with pytest.raises(ClientError, match="reads ok"):
        client.list_tables()
    reload(gate, READS.replace("allow", "deny"), READS, "reloaded, generation 3")
    client.list_tables()
    assert [row["generation"] for row in gate.records()[-3:]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('action = "allow" }', 'action = "alow" }', "the configuration has faults"),
        ('state_dir = "./state', 'state_dir = "./other', "a change of gateway.state_dir takes a restart"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(gate, old, new, said):
    before = gate.config.read_text()
    reload(gate, old, new, said)
    gate.config.write_text(before)  # the commands below look there for the state folder
    assert gate.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]
    assert gate.records()[-1]["generation"] == 1


def test_the_service_manager_is_told_when_a_reload_begins_and_how_it_ended(gate):
    heard = (said for said in iter(partial(gate.told.recv, 1024), b"") if not said.startswith(b"STATUS="))
    for old, new, said, status in [
        (READS, READS.replace("allow", "deny"), "reloaded, generation 2", b"generation 2; calls that wait for people: 0"),
        ("deny", "dney", "the configuration has faults", b"generation 2; calls that wait for people: 0; not reloaded: the conf"),
    ]:
        earliest = time.monotonic_ns() // 1000
        reload(gate, old, new, said)
        began, stamp = next(heard).split(b"\nMONOTONIC_USEC=")
        assert began == b"RELOADING=1"
        assert earliest <= int(stamp) <= time.monotonic_ns() // 1000, (
            "systemd takes no answer to an earlier signal for this one's"
        )
        assert next(heard).startswith(b"READY=1\nSTATUS=" + status)


def test_the_gateways_own_doings_are_in_its_record(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as gate:
        texts = [gate.config.read_bytes()]
        reload(gate, READS, READS.replace("allow", "deny"), "reloaded, generation 2")
        texts.append(gate.config.read_bytes())
        reload(gate, 'state_dir = "./state', 'state_dir = "./other', "takes a restart")
        texts.append(gate.config.read_bytes())
        reload(gate, 'state_dir = "./other', 'what = 1\n  state_dir = "./state', "the configuration has faults")
    rows = [row for row in gate.rows() if "act" in row]
    taken, refused, faulty = [hashlib.sha256(text).hexdigest() for text in texts[:2]], hashlib.sha256(texts[2]).hexdigest(), None
    assert [(row["kind"], row["generation"], row["act"].get("taken"), row["act"].get("config_sha256")) for row in rows] == [
        ("started", 1, None, taken[0]),
        ("reload", 2, True, taken[1]),
        ("reload", 2, False, refused),
        ("reload", 2, False, faulty),
        ("stopped", 2, None, taken[1]),
    ]
    assert "takes a restart" in rows[2]["act"]["reason"]
    shown = gate.gate("log", str(gate.config)).stdout
    assert all(said in shown for said in ("gateway started", "reloaded", "not reloaded", "gateway stopped"))


def test_a_person_who_is_gone_is_cut_off_and_comes_in_no_more(gate):
    connected = threading.Event()
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("s3", "prod").create_bucket, Bucket="never-made")
        listens = pool.submit(Person(gate).until, lambda _: connected.set() or False)
        assert connected.wait(START)
        token = next(line for line in gate.config.read_text().splitlines() if line.startswith('person "alice"'))
        reload(gate, token, f'person "alice" {{ token_sha256 = "{"0" * 64}" }}', "reloaded, generation 2")
        assert not isinstance(listens.exception(), (type(None), trio.TooSlowError))
        assert gate.gate(*gate.approver(verb="pending")).returncode != 0
        reload(gate, ASKS, ASKS.replace("the rest", "other"), "reloaded, generation 3")
        assert isinstance(asks.exception(), ClientError)


def test_a_call_that_waits_is_taken_back_when_its_rule_changes(gate):
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(gate.client("s3", "prod").create_bucket, Bucket="never-made")
        Person(gate).until(lambda _: True)
        reload(gate, ASKS, ASKS.replace("the rest", "other"), "reloaded, generation 2")
        with pytest.raises(ClientError, match="it was withdrawn before anybody decided, which is not a denial"):
            waits.result()
    assert Person(gate).state().prompts == {}


def test_what_an_agents_old_secret_signed_is_not_sent_after_its_secret_is_another(gate):
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("s3", "prod").create_bucket, Bucket="never-made")
        Person(gate).until(lambda _: True)
        reload(gate, SECRET, SECRET.swapcase() + "-another", "reloaded, generation 2")
        assert "was withdrawn" in str(asks.exception(START)) or "changed while" in str(asks.exception(START))
        assert not Person(gate).state().prompts


async def nothing_else(before, after):
    await trio.lowlevel.checkpoint()
    return ()


async def test_a_file_that_does_not_answer_is_given_up_and_read_again_later(tmp_path, caplog, mock_clock):
    answers, begun, tell = threading.Event(), [], trio.open_memory_channel(1)

    def hangs():
        begun.append(1)
        answers.wait()
        return CONFIG

    async with open_hub(CONFIG, SystemClock(), str(tmp_path / "k.db"), "", send=nowhere) as hub, trio.open_nursery() as nursery:
        present = ActiveConfig(CONFIG, hub)
        nursery.start_soon(reload_on_signal, tell[1], present, hangs, hub, nothing_else)
        for _ in range(2):  # the second waits for the first, and takes no thread of its own
            await tell[0].send(1)
            await wait_all_tasks_blocked(0.01)
            while not begun:
                await wait_all_tasks_blocked(0.01)
            mock_clock.jump(READ_WITHIN)
            await wait_all_tasks_blocked(0.01)
            said = f"its files could not be read within {READ_WITHIN:g} seconds: one of them does not answer"
            assert (present().number, present.reload_failed, begun) == (1, said, [1])
        answers.set()
        await tell[0].send(1)
        while present.reload_failed is not None:
            await wait_all_tasks_blocked(0.01)
        assert present().number == 2
        nursery.cancel_scope.cancel()


async def test_without_a_thread_nothing_is_read_and_what_there_was_stays(tmp_path, caplog):
    async def once():
        await trio.lowlevel.checkpoint()
        yield 1

    async with open_hub(CONFIG, SystemClock(), str(tmp_path / "k.db"), "", send=nowhere) as hub:
        present = ActiveConfig(CONFIG, hub)
        with no_thread():
            await reload_on_signal(once(), present, lambda: CONFIG, hub, nothing_else)
        assert "not reloaded: the gateway can start no thread" in caplog.text
        assert present.reload_failed == "the gateway can start no thread just now: try again later"
        await reload_on_signal(once(), present, lambda: CONFIG, hub, nothing_else)
        assert (present().number, present.reload_failed) == (2, None)
