"""Who has no secret cannot keep out those who have one: places are made free for them, at every kind of listener."""

from __future__ import annotations

import select
import ssl
import time
from contextlib import ExitStack

import pytest

from tests.integration.wire.test_passthrough import METRICS, metric
from tests.kit.gateway import AGENT, SECRET, running
from tests.kit.wire.raw import DYNAMODB, PATIENCE, STS, Raw, connect, parted, request, tunnel

PLACES = 6
AGENTS = AGENT + AGENT.replace('"ci"', '"cd"').replace("CI01", "CD02").replace(SECRET, SECRET + "-cd")
DENY = 'rule "nothing" { action = "deny" }\n'
SLOW = request("dynamodb", DYNAMODB, body=bytes(5000), secret=SECRET + "x", X_Amz_Target="DynamoDB_20120810.GetItem")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    knobs = f"max_connections = {PLACES}\n max_connections_per_agent = 3\n {METRICS}\n"
    with running(tmp_path_factory.mktemp("crowded"), None, agent=AGENTS, knobs=knobs, rules=DENY) as gateway:
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


def calls(raw: Raw, suffix: str = "CI01") -> Raw:
    """An honest agent's connection, with a call answered."""
    secret = SECRET if suffix == "CI01" else SECRET + "-cd"
    assert "denied by rule" in raw.send(request(key_id=f"AKIA222222222222{suffix}", secret=secret)).answer().text
    return raw


def served(gateway, suffix: str = "CI01") -> Raw:
    """The same, new."""
    return calls(tunnel(gateway, gateway.ca, STS), suffix)


def silent(gateway, kind: str) -> Raw:
    return Raw(gateway.doors[kind])


def half_connect(gateway) -> Raw:
    return Raw(gateway.doors["proxy"]).send(connect(f"{STS}:443")[:-2])


def half_hello(gateway) -> Raw:
    return Raw(gateway.doors["tls"]).send(b"\x16\x03\x01\x02\x00\x01")


def half_head(gateway) -> Raw:
    return Raw(gateway.doors["endpoint"]).send(SLOW[:100])


def half_body(gateway) -> Raw:
    return Raw(gateway.doors["endpoint"]).send(SLOW.replace(DYNAMODB.encode(), b"127.0.0.1", 1)[:-100])


def half_body_in_tls(gateway) -> Raw:
    return tunnel(gateway, gateway.ca, DYNAMODB).send(SLOW[:-100])


def refused_and_sending(gateway) -> Raw:
    head, _ = parted(request("s3", "s3.us-east-1.amazonaws.com", method="PUT", path="/b/k", body=bytes(100), secret=SECRET + "x"))
    raw = tunnel(gateway, gateway.ca, "s3.us-east-1.amazonaws.com").send(
        head.replace(b"Content-Length: 100", b"Content-Length: 100000000")
    )
    assert raw.head()[0] == 403
    return raw


def some_closed(connections: list[Raw], count: int) -> None:
    """Wait until that number of them are."""
    closed: set[Raw] = set()
    while len(closed) < count:
        open_ones = {one.socket: one for one in connections if one not in closed}
        ready, _, _ = select.select(open_ones, (), (), PATIENCE)
        assert ready
        closed |= {open_ones[one] for one in ready if ended(one)}


def ended(connection) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(65536) == b""
    except (ssl.SSLWantReadError, BlockingIOError):  # TLS has said something of its own
        return False
    except OSError:
        return True


CROWDS = {
    "silent proxy": lambda gateway: silent(gateway, "proxy"),
    "silent tls": lambda gateway: silent(gateway, "tls"),
    "silent endpoint": lambda gateway: silent(gateway, "endpoint"),
    "half a CONNECT": half_connect,
    "half a hello": half_hello,
    "half a head": half_head,
    "half a body": half_body,
    "half a body in TLS": half_body_in_tls,
    "refused and sending": refused_and_sending,
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_an_honest_agent_gets_in_among_those_that_prove_nothing(gateway, crowd):
    closed = 'limit_refused_total{limit="max_connections"}'
    before = metric(gateway, closed)
    with ExitStack() as open_ones:
        several = [open_ones.enter_context(CROWDS[crowd](gateway)) for _ in range(PLACES + 2)]
        some_closed(several, len(several) - PLACES)  # so all of them have been seated
        with served(gateway) as first, served(gateway) as second:
            for honest in (first, second, first):
                calls(honest)
            assert metric(gateway, 'connections{kind="agents"}') <= PLACES
        assert metric(gateway, closed) - before >= len(several) - PLACES + 2


def test_an_idle_agent_gives_way_and_a_stranger_before_it(gateway):
    with ExitStack() as open_ones:
        theirs = [open_ones.enter_context(served(gateway, suffix)) for suffix in ("CI01", "CI01", "CI01", "CD02", "CD02")]
        stranger = open_ones.enter_context(tunnel(gateway, gateway.ca, STS))
        assert stranger.send(request(secret=SECRET + "x")).answer().status == 403
        other = open_ones.enter_context(served(gateway, "CD02"))
        some_closed([stranger], 1)
        with served(gateway, "CI01"):
            some_closed(theirs[:1], 1)
        calls(theirs[1])
        calls(other, "CD02")


def test_an_agent_that_has_its_share_of_connections_closes_its_own_idle_one(gateway):
    with ExitStack() as open_ones:
        theirs = [open_ones.enter_context(served(gateway)) for _ in range(4)]
        some_closed(theirs[:1], 1)
        for one in theirs[1:]:
            calls(one)


def test_what_made_room_is_recorded_as_such(gateway):
    with ExitStack() as open_ones:
        for _ in range(PLACES):
            open_ones.enter_context(half_body_in_tls(gateway))
        with served(gateway):
            pass
    rows = gateway.records("-n", "50")
    assert any("made room for others" in (row["outcome"]["reason"] or "") for row in rows)


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory):
    """A gateway without agents: whoever reaches it is served."""
    knobs = 'max_connections = 6\n max_connections_per_agent = 3\n held_limit = "48KiB"\n held_total = "64KiB"\n'
    with running(tmp_path_factory.mktemp("open"), None, agent="", knobs=knobs, rules=DENY) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


def from_source(gateway, last: int) -> Raw:
    return Raw(gateway.doors["endpoint"], source=f"127.0.0.{last}")


def stored(gateway, size: int) -> bytes:
    host = gateway.doors["endpoint"]
    return request(
        "dynamodb", host, body=bytes(size), X_Amz_Target="DynamoDB_20120810.PutItem", Content_Type="application/x-amz-json-1.0"
    )


def test_without_agents_a_source_has_the_share_of_one_connections(open_to_all):
    small = request(host=open_to_all.doors["endpoint"])
    with ExitStack() as kept:
        other = kept.enter_context(from_source(open_to_all, 2))
        theirs = [kept.enter_context(from_source(open_to_all, 3)) for _ in range(4)]
        for one in (other, *theirs):
            assert one.send(small).answer().status == 403
        some_closed(theirs[:1], 1)
        for one in (other, *theirs[1:]):
            assert one.send(small).answer().status == 403


def test_without_agents_a_source_has_the_share_of_one_in_memory(open_to_all):
    with from_source(open_to_all, 2) as large, from_source(open_to_all, 2) as more, from_source(open_to_all, 3) as other:
        large.send(stored(open_to_all, 40_000)[:-10])
        end = time.monotonic() + PATIENCE
        while (status := more.send(stored(open_to_all, 15_000)).answer().status) != 503:  # the first may not be read yet
            assert status == 400
            assert time.monotonic() < end
        assert other.send(stored(open_to_all, 15_000)).answer().status == 400
