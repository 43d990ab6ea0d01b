"""Connections to AWS, over real TLS on loopback: which are used again, which are closed, and what an agent is told."""

import pytest
import trio
import trustme
from cryptography import x509
from trio.testing import wait_all_tasks_blocked

from tests.kit.standins.stand_in import HOST, OTHER, Peer, StandIn, answer, drip, echo, say, serving, silent, stand_in_on
from tests.kit.wire.links import ask, exchange
from trio_gate.config.model import Address, Upstream
from trio_gate.errors import UpstreamError
from trio_gate.shell.upstream.connection import RECEIVE
from trio_gate.shell.upstream.pool import AGE_LIMIT, IDLE_LIMIT

# Use and use again


async def test_a_connection_that_was_lent_as_the_way_changed_is_not_lent_again(aws, upstreams):
    async with upstreams.connect(HOST) as link:
        upstreams.change(**aws.way())
        assert await exchange(link) == b"1:"
    assert upstreams.idle == 0
    assert await ask(upstreams) == b"2:"
    upstreams.change(**aws.way())
    assert (upstreams.idle, await ask(upstreams)) == (0, b"3:")


async def test_a_way_that_stays_keeps_its_connections(aws, authority):
    upstreams = aws.upstreams(routes=[aws.route(HOST), aws.route(OTHER, "a.pem")])
    for host in (HOST, OTHER):
        await ask(upstreams, host=host)
    async with upstreams.connect(HOST) as link:
        upstreams.change(**{**aws.way(), "routes": [aws.route(HOST), aws.route(OTHER, "b.pem")]}, other_roots=False)
        assert await exchange(link) == b"1:"
    assert [await ask(upstreams, host=host) for host in (HOST, OTHER)] == [b"1:", b"3:"]
    await upstreams.aclose()


async def test_the_next_request_takes_the_same_connection(aws, upstreams):
    for _ in range(3):
        async with upstreams.connect(HOST) as link:
            assert link.sent == 0
            assert await exchange(link) == b"1:"
            assert link.sent == len(aws.heads[-1]) + 4
    assert (aws.connections, upstreams.idle) == (1, 1)


async def test_the_newest_is_lent_first(upstreams):
    async with upstreams.connect(HOST) as first:
        await exchange(first)
        async with upstreams.connect(HOST) as second:
            await exchange(second)
        async with upstreams.connect(HOST) as second:
            assert await exchange(second) == b"2:"
    assert await ask(upstreams) == b"1:"


async def test_a_connection_serves_one_host(aws, upstreams):
    assert [await ask(upstreams, host=host) for host in (HOST, OTHER, HOST, OTHER.upper())] == [b"1:", b"2:", b"1:", b"2:"]
    assert upstreams.idle == 2


async def test_hosts_go_where_the_first_block_that_takes_them_says(aws, authority):
    other_authority = trustme.CA()
    async with stand_in_on(other_authority) as elsewhere:
        roots = {None: elsewhere.trust, "mine.pem": aws.trust, "other.pem": elsewhere.trust}
        asked = []

        def tls(file):
            asked.append(file)
            return roots[file]

        routes = [aws.route(HOST, "mine.pem"), elsewhere.route("*.amazonaws.com", "other.pem"), aws.route(OTHER)]
        upstreams = aws.upstreams(routes=routes, tls=tls)
        for _ in range(2):
            assert await ask(upstreams, host=HOST) == b"1:"
            assert await ask(upstreams, host=OTHER) == b"1:"
        assert (aws.connections, elsewhere.connections, upstreams.idle) == (1, 1, 2)
        assert sorted(asked) == ["mine.pem", "other.pem"]
        await upstreams.aclose()


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("s3.us-east-1.amazonaws.com", "127.0.0.1:8443"),
        ("S3.us-east-1.amazonaws.com", "127.0.0.1:8443"),
        ("sts.amazonaws.com", "[::1]:443"),
        ("s3.api.aws", None),
    ],
)
def test_the_address_in_words(authority, host, where):
    routes = [
        Upstream(hosts="s3.*.amazonaws.com", address=Address(host="127.0.0.1", port=8443), ca_file=None),
        Upstream(hosts="*.amazonaws.com", address=Address(host="::1", port=443), ca_file=None),
    ]
    assert StandIn(0, authority).upstreams(routes=routes).address_of(host) == where


