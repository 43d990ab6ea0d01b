"""One agent's costly requests keep no other waiting: what takes long is done beside the loop, and is bounded."""

from __future__ import annotations

import threading

import pytest

from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, running
from tests.kit.wire.raw import DYNAMODB, STS, parted, request, tunnel

JSON = "application/x-amz-json-1.0"
MANY = 20
"""Small requests, one after the other: what waits for the costly one gets few answers before it."""


def numbers() -> bytes:
    """JSON of very many values."""
    body = b'{"TableName":[' + b"0," * 1_000_000 + b"0]}"
    return request("dynamodb", DYNAMODB, body=body, X_Amz_Target="DynamoDB_20120810.GetItem", Content_Type=JSON)


def form() -> bytes:
    """A form of one long name."""
    body = b"Action=GetCallerIdentity&Version=2011-06-15&" + b"%41" * (5 * 1024 * 1024) + b"="
    return request("sts", STS, body=body, Content_Type="application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fair")
    with running(folder, None, rules='rule "nothing" { action = "deny" }\n') as gateway:
        yield gateway


@pytest.mark.parametrize(("host", "costly"), [(DYNAMODB, numbers), (STS, form)])
def test_small_requests_are_answered_while_a_costly_one_is_read(gateway, host, costly):
    ca_file, ended = gateway.ca_file, threading.Event()
    small = request("dynamodb", DYNAMODB, body=b"{}", X_Amz_Target="DynamoDB_20120810.ListTables", Content_Type=JSON)
    with tunnel(gateway, ca_file, host) as slow, tunnel(gateway, ca_file, DYNAMODB) as quick:
        assert quick.send(small).answer().status == 403

        def wait() -> None:
            assert slow.answer().status == 400
            ended.set()

        slow.send(costly())
        thread = threading.Thread(target=wait)
        thread.start()
        answered = 0
        while not ended.is_set() and answered < MANY:
            assert quick.send(small).answer().status == 403
            answered += 1
        thread.join()
    assert answered == MANY


ASK = """
rule "ask"     { match = agent.name == "ci"  action = "approve"  approvers = [human.oncall] }
rule "nothing" { action = "deny" }
"""
OTHERS = SECRET[::-1]
OTHER = f'agent "other" {{\n  key_suffix = "CI02"\n  secret = "{OTHERS}"\n}}\n'


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    with running(tmp_path_factory.mktemp("left"), None, rules=ASK, extra=OTHER) as gateway:
        yield gateway


def item(size: int, **given: str) -> bytes:
    """A PutItem of many attributes, `size` bytes or somewhat more."""
    attributes = ",".join(f'"a{number}":{{"S":"b"}}' for number in range(size // 16))
    body = f'{{"TableName":"t{size}","Item":{{{attributes}}}}}'.encode()
    return request("dynamodb", DYNAMODB, body=body, X_Amz_Target="DynamoDB_20120810.PutItem", Content_Type=JSON, **given)


def test_an_agent_that_leaves_while_its_body_is_read_frees_its_turn(asking):
    ca_file, costly = asking.ca_file, item(6 * 1024 * 1024)
    with tunnel(asking, ca_file, DYNAMODB) as gone, tunnel(asking, ca_file, DYNAMODB) as other:
        gone.send(costly).end()
        assert other.send(item(64 * 1024, key_id="AKIA222222222222CI02", secret=OTHERS)).answer().status == 403
        assert gone.closed()
    with tunnel(asking, ca_file, DYNAMODB) as again:
        again.send(item(64 * 1024))
        prompt = Person(asking).until(lambda prompt: True)
    assert prompt["params"]["TableName"] == f"t{64 * 1024}"
    (left,) = [row for row in asking.records() if row["agent"] == "ci" and row["outcome"] and row["outcome"]["bytes_in"] > 2**20]
    assert left["outcome"]["bytes_in"] == len(parted(costly)[1])
    assert (left["outcome"]["end"], left["decision"]["rule"], left["digest"]) == ("aborted", None, None)


def test_an_agent_that_leaves_while_it_is_asked_about_is_asked_about_no_more(asking):
    with tunnel(asking, asking.ca_file, DYNAMODB) as gone:
        gone.send(item(1024 * 1024))
        prompt = Person(asking).until(lambda prompt: prompt["params"]["TableName"] == f"t{1024 * 1024}")
    assert not prompt["detached"]
    assert Person(asking).until(lambda prompt: prompt["params"]["TableName"] == f"t{1024 * 1024}" and prompt["detached"])
    with tunnel(asking, asking.ca_file, DYNAMODB) as other:
        assert other.send(item(64 * 1024, key_id="AKIA222222222222CI02", secret=OTHERS)).answer().status == 403
