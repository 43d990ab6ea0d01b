"""TLS's records as they arrive: in parts, several at once, while others receive in the same buffer, and none that is no record."""

import itertools
import math
import ssl

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.kit.wire.raw_tls import RawClient
from tests.kit.wire.transports import MIB, NAME, in_memory, read, shaken, sockets, tls_pair
from trio_gate.shell.net.tls_transport import SPARE, TlsTransport
from trio_gate.shell.net.transport import RECEIVE


def in_vain(server: TlsTransport) -> list[ssl.SSLError]:
    """The times that OpenSSL is asked for data and has none, from now on."""
    found, tls_read = [], server._read

    def asks(*words):
        try:
            return tls_read(*words)
        except ssl.SSLWantReadError as fault:
            found.append(fault)
            raise

    server._read = asks
    return found


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 1000, 4097, 16406, 70_001])
async def test_records_arrive_whole_wherever_they_are_cut(contexts, cut):
    """Large and small ones by turns; a peer may send each in many parts."""
    client, near, server = await shaken(contexts)
    sent = b""
    for length in (1, 16384, 4090, 2, 16384, 16384, 16384, 5000, 4096, 3, 3):
        client.write(piece := bytes([length % 251]) * length)
        sent += piece
    client.update_key()
    client.write(b"last")
    wire = client.made()
    async with trio.open_nursery() as nursery:

        async def send() -> None:
            for at in range(0, len(wire), cut):
                await near.send_all(wire[at : at + cut])

        nursery.start_soon(send)
        assert await read(server, len(sent) + 4, 2**20) == sent + b"last"


async def test_a_record_in_many_parts_is_one_record(contexts):
    client, near, server = await shaken(contexts)
    client.write(bytes(16000))
    wire = client.made()
    assert len(wire) > 100 * SPARE
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, server, 16000)
        for at in range(0, len(wire), 100):
            await near.send_all(wire[at : at + 100])
            await wait_all_tasks_blocked()


@pytest.mark.parametrize("lengths", [(16384, 16384, 16384), (1, 16384, 4090, 2), (16383, 5000, 3, 3)])
async def test_records_arrive_whole_in_two_reads_cut_anywhere(contexts, lengths):
    """Around each record's end at every byte; OpenSSL is never asked for what has not come."""
    client, near, server = await shaken(contexts)
    asked = in_vain(server)
    sizes = [length + 22 for length in lengths]
    for end in itertools.accumulate(sizes):
        for cut in range(max(1, end - 30), min(end + 30, sum(sizes))):
            for length in lengths:
                client.write(bytes([length % 251]) * length)
            wire = client.made()
            assert len(wire) == sum(sizes)
            await near.send_all(wire[:cut])
            got = await server.receive_some(MIB) if cut >= sizes[0] else b""
            await near.send_all(wire[cut:])
            got += await read(server, sum(lengths) - len(got), MIB)
            assert got == b"".join(bytes([length % 251]) * length for length in lengths)
    assert not asked


async def test_a_record_that_waits_for_its_rest_is_not_mixed_with_anothers(contexts):
    """Parts of records wait while another connection receives in the same buffer."""
    (client, near, server), (other, others_near, others) = await shaken(contexts), await shaken(contexts)
    client.write(b"a" * 16000)
    other.write(b"b" * 20000)
    wire, others_wire = client.made(), other.made()
    got = []

    async def receive() -> None:
        got.append(await read(server, 16000))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        for at in range(0, 15000, 5000):
            await near.send_all(wire[at : at + 5000])
            await wait_all_tasks_blocked()
        await others_near.send_all(others_wire)
        assert await read(others, 20000, MIB) == b"b" * 20000
        await near.send_all(wire[15000:])
    assert got == [b"a" * 16000]


async def test_a_cancelled_read_keeps_its_part_of_a_record(contexts):
    (client, near, server), (other, others_near, others) = await shaken(contexts), await shaken(contexts)
    client.write(b"a" * 16000)
    other.write(b"b" * 20000)
    wire = client.made()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.receive_some, MIB)
        await near.send_all(wire[:15000])
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await others_near.send_all(other.made())
    assert await read(others, 20000, MIB) == b"b" * 20000
    await near.send_all(wire[15000:])
    assert await read(server, 16000, MIB) == b"a" * 16000


@pytest.mark.parametrize(
    "record", [b"\x17\x03\x03\xff\xff", b"\x17\x03\x03\x48\x01", b"\x17\x04\x03\x00\x10", b"\x19\x03\x03\x00\x10"]
)
async def test_what_cannot_be_a_record_is_not_waited_for(contexts, record):
    _, near, server = await shaken(contexts)
    await near.send_all(record)
    with pytest.raises(trio.BrokenResourceError), trio.fail_after(5):
        await server.receive_some(1)


async def test_little_is_received_ahead_of_what_is_asked_for(contexts):
    """What waits encrypted is memory of the connection's own."""
    async with tls_pair(contexts, sockets()) as (client, server), trio.open_nursery() as nursery:
        nursery.start_soon(client.send_all, bytes(MIB))
        await server.receive_some(1000)
        assert len(server._arrived) <= RECEIVE
        await read(server, MIB - 1000, MIB)


@pytest.mark.parametrize("cut", [0, 100])
async def test_what_comes_with_a_handshake_waits_while_others_receive(contexts, cut):
    """The hello comes in two parts, and data with the client's last words."""
    ours, theirs = in_memory()
    server, client = TlsTransport(theirs, contexts[1], server_side=True), RawClient(NAME)
    async with tls_pair(contexts, sockets()) as (other, others):

        async def between() -> None:
            await other.send_all(bytes(RECEIVE))
            await read(others, RECEIVE)

        async def slowly(data, within: float = math.inf) -> None:
            await between()
            await send(data, within)

        send, theirs.send_all = theirs.send_all, slowly
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.handshake)
            client.shake()
            hello = client.made()
            await ours.send_all(hello[:cut])
            await wait_all_tasks_blocked()
            await between()
            await ours.send_all(hello[cut:])
            while not client.shake():
                client.take(await ours.receive_some(MIB))
            client.write(b"hello" * 100)
            await ours.send_all(client.made())
        await between()
        assert await server.receive_some(MIB) == b"hello" * 100