async def test_a_hundred_at_once(aws, upstreams):
    answers = {}

    async def one(number: int) -> None:
        answers[number] = (await ask(upstreams, b"%d" % number)).partition(b":")[2]

    for _ in range(2):
        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(one, number)
        assert answers == {number: b"%d" % number for number in range(100)}
    assert aws.connections == upstreams.idle <= 100


async def test_what_was_lent_and_not_used_is_kept_if_it_was_good(upstreams):
    async with upstreams.connect(HOST):
        pass
    assert upstreams.idle == 0  # nobody knows yet whether it speaks HTTP
    await ask(upstreams)
    async with upstreams.connect(HOST):
        assert upstreams.idle == 0
    assert upstreams.idle == 1


@pytest.mark.parametrize("ragged", [False, True])
async def test_a_connection_that_the_peer_closed_is_dropped(authority, ragged):
    async with stand_in_on(authority, ragged=ragged) as aws:
        upstreams = aws.upstreams()
        aws.script = say(answer(b"once"))
        assert await ask(upstreams) == b"once"
        assert upstreams.idle == 1
        await wait_all_tasks_blocked()
        aws.script = echo
        assert await ask(upstreams) == b"2:"
        assert upstreams.idle == 1
        await upstreams.aclose()


async def test_a_connection_that_spoke_unasked_is_dropped(aws, upstreams):
    speak = trio.Event()

    async def later(peer: Peer) -> None:
        await speak.wait()
        await peer.send(answer(b"for the next"))
        await trio.sleep_forever()

    aws.script = say(answer(b"once"), then=later)
    await ask(upstreams)
    speak.set()
    await wait_all_tasks_blocked()
    aws.script = echo
    assert await ask(upstreams) == b"2:"


@pytest.mark.parametrize("size", [100, 16384, RECEIVE, RECEIVE + 16384])
async def test_what_came_with_an_answer_is_not_the_next_ones(aws, upstreams, size):
    """Whether it lies behind the answer in the connection, in TLS or in the socket."""
    whole = answer(bytes(size - 43 - len(str(size))))
    aws.script = say(whole + answer(b"for the next"), then=silent)
    async with upstreams.connect(HOST) as link:
        await exchange(link)
    aws.script = echo
    assert await ask(upstreams) == b"2:"


async def test_old_ones_are_closed(mock_clock, aws, upstreams):
    await ask(upstreams)
    mock_clock.jump(IDLE_LIMIT - 1)
    assert await ask(upstreams) == b"1:"
    mock_clock.jump(IDLE_LIMIT + 1)
    assert await ask(upstreams, host=OTHER) == b"2:"
    assert upstreams.idle == 1  # those of every host


async def test_after_a_while_a_name_is_looked_up_again(mock_clock, aws, upstreams):
    for _ in range(int(AGE_LIMIT / 20) - 1):
        assert await ask(upstreams) == b"1:"
        mock_clock.jump(20)
    assert await ask(upstreams) == b"1:"
    mock_clock.jump(21)
    assert await ask(upstreams) == b"2:"
    assert upstreams.idle == 1


async def test_the_oldest_makes_room(aws):
    upstreams = aws.upstreams(max_idle=2)
    for host in (HOST, OTHER):
        await ask(upstreams, host=host)
    async with upstreams.connect(HOST) as first:  # leaves OTHER's as the oldest
        await exchange(first)
        async with upstreams.connect(HOST) as second:
            await exchange(second)
    assert upstreams.idle == 2
    assert await ask(upstreams) == b"1:"
    assert await ask(upstreams, host=OTHER) == b"4:"
    await upstreams.aclose()


async def test_the_oldest_of_one_host_makes_room(aws):
    upstreams = aws.upstreams(max_idle=2)
    async with upstreams.connect(HOST) as first:
        await exchange(first)
        async with upstreams.connect(HOST) as second:
            await exchange(second)
            async with upstreams.connect(HOST) as third:
                await exchange(third)
    async with upstreams.connect(HOST) as one, upstreams.connect(HOST) as other:
        assert [await exchange(one), await exchange(other)] == [b"1:", b"2:"]
    await upstreams.aclose()


