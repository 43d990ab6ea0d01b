"""Places on the admin listener: a crowd that shows nothing keeps no person out, and no person another."""

import pytest
import trio
import trustme

from tests.kit.approvals.admin_gate import TOKENS, gate_on, head
from trio_gate.shell.admin.connection_limits import PROVEN, UNPROVEN, AdminConnections
from trio_gate.shell.net.source_networks import source

ALICE = {"Authorization": f"Bearer {TOKENS['alice']}"}


@pytest.fixture
async def gate():
    async with gate_on(trustme.CA()) as made:
        yield made


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_sources(address, whose):
    assert source(address) == whose


async def staying(connections, nursery, address, person=None):
    """A connection in a task of its own, until it has to go or the nursery ends."""

    async def stay(task_status):  # noqa: ASYNC114 - the nursery below is the only one that starts it
        with connections.admit(address) as connection:
            task_status.started(connection)
            if person:
                connection.proven(person)
            await trio.sleep_forever()

    return await nursery.start(stay)


def gone(connection):
    return connection.scope.cancel_called


async def test_who_shows_a_token_waits_for_nobody_of_the_same_address_who_does_not():
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:
        one, other = [await staying(connections, nursery, "192.0.2.1") for _ in range(2)]
        assert one.turns is not other.turns
        one.proven("alice")
        other.proven("alice")
        assert one.turns is other.turns
        nursery.cancel_scope.cancel()


async def test_the_oldest_of_the_largest_crowd_goes():
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:
        lone = await staying(connections, nursery, "192.0.2.1")
        crowd = [await staying(connections, nursery, "198.51.100.1") for _ in range(UNPROVEN + 9)]
        assert [gone(connection) for connection in crowd] == [True] * 10 + [False] * (UNPROVEN - 1)
        assert not gone(lone)
        nursery.cancel_scope.cancel()


async def test_a_wrong_token_goes_first():
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:
        crowd = [await staying(connections, nursery, "192.0.2.1") for _ in range(UNPROVEN)]
        crowd[7].wrong = True
        crowd.append(await staying(connections, nursery, "192.0.2.1"))
        assert [number for number, connection in enumerate(crowd) if gone(connection)] == [7]
        nursery.cancel_scope.cancel()


async def test_people_have_places_of_their_own_and_one_cannot_take_all():
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:
        bob = await staying(connections, nursery, "192.0.2.1", "bob")
        mine = [await staying(connections, nursery, "192.0.2.1", "alice") for _ in range(PROVEN)]
        for _ in range(UNPROVEN + 5):
            await staying(connections, nursery, "192.0.2.1")
        assert [number for number, connection in enumerate(mine) if gone(connection)] == [0]
        assert not gone(bob)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("person", [None, "alice"])
async def test_places_that_were_left_are_free(person):
    connections = AdminConnections()
    async with trio.open_nursery() as nursery:
        first = await staying(connections, nursery, "192.0.2.1", person)
        for _ in range(UNPROVEN + PROVEN):
            with connections.admit("192.0.2.1") as connection:
                if person:
                    connection.proven(person)
        assert not gone(first)
        nursery.cancel_scope.cancel()


async def test_silent_connections_keep_nobody_out(gate):
    async with gate.connect("bob") as bob, trio.open_nursery() as nursery:
        await bob.receive()
        silent = [await trio.open_tcp_stream("127.0.0.1", gate.port) for _ in range(UNPROVEN // 2)]
        for _ in range(UNPROVEN):
            stream = await gate.stream()
            await stream.do_handshake()
            silent.append(stream)
        assert (await gate.request("/x", **ALICE))[0] == 404
        async with gate.connect("alice") as alice:
            assert (await alice.receive()).person == "alice"
        with trio.move_on_after(0.1) as still:
            await bob.receive()
        assert still.cancelled_caught
        for stream in silent:
            nursery.start_soon(trio.aclose_forcefully, stream)


async def test_half_a_head_is_as_silent(gate):
    streams = []
    for _ in range(UNPROVEN + 20):
        stream = await gate.stream()
        await stream.send_all(head("/x", **ALICE)[:-2])
        streams.append(stream)
    assert (await gate.request("/x", **ALICE))[0] == 404
    for stream in streams:
        await trio.aclose_forcefully(stream)
