"""A read is signed for the place of its service, with the role of the call."""

from datetime import UTC, datetime
from types import SimpleNamespace

import trio

from trio_gate.comparison.reads import Read
from trio_gate.shell.comparison.reader import Reader
from trio_gate.shell.models.model_loader import load_model
from trio_gate.signing.sigv4 import Credentials
from trio_gate.wire.head import ResponseHead


class Source:
    """Credentials of one role."""

    async def credentials(self, role):
        await trio.lowlevel.checkpoint()
        assert role == "the role"
        return Credentials(access_key_id="ASIAEXAMPLE000000000", secret_access_key="s", session_token="t", expires=None)


async def in_place(make):
    await trio.lowlevel.checkpoint()
    return make()


async def test_a_read_goes_to_the_place_of_its_service():
    sent = []

    async def send(host, head, body):
        await trio.lowlevel.checkpoint()
        sent.append((host, head, body))
        return ResponseHead(status=200, headers=()), b'{"Table": {"TableName": "t"}}'

    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    reader = Reader(
        Source(), send=send, place=lambda service, region: (f"{service}.{region}.x", region), clock=clock, load=load_model
    )
    asked = Read(service="dynamodb", operation="DescribeTable", params={"TableName": "t"})
    answer = await reader.read(asked, "the role", "eu-west-1", in_place)
    [(host, head, body)] = sent
    assert answer["Table"] == {"TableName": "t"}
    assert (host, head.one("host"), body) == ("dynamodb.eu-west-1.x", "dynamodb.eu-west-1.x", b'{"TableName": "t"}')
    assert "/20260102/eu-west-1/dynamodb/aws4_request" in head.one("authorization")
    assert head.one("x-amz-security-token") == "t"
