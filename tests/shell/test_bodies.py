from __future__ import annotations

import hashlib

import pytest
from trio.testing import memory_stream_pair

from tests.kit.streams import agent_stream
from trio_gate.errors import AuditUnavailable, Malformed, Overloaded
from trio_gate.shell.bodies import Budget, Kept, read_held, spool
from trio_gate.shell.transport import StreamTransport


def test_a_budget_is_shared_and_given_back():
    budget = Budget(100, "holds")
    with budget.share() as one:
        one.take(60)
        with budget.share() as other:
            other.take(40)
            with pytest.raises(Overloaded, match="holds too much already"):
                other.take(1)
        assert budget.left == 40
        one.take(40)
    assert budget.left == 100


def test_a_share_is_given_back_whatever_happens():
    budget = Budget(100, "holds")

    def fail():
        with budget.share() as share:
            share.take(100)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert budget.left == 100


async def test_what_is_spooled_is_read_again_and_leaves_no_file(tmp_path):
    budget, data = Budget(1_000_000, "keeps"), bytes(range(256)) * 3000
    with spool(str(tmp_path / "spool"), budget) as store:
        await store.write(data[:5])
        await store.write(data[5:])
        await store.rewind()
        pieces = []
        while (piece := await store.next_piece()) is not None:
            pieces.append(piece)
        assert b"".join(pieces) == data
        assert budget.left == 1_000_000 - len(data)
        assert list((tmp_path / "spool").iterdir()) == []
    assert budget.left == 1_000_000
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


async def test_a_spool_keeps_no_more_than_its_budget(tmp_path):
    with spool(str(tmp_path), Budget(10, "keeps")) as store:
        with pytest.raises(Overloaded):
            await store.write(b"x" * 11)
        await store.write(b"x" * 10)


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditUnavailable, match="cannot be kept in"), spool(str(tmp_path / "file"), Budget(10, "keeps")):
        pass


async def sent(body, framing):
    """An agent whose request's head has been read."""
    near, far = memory_stream_pair()
    agent = agent_stream(StreamTransport(near))
    await far.send_all(f"PUT / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n".encode() + body)
    assert await agent.next_head()
    return agent


CHUNKS = b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"
HELLO_WORLD = hashlib.sha256(b"helloworld").hexdigest()
FRAMED = pytest.mark.parametrize(
    ("framing", "body"), [("Content-Length: 10", b"helloworld"), ("Transfer-Encoding: chunked", CHUNKS)], ids=["length", "chunks"]
)


@FRAMED
async def test_a_held_body_is_counted_while_it_is_kept(framing, body):
    budget = Budget(10, "holds")
    with budget.share() as share:
        held = await read_held(await sent(body, framing), 10, share, lambda: None)
        assert held == Kept(length=10, sha256=HELLO_WORLD, data=b"helloworld")
        assert budget.left == 0
        with budget.share() as another, pytest.raises(Overloaded):
            await read_held(await sent(body, framing), 10, another, lambda: None)
    assert budget.left == 10


@FRAMED
async def test_a_held_body_has_a_limit(framing, body):
    with Budget(100, "holds").share() as share, pytest.raises(Malformed, match="held_limit"):
        await read_held(await sent(body, framing), 9, share, lambda: None)