async def test_closing_ends_what_is_idle_and_then_what_is_lent(aws, upstreams):
    async with upstreams.connect(OTHER) as one, upstreams.connect(OTHER) as other:
        await exchange(one)
        await exchange(other)
    assert upstreams.idle == 2
    async with upstreams.connect(HOST) as link:
        with trio.CancelScope() as scope:
            scope.cancel()
            await upstreams.aclose()
        assert upstreams.idle == 0
        assert await exchange(link) == b"3:"
    assert upstreams.idle == 0
    assert await ask(upstreams) == b"4:"
    assert upstreams.idle == 0


# Reaching it


@pytest.mark.parametrize(
    ("names", "host", "said"),
    [
        ((OTHER,), HOST, "the certificate is not accepted: hostname mismatch"),
        ((HOST,), OTHER, "the certificate is not accepted: hostname mismatch"),
        ((HOST,), HOST, "the certificate is not accepted: unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_not_accepted(aws, names, host, said):
    async with stand_in_on(trustme.CA(), names=names) as other:
        trust = other.trust if "mismatch" in said else aws.trust
        with pytest.raises(UpstreamError, match=f"TLS with {host}: {said}") as refused:
            await ask(other.upstreams(tls=lambda _: trust), host=host)
        assert refused.value.status == 502
        await wait_all_tasks_blocked()
        assert other.heads == []


async def test_the_gateways_own_certificates_are_never_taken_for_awss(aws):
    issued = []

    def ours(certificate: bytes) -> bool:
        issued.append(x509.load_der_x509_certificate(certificate).issuer)
        return True

    with pytest.raises(UpstreamError, match=f"TLS with {HOST}: the certificate is one of this gateway's own"):
        await ask(aws.upstreams(ours=ours))
    assert len(issued) == 1
    assert aws.heads == []


async def hang_up(tcp: trio.SocketStream) -> None:
    await tcp.receive_some()
    await tcp.aclose()


async def speak_plainly(tcp: trio.SocketStream) -> None:
    await tcp.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await tcp.aclose()


@pytest.mark.parametrize(
    ("serve", "said"),
    [(hang_up, "the connection was closed early"), (speak_plainly, "the peer does not speak TLS")],
)
async def test_no_tls(aws, serve, said):
    async with serving(serve) as port:
        there = Upstream(hosts="*", address=Address(host="127.0.0.1", port=port), ca_file=None)
        with pytest.raises(UpstreamError) as refused:
            await ask(aws.upstreams(routes=[there]))
    assert (refused.value.status, refused.value.reason) == (502, f"TLS with {HOST}: {said}")


async def test_nobody_there(aws):
    async with serving(hang_up) as port:
        pass
    there = Upstream(hosts="*", address=Address(host="127.0.0.1", port=port), ca_file=None)
    with pytest.raises(UpstreamError, match=f"{HOST} refused the connection"):
        await ask(aws.upstreams(routes=[there]))


async def test_leaving_at_any_point_harms_nobody(aws, upstreams):
    """Cancelled at each of its steps in turn, from a new connection and from a kept one; the next exchange is whole."""

    class CancelAt(trio.abc.Instrument):
        def __init__(self, task, scope, steps: int) -> None:
            self.task, self.scope, self.left = task, scope, steps

        def before_task_step(self, task) -> None:
            if task is self.task:
                self.left -= 1
                if self.left == 0:
                    self.scope.cancel()

    async def cut(steps: int) -> bool:
        with trio.CancelScope() as scope:
            instrument = CancelAt(trio.lowlevel.current_task(), scope, steps)
            trio.lowlevel.add_instrument(instrument)
            try:
                await ask(upstreams, b"cut")
            finally:
                trio.lowlevel.remove_instrument(instrument)
        return scope.cancelled_caught

    aws.script = drip
    for kept in (False, True):
        steps = 1
        while True:
            if not kept:
                await upstreams.aclose()
                upstreams = aws.upstreams()
            was_cut = await cut(steps)
            assert upstreams.idle <= 1
            assert (await ask(upstreams, b"whole")).endswith(b":whole")
            if not was_cut:
                break
            steps += 1
        assert steps > 20
    await upstreams.aclose()


async def test_idle_connections_make_room_for_new_ones(aws):
    upstreams = aws.upstreams(max_idle=2)
    async with upstreams.connect(HOST) as one, upstreams.connect(HOST) as two:
        for link in (one, two):
            await exchange(link)
    assert upstreams.idle == 2
    async with upstreams.connect(OTHER):
        assert upstreams.idle == 1
    await upstreams.aclose()
