"""One agent's costly requests keep no other waiting: what takes long is done beside the loop, and is bounded."""

from __future__ import annotations

import threading

import pytest

from tests.kit.gateway import running
from tests.kit.raw import DYNAMODB, STS, request, tunnel

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
