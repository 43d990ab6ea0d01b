"""The configuration changes while calls wait (F07): none is executed by rules that no longer stand, though people approve it."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from botocore.exceptions import ClientError

from scripts.embedded.aws import REGION, ROLE
from tests.kit.approvals.asking import Listener
from tests.kit.gateway import AGENT, HEAD, PLAIN, RULES, SECRET, TOKEN, Gateway
from trio_gate.app.listeners import open_authorities
from trio_gate.app.wiring import open_services
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.ingress import Ingress
from trio_gate.config.load import load
from trio_gate.config.model import Address
from trio_gate.exchange.snapshot import check_condition, compile_snapshot
from trio_gate.shell.approval.hub_config import hub_config
from trio_gate.shell.audit.database import read_last
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.credentials.role_credentials import RoleCredentials
from trio_gate.shell.exchange.hosts import Hosts
from trio_gate.shell.listen.listeners import AgentListenerContext, EndpointListener
from trio_gate.shell.net.accept import OpenListener, Shutdown, listen, run
from trio_gate.shell.net.connection_limits import Seats
from trio_gate.shell.upstream.pool import UpstreamPool

NARROWED = AGENT.replace('CI01"', 'CI01"\n  accounts = ["222222222222"]')
SECOND = 'approver "human" "others" {\n people = [person.bob]\n}\n'


def text(aws, **changes: str) -> str:
    facts = {
        "role": ROLE,
        "region": REGION,
        "port": aws.port,
        "ca_file": aws.ca_file,
        "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "bob_sha256": hashlib.sha256(TOKEN.replace("alice", "bob").encode()).hexdigest(),
    }
    return HEAD.format(**{**PLAIN, **facts, **changes}) + AGENT + SECOND + RULES


@pytest.fixture
def read(embedded_aws, tmp_path):
    env = {"BASE_ACCESS_KEY_ID": embedded_aws.base_access_key_id, "BASE_SECRET_ACCESS_KEY": embedded_aws.base_secret_access_key}

    def config(change=lambda text: text, **changes: str):
        written = change(text(embedded_aws, **changes))
        files = {"env": env.get, "read_file": lambda path: Path(path).read_text()}
        return load(written, "gateway.hcl", base_dir=str(tmp_path), check_condition=check_condition, **files)

    return config


class Running:
    """A gateway in this process, whose configuration can be exchanged."""

    def __init__(self, config, services, hub, port: int) -> None:
        self.current = compile_snapshot(1, config)
        self.services, self.hub = services, hub
        self.gateway = Gateway(folder=Path(), process=None, doors={"endpoint": f"127.0.0.1:{port}"}, env={})

    def change(self, config, *, told: bool) -> None:
        self.current = compile_snapshot(2, config)
        if told:
            self.hub.judge_again(hub_config(config))

    def delete(self) -> str | None:
        """A call that waits for approval; the reason if it was refused."""
        client = self.gateway.client("s3", "prod", by="endpoint")
        try:
            client.delete_object(Bucket="prod-data", Key="report.txt")
        except ClientError as fault:
            return str(fault)
        return None


@asynccontextmanager
async def serving(config, folder: Path):
    state, now = folder / "state", SystemClock().now()
    state.mkdir(mode=0o700)
    hosts = Hosts(state)
    authorities = open_authorities(state, config, hosts.table, now)
    async with (
        open_services(config, hosts, ours=authorities.issued, page="") as (services, hub, _),
        trio.open_nursery() as nursery,
    ):
        [listening] = await listen(Address(host="127.0.0.1", port=0))
        port = listening.getsockname()[1]
        made = Running(config, services, hub, port)
        ingress = Ingress(kind="endpoint", port=port, names=frozenset({"127.0.0.1"}), base=f"http://127.0.0.1:{port}")
        shutdown = Shutdown()
        inside = AgentListenerContext(services=services, snapshot=lambda: made.current, shutdown=shutdown)
        door = EndpointListener(inside, None, ingress)
        opened = OpenListener(kind="endpoint", socket=listening, handle=door.handle, seats=Seats(100, 100))
        nursery.start_soon(run, [opened], shutdown)
        yield made
        nursery.cancel_scope.cancel()


CHANGES = {
    "the account is gone": ({}, lambda text: text.replace('"111111111111=prod", ', ""), False),
    "the agent is gone": ({}, lambda text: text.replace("CI01", "CI02"), False),
    "the agent's secret is another": ({}, lambda text: text.replace(SECRET, SECRET.swapcase() + "-another"), False),
    "the agent has one more secret": (
        {},
        lambda text: text.replace(f'secret = "{SECRET}"', f'secrets = ["another-{SECRET}", "{SECRET}"]'),
        True,
    ),
    "the agent may not use the account any more": ({}, lambda text: text.replace(AGENT, NARROWED), False),
    "the rule is gone": ({}, lambda text: text.partition('rule "the rest"')[0], False),
    "the rule denies": (
        {},
        lambda text: text.replace('action = "approve"  approvers = [human.oncall]', 'action = "deny"'),
        False,
    ),
    "others are asked": ({}, lambda text: text.replace("[human.oncall]", "[human.others]"), False),
    "another rule asks": ({}, lambda text: text.replace('rule "the rest"', 'rule "other"'), False),
    "the role is another": ({"role": "other"}, lambda text: text, False),
    "the rule allows": (
        {},
        lambda text: text.replace('action = "approve"  approvers = [human.oncall]', 'action = "allow"'),
        True,
    ),
    "nothing of it changed": ({"knobs": "max_connections = 7"}, lambda text: text, True),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_an_approval_counts_only_while_the_rules_stand_by_it(read, tmp_path, name):
    values, change, goes = CHANGES[name]
    async with serving(read(), tmp_path) as running, trio.open_nursery() as nursery:
        said: list[str | None] = []
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(running.delete)
            alice = running.current.config.people[0]
            with running.hub.subscribe(alice) as subscription:
                listener = Listener(running.hub, running.services.clock, subscription)
                await listener.next()
                prompt = await listener.prompt()
                running.change(read(change, **values), told=False)
                listener.vote(prompt_id=prompt["id"], digest=prompt["digest"])
                said.append(await trio.to_thread.run_sync(asking.result))
        nursery.cancel_scope.cancel()
        assert not list(running.hub.grants.table)  # nor is the approval kept for the next attempt
    assert (said == [None]) is goes, said


@pytest.mark.parametrize(("change", "waits"), [("others are asked", False), ("nothing of it changed", True)])
async def test_what_waits_is_taken_back_when_its_rule_changes(read, tmp_path, change, waits):
    values, edit, _ = CHANGES[change]
    async with serving(read(), tmp_path) as running:
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(running.delete)
            alice = running.current.config.people[0]
            with running.hub.subscribe(alice) as subscription:
                listener = Listener(running.hub, running.services.clock, subscription)
                await listener.next()
                prompt = await listener.prompt()
                running.change(read(edit, **values), told=True)
                assert running.hub.pending == waits
                if waits:
                    listener.vote("deny", prompt_id=prompt["id"], digest=prompt["digest"])
                reason = await trio.to_thread.run_sync(asking.result)
    assert ("which is not a denial" in reason) is not waits


@asynccontextmanager
async def approved(running):
    """The answer to come of a delete that alice, who is there, has approved."""
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(running.delete)
        with running.hub.subscribe(running.current.config.people[0]) as subscription, trio.fail_after(60):
            listener = Listener(running.hub, running.services.clock, subscription)
            await listener.next()
            prompt = await listener.prompt()
            listener.vote(prompt_id=prompt["id"], digest=prompt["digest"])
            yield asking


async def test_a_stop_holds_for_a_call_that_waits_for_its_credentials(read, tmp_path, monkeypatch):
    waiting, go = trio.Event(), trio.Event()
    real = RoleCredentials.credentials

    async def slow(self, request):
        waiting.set()
        await go.wait()
        return await real(self, request)

    monkeypatch.setattr(RoleCredentials, "credentials", slow)
    async with serving(read(), tmp_path) as running:
        async with approved(running) as asking:
            await waiting.wait()
            running.hub.stop(None, "alice", "enough")
            go.set()
            said = await trio.to_thread.run_sync(asking.result)
        assert "stopped by a person" in said
        assert not list(running.hub.grants.table)


WAITS = {"credentials": (RoleCredentials, "credentials"), "a connection": (UpstreamPool, "connect")}


@pytest.fixture(params=WAITS)
def held_up(request, monkeypatch):
    """Calls wait, for credentials or a connection to AWS: set `waiting` when one does, and let it go on with `go`."""
    owner, name = WAITS[request.param]
    real, waiting, go = getattr(owner, name), trio.Event(), trio.Event()

    async def slow(self, asked):
        waiting.set()
        await go.wait()
        return await real(self, asked)

    @asynccontextmanager
    async def slow_to_connect(self, host, **more):
        if not host.startswith("sts."):
            waiting.set()
            await go.wait()
        async with real(self, host, **more) as link:
            yield link

    monkeypatch.setattr(owner, name, slow if name == "credentials" else slow_to_connect)
    return waiting, go


@pytest.mark.parametrize("name", CHANGES)
async def test_an_approved_call_that_waits_on_is_judged_by_the_configuration_of_then(read, tmp_path, held_up, name):
    waiting, go = held_up
    values, change, goes = CHANGES[name]
    async with serving(read(), tmp_path) as running:
        async with approved(running) as asking:
            await waiting.wait()
            running.change(read(change, **values), told=False)
            go.set()
            said = await trio.to_thread.run_sync(asking.result)
        assert not list(running.hub.grants.table)
    assert (said is None) is goes, said


ALLOWED = {
    "the account is gone": True,
    "the agent is gone": True,
    "the agent's secret is another": True,
    "the agent may not use the account any more": True,
    "the role is another": True,
    "reads are denied": True,
    "reads are asked about": True,
    "nothing of it changed": False,
    "the rule allows": False,
}
READS = 'match = aws.access in ["read", "list"]  action = "allow"'
OF_READS = {
    "reads are denied": ({}, lambda text: text.replace(READS, READS.replace("allow", "deny"))),
    "reads are asked about": (
        {},
        lambda text: text.replace(READS, READS.replace('"allow"', '"approve"  approvers = [human.oncall]')),
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
async def test_an_allowed_call_that_waits_is_judged_by_the_configuration_of_then(read, tmp_path, held_up, name):
    waiting, go = held_up
    values, change, *_ = OF_READS.get(name) or CHANGES[name]
    async with serving(read(), tmp_path) as running:
        client = running.gateway.client("s3", "prod", by="endpoint")
        with ThreadPoolExecutor(1) as pool, trio.fail_after(60):
            reading = pool.submit(client.list_buckets)
            await waiting.wait()
            running.change(read(change, **values), told=True)
            go.set()
            fault = await trio.to_thread.run_sync(reading.exception)
    assert isinstance(fault, ClientError) is ALLOWED[name], fault
    assert fault is None or ALLOWED[name]


async def test_the_first_call_of_an_operation_that_was_not_reviewed_is_reported_once(read, tmp_path, monkeypatch):
    row = Tables.row
    unknown = "GetBucketVersioning"
    monkeypatch.setattr(Tables, "row", lambda self, service, name: None if name == unknown else row(self, service, name))
    async with serving(read(), tmp_path) as running:
        client = running.gateway.client("s3", "prod", by="endpoint")

        def call():
            for _ in range(2):
                with pytest.raises(ClientError):  # it may vend credentials, for all the gateway knows
                    client.get_bucket_versioning(Bucket="prod-data")
            client.list_buckets()

        with trio.fail_after(60):
            await trio.to_thread.run_sync(call)
            await running.hub.acts.flush()
        rows = await trio.to_thread.run_sync(read_last, str(tmp_path / "state" / "audit.db"), 10)
    told = [(row["service"], row["action"], row["agent"]) for row in rows if row["kind"] == "unreviewed"]
    assert told == [("s3", "GetBucketVersioning", "ci")]
