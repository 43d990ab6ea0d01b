"""Which addresses a name may lead to, and what happens on the way there. Names are trio's own hook, sockets and TLS are real."""

import select
import socket
import struct

import pytest
import trio
import trustme
from trio.testing import wait_all_tasks_blocked

from tests.kit.shortages import no_thread
from tests.kit.standins.stand_in import HOST, serving, stand_in_on
from trio_gate.config.model import Address
from trio_gate.errors import UpstreamError
from trio_gate.shell.net.contexts import for_client
from trio_gate.shell.upstream.dial import PORT, _secure, _shared, dial, unfit
from trio_gate.shell.upstream.dial import reach as reach_tcp

PUBLIC, PUBLIC_TOO = "52.216.0.1", "52.216.0.2"


class Names(trio.abc.HostnameResolver):
    """Answers from a table; an exception is raised, None waits for ever."""

    def __init__(self) -> None:
        self.table = {}
        self.asked = []

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002 - trio's names
        self.asked.append(host.decode())
        found = self.table.get(host.decode(), socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if found is None:
            await trio.sleep_forever()
        if isinstance(found, Exception):
            raise found
        kinds = [(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip) for ip in found]
        return [(kind, type, 6, "", (ip, port, 0, 0) if ":" in ip else (ip, port)) for kind, ip in kinds]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


class Detour(trio.abc.SocketFactory):
    """Real sockets, but the two public addresses stand for ports on loopback; one without a port never answers."""

    def __init__(self) -> None:
        self.ports = {}
        self.dialled = []

    def socket(self, family, type, proto):  # noqa: A002 - trio's names
        made = trio.socket.from_stdlib_socket(socket.socket(family, type, proto))
        straight = made.connect

        async def connect(address) -> None:
            self.dialled.append(address)
            if address[0] not in (PUBLIC, PUBLIC_TOO):
                await straight(address)
            elif address[0] in self.ports:
                await straight(("127.0.0.1", self.ports[address[0]]))
            else:
                await trio.sleep_forever()

        made.connect = connect
        return made


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def detour() -> Detour:
    return Detour()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def aws(authority, names, detour):
    async with stand_in_on(authority) as made:
        trio.socket.set_custom_hostname_resolver(names)
        trio.socket.set_custom_socket_factory(detour)
        yield made


async def reach(aws, at=None, *, host=HOST, forbidden=lambda *_: False) -> None:
    transport = await dial(host, at, aws.trust, connect_timeout=10.0, forbidden=forbidden)
    await transport.aclose()


async def refusal(aws, at=None, **settings) -> tuple[int, str]:
    with pytest.raises(UpstreamError) as refused:
        await reach(aws, at, **settings)
    assert "block" not in refused.value.reason
    return refused.value.status, refused.value.detail


@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        (None, ["52.216.0.1", "2600:1fa0::1", "::ffff:52.216.0.1", "64:ff9b::34d8:1", "2002:34d8:1::1"]),
        ("loopback", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]),
        ("link-local", ["169.254.169.254", "fe80::1", "fe80::1%1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]),
        ("unspecified", ["0.0.0.0", "::", "::ffff:0.0.0.0"]),
        ("multicast", ["224.0.0.1", "239.255.255.250", "ff02::1"]),
        ("private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.1.2.3"]),
        ("private", ["255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.1"]),
        ("private", ["fd00:ec2::254", "fc00::1", "fec0::1", "2001:db8::1", "::7f00:1", "64:ff9b:1::1", "100::1"]),
        ("private", ["192.0.0.8", "192.0.0.192", "168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "3fff::1"]),
        ("private", ["::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"]),
    ],
)
def test_the_kinds_of_addresses(kind, addresses):
    assert {address: unfit(address) for address in addresses} == dict.fromkeys(addresses, kind)


async def test_the_address_that_was_checked_is_dialled(aws, names, detour):
    names.table[HOST] = [PUBLIC]
    detour.ports[PUBLIC] = aws.port
    checked = []
    await reach(aws, forbidden=lambda *address: checked.append(address))
    assert names.asked == [HOST]
    assert detour.dialled == checked == [(PUBLIC, PORT)]


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (["127.0.0.1"], "loopback"),
        (["169.254.169.254"], "link-local"),
        (["10.1.2.3"], "private"),
        (["fd00:ec2::254"], "private"),
        ([PUBLIC, "127.0.0.1"], "loopback"),
    ],
)
async def test_a_name_that_leads_inside_is_not_dialled(aws, names, detour, found, kind):
    names.table[HOST] = found
    said = f"{HOST} resolves to a {kind} address: an `upstream` block must allow that"
    assert await refusal(aws) == (502, said)
    assert detour.dialled == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1"])
async def test_other_spellings_of_loopback(aws, detour, host):
    assert (await refusal(aws, host=host))[1].startswith(f"{host} resolves to a loopback address")
    assert detour.dialled == []


async def test_a_block_allows_what_it_names(aws, names):
    names.table["moto.test"] = ["127.0.0.1"]
    await reach(aws, Address(host="moto.test", port=aws.port))
    await reach(aws, Address(host="127.0.0.1", port=aws.port))
    assert names.asked == ["moto.test"]


async def test_ipv6(authority, aws):
    listeners = await trio.open_tcp_listeners(0, host="::1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, trio.aclose_forcefully, listeners)
        at = Address(host="::1", port=listeners[0].socket.getsockname()[1])
        assert (await refusal(aws, at))[1].startswith(f"TLS with {HOST}: ")
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("spelling", ["127.0.0.1", "::ffff:127.0.0.1", "gate.test"])
async def test_our_own_listeners_are_never_dialled(aws, names, detour, spelling):
    """A block that points at one would let requests run in a circle."""
    names.table["gate.test"] = ["::ffff:127.0.0.1"]
    at = Address(host=spelling, port=8080)
    assert await refusal(aws, at, forbidden=lambda *address: address == ("127.0.0.1", 8080)) == (
        502,
        f"{HOST} leads to this gateway itself",
    )
    names.table[HOST] = [PUBLIC]
    assert await refusal(aws, forbidden=lambda *address: address == (PUBLIC, 443)) == (
        502,
        f"{HOST} leads to this gateway itself",
    )
    assert detour.dialled == []


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", ".a.com", "a" * 64 + ".com", "a." * 127 + "a", "a.com:443", "ä.com", "a b", "a\0", "a\n"]
)
async def test_what_is_no_host_name(aws, names, detour, host):
    assert await refusal(aws, host=host) == (502, "the host to be dialled is not a host name")
    assert names.asked == detour.dialled == []


async def test_a_peer_that_resets_at_once_is_a_break():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    select.select([ours], [], [], 10)
    with pytest.raises(trio.BrokenResourceError):
        await _secure("s3.us-east-1.amazonaws.com", ours, for_client())


async def test_the_longest_host_name(aws, names):
    names.table["a." * 126 + "a"] = ["127.0.0.1"]
    assert "loopback" in (await refusal(aws, host="a." * 126 + "a"))[1]


async def test_a_name_that_is_not_known(aws, names):
    said = (502, f"the address of {HOST} cannot be resolved")
    assert await refusal(aws) == said
    assert await refusal(aws, Address(host="moto.test", port=1)) == said
    assert await refusal(aws, Address(host="bücher.test", port=1)) == said


async def test_a_refused_address_is_not_the_last(aws, names, detour):
    names.table[HOST] = [PUBLIC, PUBLIC_TOO]
    async with serving(trio.aclose_forcefully) as closed:
        pass
    detour.ports = {PUBLIC: closed, PUBLIC_TOO: aws.port}
    await reach(aws)
    assert [ip for ip, _ in detour.dialled] == [PUBLIC, PUBLIC_TOO]
    detour.ports = {PUBLIC: closed, PUBLIC_TOO: closed}
    assert await refusal(aws) == (502, f"{HOST} refused the connection")


async def test_an_unreachable_network(aws):
    said = await refusal(aws, Address(host="255.255.255.255", port=443))
    assert said == (502, f"{HOST} cannot be reached: network is unreachable")


async def test_a_silent_address_leaves_time_for_the_next(mock_clock, aws, names, detour):
    names.table[HOST] = [PUBLIC, PUBLIC_TOO]
    detour.ports = {PUBLIC_TOO: aws.port}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reach, aws)
        await wait_all_tasks_blocked()
        assert len(detour.dialled) == 1
        mock_clock.jump(5)
    assert len(detour.dialled) == 2


async def hold(tcp: trio.SocketStream) -> None:
    await trio.sleep_forever()


@pytest.mark.parametrize("where", ["name", "address", "tls"])
async def test_silence_on_the_way(mock_clock, aws, names, detour, where):
    names.table[HOST] = None if where == "name" else [PUBLIC]
    refusals = []

    async def wait() -> None:
        refusals.append(await refusal(aws))

    async with serving(hold) as port:
        detour.ports = {PUBLIC: port} if where == "tls" else {}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            mock_clock.jump(9.5)
            await wait_all_tasks_blocked()
            assert refusals == []
            mock_clock.jump(0.5)
    assert refusals[0][0] == 504
    assert refusals[0][1].startswith(f"{HOST} did not take a connection")


async def test_a_name_that_no_thread_can_look_up_is_not_resolved(aws):
    trio.socket.set_custom_hostname_resolver(None)
    with no_thread():
        assert await refusal(aws) == (502, f"the address of {HOST} cannot be resolved")


async def tunnel(at, *, anywhere=False, forbidden=lambda *_: False):
    (await reach_tcp(HOST, at, anywhere=anywhere, connect_timeout=10.0, forbidden=forbidden, resolve=_shared)).close()


async def test_without_tls_the_same_addresses_are_dialled(aws, names, detour):
    names.table[HOST] = [PUBLIC, "10.0.0.1"]
    with pytest.raises(UpstreamError, match="private address"):
        await tunnel(Address(host=HOST, port=8443))
    names.table[HOST] = [PUBLIC]
    with pytest.raises(UpstreamError, match="leads to this gateway itself"):
        await tunnel(Address(host=HOST, port=8443), forbidden=lambda *address: address == (PUBLIC, 8443))
    assert detour.dialled == []


async def test_an_address_of_this_machine_is_reached_only_where_it_is_configured(aws, names, detour):
    names.table[HOST] = [
        PUBLIC
    ]  # which the detour leads to loopback: both ends have one address, as with a public one of our own
    detour.ports[PUBLIC] = aws.port
    with pytest.raises(UpstreamError, match="leads to the gateway's own machine"):
        await tunnel(Address(host=HOST, port=443))
    assert detour.dialled == [(PUBLIC, 443)]
    await tunnel(Address(host="127.0.0.1", port=aws.port), anywhere=True)
